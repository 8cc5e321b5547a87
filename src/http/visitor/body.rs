//! A request's body: bounded in length and in time.

use actix_web::web::{Bytes, Payload};

use super::BODY_PATIENCE;
use crate::http::problem::Problem;

/// A body may have this many bytes.
pub const LONGEST: usize = 64 * 1024;

pub async fn read(payload: Payload) -> Result<Bytes, Problem> {
    let read = tokio::time::timeout(BODY_PATIENCE, payload.to_bytes_limited(LONGEST)).await;
    let late = || {
        Problem::invalid(format!(
            "The body did not arrive within {} seconds.",
            BODY_PATIENCE.as_secs()
        ))
    };
    read.map_err(|_| late())?
        .map_err(|_| Problem::too_long(format!("The body is longer than {LONGEST} bytes.")))?
        .map_err(|_| Problem::invalid("The body broke off."))
}
