//! A document's body: bounded in length and in time.

use std::time::Duration;

use actix_web::web::{Bytes, Payload};

use crate::http::problem::Problem;

/// Bytes of one document's request.
pub const DOCUMENT: usize = 2 * 1_024 * 1_024;
/// Bytes of a batch's request.
pub const BATCH: usize = 8 * 1_024 * 1_024;

const PATIENCE: Duration = Duration::from_secs(30);

pub async fn read(payload: Payload, longest: usize) -> Result<Bytes, Problem> {
    let read = tokio::time::timeout(PATIENCE, payload.to_bytes_limited(longest)).await;
    let long = || {
        Problem::too_long(format!(
            "The body is longer than {} MB. A document may have {} MB, a batch {} MB; send fewer at a time.",
            longest / 1_024 / 1_024,
            DOCUMENT / 1_024 / 1_024,
            BATCH / 1_024 / 1_024
        ))
    };
    read.map_err(|_| Problem::late(PATIENCE))?
        .map_err(|_| long())?
        .map_err(|_| Problem::invalid("The body broke off."))
}
