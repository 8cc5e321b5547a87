//! Answers kept in this process, bounded by the bytes that they take.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use hashbrown::DefaultHashBuilder;
use moka::sync::Cache;

use super::{AnswerCache, CacheKey, CachedAnswer, STALE_FOR};

/// What an entry takes besides its strings: key, counters, list nodes.
const ENTRY_BYTES: usize = 256;

pub struct MemoryCache {
    answers: Cache<CacheKey, Kept, DefaultHashBuilder>,
    ttl: Duration,
}

#[derive(Clone)]
struct Kept {
    answer: Arc<CachedAnswer>,
    since: Instant,
}

impl MemoryCache {
    pub fn new(ttl: Duration, max_bytes: u64) -> Self {
        let answers = Cache::builder()
            .max_capacity(max_bytes)
            .weigher(|_, kept: &Kept| u32::try_from(weight(&kept.answer)).unwrap_or(u32::MAX))
            .time_to_live(ttl + STALE_FOR)
            .build_with_hasher(DefaultHashBuilder::default());
        Self { answers, ttl }
    }
}

fn weight(answer: &CachedAnswer) -> usize {
    let sources: usize = answer
        .sources
        .iter()
        .map(|source| size_of_val(source) + source.title.len() + source.url.len() + source.quote.len())
        .sum();
    ENTRY_BYTES
        + size_of::<CachedAnswer>()
        + answer.text.len()
        + sources
        + answer.model.as_ref().map_or(0, |model| model.len())
}

#[async_trait]
impl AnswerCache for MemoryCache {
    async fn get(&self, key: &CacheKey) -> Option<Arc<CachedAnswer>> {
        let kept = self.answers.get(key)?;
        (kept.since.elapsed() < self.ttl).then_some(kept.answer)
    }

    async fn get_stale(&self, key: &CacheKey) -> Option<Arc<CachedAnswer>> {
        self.answers.get(key).map(|kept| kept.answer)
    }

    async fn put(&self, key: &CacheKey, answer: Arc<CachedAnswer>) {
        let since = Instant::now();
        self.answers.insert(*key, Kept { answer, since });
    }

    async fn remove(&self, key: &CacheKey) {
        self.answers.invalidate(key);
    }

    async fn ready(&self) -> Result<(), String> {
        Ok(())
    }
}
