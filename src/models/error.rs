//! What can go wrong with one call to a provider.

use std::time::Duration;

/// One call failed. The text is for the operator's log; a visitor never sees it.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    #[error("no connection: {0}")]
    Connect(String),
    #[error("no first token within {} ms", .0.as_millis())]
    FirstTokenTimeout(Duration),
    #[error("no further token within {} ms", .0.as_millis())]
    BetweenTokensTimeout(Duration),
    #[error("status {status}: {message}")]
    Status {
        status: u16,
        retry_after: Option<Duration>,
        message: String,
    },
    #[error("the stream broke off: {0}")]
    Broken(String),
    #[error("the provider reported an error inside the stream: {0}")]
    Reported(String),
    #[error("the answer is not what an OpenAI-compatible provider sends: {0}")]
    Unreadable(String),
    #[error("the answer was empty")]
    Empty,
}

impl CallError {
    /// Whether the same model may do better in a moment.
    pub fn is_worth_a_retry(&self) -> bool {
        match self {
            CallError::Status { status, .. } => matches!(status, 408 | 409 | 425 | 429 | 500..=599),
            CallError::FirstTokenTimeout(_) | CallError::BetweenTokensTimeout(_) => false,
            _ => true,
        }
    }

    /// Whether it tells of the model's health; a request that it refuses for its content does not.
    pub fn speaks_against_model(&self) -> bool {
        !matches!(
            self,
            CallError::Status {
                status: 400 | 413 | 422,
                ..
            }
        )
    }

    /// How long the provider asked us to wait.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            CallError::Status { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// A stable word for metrics.
    pub fn kind(&self) -> &'static str {
        match self {
            CallError::Connect(_) => "connect",
            CallError::FirstTokenTimeout(_) => "first_token_timeout",
            CallError::BetweenTokensTimeout(_) => "between_tokens_timeout",
            CallError::Status { status: 429, .. } => "rate_limited",
            CallError::Status { .. } => "status",
            CallError::Broken(_) => "broken",
            CallError::Reported(_) => "reported",
            CallError::Unreadable(_) => "unreadable",
            CallError::Empty => "empty",
        }
    }
}
