//! Several services on one database.

use std::sync::Arc;

use pennypress::domain::{AnswerId, CallBegun, CallId, ConversationId, Purpose, Usd};
use pennypress::store::{self, Store};

use super::Place;
use super::cases::answer;

async fn open(place: &Place) -> Arc<dyn Store> {
    store::open(&place.url()).await.expect("a store")
}

fn call(began_at_ms: i64) -> CallBegun {
    CallBegun {
        id: CallId::generate(),
        answer: AnswerId::generate(),
        site: "site_a".to_owned(),
        provider: "p".to_owned(),
        model: "m".to_owned(),
        purpose: Purpose::Answer,
        at_most: Usd("0.01".parse().expect("money")),
        began_at_ms,
    }
}

async fn until_running(place: &Place, calls: i64) {
    for _ in 0..600 {
        if place.number("SELECT count(*) FROM running_calls").await == calls {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("there are never {calls} calls under way");
}

#[tokio::test]
async fn calls_of_a_service_that_lives_are_not_taken_for_those_of_a_killed_one() {
    let place = Place::new();
    let now = 1_800_000_000_000;
    let one = open(&place).await;
    one.call_begins(call(now));
    until_running(&place, 1).await;
    let other = open(&place).await;
    assert!(other.settle_lost_calls(now).await.expect("settled").is_empty());
    // What has been under way for an hour is none of a living service.
    assert_eq!(
        other.settle_lost_calls(now + 3_600_001).await.expect("settled").len(),
        1
    );
    one.call_begins(call(now));
    until_running(&place, 1).await;
    // The store goes without a word, as with a kill; its connection goes with it.
    one.close().await;
    let lost = other.settle_lost_calls(now).await.expect("settled");
    assert_eq!(lost, [("site_a".to_owned(), Usd("0.01".parse().expect("money")))]);
    until_running(&place, 0).await;
    assert_eq!(
        place
            .number("SELECT count(*) FROM calls WHERE outcome = 'aborted'")
            .await,
        2
    );
}

#[tokio::test]
async fn what_is_deleted_at_one_is_not_brought_back_by_an_answer_that_still_runs_at_another() {
    let place = Place::new();
    let (one, other) = (open(&place).await, open(&place).await);
    let conversation = ConversationId::generate();
    let first = answer("site_a", conversation);
    let visitor = first.visitor.expect("a visitor");
    one.record(first.into()).await;
    one.ready().await.expect("written");
    assert!(
        other
            .delete_conversation("site_a", conversation, visitor, false)
            .await
            .expect("deleted")
    );
    one.record(answer("site_a", conversation).into()).await;
    let elsewhere = answer("site_a", ConversationId::generate());
    one.record(elsewhere.clone().into()).await;
    one.ready().await.expect("written");
    assert_eq!(place.number("SELECT count(*) FROM conversations").await, 1);
    assert!(other.answer(elsewhere.id).await.expect("read").is_some());
}

/// Two services and many tasks that write the same rows: nobody is refused, nothing is lost, no number is given twice.
#[tokio::test]
async fn services_that_write_the_same_rows_at_once_get_on() {
    use pennypress::domain::{DocumentChange, KeptDocument};
    let place = Place::new();
    let stores = [open(&place).await, open(&place).await, open(&place).await];
    let conversation = ConversationId::generate();
    let change = async |n: usize| {
        let store = &stores[n % stores.len()];
        let document = KeptDocument {
            id: format!("d{}", n % 7),
            url: String::new(),
            title: "T".to_owned(),
            locale: "en".to_owned(),
            kind: "page".to_owned(),
            source: "upload".to_owned(),
            markdown: format!("text {n}"),
            modified_ms: 0,
        };
        let changed = store.change_documents("site_a", vec![DocumentChange::Put(document)], n as i64);
        changed.await.unwrap_or_else(|error| panic!("{error}"));
        let mut one = answer("site_a", conversation);
        one.asked_at_ms = n as i64;
        store.record(one.into()).await;
        store.ready().await.unwrap_or_else(|error| panic!("{error}"));
    };
    futures_util::future::join_all((0..120).map(change)).await;
    let kept = stores[0].conversation("site_a", conversation, 999).await.expect("read");
    assert_eq!(kept.len(), 120);
    assert_eq!(stores[0].last_document_change().await.expect("read"), 120);
    let followed = stores[1].documents_after(0, 100).await.expect("read");
    assert_eq!(followed.len(), 7);
    assert!(followed.is_sorted_by(|a, b| a.seq < b.seq));
}
