//! Wrong passwords make the next try wait: the longer, the more there were from one network, and a little when there are many
//! from everywhere.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::limits::VisitorNetwork;

/// Tries that cost nothing: everybody mistypes.
const FREE: u32 = 5;
const FIRST_WAIT: Duration = Duration::from_secs(2);
const LONGEST_WAIT: Duration = Duration::from_secs(15 * 60);
/// A network without a try for so long begins afresh.
const FORGET: Duration = Duration::from_secs(3_600);
const NETWORKS: usize = 10_000;
/// Tries a minute from all networks that never signed in.
const ALL_PER_MINUTE: u32 = 60;
const MINUTE: Duration = Duration::from_secs(60);

#[derive(Default)]
pub(super) struct Throttle(Mutex<Tries>);

#[derive(Default)]
struct Tries {
    by_network: HashMap<VisitorNetwork, Try>,
    minute: Option<(Instant, u32)>,
    /// Networks that knew the password: an attack from elsewhere does not shut them out.
    known: Vec<VisitorNetwork>,
}

struct Try {
    count: u32,
    last: Instant,
    next: Instant,
}

impl Throttle {
    /// Counts a try. `Err` says how long to wait; that try was not made and is not counted.
    pub(super) fn begin(&self, network: VisitorNetwork, now: Instant) -> Result<(), Duration> {
        let mut tries = self.0.lock();
        if let Some(one) = tries.by_network.get(&network)
            && one.next > now
        {
            return Err(one.next - now);
        }
        if !tries.known.contains(&network) {
            tries.count_in_minute(now)?;
        }
        tries.make_room(now);
        let one = tries.by_network.entry(network).or_insert(Try {
            count: 0,
            last: now,
            next: now,
        });
        if now - one.last > FORGET {
            one.count = 0;
        }
        one.count += 1;
        one.last = now;
        one.next = now + wait_after(one.count);
        Ok(())
    }

    /// The password was right.
    pub(super) fn forgive(&self, network: VisitorNetwork) {
        let mut tries = self.0.lock();
        tries.by_network.remove(&network);
        if !tries.known.contains(&network) {
            tries.known.push(network);
        }
        let surplus = tries.known.len().saturating_sub(64);
        tries.known.drain(..surplus);
    }
}

impl Tries {
    fn count_in_minute(&mut self, now: Instant) -> Result<(), Duration> {
        let (began, count) = match self.minute {
            Some((began, count)) if now - began < MINUTE => (began, count),
            _ => (now, 0),
        };
        if count >= ALL_PER_MINUTE {
            return Err(MINUTE - (now - began));
        }
        self.minute = Some((began, count + 1));
        Ok(())
    }

    /// Forgets the networks that were quiet for long; when none was, those that tried least.
    fn make_room(&mut self, now: Instant) {
        if self.by_network.len() < NETWORKS {
            return;
        }
        self.by_network.retain(|_, one| now - one.last <= FORGET);
        if self.by_network.len() >= NETWORKS {
            self.by_network.retain(|_, one| one.count > FREE);
        }
        if self.by_network.len() >= NETWORKS {
            self.by_network.clear();
        }
    }
}

fn wait_after(count: u32) -> Duration {
    match count.checked_sub(FREE) {
        None => Duration::ZERO,
        Some(beyond) => FIRST_WAIT.saturating_mul(1 << beyond.min(16)).min(LONGEST_WAIT),
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::*;

    fn network(n: u32) -> VisitorNetwork {
        VisitorNetwork::of(IpAddr::V4(Ipv4Addr::from(n)))
    }

    #[test]
    fn waits_double_up_to_a_quarter_of_an_hour_and_end_with_the_right_password() {
        let throttle = Throttle::default();
        let mut now = Instant::now();
        for _ in 0..FREE {
            assert_eq!(throttle.begin(network(1), now), Ok(()));
        }
        let mut waited = Vec::new();
        for _ in 0..12 {
            let wait = throttle.begin(network(1), now).expect_err("too soon");
            waited.push(wait.as_secs());
            now += wait;
            assert_eq!(throttle.begin(network(1), now), Ok(()));
        }
        assert_eq!(waited[..4], [2, 4, 8, 16]);
        assert_eq!(waited[11], 900);
        assert_eq!(throttle.begin(network(2), now), Ok(()), "another network does not wait");
        throttle.forgive(network(1));
        assert_eq!(throttle.begin(network(1), now), Ok(()));
    }

    #[test]
    fn many_networks_together_wait_and_a_known_one_does_not() {
        let throttle = Throttle::default();
        let now = Instant::now();
        assert_eq!(throttle.begin(network(0), now), Ok(()));
        throttle.forgive(network(0));
        for n in 1..ALL_PER_MINUTE {
            assert_eq!(throttle.begin(network(n), now), Ok(()));
        }
        assert!(throttle.begin(network(9_999), now).is_err());
        assert_eq!(throttle.begin(network(0), now), Ok(()));
        assert_eq!(throttle.begin(network(9_999), now + MINUTE), Ok(()));
    }

    #[test]
    fn memory_is_bounded() {
        let throttle = Throttle::default();
        let mut now = Instant::now();
        for n in 0..NETWORKS as u32 * 2 {
            now += MINUTE / 50;
            assert_eq!(throttle.begin(network(n), now), Ok(()));
        }
        assert!(throttle.0.lock().by_network.len() <= NETWORKS);
    }
}
