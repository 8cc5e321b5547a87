//! The store, on real files.

mod conversations;
mod durability;
mod evaluations;
mod operator;
mod repeated;

use std::sync::Arc;

use pennypress::domain::{
    Answer, AnswerId, ConversationId, Decision, Finish, From, Page, Source, Tier, Usage, Usd, VisitorId,
};
use pennypress::store::SqliteStore;

/// A store in a folder that goes with it.
struct TestStore {
    store: SqliteStore,
    url: String,
    _folder: tempfile::TempDir,
}

impl std::ops::Deref for TestStore {
    type Target = SqliteStore;

    fn deref(&self) -> &SqliteStore {
        &self.store
    }
}

async fn store() -> TestStore {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite://{}/new/folder/store.db", folder.path().display());
    TestStore {
        store: SqliteStore::open(&url).await.expect("a store"),
        url,
        _folder: folder,
    }
}

fn answer(site: &str, conversation: ConversationId) -> Answer {
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
