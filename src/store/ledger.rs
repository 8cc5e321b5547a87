//! What the operator asks of the ledger: calls, and sums over them.

use async_trait::async_trait;

use super::StoreError;
use crate::domain::{Purpose, Usage, Usd};

/// How calls ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Ended {
    #[default]
    Any,
    Ok,
    /// Neither well nor because the visitor left.
    Failed,
    Cancelled,
    /// Another model that was asked beside it spoke first.
    Hedged,
}

/// A choice of calls. `None` means any.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CallFilter {
    /// Calls that ended at this time or later, in Unix milliseconds.
    pub since_ms: i64,
    pub site: Option<String>,
    pub model: Option<String>,
    pub purpose: Option<Purpose>,
    pub ended: Ended,
}

/// One call, as it is read.
#[derive(Debug, Clone, PartialEq)]
pub struct LedgerLine {
    /// Later calls have higher numbers.
    pub number: i64,
    pub answer: String,
    pub site: String,
    pub provider: String,
    pub model: String,
    pub purpose: Purpose,
    pub usage: Usage,
    pub cost: Usd,
    /// `ok`, `cancelled`, `hedged`, or what went wrong.
    pub outcome: String,
    pub first_token_ms: Option<u32>,
    pub total_ms: u32,
    pub ended_at_ms: i64,
    /// The conversation in which it was made, while that is kept.
    pub conversation: Option<String>,
}

/// Calls of one kind, added up.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CallSum {
    pub calls: u64,
    pub failed: u64,
    /// Because the visitor left, or another model spoke first.
    pub cancelled: u64,
    pub prompt_tokens: u64,
    pub completion_tokens: u64,
    pub cost: Usd,
}

impl CallSum {
    pub fn add(&mut self, other: &CallSum) {
        self.calls += other.calls;
        self.failed += other.failed;
        self.cancelled += other.cancelled;
        self.prompt_tokens += other.prompt_tokens;
        self.completion_tokens += other.completion_tokens;
        self.cost += other.cost;
    }
}

/// What went wrong with a model's calls, and how often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelErrors {
    pub model: String,
    pub purpose: Purpose,
    pub outcome: String,
    pub times: u64,
}

#[async_trait]
pub trait LedgerStore: Send + Sync {
    /// Up to `size` calls, the latest first; with `before`, only those with a lower number.
    async fn calls(&self, filter: &CallFilter, before: Option<i64>, size: u32) -> Result<Vec<LedgerLine>, StoreError>;

    /// Sums by model and what the calls were for, the dearest first.
    async fn sums_by_model(&self, filter: &CallFilter) -> Result<Vec<(String, Purpose, CallSum)>, StoreError>;

    /// Sums by day; day 0 begins at the filter's `since_ms`, each is 24 hours long. Days without any are missing.
    async fn sums_by_day(&self, filter: &CallFilter) -> Result<Vec<(u32, CallSum)>, StoreError>;

    /// What the calls of each site cost and counts against its budget, by site key.
    async fn costs_by_site(&self, filter: &CallFilter) -> Result<Vec<(String, Usd)>, StoreError>;

    /// What programs were spared by the cache: how many answers, and what these had cost. Only time and site of the filter count.
    async fn savings(&self, filter: &CallFilter) -> Result<(u64, Usd), StoreError>;

    /// What went wrong, the most frequent first; at most 100 kinds.
    async fn errors(&self, filter: &CallFilter) -> Result<Vec<ModelErrors>, StoreError>;
}
