//! A program's body: bounded in length and in time.

use std::time::Duration;

use actix_web::web::{Bytes, Payload};

use super::error::ApiError;

/// Images come inside of messages, so a body of JSON may be long, in bytes.
pub const LONGEST_JSON: usize = 32 << 20;
/// OpenAI takes recordings of 25 MB; the form around them takes a little more.
pub const LONGEST_UPLOAD: usize = 26 << 20;

const PATIENCE: Duration = Duration::from_secs(120);

pub async fn read(payload: Payload, limit: usize) -> Result<Bytes, ApiError> {
    let read = tokio::time::timeout(PATIENCE, payload.to_bytes_limited(limit)).await;
    read.map_err(|_| ApiError::late(PATIENCE))?
        .map_err(|_| ApiError::too_long(limit))?
        .map_err(|_| ApiError::invalid("The body broke off."))
}
