//! Budgets that several services share through one Redis.

use futures_util::future::join_all;
use jiff::Timestamp;
use pennypress::domain::Usd;
use pennypress::limits::{Budgets, Reservation, Standing, Verdict};

use crate::server::RedisServer;
use crate::{client, until};

fn usd(text: &str) -> Usd {
    Usd(text.parse().expect("an amount"))
}

fn granted(verdict: Verdict) -> Option<Reservation> {
    match verdict {
        Verdict::Free(reservation) | Verdict::Tight(reservation) => Some(reservation),
        Verdict::Spent => None,
    }
}

fn budgets(server: &RedisServer, daily: &str) -> Budgets {
    Budgets::shared(Some(usd(daily)), Some(usd("1000")), client(&server.url()), "test")
}

#[tokio::test]
async fn together_they_set_aside_no_more_than_there_is() {
    let server = RedisServer::start(&[]);
    let (one, other, now) = (budgets(&server, "1"), budgets(&server, "1"), Timestamp::now());
    let asking = (0..40).map(|n| {
        let budgets = if n % 2 == 0 { &one } else { &other };
        budgets.set_aside("s", usd("0.1"), usd("0.1"), now)
    });
    let held: Vec<Reservation> = join_all(asking).await.into_iter().filter_map(granted).collect();
    assert_eq!(held.len(), 10);
    // Another site's, and another scope's, is another budget.
    assert!(granted(one.set_aside("t", usd("1"), usd("1"), now).await).is_some());
    let scope = Budgets::shared(Some(usd("1")), None, client(&server.url()), "another");
    assert!(granted(scope.set_aside("s", usd("1"), usd("1"), now).await).is_some());
    drop(held);
    until("what was let go is there for the other one", async || {
        granted(other.set_aside("s", usd("1"), usd("1"), now).await).is_some()
    })
    .await;
}

#[tokio::test]
async fn what_one_paid_the_other_knows() {
    let server = RedisServer::start(&[]);
    let (one, other, now) = (budgets(&server, "1"), budgets(&server, "1"), Timestamp::now());
    for _ in 0..7 {
        one.pay("s", usd("0.1"), now);
    }
    one.tell().await;
    let verdict = other.set_aside("s", usd("0.2"), usd("0.05"), now).await;
    assert!(matches!(&verdict, Verdict::Free(reservation) if reservation.amount() == usd("0.2")));
    // 70% spent, 20% set aside: only the thrifty amount is left to be had.
    let thrifty = one.set_aside("s", usd("0.2"), usd("0.05"), now).await;
    assert!(matches!(&thrifty, Verdict::Tight(reservation) if reservation.amount() == usd("0.05")));
    assert!(granted(one.set_aside("s", usd("0.06"), usd("0.06"), now).await).is_none());
    assert_eq!(other.standing("s", now), Standing::Tight);
}

#[tokio::test]
async fn what_was_paid_while_redis_was_away_is_told_later() {
    let server = RedisServer::start(&[]);
    let (one, other, now) = (budgets(&server, "1"), budgets(&server, "1"), Timestamp::now());
    one.pay("s", usd("0.3"), now);
    one.tell().await;
    server.cli(&["FLUSHALL"]);
    one.pay("s", usd("0.3"), now);
    one.tell().await;
    one.tell().await;
    // The new Redis knows both: the one that was told before, and the one after; neither twice.
    assert!(granted(other.set_aside("s", usd("0.41"), usd("0.41"), now).await).is_none());
    assert!(granted(other.set_aside("s", usd("0.4"), usd("0.4"), now).await).is_some());
}
