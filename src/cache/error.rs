use crate::redis::RedisUrlError;

/// Why a cache cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    #[error(transparent)]
    Url(#[from] RedisUrlError),
}
