//! What the operator asks of experiments: both sides, added up.

use async_trait::async_trait;

use super::StoreError;
use crate::domain::Usd;
use crate::domain::difference::Sample;

/// Times in milliseconds; `None` without any.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Times {
    pub median: Option<u32>,
    pub p95: Option<u32>,
}

/// One side of an experiment. What a model did is told of the answers that a model wrote; the others cost nothing on either side.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Side {
    pub answers: u64,
    /// Answers that a model wrote.
    pub written: u64,
    pub cost: Usd,
    /// Millionths of a dollar an answer that a model wrote.
    pub cost_each: Sample,
    /// Milliseconds to the first and to the last word of the latest 100,000 of them.
    pub first_word: Times,
    pub last_word: Times,
    pub last_word_each: Sample,
    /// Of all answers.
    pub up: u64,
    pub down: u64,
    pub failed: u64,
}

/// Both sides: of a live experiment control and variant; of a shadow what was shown, and what the shadow said to the same.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sides {
    pub first: Side,
    pub second: Side,
}

/// What a visitor was told, and what the shadow said to the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    pub conversation: String,
    pub question: String,
    pub shown: String,
    pub shadow: String,
}

#[async_trait]
pub trait TrialStore: Send + Sync {
    /// Every experiment that has answers, by name.
    async fn trial_names(&self) -> Result<Vec<String>, StoreError>;
    async fn live_sides(&self, experiment: &str, since_ms: i64) -> Result<Sides, StoreError>;
    async fn shadow_sides(&self, experiment: &str, since_ms: i64) -> Result<Sides, StoreError>;
    /// The latest pairs of a shadow.
    async fn pairs(&self, experiment: &str, since_ms: i64, limit: u32) -> Result<Vec<Pair>, StoreError>;
}
