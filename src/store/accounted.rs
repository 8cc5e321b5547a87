//! A store that forgets what is asked in it, while what its calls to models cost goes into the ledger of another one.

use std::sync::Arc;

use async_trait::async_trait;

use super::{AnswerStore, Feedback, Store, StoreError};
use crate::domain::{
    Answer, AnswerId, CallBegun, ConversationId, Purpose, Rating, Saving, ShadowAnswer, UpstreamCall, Usd, VisitorId,
};

/// Answers are kept apart, calls in both: here as what they are, there as what all of them are made for.
pub struct Accounted {
    pub apart: Arc<dyn Store>,
    pub ledger: Arc<dyn Store>,
    pub purpose: Purpose,
}

#[async_trait]
impl AnswerStore for Accounted {
    async fn record(&self, answer: Arc<Answer>) {
        self.apart.record(answer).await;
    }

    /// Only what is written to the disk outlives a kill.
    fn call_begins(&self, mut call: CallBegun) {
        call.purpose = self.purpose;
        self.ledger.call_begins(call);
    }

    /// Those of the ledger are the running service's to settle.
    async fn settle_lost_calls(&self, now_ms: i64) -> Result<Vec<(String, Usd)>, StoreError> {
        self.apart.settle_lost_calls(now_ms).await
    }

    async fn record_calls(&self, calls: Vec<UpstreamCall>) {
        let purpose = self.purpose;
        let renamed = calls.iter().cloned().map(|call| UpstreamCall { purpose, ..call });
        self.ledger.record_calls(renamed.collect()).await;
        self.apart.record_calls(calls).await;
    }

    async fn record_savings(&self, savings: Vec<Saving>) {
        self.apart.record_savings(savings).await;
    }

    async fn record_shadow(&self, told: ShadowAnswer) -> Result<(), StoreError> {
        self.apart.record_shadow(told).await
    }

    async fn answer(&self, id: AnswerId) -> Result<Option<Answer>, StoreError> {
        self.apart.answer(id).await
    }

    async fn conversation(
        &self,
        site: &str,
        id: ConversationId,
        limit: u32,
    ) -> Result<Vec<(Answer, Option<Rating>)>, StoreError> {
        self.apart.conversation(site, id, limit).await
    }

    async fn delete_conversation(
        &self,
        site: &str,
        id: ConversationId,
        visitor: VisitorId,
        is_answering: bool,
    ) -> Result<bool, StoreError> {
        self.apart.delete_conversation(site, id, visitor, is_answering).await
    }

    async fn feedback(&self, feedback: Feedback) -> Result<bool, StoreError> {
        self.apart.feedback(feedback).await
    }

    async fn costs_since(&self, since_ms: i64) -> Result<Vec<(String, Usd)>, StoreError> {
        self.apart.costs_since(since_ms).await
    }

    async fn ready(&self) -> Result<(), StoreError> {
        self.apart.ready().await
    }
}
