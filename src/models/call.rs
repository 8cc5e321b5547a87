//! One call to a model, as it is accounted for.

use std::sync::Arc;
use std::time::Duration;

use super::catalogue::Model;
use super::error::CallError;
use crate::domain::{CallId, Usage, Usd};

/// How a call ended.
#[derive(Debug)]
pub enum CallOutcome {
    Finished,
    Cancelled,
    /// Another model that was asked beside it spoke first.
    Hedged,
    Failed(CallError),
}

impl CallOutcome {
    /// A stable word for the ledger and for metrics.
    pub fn word(&self) -> &'static str {
        match self {
            CallOutcome::Finished => "ok",
            CallOutcome::Cancelled => "cancelled",
            CallOutcome::Hedged => "hedged",
            CallOutcome::Failed(error) => error.kind(),
        }
    }
}

#[derive(Debug)]
pub struct Call {
    pub id: CallId,
    pub model: Arc<Model>,
    pub usage: Usage,
    pub cost: Usd,
    pub outcome: CallOutcome,
    pub first_token: Option<Duration>,
    pub total: Duration,
}
