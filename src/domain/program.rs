//! A server-side program that calls `/v1` with a key of its own.

use std::num::NonZeroU32;

use super::Usd;

/// Who calls, and how much it may.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// As the settings name its key.
    pub name: String,
    /// Calls in a minute; `None`: as many as it likes.
    pub per_minute: Option<NonZeroU32>,
    /// What its calls may cost a calendar month (UTC); `None`: any amount.
    pub monthly_budget: Option<Usd>,
}

impl Program {
    /// Under which the ledger keeps its calls, where a site's key stands otherwise. No site's key holds a colon.
    pub fn ledger_name(&self) -> String {
        format!("key:{}", self.name)
    }
}
