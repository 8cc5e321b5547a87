//! Runs of golden sets, for the operator to see.

use async_trait::async_trait;

use super::StoreError;
use crate::domain::Usd;

/// How a run came out.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation {
    /// 0 until it is written down.
    pub id: i64,
    /// The site's key.
    pub site: String,
    /// Unix time in milliseconds.
    pub began_at_ms: i64,
    pub questions: u64,
    pub passed: u64,
    /// Whether as many passed as were wanted.
    pub is_good: bool,
    pub cost: Usd,
}

#[async_trait]
pub trait EvaluationStore: Send + Sync {
    /// Keeps a run with its report as JSON, and of the site's runs the latest 100.
    async fn keep_evaluation(&self, evaluation: Evaluation, report: String) -> Result<i64, StoreError>;
    /// A site's runs, the latest first.
    async fn evaluations(&self, site: &str, limit: u32) -> Result<Vec<Evaluation>, StoreError>;
    /// A run of a site with its report.
    async fn evaluation(&self, site: &str, id: i64) -> Result<Option<(Evaluation, String)>, StoreError>;
    /// The latest run of each site that has one.
    async fn latest_evaluations(&self) -> Result<Vec<Evaluation>, StoreError>;
}
