//! What the way of a question needs: answers and feedback, in and out.

use std::sync::Arc;

use async_trait::async_trait;
use futures_util::FutureExt;
use sqlx::AssertSqlSafe;

use super::commands::Command;
use super::{Engine, ledger, query, query_scalar, rows};
use crate::domain::{
    Answer, AnswerId, CallBegun, ConversationId, Rating, Saving, ShadowAnswer, UpstreamCall, Usd, VisitorId,
};
use crate::store::{AnswerStore, Feedback, StoreError};

#[async_trait]
impl AnswerStore for Engine {
    async fn record(&self, answer: Arc<Answer>) {
        let id = answer.id;
        self.pending.lock().insert(id, answer.clone());
        if !self.hand(Command::Record(answer)).await {
            self.pending.lock().remove(&id);
            tracing::error!(answer = %id, "an answer is lost: the store is closed, or away and too much waits to be written");
        }
    }

    fn call_begins(&self, call: CallBegun) {
        // When ten thousand things wait to be written already, a note that is needed after a kill only is not worth the wait.
        let _ = self.queue.try_send(Command::Begins(call));
    }

    async fn settle_lost_calls(&self, now_ms: i64) -> Result<Vec<(String, Usd)>, StoreError> {
        self.settle(now_ms).await
    }

    async fn record_savings(&self, savings: Vec<Saving>) {
        if !self.hand(Command::Savings(savings.into())).await {
            tracing::error!(
                "what the cache spared programs is lost: the store is closed, or away and too much waits to be written"
            );
        }
    }

    async fn record_calls(&self, calls: Vec<UpstreamCall>) {
        if !self.hand(Command::Calls(calls.into())).await {
            tracing::error!(
                "calls are missing in the ledger: the store is closed, or away and too much waits to be written"
            );
        }
    }

    async fn record_shadow(&self, told: ShadowAnswer) -> Result<(), StoreError> {
        self.write_shadow(told).await
    }

    async fn costs_since(&self, since_ms: i64) -> Result<Vec<(String, Usd)>, StoreError> {
        ledger::costs_since(self, since_ms).await
    }

    async fn answer(&self, id: AnswerId) -> Result<Option<Answer>, StoreError> {
        if let Some(answer) = self.pending.lock().get(&id) {
            return Ok(Some(Answer::clone(answer)));
        }
        let found = query(AssertSqlSafe(format!(
            "SELECT {} FROM answers a {} WHERE a.id = $1",
            rows::ANSWER,
            rows::JOINED
        )))
        .bind(id.to_string())
        .fetch_optional(self.readers()?)
        .await?;
        found.as_ref().map(rows::answer).transpose()
    }

    async fn conversation(
        &self,
        site: &str,
        id: ConversationId,
        limit: u32,
    ) -> Result<Vec<(Answer, Option<Rating>)>, StoreError> {
        let waiting = self.pending.lock().values().any(|answer| answer.conversation == id);
        if waiting {
            self.flush().await?;
        }
        let latest = query(AssertSqlSafe(format!(
            "SELECT {}, f.rating FROM answers a {} LEFT JOIN feedback f ON f.answer = a.id
             WHERE a.conversation = $1 AND a.site = $2 ORDER BY a.asked_at DESC, a.id DESC LIMIT $3",
            rows::ANSWER,
            rows::JOINED
        )))
        .bind(id.to_string())
        .bind(site)
        .bind(limit)
        .fetch_all(self.readers()?)
        .await?;
        latest
            .iter()
            .rev()
            .map(|row| Ok((rows::answer(row)?, rows::rating(row)?)))
            .collect()
    }

    async fn delete_conversation(
        &self,
        site: &str,
        id: ConversationId,
        visitor: VisitorId,
        is_answering: bool,
    ) -> Result<bool, StoreError> {
        let site = site.to_owned();
        self.write_and_forget(
            move |connection| {
                async move {
                    let gone = query("DELETE FROM conversations WHERE id = $1 AND site = $2 AND visitor = $3")
                        .bind(id.to_string())
                        .bind(site)
                        .bind(visitor.to_string())
                        .execute(connection)
                        .await?;
                    Ok(gone.rows_affected() > 0 || is_answering)
                }
                .boxed()
            },
            // An answer that is still running must not bring the conversation back.
            move |gone| gone.then_some(id),
        )
        .await
    }

    async fn feedback(&self, feedback: Feedback) -> Result<bool, StoreError> {
        self.write(move |connection| {
            async move {
                let answer = feedback.answer.to_string();
                let is_theirs = query_scalar::<i64>(
                    "SELECT count(*) FROM answers a JOIN conversations c ON c.id = a.conversation
                     WHERE a.id = $1 AND a.site = $2 AND (c.visitor IS NULL OR c.visitor = coalesce($3, c.visitor))",
                )
                .bind(&answer)
                .bind(&feedback.site)
                .bind(feedback.visitor.map(|visitor| visitor.to_string()))
                .fetch_one(&mut *connection)
                .await?;
                if is_theirs == 0 {
                    return Ok(false);
                }
                // A word that changes is one that the operator has not seen.
                query(
                    "UPDATE reviews SET handled_at = NULL WHERE answer = $1 AND NOT EXISTS
                         (SELECT 1 FROM feedback WHERE answer = $1 AND rating = $2 AND comment = $3)",
                )
                .bind(&answer)
                .bind(feedback.rating.as_str())
                .bind(&feedback.comment)
                .execute(&mut *connection)
                .await?;
                query(
                    "INSERT INTO feedback (answer, rating, comment, given_at) VALUES ($1, $2, $3, $4)
                     ON CONFLICT (answer) DO UPDATE SET rating = excluded.rating, comment = excluded.comment,
                         given_at = excluded.given_at",
                )
                .bind(&answer)
                .bind(feedback.rating.as_str())
                .bind(&feedback.comment)
                .bind(feedback.given_at_ms)
                .execute(connection)
                .await?;
                Ok(true)
            }
            .boxed()
        })
        .await
    }

    async fn ready(&self) -> Result<(), StoreError> {
        query_scalar::<i64>("SELECT count(*) FROM meta")
            .fetch_one(self.readers()?)
            .await?;
        self.write(|connection| {
            async move {
                query(
                    "INSERT INTO meta (key, value) VALUES ('ready', $1) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                )
                .bind([0_u8; 0].as_slice())
                .execute(connection)
                .await?;
                Ok(())
            }
            .boxed()
        })
        .await
    }
}
