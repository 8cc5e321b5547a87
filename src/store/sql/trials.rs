//! Experiments: what shadows said is written, and both sides are added up.

use async_trait::async_trait;
use futures_util::FutureExt;
use sqlx::{AssertSqlSafe, Row as _};

use super::{Engine, Row, query, query_scalar};
use crate::domain::difference::Sample;
use crate::domain::{ShadowAnswer, Usd};
use crate::store::StoreError;
use crate::store::trials::{Pair, Side, Sides, Times, TrialStore};

/// Percentiles are those of so many answers, the latest.
const TIMED: i64 = 100_000;

/// From where a side's rows come: `$1` is the experiment, `$2` the time, `$3` the arm.
const ARM: &str = "(SELECT a.origin, a.finish, a.cost_pico_usd, a.first_word_ms, a.total_ms, f.rating, a.asked_at
    FROM answers a LEFT JOIN feedback f ON f.answer = a.id WHERE a.experiment = $1 AND a.asked_at >= $2 AND a.arm = $3)";
const SHOWN: &str = "(SELECT a.origin, a.finish, a.cost_pico_usd, a.first_word_ms, a.total_ms, f.rating, a.asked_at
    FROM shadows s JOIN answers a ON a.id = s.answer LEFT JOIN feedback f ON f.answer = a.id
    WHERE s.experiment = $1 AND s.asked_at >= $2 AND $3 = '')";
const SHADOW: &str =
    "(SELECT 'model' AS origin, finish, cost_pico_usd, first_word_ms, total_ms, NULL AS rating, asked_at
    FROM shadows WHERE experiment = $1 AND asked_at >= $2 AND $3 = '')";

#[async_trait]
impl TrialStore for Engine {
    async fn trial_names(&self) -> Result<Vec<String>, StoreError> {
        let names = query_scalar(
            "SELECT experiment FROM answers WHERE experiment IS NOT NULL UNION SELECT experiment FROM shadows ORDER BY 1",
        );
        Ok(names.fetch_all(self.readers()?).await?)
    }

    async fn live_sides(&self, experiment: &str, since_ms: i64) -> Result<Sides, StoreError> {
        Ok(Sides {
            first: self.side(ARM, experiment, since_ms, "control").await?,
            second: self.side(ARM, experiment, since_ms, "variant").await?,
        })
    }

    async fn shadow_sides(&self, experiment: &str, since_ms: i64) -> Result<Sides, StoreError> {
        Ok(Sides {
            first: self.side(SHOWN, experiment, since_ms, "").await?,
            second: self.side(SHADOW, experiment, since_ms, "").await?,
        })
    }

    async fn pairs(&self, experiment: &str, since_ms: i64, limit: u32) -> Result<Vec<Pair>, StoreError> {
        let found = query(
            "SELECT a.conversation, a.question, coalesce(r.text, a.text) AS shown, s.text AS shadow FROM shadows s
             JOIN answers a ON a.id = s.answer LEFT JOIN repeated r ON r.id = a.repeats WHERE s.experiment = $1 AND s.asked_at >= $2
             ORDER BY s.asked_at DESC LIMIT $3",
        )
        .bind(experiment)
        .bind(since_ms)
        .bind(limit)
        .fetch_all(self.readers()?)
        .await?;
        let read = |row: &Row| {
            Ok(Pair {
                conversation: row.try_get("conversation")?,
                question: row.try_get("question")?,
                shown: row.try_get("shown")?,
                shadow: row.try_get("shadow")?,
            })
        };
        found.iter().map(read).collect()
    }
}

impl Engine {
    /// Not, when its answer is gone meanwhile with its conversation.
    pub(super) async fn write_shadow(&self, told: ShadowAnswer) -> Result<(), StoreError> {
        self.write(move |connection| {
            async move {
                query(
                    "INSERT INTO shadows (answer, experiment, model, text, finish, cost_pico_usd, first_word_ms, total_ms, asked_at)
                     SELECT id, $2, $3, $4, $5, $6, $7, $8, $9 FROM answers WHERE id = $1 ON CONFLICT DO NOTHING",
                )
                .bind(told.answer.to_string())
                .bind(told.experiment)
                .bind(told.model)
                .bind(told.text)
                .bind(told.finish.as_str())
                .bind(told.cost.to_pico())
                .bind(told.first_word_ms)
                .bind(told.total_ms)
                .bind(told.asked_at_ms)
                .execute(connection)
                .await?;
                Ok(())
            }
            .boxed()
        })
        .await
    }

