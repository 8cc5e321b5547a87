use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use pennypress::limits::{Allowance, Limit, Limits, MemoryLimits, RedisLimits, VisitorNetwork};

use crate::client;
use crate::server::RedisServer;

pub fn allow(visitor: u32, site: u32) -> Allowance {
    let some = |n| NonZeroU32::new(n).expect("not zero");
    Allowance {
        per_visitor_per_minute: some(visitor),
        per_site_per_day: some(site),
    }
}

pub fn visitor(address: &str) -> VisitorNetwork {
    VisitorNetwork::of(address.parse().expect("an address"))
}

/// 3 a minute for a visitor, 5 a day for a site.
async fn counts_both_and_refuses_without_counting(limits: &dyn Limits) {
    let (anna, ben) = (visitor("192.0.2.1"), visitor("192.0.2.2"));
    for _ in 0..3 {
        limits.question("s", anna).await.expect("within the limit");
    }
    for _ in 0..10 {
        let refused = limits.question("s", anna).await.expect_err("over the limit");
        assert_eq!(refused.by, Limit::Visitor);
        assert!(
            refused.retry_after > Duration::from_secs(15) && refused.retry_after <= Duration::from_secs(20),
            "{refused:?}"
        );
    }
    // Anna's refused questions did not count for the site: two of five are left.
    limits.question("s", ben).await.expect("the fourth");
    limits.question("s", ben).await.expect("the fifth");
    let refused = limits.question("s", ben).await.expect_err("the site is full");
    assert_eq!(refused.by, Limit::Site);
    let (share, a_bit) = (Duration::from_secs(86_400 / 5), Duration::from_secs(10));
    assert!(
        refused.retry_after > share - a_bit && refused.retry_after <= share,
        "{refused:?}"
    );
    // Nor did what the site refused count for Ben: it is still the site that refuses him.
    assert_eq!(limits.question("s", ben).await.expect_err("full").by, Limit::Site);
    assert_eq!(limits.question("s", ben).await.expect_err("full").by, Limit::Site);
    // Another site is another count.
    limits.question("t", anna).await.expect("another site");
}

/// 1 a minute for a visitor.
async fn a_household_is_one_visitor(limits: &dyn Limits) {
    limits
        .question("six", visitor("2001:db8:1:2::1"))
        .await
        .expect("the first");
    limits
        .question("six", visitor("2001:db8:1:2:ffff::9"))
        .await
        .expect_err("the same /64");
    limits
        .question("six", visitor("2001:db8:1:3::1"))
        .await
        .expect("another /64");
    limits
        .question("six", visitor("::ffff:192.0.2.9"))
        .await
        .expect("IPv4 in IPv6");
    limits
        .question("six", visitor("192.0.2.9"))
        .await
        .expect_err("the same IPv4 address");
}

/// 2 a minute for one program, 1 for the other.
async fn each_program_has_a_limit_of_its_own(one: &dyn Limits, other: &dyn Limits) {
    let some = |n| NonZeroU32::new(n).expect("not zero");
    one.call("rails", some(2)).await.expect("the first");
    other
        .call("rails", some(2))
        .await
        .expect("the second, whoever counts it");
    let refused = one.call("rails", some(2)).await.expect_err("over the limit");
    assert_eq!(refused.by, Limit::Program);
    assert!(
        refused.retry_after > Duration::from_secs(20) && refused.retry_after <= Duration::from_secs(30),
        "{refused:?}"
    );
    one.call("django", some(1)).await.expect("another program");
    other.call("django", some(1)).await.expect_err("over its limit");
}

async fn an_id_works_once(limits: &dyn Limits) {
    let keep = Duration::from_millis(400);
    assert!(limits.first_use("a", "1", keep).await);
    assert!(!limits.first_use("a", "1", keep).await);
    assert!(limits.first_use("b", "1", keep).await, "another scope");
    assert!(limits.first_use("a", "2", keep).await);
    tokio::time::sleep(keep + Duration::from_millis(100)).await;
    assert!(limits.first_use("a", "1", keep).await, "forgotten in time");
}

/// 60 a minute for a visitor: one comes free every second, so within the test only a few beyond 60 can.
async fn counts_exactly_under_concurrency(services: [Arc<dyn Limits>; 2]) {
    let began = std::time::Instant::now();
    let tasks: Vec<_> = (0..300)
        .map(|n| {
            let limits = services[n % 2].clone();
            tokio::spawn(async move { limits.question("busy", visitor("192.0.2.77")).await.is_ok() })
        })
        .collect();
    let mut passed = 0;
    for task in tasks {
        passed += u64::from(task.await.expect("no panic"));
    }
    let most = 60 + began.elapsed().as_secs() + 1;
    assert!((60..=most).contains(&passed), "{passed} of 60 to {most}");
}

#[tokio::test]
async fn in_memory() {
    counts_both_and_refuses_without_counting(&MemoryLimits::new(allow(3, 5))).await;
    a_household_is_one_visitor(&MemoryLimits::new(allow(1, 100))).await;
    an_id_works_once(&MemoryLimits::new(allow(1, 1))).await;
    let limits = MemoryLimits::new(allow(1, 1));
    each_program_has_a_limit_of_its_own(&limits, &limits).await;
    let one: Arc<dyn Limits> = Arc::new(MemoryLimits::new(allow(60, 1000)));
    counts_exactly_under_concurrency([one.clone(), one]).await;
}

#[tokio::test]
async fn in_redis() {
    let server = RedisServer::start(&[]);
    let limits = |allowance| RedisLimits::new(client(&server.url()), allowance);
    counts_both_and_refuses_without_counting(&limits(allow(3, 5))).await;
    a_household_is_one_visitor(&limits(allow(1, 100))).await;
    an_id_works_once(&limits(allow(1, 1))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_services_share_one_limit_exactly() {
    let server = RedisServer::start(&[]);
    let service = || -> Arc<dyn Limits> { Arc::new(RedisLimits::new(client(&server.url()), allow(60, 1000))) };
    let (one, other) = (service(), service());
    // Both are connected before the flood, which is wider than the pools: who finds no connection in time counts locally.
    one.ready().await.expect("Redis is there");
    other.ready().await.expect("Redis is there");
    counts_exactly_under_concurrency([one.clone(), other.clone()]).await;
    each_program_has_a_limit_of_its_own(&*one, &*other).await;
    let keep = Duration::from_secs(60);
    assert!(one.first_use("w", "id", keep).await);
    assert!(!other.first_use("w", "id", keep).await, "the other service has seen it");
}

#[tokio::test]
async fn a_flood_of_addresses_stays_bounded_and_the_busy_stay_known() {
    let limits = MemoryLimits::new(allow(3, u32::MAX));
    let busy = visitor("192.0.2.1");
    while limits.question("s", busy).await.is_ok() {}
    for n in 0..150_000u32 {
        let address = VisitorNetwork::of(IpAddr::V4(Ipv4Addr::from_bits(0x0a00_0000 + n)));
        limits.question("s", address).await.expect("a new visitor");
    }
    assert!(limits.remembered() <= 65_536);
    limits.question("s", busy).await.expect_err("still over the limit");
}
