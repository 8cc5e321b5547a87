//! Limits counted in this process.

use std::hash::{BuildHasher, RandomState};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use governor::clock::{Clock, MonotonicClock};
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::StateStore;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use hashbrown::HashMap;
use moka::Expiry;
use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use parking_lot::Mutex;

use super::{Allowance, DAY, Limit, Limits, MINUTE, Refused, VisitorNetwork};

/// Visitors (and sites) remembered at most, at about 40 bytes each.
const MAX_CELLS: usize = 65_536;
/// One-time ids remembered at most. Only signed requests have one, so a stranger cannot push others out.
const MAX_IDS: u64 = 200_000;

type Keyed = RateLimiter<u64, Cells, MonotonicClock, NoOpMiddleware<Instant>>;

pub struct MemoryLimits {
    /// Keys are 64-bit hashes under a secret seed: no allocation per question, and no stranger can aim at a collision.
    hasher: RandomState,
    visitors: (Keyed, Cells),
    sites: (Keyed, Cells),
    /// Held while both limits are asked, so that one refused question is never half counted.
    gate: Mutex<()>,
    /// By program, with the limit that each was made for. As many as the settings name.
    programs: Mutex<HashMap<String, Arc<DefaultDirectRateLimiter>>>,
    ids: Cache<(u64, u64), Duration>,
    id_hashers: (RandomState, RandomState),
}

impl MemoryLimits {
    pub fn new(allowance: Allowance) -> Self {
        let limiter = |burst: NonZeroU32, period: Duration| {
            // A day over the greatest u32 is still 20 microseconds, so the fallback is never taken.
            let quota = Quota::with_period(period / burst.get())
                .map_or(Quota::per_second(burst), |quota| quota.allow_burst(burst));
            let cells = Cells::default();
            (RateLimiter::new(quota, cells.clone(), MonotonicClock), cells)
        };
        let ids = Cache::builder()
            .max_capacity(MAX_IDS)
            // Not the default policy, which would rather refuse a new id than forget an old one.
            .eviction_policy(EvictionPolicy::lru())
            .expire_after(KeptFor)
            .build();
        Self {
            hasher: RandomState::new(),
            visitors: limiter(allowance.per_visitor_per_minute, MINUTE),
            sites: limiter(allowance.per_site_per_day, DAY),
            gate: Mutex::new(()),
            programs: Mutex::default(),
            ids,
            id_hashers: (RandomState::new(), RandomState::new()),
        }
    }

    pub(super) fn count(&self, site: &str, visitor: VisitorNetwork) -> Result<(), Refused> {
        let site_key = self.hasher.hash_one(site);
        let visitor_key = self.hasher.hash_one((site, visitor));
        let _both = self.gate.lock();
        let before = self.visitors.1.get(visitor_key);
        check(&self.visitors.0, visitor_key, Limit::Visitor)?;
        check(&self.sites.0, site_key, Limit::Site).inspect_err(|_| self.visitors.1.put_back(visitor_key, before))
    }

    pub(super) fn count_call(&self, program: &str, per_minute: NonZeroU32) -> Result<(), Refused> {
        let limiter = {
            let mut programs = self.programs.lock();
            match programs.get(program) {
                Some(limiter) => limiter.clone(),
                None => {
                    let limiter = Arc::new(RateLimiter::direct(Quota::per_minute(per_minute)));
                    programs.insert(program.to_owned(), limiter.clone());
                    limiter
                }
            }
        };
        limiter.check().map_err(|refusal| Refused {
            retry_after: refusal.wait_time_from(limiter.clock().now()),
            by: Limit::Program,
        })
    }

    pub(super) fn first_use_here(&self, scope: &str, id: &str, keep: Duration) -> bool {
        let key = (
            self.id_hashers.0.hash_one((scope, id)),
            self.id_hashers.1.hash_one((scope, id)),
        );
        self.ids.entry(key).or_insert(keep).is_fresh()
    }

    /// How many visitors are remembered.
    pub fn remembered(&self) -> usize {
        self.visitors.1.0.lock().len()
    }
}

fn check(limiter: &Keyed, key: u64, by: Limit) -> Result<(), Refused> {
    limiter.check_key(&key).map_err(|refusal| {
        let retry_after = refusal.wait_time_from(limiter.clock().now());
        Refused { retry_after, by }
    })
}

#[async_trait]
impl Limits for MemoryLimits {
    async fn question(&self, site: &str, visitor: VisitorNetwork) -> Result<(), Refused> {
        self.count(site, visitor)
    }

    async fn call(&self, program: &str, per_minute: NonZeroU32) -> Result<(), Refused> {
        self.count_call(program, per_minute)
    }

    async fn first_use(&self, scope: &str, id: &str, keep: Duration) -> bool {
        self.first_use_here(scope, id, keep)
    }

    async fn ready(&self) -> Result<(), String> {
        Ok(())
    }
}

/// governor's theoretical arrival times by key, bounded: its own stores grow with every address that a flood comes from.
#[derive(Clone, Default)]
struct Cells(Arc<Mutex<HashMap<u64, Nanos>>>);

impl Cells {
    fn get(&self, key: u64) -> Option<Nanos> {
        self.0.lock().get(&key).copied()
    }

    fn put_back(&self, key: u64, before: Option<Nanos>) {
        let mut cells = self.0.lock();
        match before {
            Some(nanos) => cells.insert(key, nanos),
            None => cells.remove(&key),
        };
    }
}

impl StateStore for Cells {
    type Key = u64;

    fn measure_and_replace<T, F, E>(&self, key: &u64, f: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let mut cells = self.0.lock();
        let (outcome, next) = f(cells.get(key).copied())?;
        if cells.len() >= MAX_CELLS && !cells.contains_key(key) {
            forget_half(&mut cells);
        }
        cells.insert(*key, next);
        Ok(outcome)
    }
}

/// Those go whose arrival time is the oldest: they are as good as new, or nearest to it. Half at once, so that the
/// cost is spread over as many newcomers.
fn forget_half(cells: &mut HashMap<u64, Nanos>) {
    let mut times: Vec<u64> = cells.values().map(|nanos| nanos.as_u64()).collect();
    let middle = times.len() / 2;
    let (_, &mut median, _) = times.select_nth_unstable(middle);
    let mut spare = middle;
    cells.retain(|_, nanos| {
        let stays = nanos.as_u64() > median || spare == 0;
        if !stays {
            spare -= 1;
        }
        stays
    });
}

/// Each id says itself how long it is kept.
struct KeptFor;

impl Expiry<(u64, u64), Duration> for KeptFor {
    fn expire_after_create(&self, _: &(u64, u64), keep: &Duration, _: Instant) -> Option<Duration> {
        Some(*keep)
    }
}
