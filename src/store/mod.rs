//! What is kept: answers, feedback, sites, the operator; in SQLite or in Postgres, by sqlx. What both have in common stands in
//! `sql`, which is compiled once for each.

mod accounted;
mod curated;
pub mod documents;
pub mod encodings;
mod error;
pub mod evaluations;
pub mod gaps;
pub mod ledger;
pub mod operator;
mod postgres;
mod sqlite;
pub mod syncs;
pub mod trials;

use std::sync::Arc;

use async_trait::async_trait;
use url::Url;

use crate::domain::{
    Answer, AnswerId, CallBegun, ConversationId, Rating, Saving, ShadowAnswer, UpstreamCall, Usd, VisitorId,
};

pub use accounted::Accounted;
pub use curated::CuratedStore;
pub use documents::DocumentStore;
pub use encodings::EncodingStore;
pub use error::StoreError;
pub use evaluations::EvaluationStore;
pub use gaps::GapStore;
pub use ledger::LedgerStore;
pub use operator::OperatorStore;
pub use syncs::SyncStore;
pub use trials::TrialStore;

/// Everything that is kept. Everything that returns `Ok` survives a `kill -9`.
#[async_trait]
pub trait Store:
    AnswerStore
    + CuratedStore
    + DocumentStore
    + EncodingStore
    + EvaluationStore
    + GapStore
    + LedgerStore
    + OperatorStore
    + SyncStore
    + TrialStore
{
    /// Writes what waits, and lets the database go. Whatever comes later is refused.
    async fn close(&self);

    /// 32 random bytes that belong to this installation; visitor tokens are signed with a key derived from them.
    async fn instance_secret(&self) -> Result<[u8; 32], StoreError>;
}

/// Opens the store at `url`, a `sqlite://`, `postgres://` or `postgresql://` address, and brings its schema up to date.
pub async fn open(url: &str) -> Result<Arc<dyn Store>, StoreError> {
    Ok(match is_postgres(url) {
        true => Arc::new(postgres::PostgresStore::open(url).await?),
        false => Arc::new(sqlite::SqliteStore::open(url).await?),
    })
}

/// The address without a password and parameters.
pub fn shown(url: &str) -> String {
    if !is_postgres(url) {
        return url.to_owned();
    }
    let Ok(mut url) = Url::parse(url) else {
        return "postgres://…".to_owned();
    };
    // Refused where there is no host, and so no password.
    let _ = url.set_password(None);
    url.set_query(None);
    url.to_string()
}

pub fn is_postgres(url: &str) -> bool {
    url.starts_with("postgres://") || url.starts_with("postgresql://")
}

/// A visitor's thumb on an answer. The last word on an answer counts.
#[derive(Debug, Clone)]
pub struct Feedback {
    pub answer: AnswerId,
    /// The site's key; feedback on another site's answer is refused.
    pub site: String,
    /// Who gives it. Another visitor's is not taken on an answer in a visitor's conversation. Where nobody is known to give it, or to have
    /// asked, the answer's id is the proof: nobody guesses it, and the contract wants no token for a thumb.
    pub visitor: Option<VisitorId>,
    pub rating: Rating,
    /// At most 2,000 characters.
    pub comment: String,
    /// Unix time in milliseconds.
    pub given_at_ms: i64,
}

/// What the way of a question needs of a store. Everything that returns `Ok` survives a `kill -9`.
#[async_trait]
pub trait AnswerStore: Send + Sync {
    /// Hands an answer to the writer, which commits in batches at least every 50 ms. Waits only while 10,000 are waiting already; when
    /// that is because the database is away, the answer is lost, which the log says.
    /// An answer with an id that is there already replaces it (a resumed answer grows).
    async fn record(&self, answer: Arc<Answer>);

    /// Tells the same writer of a call that is about to be made, without waiting. Should the service be killed meanwhile, the next
    /// one puts it into the ledger at what was set aside; this holds for calls that were under way for 150 ms.
    fn call_begins(&self, call: CallBegun);

    /// Puts into the ledger what services that are gone left when they were killed: what that cost at most, by site, as far as
    /// it counts against a budget.
    async fn settle_lost_calls(&self, now_ms: i64) -> Result<Vec<(String, Usd)>, StoreError>;

    /// Hands calls to the same writer, for the ledger.
    async fn record_calls(&self, calls: Vec<UpstreamCall>);

    /// Hands what programs were spared to the same writer.
    async fn record_savings(&self, savings: Vec<Saving>);

    /// Writes down what a shadow said, unless its answer is gone.
    async fn record_shadow(&self, told: ShadowAnswer) -> Result<(), StoreError>;

    /// The answer with this id, also one that is still waiting to be written.
    async fn answer(&self, id: AnswerId) -> Result<Option<Answer>, StoreError>;

    /// The latest `limit` answers of a conversation, oldest first, with the rating of each; empty when there is no such conversation.
    async fn conversation(
        &self,
        site: &str,
        id: ConversationId,
        limit: u32,
    ) -> Result<Vec<(Answer, Option<Rating>)>, StoreError>;

    /// Removes the visitor's conversation with all feedback on it; false when there is none of that visitor. With `is_answering` an
    /// answer of theirs is being made in it: then it is theirs, also while nothing of it is written, and nothing will be.
    async fn delete_conversation(
        &self,
        site: &str,
        id: ConversationId,
        visitor: VisitorId,
        is_answering: bool,
    ) -> Result<bool, StoreError>;

    /// Writes feedback down, after every answer that was recorded before it; false when the site has no such answer of this visitor.
    async fn feedback(&self, feedback: Feedback) -> Result<bool, StoreError>;

    /// What the calls of each site cost since a moment (Unix time in milliseconds) and counts against its budget, by site key.
    async fn costs_since(&self, since_ms: i64) -> Result<Vec<(String, Usd)>, StoreError>;

    /// Whether the store can be read and written; for `/readyz` and `check`.
    async fn ready(&self) -> Result<(), StoreError>;
}
