//! Why a call is not answered, with all that its program is told.

use bytes::Bytes;
use std::time::Duration;

use crate::limits::Refused;
use crate::models::passthrough::Failure;

/// In characters.
const LONGEST_NAME: usize = 200;

#[derive(Debug, thiserror::Error)]
pub enum Rejection {
    #[error("{message}")]
    Invalid {
        /// The field that is wrong.
        param: Option<&'static str>,
        message: String,
    },
    #[error("The model `{0}` does not exist here. GET /v1/models lists those that do.")]
    UnknownModel(String),
    #[error("Too many calls in a minute for this key.")]
    TooFast { retry_after: Duration },
    #[error("This key has spent its budget for the month.")]
    BudgetSpent,
    /// A provider refuses the request for what it holds, in these words.
    #[error("a provider refuses the request")]
    Refused { status: u16, body: Bytes },
    #[error("Every model that could answer is at its limit.")]
    AllBusy { retry_after: Option<Duration> },
    #[error("No model could answer.")]
    Exhausted,
}

impl Rejection {
    /// Of a longer name the beginning is told: a body may be 32 MiB of it.
    pub fn unknown_model(name: &str) -> Self {
        Self::UnknownModel(name.chars().take(LONGEST_NAME).collect())
    }

    pub fn invalid(param: Option<&'static str>, message: impl Into<String>) -> Self {
        let message = message.into();
        Self::Invalid { param, message }
    }
}

impl From<Refused> for Rejection {
    fn from(refused: Refused) -> Self {
        Self::TooFast {
            retry_after: refused.retry_after,
        }
    }
}

impl From<Failure> for Rejection {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused { status, body } => Self::Refused { status, body },
            Failure::AllBusy { retry_after } => Self::AllBusy { retry_after },
            Failure::Unaffordable => Self::BudgetSpent,
            Failure::Exhausted => Self::Exhausted,
        }
    }
}
