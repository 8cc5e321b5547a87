//! Sums for the operator's first page.

use sqlx::Row;

use super::{SqliteStore, rows};
use crate::domain::{ConversationId, From, Usd};
use crate::store::StoreError;
use crate::store::operator::{Asked, Period};

const DAY_MS: i64 = 86_400_000;

impl SqliteStore {
    pub(super) async fn sums(&self, since_ms: i64) -> Result<Period, StoreError> {
        let found = sqlx::query(
            "SELECT origin, count(*) AS answers, sum(cost_pico_usd) AS cost, sum(prompt_tokens) AS prompt,
                 sum(completion_tokens) AS completion, count(*) FILTER (WHERE finish = 'unanswered') AS unanswered,
                 count(*) FILTER (WHERE finish = 'failed') AS failed, count(first_word_ms) AS timed
             FROM answers WHERE asked_at >= ?1 GROUP BY origin ORDER BY answers DESC, origin",
        )
        .bind(since_ms)
        .fetch_all(&self.readers)
        .await?;
        let mut period = Period::default();
        let mut timed = 0;
        for row in &found {
            let number = |column| Ok::<u64, StoreError>(row.try_get::<i64, _>(column)?.unsigned_abs());
            let origin: String = row.try_get("origin")?;
            let from = From::parse(&origin).ok_or_else(|| rows::unreadable("answers", "origin", &origin))?;
            period.by_from.push((from, number("answers")?));
            period.questions += number("answers")?;
            period.cost += Usd::from_pico(row.try_get("cost")?);
            period.prompt_tokens += number("prompt")?;
            period.completion_tokens += number("completion")?;
            period.unanswered += number("unanswered")?;
            period.failed += number("failed")?;
            timed += row.try_get::<i64, _>("timed")?;
        }
        if timed > 0 {
            period.first_word_median_ms = Some(self.first_word(since_ms, (timed - 1) / 2).await?);
            period.first_word_p95_ms = Some(self.first_word(since_ms, (timed * 95 + 99) / 100 - 1).await?);
        }
        let thumbs = sqlx::query(
            "SELECT count(*) FILTER (WHERE rating = 'up') AS up, count(*) FILTER (WHERE rating = 'down') AS down
             FROM feedback WHERE given_at >= ?1",
        )
        .bind(since_ms)
        .fetch_one(&self.readers)
        .await?;
        period.up = thumbs.try_get::<i64, _>("up")?.unsigned_abs();
        period.down = thumbs.try_get::<i64, _>("down")?.unsigned_abs();
        Ok(period)
    }

    /// The time to the first word at a place in their order, from 0 (the nearest-rank method).
    async fn first_word(&self, since_ms: i64, rank: i64) -> Result<u32, StoreError> {
        Ok(sqlx::query_scalar(
            "SELECT first_word_ms FROM answers WHERE asked_at >= ?1 AND first_word_ms IS NOT NULL
             ORDER BY first_word_ms LIMIT 1 OFFSET ?2",
        )
        .bind(since_ms)
        .bind(rank)
        .fetch_optional(&self.readers)
        .await?
        .unwrap_or(0))
    }

    pub(super) async fn days(&self, since_ms: i64) -> Result<Vec<(u32, u64)>, StoreError> {
        let found = sqlx::query(
            "SELECT (asked_at - ?1) / ?2 AS day, count(*) AS questions FROM answers WHERE asked_at >= ?1
             GROUP BY day ORDER BY day",
        )
        .bind(since_ms)
        .bind(DAY_MS)
        .fetch_all(&self.readers)
        .await?;
        found
            .iter()
            .map(|row| Ok((row.try_get("day")?, row.try_get::<i64, _>("questions")?.unsigned_abs())))
            .collect()
    }

    pub(super) async fn frequent(&self, since_ms: i64, limit: u32) -> Result<Vec<Asked>, StoreError> {
        // With max(), SQLite takes the bare columns from the row that holds the maximum (lang_select.html#bareagg).
        let found = sqlx::query(
            "SELECT a.question, a.conversation, max(a.asked_at), count(*) AS times,
                 count(*) FILTER (WHERE f.rating = 'down') AS down,
                 count(*) FILTER (WHERE a.finish = 'unanswered') AS unanswered
             FROM answers a LEFT JOIN feedback f ON f.answer = a.id WHERE a.asked_at >= ?1
             GROUP BY lower(a.question) ORDER BY times DESC, max(a.asked_at) DESC LIMIT ?2",
        )
        .bind(since_ms)
        .bind(limit)
        .fetch_all(&self.readers)
        .await?;
        found
            .iter()
            .map(|row| {
                let conversation: String = row.try_get("conversation")?;
                Ok(Asked {
                    question: row.try_get("question")?,
                    times: row.try_get::<i64, _>("times")?.unsigned_abs(),
                    down: row.try_get::<i64, _>("down")?.unsigned_abs(),
                    unanswered: row.try_get::<i64, _>("unanswered")?.unsigned_abs(),
                    conversation: ConversationId::parse(&conversation)
                        .map_err(|error| rows::unreadable("answers", "conversation", error))?,
                })
            })
            .collect()
    }

    pub(super) async fn models_since(&self, since_ms: i64) -> Result<Vec<String>, StoreError> {
        Ok(sqlx::query_scalar(
            "SELECT DISTINCT model FROM answers WHERE asked_at >= ?1 AND model IS NOT NULL ORDER BY model",
        )
        .bind(since_ms)
        .fetch_all(&self.readers)
        .await?)
    }
}
