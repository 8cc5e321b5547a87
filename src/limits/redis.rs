//! Limits counted in Redis by Redis's own clock, so that services which share it share one limit exactly.
//! While Redis is away each service counts for itself.

use std::num::NonZeroU32;
use std::time::Duration;

use async_trait::async_trait;
use deadpool_redis::redis::{self, Script};

use super::{Allowance, DAY, Limit, Limits, MINUTE, MemoryLimits, Refused, VisitorNetwork};
use crate::redis::RedisClient;

pub struct RedisLimits {
    redis: RedisClient,
    script: Script,
    allowance: Allowance,
    /// Counts while Redis is away, and remembers one-time ids always, so that none works again when Redis leaves.
    here: MemoryLimits,
}

impl RedisLimits {
    pub fn new(redis: RedisClient, allowance: Allowance) -> Self {
        let script = Script::new(include_str!("gcra.lua"));
        Self {
            redis,
            script,
            allowance,
            here: MemoryLimits::new(allowance),
        }
    }
}

/// Microseconds of the period that one of `burst` questions takes up.
fn cost(period: Duration, burst: u32) -> u64 {
    (period.as_secs() * 1_000_000 / u64::from(burst)).max(1)
}

#[async_trait]
impl Limits for RedisLimits {
    async fn question(&self, site: &str, visitor: VisitorNetwork) -> Result<(), Refused> {
        let (per_minute, per_day) = (
            self.allowance.per_visitor_per_minute.get(),
            self.allowance.per_site_per_day.get(),
        );
        // The hash of the site is the hash tag: it cannot hold a brace, whatever the site's key is.
        let site = blake3::hash(site.as_bytes()).to_hex();
        let mut invocation = self.script.prepare_invoke();
        invocation
            .key(format!("pennypress:{{{site}}}:visitor:{}", visitor.address()))
            .key(format!("pennypress:{{{site}}}:day"))
            .arg(cost(MINUTE, per_minute))
            .arg(per_minute)
            .arg(cost(DAY, per_day))
            .arg(per_day);
        let verdict = self
            .redis
            .call(async |connection| invocation.invoke_async::<(u8, u64)>(connection).await)
            .await;
        match verdict {
            Some((0, _)) => Ok(()),
            Some((limit, micros)) => Err(Refused {
                retry_after: Duration::from_micros(micros),
                by: if limit == 1 { Limit::Visitor } else { Limit::Site },
            }),
            None => self.here.count(&site, visitor),
        }
    }

    async fn call(&self, program: &str, per_minute: NonZeroU32) -> Result<(), Refused> {
        let hash = blake3::hash(program.as_bytes()).to_hex();
        let mut invocation = self.script.prepare_invoke();
        invocation
            .key(format!("pennypress:{{{hash}}}:program"))
            .arg(cost(MINUTE, per_minute.get()))
            .arg(per_minute.get());
        let verdict = self
            .redis
            .call(async |connection| invocation.invoke_async::<(u8, u64)>(connection).await)
            .await;
        match verdict {
            Some((0, _)) => Ok(()),
            Some((_, micros)) => Err(Refused {
                retry_after: Duration::from_micros(micros),
                by: Limit::Program,
            }),
            None => self.here.count_call(program, per_minute),
        }
    }

    async fn first_use(&self, scope: &str, id: &str, keep: Duration) -> bool {
        if !self.here.first_use_here(scope, id, keep) {
            return false;
        }
        let mut hasher = blake3::Hasher::new();
        hasher
            .update(&(scope.len() as u64).to_le_bytes())
            .update(scope.as_bytes())
            .update(id.as_bytes());
        let name = format!("pennypress:{{once}}:{}", hasher.finalize().to_hex());
        let keep_ms = u64::try_from(keep.as_millis()).unwrap_or(u64::MAX).clamp(1, 1 << 50);
        let set: Option<Option<String>> = self
            .redis
            .call(async |connection| {
                redis::cmd("SET")
                    .arg(&name)
                    .arg(1)
                    .arg("NX")
                    .arg("PX")
                    .arg(keep_ms)
                    .query_async(connection)
                    .await
            })
            .await;
        // Away: this process alone has not seen it. Otherwise SET said OK, or nothing because the id was there.
        set.is_none_or(|ok| ok.is_some())
    }

    async fn ready(&self) -> Result<(), String> {
        self.redis.ready().await
    }
}
