//! How much a visitor and a site may ask, and ids that work once.

use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use async_trait::async_trait;

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
}

/// The limits, counted by the generic cell rate algorithm (ITU-T I.371): in process or shared through Redis.
#[async_trait]
pub trait Limits: Send + Sync {
    /// Counts one question of a visitor on a site. A question that the visitor limit refuses does not count against the site.
    async fn question(&self, site: &str, visitor: VisitorNetwork) -> Result<(), Refused>;

    /// Whether this id is seen for the first time within `keep`. Used against replayed signatures.
    async fn first_use(&self, scope: &str, id: &str, keep: Duration) -> bool;
}
