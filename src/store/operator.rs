//! What the operator's pages need of a store.

use async_trait::async_trait;

use super::StoreError;
use crate::domain::{Answer, ConversationId, From, Rating, Secret, Site, Usd, VisitorId};

/// Which answers are added up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    /// Asked at this time or later, in Unix milliseconds.
    pub since_ms: i64,
    /// `None`: on all sites.
    pub site: Option<String>,
}

/// Sums over the answers of some time.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Period {
    pub questions: u64,
    /// How many answers came from where; a source without any is missing.
    pub by_from: Vec<(From, u64)>,
    pub cost: Usd,
    /// What the baseline model would have cost for these answers without a cache, where that is known.
    pub baseline: Usd,
    pub prompt_tokens: u64,
    pub completion_tokens: u64,
    /// Of the latest 100,000 answers.
    pub first_word_median_ms: Option<u32>,
    pub first_word_p95_ms: Option<u32>,
    pub up: u64,
    pub down: u64,
    pub unanswered: u64,
    /// The visitor saw an error.
    pub failed: u64,
}

impl Period {
    pub fn of(&self, from: From) -> u64 {
        self.by_from
            .iter()
            .find(|(one, _)| *one == from)
            .map_or(0, |(_, count)| *count)
    }

    /// Answers that had been paid for, or written, before.
    pub fn reused(&self) -> u64 {
        self.of(From::Cache) + self.of(From::Near) + self.of(From::Curated)
    }

    /// How much less the answers cost than the baseline model would have; without its price, what the reused answers would
    /// have cost at the average price of this time's model answers.
    pub fn saved(&self) -> Usd {
        if self.baseline > Usd::ZERO {
            return self.baseline - self.cost;
        }
        match self.of(From::Model) {
            0 => Usd::ZERO,
            paid => Usd(self.cost.0 / rust_decimal::Decimal::from(paid) * rust_decimal::Decimal::from(self.reused())),
        }
    }
}

/// A question that was asked several times, in any capitals and with any mark at its end.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    pub question: String,
    pub times: u64,
    pub down: u64,
    pub unanswered: u64,
    /// The conversation in which it was asked last.
    pub conversation: ConversationId,
}

/// Which answers a review list shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Shown {
    /// Those with a thumb: down first, then up.
    #[default]
    Rated,
    Down,
    Up,
    /// Those that the content did not hold, and those that failed.
    Unanswered,
    /// Those with a sentence that the passages do not support.
    Doubted,
    All,
}

/// A choice from the review list. `None` means any.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ReviewFilter {
    pub shown: Shown,
    pub site: Option<String>,
    pub model: Option<String>,
    pub from: Option<From>,
    pub handled: Option<bool>,
}

/// An answer with what the visitor and the operator said about it.
#[derive(Debug, Clone)]
pub struct Reviewed {
    pub answer: Answer,
    pub rating: Option<Rating>,
    pub comment: String,
    pub given_at_ms: Option<i64>,
    pub note: String,
    /// When the operator marked it as handled.
    pub handled_at_ms: Option<i64>,
}

/// One page of the review list.
#[derive(Debug, Clone)]
pub struct ReviewPage {
    pub items: Vec<Reviewed>,
    /// How many there are on all pages.
    pub total: u64,
}

/// A conversation, oldest answer first; at most the latest 500.
#[derive(Debug, Clone)]
pub struct Conversation {
    pub id: ConversationId,
    pub site: String,
    pub visitor: Option<VisitorId>,
    pub user: Option<String>,
    pub started_at_ms: i64,
    pub answers: Vec<Reviewed>,
}

/// A signed-in operator, as kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    pub csrf: String,
    pub created_at_ms: i64,
    pub seen_at_ms: i64,
}

/// Everything that returns `Ok` survives a `kill -9`.
#[async_trait]
pub trait OperatorStore: Send + Sync {
    async fn period(&self, scope: &Scope) -> Result<Period, StoreError>;
    /// Answers a day by source; day 0 is the one that begins at the scope's time, each is 24 hours long. What is zero is missing.
    async fn by_day(&self, scope: &Scope) -> Result<Vec<(u32, From, u64)>, StoreError>;
    /// The questions asked most often among the latest 50,000, most frequent first.
    async fn most_asked(&self, scope: &Scope, limit: u32) -> Result<Vec<Asked>, StoreError>;
    /// The models that answered since a time, by name.
    async fn models(&self, since_ms: i64) -> Result<Vec<String>, StoreError>;

    /// Page `page`, from 0, of `size` answers.
    async fn review(&self, filter: &ReviewFilter, page: u32, size: u32) -> Result<ReviewPage, StoreError>;
    /// For an export: up to `size` answers, newest first, that are older than the one named by time and id.
    async fn review_after(
        &self,
        filter: &ReviewFilter,
        after: Option<(i64, String)>,
        size: u32,
    ) -> Result<Vec<Reviewed>, StoreError>;
    async fn whole_conversation(&self, id: ConversationId) -> Result<Option<Conversation>, StoreError>;
    /// Marks an answer as handled at a time, or as not handled; without a note, the one there is stays. False when there is no
    /// such answer.
    async fn handle(&self, answer: &str, at_ms: Option<i64>, note: Option<&str>) -> Result<bool, StoreError>;

    /// The sites that the operator created, by key.
    async fn sites(&self) -> Result<Vec<Site>, StoreError>;
    /// Changes with every change of a site, whoever made it.
    async fn sites_revision(&self) -> Result<i64, StoreError>;
    /// False when the key is taken.
    async fn create_site(&self, site: &Site, at_ms: i64) -> Result<bool, StoreError>;
    /// Everything but the key and the secret; false when there is no such site.
    async fn update_site(&self, site: &Site, at_ms: i64) -> Result<bool, StoreError>;
    async fn set_secret(&self, key: &str, secret: &Secret, at_ms: i64) -> Result<bool, StoreError>;
    /// With every conversation that was had there; false when there is no such site.
    async fn delete_site(&self, key: &str) -> Result<bool, StoreError>;
    async fn count_conversations(&self, site: &str) -> Result<u64, StoreError>;

    /// The argon2id hash of the operator's password, once one is set.
    async fn password_hash(&self) -> Result<Option<String>, StoreError>;
    /// Sets the first password; false when there is one already.
    async fn set_first_password(&self, hash: &str, at_ms: i64) -> Result<bool, StoreError>;
    /// Sets another password and ends every session.
    async fn change_password(&self, hash: &str, at_ms: i64) -> Result<(), StoreError>;

    async fn add_session(&self, token_hash: [u8; 32], session: &Session) -> Result<(), StoreError>;
    async fn session(&self, token_hash: [u8; 32]) -> Result<Option<Session>, StoreError>;
    async fn touch_session(&self, token_hash: [u8; 32], seen_at_ms: i64) -> Result<(), StoreError>;
    async fn end_session(&self, token_hash: [u8; 32]) -> Result<(), StoreError>;
    /// Forgets sessions that were not seen since one time, or created before another.
    async fn forget_sessions(&self, not_seen_since_ms: i64, created_before_ms: i64) -> Result<(), StoreError>;
}
