//! Answers that were paid for once.
//!
//! A cache never fails a question: an engine that is down, hung or full counts as a miss.

use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::domain::{Finish, From, Source};

/// The BLAKE3 hash of everything that an answer depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CacheKey(pub [u8; 32]);

/// An answer as the cache keeps it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CachedAnswer {
    pub text: String,
    pub sources: Vec<Source>,
    pub finish: Finish,
    /// Where it came from when it was made.
    pub made_by: From,
    pub model: Option<String>,
    pub prompt_tokens: u64,
    pub completion_tokens: u64,
    /// Unix time in milliseconds.
    pub made_at_ms: i64,
}

#[async_trait]
pub trait AnswerCache: Send + Sync {
    /// The answer, unless it is older than the time to live.
    async fn get(&self, key: &CacheKey) -> Option<Arc<CachedAnswer>>;
    async fn put(&self, key: &CacheKey, answer: Arc<CachedAnswer>);
    async fn remove(&self, key: &CacheKey);
    /// A word for `/readyz` and `check`; `Err` says in one line what is wrong.
    async fn ready(&self) -> Result<(), String>;
}
