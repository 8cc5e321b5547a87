//! Answers kept in Redis, where every service that shares it finds them, and a removal is seen by all at once.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use deadpool_redis::redis;

use super::{AnswerCache, CacheKey, CachedAnswer};
use crate::redis::RedisClient;

/// The longest answer as JSON that is written or believed, in bytes.
const MAX_VALUE: usize = 1 << 20;

pub struct RedisCache {
    redis: RedisClient,
    ttl_ms: u64,
}

impl RedisCache {
    pub fn new(redis: RedisClient, ttl: Duration) -> Self {
        let ttl_ms = u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX).clamp(1, 1 << 50);
        Self { redis, ttl_ms }
    }
}

fn name(key: &CacheKey) -> String {
    format!("pennypress:{{cache}}:{}", blake3::Hash::from(key.0).to_hex())
}

#[async_trait]
impl AnswerCache for RedisCache {
    async fn get(&self, key: &CacheKey) -> Option<Arc<CachedAnswer>> {
        let name = name(key);
        // GETRANGE and not GET: whatever somebody else wrote there, no more than this comes over the wire.
        let bytes: Vec<u8> = self
            .redis
            .call(async |connection| {
                redis::cmd("GETRANGE")
                    .arg(&name)
                    .arg(0)
                    .arg(MAX_VALUE - 1)
                    .query_async(connection)
                    .await
            })
            .await?;
        serde_json::from_slice(&bytes).ok().map(Arc::new)
    }

    async fn put(&self, key: &CacheKey, answer: Arc<CachedAnswer>) {
        let Ok(bytes) = serde_json::to_vec(&*answer) else {
            return;
        };
        if bytes.len() > MAX_VALUE {
            return;
        }
        let (name, ttl_ms) = (name(key), self.ttl_ms);
        self.redis
            .call(async |connection| {
                redis::cmd("SET")
                    .arg(&name)
                    .arg(&bytes)
                    .arg("PX")
                    .arg(ttl_ms)
                    .query_async::<()>(connection)
                    .await
            })
            .await;
    }

    async fn remove(&self, key: &CacheKey) {
        let name = name(key);
        self.redis
            .call(async |connection| redis::cmd("DEL").arg(&name).query_async::<()>(connection).await)
            .await;
    }

    async fn ready(&self) -> Result<(), String> {
        self.redis.ready().await
    }
}
