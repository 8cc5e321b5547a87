//! What of an answer its sources do not bear out.

use serde::{Deserialize, Serialize};

/// Why a sentence is in doubt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DoubtReason {
    /// A number that the passages do not state in this matter.
    Number,
    /// A name that they do not hold.
    Name,
    /// Its words are not theirs.
    Words,
}

/// A sentence of an answer that the passages behind it do not support. Shown to the operator, never to a visitor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Doubt {
    /// As plain text.
    pub sentence: String,
    pub reason: DoubtReason,
    /// The number or the name; empty for [`DoubtReason::Words`].
    pub detail: String,
}
