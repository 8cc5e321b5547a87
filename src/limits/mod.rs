//! How much a visitor and a site may ask, and ids that work once.

mod budgets;
mod memory;
mod redis;

use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::redis::{RedisClient, RedisUrlError};

pub use self::budgets::{Budgets, Reservation, Standing, Verdict};
pub use self::memory::MemoryLimits;
pub use self::redis::RedisLimits;

/// What limits count by: an IPv4 address, or the /64 network of an IPv6 address, of which one household has a whole one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct VisitorNetwork(IpAddr);

impl VisitorNetwork {
    pub fn of(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V6(v6) => {
                let [a, b, c, d, ..] = v6.segments();
                IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
            }
            v4 => v4,
        })
    }

    pub fn address(self) -> IpAddr {
        self.0
    }
}

/// A refusal, and when to try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused {
    pub retry_after: Duration,
    pub by: Limit,
}

/// Which limit refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    Visitor,
    Site,
    /// Of a server-side program's key.
    Program,
}

/// The limits, counted by the generic cell rate algorithm (ITU-T I.371): in process or shared through Redis.
#[async_trait]
pub trait Limits: Send + Sync {
    /// Counts one question of a visitor on a site. A question that the visitor limit refuses does not count against the site.
    async fn question(&self, site: &str, visitor: VisitorNetwork) -> Result<(), Refused>;

    /// Counts one call of a server-side program, which has a limit of its own.
    async fn call(&self, program: &str, per_minute: NonZeroU32) -> Result<(), Refused>;

    /// Whether this id is seen for the first time within `keep`. Used against replayed signatures.
    async fn first_use(&self, scope: &str, id: &str, keep: Duration) -> bool;

    /// A word for `/readyz` and `check`; `Err` says in one line what is wrong.
    async fn ready(&self) -> Result<(), String>;
}

/// How much is allowed. Both are bursts as well: a visitor may use a minute's worth at once.
#[derive(Debug, Clone, Copy)]
pub struct Allowance {
    pub per_visitor_per_minute: NonZeroU32,
    pub per_site_per_day: NonZeroU32,
}

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);

#[derive(Debug, thiserror::Error)]
pub enum LimitsError {
    #[error(transparent)]
    Url(#[from] RedisUrlError),
}

/// The engine that `url` names: `memory`, or a Redis through which several services share one count.
pub fn open(
    url: &str,
    per_visitor_per_minute: NonZeroU32,
    per_site_per_day: NonZeroU32,
) -> Result<Arc<dyn Limits>, LimitsError> {
    let allowance = Allowance {
        per_visitor_per_minute,
        per_site_per_day,
    };
    Ok(match url {
        "memory" => Arc::new(MemoryLimits::new(allowance)),
        _ => Arc::new(RedisLimits::new(RedisClient::open(url)?, allowance)),
    })
}
