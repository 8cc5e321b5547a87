//! Answers kept in this process, bounded by the bytes that they take.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use moka::sync::Cache;

use super::{AnswerCache, CacheKey, CachedAnswer};

/// What an entry takes besides its strings: key, counters, list nodes.
const ENTRY_BYTES: usize = 256;

pub struct MemoryCache {
    answers: Cache<CacheKey, Arc<CachedAnswer>>,
}

impl MemoryCache {
    pub fn new(ttl: Duration, max_bytes: u64) -> Self {
        let answers = Cache::builder()
            .max_capacity(max_bytes)
            .weigher(|_, answer: &Arc<CachedAnswer>| u32::try_from(weight(answer)).unwrap_or(u32::MAX))
            .time_to_live(ttl)
            .build();
        Self { answers }
    }
}

fn weight(answer: &CachedAnswer) -> usize {
    let sources: usize = answer
        .sources
        .iter()
        .map(|source| size_of_val(source) + source.title.len() + source.url.len() + source.quote.len())
        .sum();
    ENTRY_BYTES + size_of::<CachedAnswer>() + answer.text.len() + sources + answer.model.as_ref().map_or(0, String::len)
}

#[async_trait]
impl AnswerCache for MemoryCache {
    async fn get(&self, key: &CacheKey) -> Option<Arc<CachedAnswer>> {
        self.answers.get(key)
    }

    async fn put(&self, key: &CacheKey, answer: Arc<CachedAnswer>) {
        self.answers.insert(*key, answer);
    }

    async fn remove(&self, key: &CacheKey) {
        self.answers.invalidate(key);
    }

    async fn ready(&self) -> Result<(), String> {
        Ok(())
    }
}
