//! What the gaps page needs of a store: the questions that wait for a better answer.

use async_trait::async_trait;

use super::StoreError;
use crate::domain::{AnswerId, ConversationId};

/// A question that was not answered well, as far as is known, and that the operator has not handled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenQuestion {
    pub answer: AnswerId,
    pub conversation: ConversationId,
    /// The site's key.
    pub site: String,
    pub question: String,
    pub locale: String,
    /// The content did not hold the answer, or no model gave one.
    pub unanswered: bool,
    /// Thumbs down.
    pub down: bool,
    /// A sentence of the answer is in doubt.
    pub doubted: bool,
    /// Unix time in milliseconds.
    pub asked_at_ms: i64,
}

#[async_trait]
pub trait GapStore: Send + Sync {
    /// The latest `limit` open questions since a time, newest first; of one site, or of all.
    async fn open_questions(
        &self,
        site: Option<&str>,
        since_ms: i64,
        limit: u32,
    ) -> Result<Vec<OpenQuestion>, StoreError>;

    /// Says that a section of a document answers these questions; false when the site has no such document. The index follows.
    async fn page_answers(
        &self,
        site: &str,
        document: &str,
        fragment: &str,
        questions: &[String],
        at_ms: i64,
    ) -> Result<bool, StoreError>;

    /// Marks these answers as handled, with a note where there is none yet.
    async fn settle(&self, answers: &[AnswerId], note: &str, at_ms: i64) -> Result<(), StoreError>;
}
