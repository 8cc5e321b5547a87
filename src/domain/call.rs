//! Calls to models, as they begin.

use super::{AnswerId, Purpose, Usd};

/// Tells a call that is under way from all others. Positive, so that the store can keep it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CallId(i64);

impl CallId {
    pub fn generate() -> Self {
        Self((rand::random::<u64>() >> 1).cast_signed())
    }

    pub fn number(self) -> i64 {
        self.0
    }
}

/// A call that was begun. Should the service be killed, this is all that is known of it.
#[derive(Debug, Clone, PartialEq)]
pub struct CallBegun {
    pub id: CallId,
    pub answer: AnswerId,
    /// As the ledger names it.
    pub site: String,
    pub provider: String,
    /// The model, as its provider names it.
    pub model: String,
    pub purpose: Purpose,
    /// What was set aside for it.
    pub at_most: Usd,
    /// Unix time in milliseconds.
    pub began_at_ms: i64,
}
