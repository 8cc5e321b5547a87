//! What holds of every engine. `super` is the one that is tested.

mod conversations;
mod durability;
mod encodings;
mod evaluations;
mod operator;
mod repeated;

use std::sync::Arc;

use pennypress::domain::{
    Answer, AnswerId, ConversationId, Decision, Finish, From, Page, Source, Tier, Usage, Usd, VisitorId,
};
use pennypress::store::{self, Store};

use super::Place;

/// A store in a place that goes with it.
struct TestStore {
    store: Arc<dyn Store>,
    place: Place,
}

impl std::ops::Deref for TestStore {
    type Target = dyn Store;

    fn deref(&self) -> &Self::Target {
        &*self.store
    }
}

impl TestStore {
    /// Another one in the same place, as another process would have it.
    async fn again(&self) -> Arc<dyn Store> {
        open(&self.place).await
    }
}

async fn store() -> TestStore {
    let place = Place::new();
    let store = open(&place).await;
    TestStore { store, place }
}

async fn open(place: &Place) -> Arc<dyn Store> {
    store::open(&place.url()).await.expect("a store")
}

/// How an answer looks when it was kept.
fn kept(answer: &Answer) -> String {
    format!("{answer:?}").replace("\\0", super::NUL)
}

pub fn answer(site: &str, conversation: ConversationId) -> Answer {
    Answer {
        id: AnswerId::generate(),
        conversation,
        site: site.to_owned(),
        visitor: Some(VisitorId::generate()),
        user: Some("7".to_owned()),
        question: "How do I install it? 'quoted' \u{0}\u{1F600}".to_owned(),
        text: "Open **Plugins** [1].".into(),
        from: From::Model,
        finish: Finish::Stop,
        doubts: Vec::new(),
        sources: Arc::from([Source {
            n: 1,
            title: "Installing".to_owned(),
            url: "/manual/wordpress#install".to_owned(),
            quote: "Open Plugins".to_owned(),
        }]),
        model: Some("qwen".into()),
        usage: Usage {
            prompt_tokens: 100,
            completion_tokens: 20,
            counted: true,
        },
        cost: Usd("0.000123456789".parse().expect("money")),
        first_word_ms: Some(12),
        total_ms: 345,
        page: Some(Page {
            url: "https://example.com/a".to_owned(),
            title: "A".to_owned(),
        }),
        locale: "en".to_owned(),
        asked_at_ms: 1_000,
        route: Some(Decision {
            tier: Tier::Simple,
            reason: "it is short".into(),
        }),
        enrolment: None,
        baseline_cost: None,
        reuse: None,
    }
}
