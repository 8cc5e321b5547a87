//! Sums for the operator's first page. All but the questions themselves are read from one index.

use sqlx::{AssertSqlSafe, Row as _};

use super::{Builder, Engine, Row, dialect, query, query_scalar, rows};
use crate::domain::{ConversationId, From, Usd};
use crate::store::StoreError;
use crate::store::operator::{Asked, Period, Scope};

const DAY_MS: i64 = 86_400_000;
/// Percentiles are those of so many answers, the latest: to sort a million takes seconds and tells the same.
const TIMED: i64 = 100_000;
/// Questions are compared among so many, the latest.
const COMPARED: i64 = 50_000;

/// The condition of a scope: `$1` is its time, `$2` its site.
fn within(scope: &Scope) -> &'static str {
    match scope.site {
        Some(_) => "asked_at >= $1 AND site = $2",
        None => "asked_at >= $1 AND $2 IS NULL",
    }
}

impl Engine {
    pub(super) async fn sums(&self, scope: &Scope) -> Result<Period, StoreError> {
        let found = query(AssertSqlSafe(format!(
            "SELECT origin, count(*) AS answers, CAST(sum(cost_pico_usd) AS BIGINT) AS cost,
                 CAST(coalesce(sum(baseline_pico_usd), 0) AS BIGINT) AS baseline, CAST(sum(prompt_tokens) AS BIGINT) AS prompt,
                 CAST(sum(completion_tokens) AS BIGINT) AS completion, count(*) FILTER (WHERE finish = 'unanswered') AS unanswered,
                 count(*) FILTER (WHERE finish = 'failed') AS failed, count(first_word_ms) AS timed
             FROM answers {} WHERE {} GROUP BY origin ORDER BY answers DESC, origin",
            dialect::BY_TIME,
            within(scope)
        )))
        .bind(scope.since_ms)
        .bind(&scope.site)
        .fetch_all(self.readers()?)
        .await?;
        let mut period = Period::default();
        let mut timed = 0;
        for row in &found {
            let number = |column| Ok::<u64, StoreError>(row.try_get::<i64, _>(column)?.unsigned_abs());
            let from = origin(row)?;
            period.by_from.push((from, number("answers")?));
            period.questions += number("answers")?;
            period.cost += Usd::from_pico(row.try_get("cost")?);
            period.baseline += Usd::from_pico(row.try_get("baseline")?);
            period.prompt_tokens += number("prompt")?;
            period.completion_tokens += number("completion")?;
            period.unanswered += number("unanswered")?;
            period.failed += number("failed")?;
            timed += row.try_get::<i64, _>("timed")?;
        }
        let timed = timed.min(TIMED);
        if timed > 0 {
            // The nearest-rank method.
            period.first_word_median_ms = Some(self.first_word(scope, (timed - 1) / 2).await?);
            period.first_word_p95_ms = Some(self.first_word(scope, (timed * 95 + 99) / 100 - 1).await?);
        }
        (period.up, period.down) = self.thumbs(scope).await?;
        Ok(period)
    }

    /// Thumbs up and down that were given in this time.
    async fn thumbs(&self, scope: &Scope) -> Result<(u64, u64), StoreError> {
        let mut query = Builder::new(
            "SELECT count(*) FILTER (WHERE rating = 'up') AS up, count(*) FILTER (WHERE rating = 'down') AS down FROM feedback f",
        );
        if let Some(site) = &scope.site {
            query
                .push(" JOIN answers a ON a.id = f.answer AND a.site = ")
                .push_bind(site);
        }
        // With the ratings named, the index by rating and time is enough.
        query
            .push(" WHERE f.rating IN ('up', 'down') AND f.given_at >= ")
            .push_bind(scope.since_ms);
        let thumbs = query.build().fetch_one(self.readers()?).await?;
        let number = |column| Ok::<u64, StoreError>(thumbs.try_get::<i64, _>(column)?.unsigned_abs());
        Ok((number("up")?, number("down")?))
    }

    /// The time to the first word at a place in their order, from 0.
    async fn first_word(&self, scope: &Scope, rank: i64) -> Result<u32, StoreError> {
        let found: Option<i64> = query_scalar(AssertSqlSafe(format!(
            "SELECT first_word_ms FROM (SELECT first_word_ms FROM answers {}
                 WHERE {} AND first_word_ms IS NOT NULL ORDER BY asked_at DESC LIMIT {TIMED}) timed
             ORDER BY first_word_ms LIMIT 1 OFFSET $3",
            dialect::BY_TIME,
            within(scope)
        )))
        .bind(scope.since_ms)
        .bind(&scope.site)
        .bind(rank)
        .fetch_optional(self.readers()?)
        .await?;
        Ok(found.and_then(|ms| u32::try_from(ms).ok()).unwrap_or(0))
    }

    pub(super) async fn days(&self, scope: &Scope) -> Result<Vec<(u32, From, u64)>, StoreError> {
        let found = query(AssertSqlSafe(format!(
            "SELECT (asked_at - $1) / {DAY_MS} AS day, origin, count(*) AS answers
             FROM answers {} WHERE {} GROUP BY day, origin ORDER BY day, origin",
            dialect::BY_TIME,
            within(scope)
        )))
        .bind(scope.since_ms)
        .bind(&scope.site)
        .fetch_all(self.readers()?)
        .await?;
        let read = |row| {
            let row: &Row = row;
            let answers = row.try_get::<i64, _>("answers")?.unsigned_abs();
            Ok((rows::small(row, "day")?, origin(row)?, answers))
        };
        found.iter().map(read).collect()
    }

    pub(super) async fn frequent(&self, scope: &Scope, limit: u32) -> Result<Vec<Asked>, StoreError> {
        let found = query(AssertSqlSafe(format!(
            "SELECT {}, count(*) AS times,
                 count(*) FILTER (WHERE f.rating = 'down') AS down,
                 count(*) FILTER (WHERE a.finish = 'unanswered') AS unanswered
             FROM (SELECT id, question, conversation, asked_at, finish FROM answers
                 WHERE {} ORDER BY asked_at DESC LIMIT {COMPARED}) a
             LEFT JOIN feedback f ON f.answer = a.id
             GROUP BY rtrim(lower(a.question), ' ?!.') ORDER BY times DESC, max(a.asked_at) DESC LIMIT $3",
            dialect::LATEST,
            within(scope)
        )))
        .bind(scope.since_ms)
        .bind(&scope.site)
        .bind(limit)
        .fetch_all(self.readers()?)
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
        Ok(
            query_scalar(
                "SELECT DISTINCT model FROM answers WHERE asked_at >= $1 AND model IS NOT NULL ORDER BY model",
            )
            .bind(since_ms)
            .fetch_all(self.readers()?)
            .await?,
        )
    }
}

fn origin(row: &Row) -> Result<From, StoreError> {
    let text: String = row.try_get("origin")?;
    From::parse(&text).ok_or_else(|| rows::unreadable("answers", "origin", &text))
}
