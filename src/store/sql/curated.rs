//! Curated answers, and pairs of questions that a visitor rejected.

use async_trait::async_trait;
use futures_util::FutureExt;
use sqlx::{AssertSqlSafe, Row as _};

use super::rows::unreadable;
use super::{Engine, Row, dialect, query, revisions};
use crate::domain::{CuratedAnswer, CuratedId};
use crate::store::{CuratedStore, StoreError};

#[async_trait]
impl CuratedStore for Engine {
    async fn curated(&self) -> Result<Vec<CuratedAnswer>, StoreError> {
        let rows = query(
            "SELECT id, site, question, text, locale, sources, created_at, updated_at FROM curated
             ORDER BY updated_at DESC, id DESC",
        );
        rows.fetch_all(self.readers()?).await?.iter().map(curated).collect()
    }

    async fn put_curated(&self, answer: &CuratedAnswer) -> Result<(), StoreError> {
        let answer = answer.clone();
        self.write(move |connection| {
            async move {
                let sources =
                    serde_json::to_string(&answer.sources).map_err(|error| sqlx::Error::Encode(Box::new(error)))?;
                query(
                    "INSERT INTO curated (id, site, question, text, locale, sources, created_at, updated_at)
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
                     ON CONFLICT (id) DO UPDATE SET site = excluded.site, question = excluded.question,
                        text = excluded.text, locale = excluded.locale, sources = excluded.sources,
                        updated_at = excluded.updated_at",
                )
                .bind(answer.id.to_string())
                .bind(answer.site)
                .bind(answer.question)
                .bind(answer.text)
                .bind(answer.locale)
                .bind(sources)
                .bind(answer.created_at_ms)
                .bind(answer.updated_at_ms)
                .execute(&mut *connection)
                .await?;
                revisions::next(connection, revisions::CURATED).await
            }
            .boxed()
        })
        .await
    }

    async fn delete_curated(&self, id: CuratedId) -> Result<bool, StoreError> {
        self.write(move |connection| {
            async move {
                let deleted = query("DELETE FROM curated WHERE id = $1")
                    .bind(id.to_string())
                    .execute(&mut *connection)
                    .await?;
                revisions::next(connection, revisions::CURATED).await?;
                Ok(deleted.rows_affected() > 0)
            }
            .boxed()
        })
        .await
    }

    async fn curated_revision(&self) -> Result<i64, StoreError> {
        revisions::latest(self, revisions::CURATED).await
    }

    async fn reject_pair(&self, site: &str, asked: &str, kept: &str, at_ms: i64) -> Result<(), StoreError> {
        let (site, asked, kept) = (site.to_owned(), asked.to_owned(), kept.to_owned());
        self.write(move |connection| {
            async move {
                query(AssertSqlSafe(format!(
                    "INSERT INTO rejected_pairs (site, asked, kept, rejected_at) VALUES ($1, $2, $3, $4)
                     ON CONFLICT (site, {}, {}) DO UPDATE SET rejected_at = excluded.rejected_at",
                    dialect::key("asked"),
                    dialect::key("kept")
                )))
                .bind(site)
                .bind(asked)
                .bind(kept)
                .bind(at_ms)
                .execute(connection)
                .await?;
                Ok(())
            }
            .boxed()
        })
        .await
    }

    async fn rejected_pairs(&self, limit: u32) -> Result<Vec<(String, String, String)>, StoreError> {
        let rows = query("SELECT site, asked, kept FROM rejected_pairs ORDER BY rejected_at DESC LIMIT $1")
            .bind(limit)
            .fetch_all(self.readers()?)
            .await?;
        let pair = |row: &Row| Ok((row.try_get("site")?, row.try_get("asked")?, row.try_get("kept")?));
        rows.iter().rev().map(pair).collect()
    }

    async fn put_verdicts(
        &self,
        verdicts: Vec<([u8; 32], bool)>,
        at_ms: i64,
        oldest_ms: i64,
    ) -> Result<(), StoreError> {
        self.write(move |connection| {
            async move {
                for (pair, answers) in verdicts {
                    query(
                        "INSERT INTO near_verdicts (pair, answers, judged_at) VALUES ($1, $2, $3)
                         ON CONFLICT (pair) DO UPDATE SET answers = excluded.answers, judged_at = excluded.judged_at",
                    )
                    .bind(pair.as_slice())
                    .bind(answers)
                    .bind(at_ms)
                    .execute(&mut *connection)
                    .await?;
                }
                query("DELETE FROM near_verdicts WHERE judged_at < $1")
                    .bind(oldest_ms)
                    .execute(connection)
                    .await?;
                Ok(())
            }
            .boxed()
        })
        .await
    }

    async fn verdicts(&self, since_ms: i64, limit: u32) -> Result<Vec<([u8; 32], bool)>, StoreError> {
        let rows =
            query("SELECT pair, answers FROM near_verdicts WHERE judged_at >= $1 ORDER BY judged_at DESC LIMIT $2")
                .bind(since_ms)
                .bind(limit)
                .fetch_all(self.readers()?)
                .await?;
        let pair = |row: &Row| match row.try_get::<Vec<u8>, _>("pair")?.try_into() {
            Ok(pair) => Ok((pair, row.try_get("answers")?)),
            Err(_) => Err(unreadable("near_verdicts", "pair", "it is not 32 bytes long")),
        };
        rows.iter().map(pair).collect()
    }
}

fn curated(row: &Row) -> Result<CuratedAnswer, StoreError> {
    let (id, sources): (String, String) = (row.try_get("id")?, row.try_get("sources")?);
    Ok(CuratedAnswer {
        id: CuratedId::parse(&id).map_err(|error| unreadable("curated", "id", error))?,
        site: row.try_get("site")?,
        question: row.try_get("question")?,
        text: row.try_get("text")?,
        locale: row.try_get("locale")?,
        sources: serde_json::from_str(&sources).map_err(|error| unreadable("curated", "sources", error))?,
        created_at_ms: row.try_get("created_at")?,
        updated_at_ms: row.try_get("updated_at")?,
    })
}