    async fn side(&self, rows: &str, experiment: &str, since_ms: i64, arm: &str) -> Result<Side, StoreError> {
        // Squares are floats: those of exact amounts would not fit an integer.
        let row = query(AssertSqlSafe(format!(
            "SELECT count(*) AS answers, count(*) FILTER (WHERE origin = 'model') AS written, coalesce(sum(dollars), 0.0) AS spent,
                 CAST(sum(cost_pico_usd) AS BIGINT) AS cost,
                 coalesce(sum(dollars * dollars) FILTER (WHERE origin = 'model'), 0.0) AS cost_squares,
                 coalesce(sum(ms) FILTER (WHERE origin = 'model'), 0.0) AS times,
                 coalesce(sum(ms * ms) FILTER (WHERE origin = 'model'), 0.0) AS time_squares,
                 count(*) FILTER (WHERE finish = 'failed') AS failed,
                 count(*) FILTER (WHERE rating = 'up') AS up, count(*) FILTER (WHERE rating = 'down') AS down
             FROM (SELECT origin, finish, rating, cost_pico_usd, CAST(cost_pico_usd AS DOUBLE PRECISION) / 1e6 AS dollars,
                 CAST(total_ms AS DOUBLE PRECISION) AS ms FROM {rows} told) told"
        )))
        .bind(experiment)
        .bind(since_ms)
        .bind(arm)
        .fetch_one(self.readers()?)
        .await?;
        let number = |column| Ok::<u64, StoreError>(row.try_get::<i64, _>(column)?.unsigned_abs());
        let written = number("written")?;
        let times = |column, rank| self.at_rank(rows, column, rank, (experiment, since_ms, arm), written);
        Ok(Side {
            answers: number("answers")?,
            written,
            cost: Usd::from_pico(row.try_get::<Option<i64>, _>("cost")?.unwrap_or(0)),
            cost_each: Sample {
                count: written,
                sum: row.try_get("spent")?,
                squares: row.try_get("cost_squares")?,
            },
            first_word: Times {
                median: times("first_word_ms", 50).await?,
                p95: times("first_word_ms", 95).await?,
            },
            last_word: Times {
                median: times("total_ms", 50).await?,
                p95: times("total_ms", 95).await?,
            },
            last_word_each: Sample {
                count: written,
                sum: row.try_get("times")?,
                squares: row.try_get("time_squares")?,
            },
            up: number("up")?,
            down: number("down")?,
            failed: number("failed")?,
        })
    }

    /// The time below which so many of a hundred answers that a model wrote lie (the nearest-rank method).
    async fn at_rank(
        &self,
        rows: &str,
        column: &str,
        hundredths: u64,
        (experiment, since_ms, arm): (&str, i64, &str),
        written: u64,
    ) -> Result<Option<u32>, StoreError> {
        let count = i64::try_from(written).unwrap_or(i64::MAX).min(TIMED);
        let rank = ((count * hundredths as i64 + 99) / 100 - 1).max(0);
        let found: Option<i64> = query_scalar(AssertSqlSafe(format!(
            "SELECT {column} FROM (SELECT {column} FROM {rows} told WHERE origin = 'model' AND {column} IS NOT NULL
                 ORDER BY asked_at DESC LIMIT {TIMED}) timed ORDER BY {column} LIMIT 1 OFFSET $4"
        )))
        .bind(experiment)
        .bind(since_ms)
        .bind(arm)
        .bind(rank)
        .fetch_optional(self.readers()?)
        .await?;
        Ok(found.and_then(|ms| u32::try_from(ms).ok()))
    }
}
