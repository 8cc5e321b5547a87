//! Open questions, read and settled.

use async_trait::async_trait;
use futures_util::FutureExt;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::{SqliteStore, rows};
use crate::domain::{AnswerId, ConversationId};
use crate::store::StoreError;
use crate::store::gaps::{GapStore, OpenQuestion};

#[async_trait]
impl GapStore for SqliteStore {
    async fn open_questions(
        &self,
        site: Option<&str>,
        since_ms: i64,
        limit: u32,
    ) -> Result<Vec<OpenQuestion>, StoreError> {
        let found = sqlx::query(
            "SELECT a.id, a.conversation, a.site, a.question, a.locale, a.asked_at,
                 a.finish IN ('unanswered', 'failed') AS unanswered, coalesce(f.rating = 'down', FALSE) AS down,
                 a.doubts <> '[]' AS doubted
             FROM answers a LEFT JOIN feedback f ON f.answer = a.id LEFT JOIN reviews r ON r.answer = a.id
             WHERE a.asked_at >= ?1 AND (?2 IS NULL OR a.site = ?2) AND r.handled_at IS NULL
                 AND (a.finish IN ('unanswered', 'failed') OR f.rating = 'down'
                     OR (a.doubts <> '[]' AND f.rating IS NOT 'up'))
             ORDER BY a.asked_at DESC, a.id DESC LIMIT ?3",
        )
        .bind(since_ms)
        .bind(site)
        .bind(limit)
        .fetch_all(&self.readers)
        .await?;
        found.iter().map(open_question).collect()
    }

    async fn settle(&self, answers: &[AnswerId], note: &str, at_ms: i64) -> Result<(), StoreError> {
        let (answers, note) = (answers.to_vec(), note.to_owned());
        self.write(move |connection| {
            async move {
                for answer in answers {
                    sqlx::query(
                        "INSERT INTO reviews (answer, note, handled_at) SELECT id, ?2, ?3 FROM answers WHERE id = ?1
                         ON CONFLICT (answer) DO UPDATE SET handled_at = excluded.handled_at,
                             note = CASE note WHEN '' THEN excluded.note ELSE note END",
                    )
                    .bind(answer.to_string())
                    .bind(&note)
                    .bind(at_ms)
                    .execute(&mut *connection)
                    .await?;
                }
                Ok(())
            }
            .boxed()
        })
        .await
    }
}

fn open_question(row: &SqliteRow) -> Result<OpenQuestion, StoreError> {
    let (answer, conversation): (String, String) = (row.try_get("id")?, row.try_get("conversation")?);
    Ok(OpenQuestion {
        answer: AnswerId::parse(&answer).map_err(|error| rows::unreadable("answers", "id", error))?,
        conversation: ConversationId::parse(&conversation)
            .map_err(|error| rows::unreadable("answers", "conversation", error))?,
        site: row.try_get("site")?,
        question: row.try_get("question")?,
        locale: row.try_get("locale")?,
        unanswered: row.try_get("unanswered")?,
        down: row.try_get("down")?,
        doubted: row.try_get("doubted")?,
        asked_at_ms: row.try_get("asked_at")?,
    })
}
