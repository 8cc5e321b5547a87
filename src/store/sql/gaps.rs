//! Open questions, read and settled.

use async_trait::async_trait;
use futures_util::FutureExt;
use sqlx::Row as _;

use super::{Engine, Row, documents, query, rows};
use crate::domain::{AnswerId, ConversationId, PageQuestion};
use crate::store::StoreError;
use crate::store::gaps::{GapStore, OpenQuestion};

#[async_trait]
impl GapStore for Engine {
    async fn open_questions(
        &self,
        site: Option<&str>,
        since_ms: i64,
        limit: u32,
    ) -> Result<Vec<OpenQuestion>, StoreError> {
        let found = query(
            "SELECT a.id, a.conversation, a.site, a.question, a.locale, a.asked_at,
                 a.finish IN ('unanswered', 'failed') AS unanswered, coalesce(f.rating = 'down', FALSE) AS down,
                 a.doubts <> '[]' AS doubted
             FROM answers a LEFT JOIN feedback f ON f.answer = a.id LEFT JOIN reviews r ON r.answer = a.id
             WHERE a.asked_at >= $1 AND ($2 IS NULL OR a.site = $2) AND r.handled_at IS NULL
                 AND (a.finish IN ('unanswered', 'failed') OR f.rating = 'down'
                     OR (a.doubts <> '[]' AND f.rating IS DISTINCT FROM 'up'))
             ORDER BY a.asked_at DESC, a.id DESC LIMIT $3",
        )
        .bind(since_ms)
        .bind(site)
        .bind(limit)
        .fetch_all(self.readers()?)
        .await?;
        found.iter().map(open_question).collect()
    }

    async fn page_answers(
        &self,
        site: &str,
        document: &str,
        fragment: &str,
        questions: &[String],
        at_ms: i64,
    ) -> Result<bool, StoreError> {
        let (site, document, fragment) = (site.to_owned(), document.to_owned(), fragment.to_owned());
        let questions = questions.to_vec();
        self.write(move |connection| {
            async move {
                let seq = documents::next_change(connection).await?;
                let found = query("UPDATE documents SET seq = $3 WHERE site = $1 AND id = $2 AND NOT deleted")
                    .bind(&site)
                    .bind(&document)
                    .bind(seq)
                    .execute(&mut *connection)
                    .await?;
                if found.rows_affected() == 0 {
                    return Ok(false);
                }
                for question in questions {
                    query("INSERT INTO page_questions VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING")
                        .bind(&site)
                        .bind(&document)
                        .bind(&fragment)
                        .bind(question)
                        .bind(at_ms)
                        .execute(&mut *connection)
                        .await?;
                }
                Ok(true)
            }
            .boxed()
        })
        .await
    }

    async fn settle(&self, answers: &[AnswerId], note: &str, at_ms: i64) -> Result<(), StoreError> {
        let (answers, note) = (answers.to_vec(), note.to_owned());
        self.write(move |connection| {
            async move {
                for answer in answers {
                    query(
                        "INSERT INTO reviews (answer, note, handled_at) SELECT id, $2, $3 FROM answers WHERE id = $1
                         ON CONFLICT (answer) DO UPDATE SET handled_at = excluded.handled_at,
                             note = CASE reviews.note WHEN '' THEN excluded.note ELSE reviews.note END",
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

/// The `asked` column: an array of pairs of fragment and question.
pub(super) fn page_questions(row: &Row) -> Result<Vec<PageQuestion>, StoreError> {
    let text: String = row.try_get("asked")?;
    let pairs: Vec<(String, String)> =
        serde_json::from_str(&text).map_err(|error| rows::unreadable("page_questions", "question", error))?;
    let all = pairs
        .into_iter()
        .map(|(fragment, question)| PageQuestion { fragment, question });
    Ok(all.collect())
}

fn open_question(row: &Row) -> Result<OpenQuestion, StoreError> {
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
