//! A request's body: bounded in length and in time.

use std::pin::pin;

use actix_web::web::{Bytes, BytesMut, Payload};
use futures_util::{FutureExt, StreamExt};

use super::BODY_PATIENCE;
use crate::http::problem::Problem;

/// A body may have this many bytes.
pub const LONGEST: usize = 64 * 1024;

pub async fn read(payload: Payload) -> Result<Bytes, Problem> {
    let mut whole = pin!(whole(payload));
    // Most came with their head, which is handed over first: a moment later the body is there too, and no clock is set for it.
    for _ in 0..2 {
        if let Some(read) = whole.as_mut().now_or_never() {
            return read;
        }
        tokio::task::yield_now().await;
    }
    let read = Box::pin(tokio::time::timeout(BODY_PATIENCE, whole)).await;
    read.map_err(|_| Problem::late(BODY_PATIENCE))?
}

/// A body that comes in one piece, as most do, stays where it was read; actix's own way would copy it into 32 KiB set aside for it.
async fn whole(mut payload: Payload) -> Result<Bytes, Problem> {
    let Some(first) = piece(&mut payload, 0).await? else {
        return Ok(Bytes::new());
    };
    let Some(second) = piece(&mut payload, first.len()).await? else {
        return Ok(first);
    };
    let mut body = BytesMut::from(first);
    body.extend_from_slice(&second);
    while let Some(next) = piece(&mut payload, body.len()).await? {
        body.extend_from_slice(&next);
    }
    Ok(body.freeze())
}

async fn piece(payload: &mut Payload, before: usize) -> Result<Option<Bytes>, Problem> {
    match payload.next().await {
        None => Ok(None),
        Some(Ok(piece)) if before + piece.len() <= LONGEST => Ok(Some(piece)),
        Some(Ok(_)) => Err(Problem::too_long(format!("The body is longer than {LONGEST} bytes."))),
        Some(Err(_)) => Err(Problem::invalid("The body broke off.")),
    }
}
