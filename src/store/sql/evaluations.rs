//! Runs of golden sets, as rows.

use async_trait::async_trait;
use futures_util::FutureExt;
use sqlx::Row as _;

use super::rows::count;
use super::{Engine, Row, query, query_scalar};
use crate::domain::Usd;
use crate::store::StoreError;
use crate::store::evaluations::{Evaluation, EvaluationStore};

/// Runs that are kept of a site.
const KEPT: i64 = 100;

#[async_trait]
impl EvaluationStore for Engine {
    async fn keep_evaluation(&self, run: Evaluation, report: String) -> Result<i64, StoreError> {
        self.write(move |connection| {
            async move {
                let id: i64 = query_scalar(
                    "INSERT INTO evaluations (site, began_at, questions, passed, good, cost_pico_usd, report)
                     VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id",
                )
                .bind(&run.site)
                .bind(run.began_at_ms)
                .bind(count(run.questions))
                .bind(count(run.passed))
                .bind(run.is_good)
                .bind(run.cost.to_pico())
                .bind(report)
                .fetch_one(&mut *connection)
                .await?;
                query(
                    "DELETE FROM evaluations WHERE site = $1 AND id NOT IN
                     (SELECT id FROM evaluations WHERE site = $1 ORDER BY id DESC LIMIT $2)",
                )
                .bind(&run.site)
                .bind(KEPT)
                .execute(connection)
                .await?;
                Ok(id)
            }
            .boxed()
        })
        .await
    }

    async fn evaluations(&self, site: &str, limit: u32) -> Result<Vec<Evaluation>, StoreError> {
        let found = query(
            "SELECT id, site, began_at, questions, passed, good, cost_pico_usd FROM evaluations
             WHERE site = $1 ORDER BY id DESC LIMIT $2",
        )
        .bind(site)
        .bind(limit)
        .fetch_all(self.readers()?)
        .await?;
        found.iter().map(evaluation).collect()
    }

    async fn evaluation(&self, site: &str, id: i64) -> Result<Option<(Evaluation, String)>, StoreError> {
        let row = query("SELECT * FROM evaluations WHERE site = $1 AND id = $2")
            .bind(site)
            .bind(id)
            .fetch_optional(self.readers()?)
            .await?;
        row.map(|row| Ok((evaluation(&row)?, row.try_get("report")?)))
            .transpose()
    }

    async fn latest_evaluations(&self) -> Result<Vec<Evaluation>, StoreError> {
        let found = query(
            "SELECT id, site, began_at, questions, passed, good, cost_pico_usd FROM evaluations
             WHERE id IN (SELECT max(id) FROM evaluations GROUP BY site) ORDER BY id DESC",
        )
        .fetch_all(self.readers()?)
        .await?;
        found.iter().map(evaluation).collect()
    }
}

fn evaluation(row: &Row) -> Result<Evaluation, StoreError> {
    let number = |name: &str| Ok::<_, sqlx::Error>(u64::try_from(row.try_get::<i64, _>(name)?).unwrap_or(0));
    Ok(Evaluation {
        id: row.try_get("id")?,
        site: row.try_get("site")?,
        began_at_ms: row.try_get("began_at")?,
        questions: number("questions")?,
        passed: number("passed")?,
        is_good: row.try_get("good")?,
        cost: Usd::from_pico(row.try_get("cost_pico_usd")?),
    })
}
