//! Answers that were paid for once.
//!
//! A cache never fails a question: an engine that is down, hung or full counts as a miss.

mod error;
mod memory;
pub mod near;
mod redis;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::domain::{DocumentVersion, Finish, From, Source};
use crate::redis::RedisClient;

pub use self::error::CacheError;
pub use self::memory::MemoryCache;
pub use self::redis::RedisCache;

/// What the in-process cache may take unless told otherwise: 64 MiB.
pub const DEFAULT_MAX_BYTES: u64 = 64 << 20;

/// How much longer than its time to live an answer is kept, for the hour in which every provider is down: a week.
pub const STALE_FOR: Duration = Duration::from_secs(7 * 86_400);

/// The BLAKE3 hash of everything that an answer depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CacheKey(pub [u8; 32]);

/// An answer as the cache keeps it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CachedAnswer {
    /// Shared with what is written down of everybody who gets it.
    pub text: Arc<str>,
    pub sources: Arc<[Source]>,
    pub finish: Finish,
    /// Where it came from when it was made.
    pub made_by: From,
    pub model: Option<Arc<str>>,
    pub prompt_tokens: u64,
    pub completion_tokens: u64,
    /// Unix time in milliseconds.
    pub made_at_ms: i64,
    /// What it rests on.
    #[serde(default)]
    pub basis: Basis,
}

/// The content that an answer was made from.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Basis {
    /// Id and version of each document that was cited or led the list of passages.
    pub documents: Vec<(String, DocumentVersion)>,
    /// The version of the site's whole content at that time.
    pub content_version: String,
}

/// Whose turn it is to make an answer, told from everybody else's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim(u64);

impl Claim {
    fn new() -> Self {
        // Zero is what nobody holds.
        Self(rand::random::<u64>().max(1))
    }

    /// Granted without asking anybody; there is nothing to release.
    fn of_nobody() -> Self {
        Self(0)
    }
}

#[async_trait]
pub trait AnswerCache: Send + Sync {
    /// The answer, unless it is older than the time to live.
    async fn get(&self, key: &CacheKey) -> Option<Arc<CachedAnswer>>;
    /// The answer, also up to [`STALE_FOR`] after its time to live: better than none when no model can answer.
    async fn get_stale(&self, key: &CacheKey) -> Option<Arc<CachedAnswer>>;
    async fn put(&self, key: &CacheKey, answer: Arc<CachedAnswer>);
    async fn remove(&self, key: &CacheKey);
    /// Claims the making of an answer for `lease`. `None`: another service that shares this cache is making it. The claim ends
    /// by itself, or with [`AnswerCache::release`]; a cache that nobody shares grants every one.
    async fn claim(&self, _key: &CacheKey, _lease: Duration) -> Option<Claim> {
        Some(Claim::of_nobody())
    }
    /// Ends this claim. One that has lapsed meanwhile, and that somebody else has by now, stays theirs.
    async fn release(&self, _key: &CacheKey, _claim: Claim) {}
    /// Nothing can be said of what is kept: a miss means nothing.
    fn is_away(&self) -> bool {
        false
    }
    /// A word for `/readyz` and `check`; `Err` says in one line what is wrong.
    async fn ready(&self) -> Result<(), String>;
}

/// The engine that `url` names: `memory` (bounded by `max_bytes`), or a Redis (bounded by its own `maxmemory`).
pub fn open(url: &str, ttl: Duration, max_bytes: u64) -> Result<Arc<dyn AnswerCache>, CacheError> {
    Ok(match url {
        "memory" => Arc::new(MemoryCache::new(ttl, max_bytes)),
        _ => Arc::new(RedisCache::new(RedisClient::open(url)?, ttl)),
    })
}
