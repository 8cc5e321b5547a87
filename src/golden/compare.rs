//! What changed between two reports on the same questions.

use std::collections::HashMap;

use super::Report;

/// A question that ended otherwise than before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It passed before.
    Worse(String),
    /// It did not.
    Better(String),
}

impl Change {
    pub(super) const WORSE: &str = "WORSE";
    pub(super) const BETTER: &str = "BETTER";

    pub(super) fn word(&self) -> &'static str {
        match self {
            Change::Worse(_) => Self::WORSE,
            Change::Better(_) => Self::BETTER,
        }
    }

    pub(super) fn id(&self) -> &str {
        let (Change::Worse(id) | Change::Better(id)) = self;
        id
    }
}

/// By the questions' ids, in the order of the new report. A question that only one of them has is no change.
pub fn changes(before: &Report, now: &Report) -> Vec<Change> {
    let earlier = before.results.iter().map(|result| (result.id.as_str(), result.passed));
    let earlier: HashMap<&str, bool> = earlier.collect();
    let change = |result: &super::Judged| match (earlier.get(result.id.as_str())?, result.passed) {
        (true, false) => Some(Change::Worse(result.id.clone())),
        (false, true) => Some(Change::Better(result.id.clone())),
        _ => None,
    };
    now.results.iter().filter_map(change).collect()
}
