//! Answers kept in Redis, where every service that shares it finds them, and a removal is seen by all at once.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use deadpool_redis::redis::{self, Script};

use super::{AnswerCache, CacheKey, CachedAnswer, Claim, STALE_FOR};
use crate::redis::RedisClient;

/// The longest answer as JSON that is written or believed, in bytes.
const MAX_VALUE: usize = 1 << 20;

pub struct RedisCache {
    redis: RedisClient,
    ttl_ms: u64,
    release: Script,
}

/// Deletes a claim if it is still the caller's: between a look and a deletion it could lapse and become another's.
const RELEASE: &str = "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end";

impl RedisCache {
    pub fn new(redis: RedisClient, ttl: Duration) -> Self {
        let ttl_ms = u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX).clamp(1, 1 << 50);
        let release = Script::new(RELEASE);
        Self { redis, ttl_ms, release }
    }

    /// An answer, and how many milliseconds Redis keeps it: what is left of its time to live, and [`STALE_FOR`] beyond.
    async fn kept(&self, key: &CacheKey) -> Option<(Arc<CachedAnswer>, i64)> {
        let name = name(key);
        // GETRANGE and not GET: whatever somebody else wrote there, no more than this comes over the wire.
        let mut both = redis::pipe();
        both.cmd("GETRANGE").arg(&name).arg(0).arg(MAX_VALUE - 1);
        both.cmd("PTTL").arg(&name);
        let (bytes, left_ms): (Vec<u8>, i64) = self
            .redis
            .call(async |connection| both.query_async(connection).await)
            .await?;
        let answer = serde_json::from_slice(&bytes).ok()?;
        Some((Arc::new(answer), left_ms))
    }
}

fn stale_ms() -> i64 {
    i64::try_from(STALE_FOR.as_millis()).unwrap_or(i64::MAX)
}

fn name(key: &CacheKey) -> String {
    format!("pennypress:{{cache}}:{}", blake3::Hash::from(key.0).to_hex())
}

fn claim_name(key: &CacheKey) -> String {
    format!("pennypress:{{cache}}:making:{}", blake3::Hash::from(key.0).to_hex())
}

#[async_trait]
impl AnswerCache for RedisCache {
    async fn get(&self, key: &CacheKey) -> Option<Arc<CachedAnswer>> {
        let (answer, left_ms) = self.kept(key).await?;
        (left_ms > stale_ms()).then_some(answer)
    }

    async fn get_stale(&self, key: &CacheKey) -> Option<Arc<CachedAnswer>> {
        self.kept(key).await.map(|(answer, _)| answer)
    }

    async fn put(&self, key: &CacheKey, answer: Arc<CachedAnswer>) {
        let Ok(bytes) = serde_json::to_vec(&*answer) else {
            return;
        };
        if bytes.len() > MAX_VALUE {
            return;
        }
        let (name, keep_ms) = (name(key), self.ttl_ms + stale_ms().unsigned_abs());
        self.redis
            .call(async |connection| {
                redis::cmd("SET")
                    .arg(&name)
                    .arg(&bytes)
                    .arg("PX")
                    .arg(keep_ms)
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

    async fn claim(&self, key: &CacheKey, lease: Duration) -> Option<Claim> {
        let (name, claim) = (claim_name(key), Claim::new());
        let lease_ms = u64::try_from(lease.as_millis()).unwrap_or(u64::MAX).clamp(1, 1 << 50);
        let set: Option<Option<String>> = self
            .redis
            .call(async |connection| {
                let mut set = redis::cmd("SET");
                set.arg(&name).arg(claim.0).arg("NX").arg("PX").arg(lease_ms);
                set.query_async(connection).await
            })
            .await;
        match set {
            // Away: nobody can be asked.
            None => Some(Claim::of_nobody()),
            // SET said OK, or nothing because somebody else has it.
            Some(ok) => ok.map(|_| claim),
        }
    }

    async fn release(&self, key: &CacheKey, claim: Claim) {
        if claim == Claim::of_nobody() {
            return;
        }
        let mut release = self.release.key(claim_name(key));
        release.arg(claim.0);
        self.redis
            .call(async |connection| release.invoke_async::<()>(connection).await)
            .await;
    }

    fn is_away(&self) -> bool {
        self.redis.is_away()
    }

    async fn ready(&self) -> Result<(), String> {
        self.redis.ready().await
    }
}
