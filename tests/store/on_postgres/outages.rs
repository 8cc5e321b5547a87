//! A server that goes away and comes back: what was recorded is written, once.

use std::time::{Duration, Instant};

use pennypress::domain::{AnswerId, CallBegun, CallId, ConversationId, Purpose, UpstreamCall, Usage, Usd};
use pennypress::store::{self, Store, StoreError};

use super::cases::answer;
use super::number;
use crate::server::Postgres;

fn ended(answer: AnswerId) -> UpstreamCall {
    UpstreamCall {
        id: CallId::generate(),
        answer,
        site: "site_a".to_owned(),
        provider: "p".to_owned(),
        model: "m".to_owned(),
        purpose: Purpose::Answer,
        usage: Usage::default(),
        cost: Usd("0.01".parse().expect("money")),
        outcome: "ok",
        first_token_ms: Some(1),
        total_ms: 2,
        ended_at_ms: 3,
    }
}

#[tokio::test]
async fn what_is_recorded_while_the_server_is_away_is_written_when_it_is_back() {
    let mut server = Postgres::start(&[]);
    let url = server.database();
    let store = store::open(&url).await.expect("a store");
    store.ready().await.expect("ready");
    server.stop();
    let conversation = ConversationId::generate();
    let mut sent = Vec::new();
    for n in 0..3_000 {
        let mut one = answer("site_a", conversation);
        one.asked_at_ms = n;
        sent.push(one.id);
        store.record_calls(vec![ended(one.id)]).await;
        store.record(one.into()).await;
    }
    // Who waits for an outcome is told soon that there is none, and who reads what waits gets it.
    let asked = Instant::now();
    assert!(matches!(store.ready().await, Err(StoreError::Away)));
    assert!(asked.elapsed() < Duration::from_secs(10), "{:?}", asked.elapsed());
    assert!(store.answer(sent[0]).await.expect("it waits").is_some());
    assert!(matches!(
        store.answer(AnswerId::generate()).await,
        Err(StoreError::Away)
    ));
    server.start_again();
    let began = Instant::now();
    while store.ready().await.is_err() {
        assert!(began.elapsed() < Duration::from_secs(30), "it does not come back");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let kept = store.conversation("site_a", conversation, 9_999).await.expect("read");
    assert_eq!(kept.len(), sent.len());
    assert_eq!(number(&url, "SELECT count(*) FROM calls").await, 3_000);
    store.close().await;
}

/// Connections that break again and again while much is written, also in the middle of a commit: every line once.
#[tokio::test]
async fn connections_that_break_lose_nothing_and_write_nothing_twice() {
    let server = Postgres::shared();
    let url = server.database();
    let store = store::open(&url).await.expect("a store");
    let breaks = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'pennypress'";
    let (mut broken, conversation) = (0, ConversationId::generate());
    for n in 0..1_500 {
        let one = answer("site_a", conversation);
        store.record_calls(vec![ended(one.id)]).await;
        store.record(one.into()).await;
        if n % 100 == 99 {
            broken += number(&url, breaks).await;
            // From the middle of writing to the end of it.
            tokio::time::sleep(Duration::from_millis(n / 10)).await;
        }
    }
    assert!(broken > 5, "{broken}");
    store.close().await;
    assert_eq!(number(&url, "SELECT count(*) FROM calls").await, 1_500);
    assert_eq!(number(&url, "SELECT count(*) FROM answers").await, 1_500);
}

/// Waits until the store itself has noticed it.
async fn until_away(store: &dyn Store) {
    while !matches!(store.ready().await, Err(StoreError::Away)) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_store_that_is_closed_while_the_server_is_away_does_not_wait_for_ever() {
    let mut server = Postgres::start(&[]);
    let url = server.database();
    let (one, other) = (
        store::open(&url).await.expect("a store"),
        store::open(&url).await.expect("a store"),
    );
    server.stop();
    // Both with something that waits, one of them when the outage is known already.
    one.record(answer("site_a", ConversationId::generate()).into()).await;
    until_away(&*other).await;
    other.record(answer("site_a", ConversationId::generate()).into()).await;
    for store in [one, other] {
        tokio::time::timeout(Duration::from_secs(20), store.close())
            .await
            .expect("it ends");
    }
}

#[tokio::test]
async fn what_waits_when_the_store_is_closed_is_written_if_the_server_comes_back_in_time() {
    let mut server = Postgres::start(&[]);
    let url = server.database();
    let store = store::open(&url).await.expect("a store");
    server.stop();
    until_away(&*store).await;
    for _ in 0..10 {
        store.record(answer("site_a", ConversationId::generate()).into()).await;
    }
    // Its listening alone takes less time than the store waits.
    server.start_again();
    store.close().await;
    assert_eq!(number(&url, "SELECT count(*) FROM answers").await, 10);
}

#[tokio::test]
async fn nobody_waits_for_a_server_that_is_away_when_too_much_waits_to_be_written() {
    let mut server = Postgres::start(&[]);
    let store = store::open(&server.database()).await.expect("a store");
    server.stop();
    let conversation = ConversationId::generate();
    let flood = async {
        for _ in 0..13_000 {
            store.record(answer("site_a", conversation).into()).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(40), flood)
        .await
        .expect("nobody waits");
    tokio::time::timeout(Duration::from_secs(20), store.close())
        .await
        .expect("it ends");
}

/// A service that starts just after the server may be the first to be there; those that run are not yet known to live.
#[tokio::test]
async fn a_service_that_comes_back_after_the_server_keeps_its_calls() {
    let mut server = Postgres::start(&[]);
    let url = server.database();
    let one = store::open(&url).await.expect("a store");
    let call = CallBegun {
        id: CallId::generate(),
        answer: AnswerId::generate(),
        site: "site_a".to_owned(),
        provider: "p".to_owned(),
        model: "m".to_owned(),
        purpose: Purpose::Answer,
        at_most: Usd::ZERO,
        began_at_ms: 1_000,
    };
    one.call_begins(call);
    tokio::time::sleep(Duration::from_millis(300)).await;
    one.ready().await.expect("written");
    server.stop();
    server.start_again();
    let other = store::open(&url).await.expect("a store");
    assert!(other.settle_lost_calls(2_000).await.expect("settled").is_empty());
    assert_eq!(number(&url, "SELECT count(*) FROM running_calls").await, 1);
}
