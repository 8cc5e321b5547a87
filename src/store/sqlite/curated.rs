//! Curated answers, and pairs of questions that a visitor rejected.

use async_trait::async_trait;
use futures_util::FutureExt;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use super::SqliteStore;
use super::rows::unreadable;
use crate::domain::{CuratedAnswer, CuratedId};
use crate::store::{CuratedStore, StoreError};

const REVISION: &str = "curated_revision";

#[async_trait]
impl CuratedStore for SqliteStore {
    async fn curated(&self) -> Result<Vec<CuratedAnswer>, StoreError> {
        let rows = sqlx::query(
            "SELECT id, site, question, text, locale, sources, created_at, updated_at FROM curated
             ORDER BY updated_at DESC, id DESC",
        );
        rows.fetch_all(&self.readers).await?.iter().map(curated).collect()
    }

    async fn put_curated(&self, answer: &CuratedAnswer) -> Result<(), StoreError> {
        let answer = answer.clone();
        self.write(move |connection| {
            async move {
                let sources =
                    serde_json::to_string(&answer.sources).map_err(|error| sqlx::Error::Encode(Box::new(error)))?;
                sqlx::query(
                    "INSERT INTO curated (id, site, question, text, locale, sources, created_at, updated_at)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
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
                next_revision(connection).await
            }
            .boxed()
        })
        .await
    }

    async fn delete_curated(&self, id: CuratedId) -> Result<bool, StoreError> {
        self.write(move |connection| {
            async move {
                let deleted = sqlx::query("DELETE FROM curated WHERE id = ?1")
                    .bind(id.to_string())
                    .execute(&mut *connection)
                    .await?;
                next_revision(connection).await?;
                Ok(deleted.rows_affected() > 0)
            }
            .boxed()
        })
        .await
    }

    async fn curated_revision(&self) -> Result<i64, StoreError> {
        let kept: Option<Vec<u8>> = sqlx::query_scalar("SELECT value FROM meta WHERE key = ?1")
            .bind(REVISION)
            .fetch_optional(&self.readers)
            .await?;
        let bytes = kept.and_then(|bytes| <[u8; 8]>::try_from(bytes).ok());
        Ok(bytes.map_or(0, i64::from_be_bytes))
    }

    async fn reject_pair(&self, site: &str, asked: &str, kept: &str, at_ms: i64) -> Result<(), StoreError> {
        let (site, asked, kept) = (site.to_owned(), asked.to_owned(), kept.to_owned());
        self.write(move |connection| {
            async move {
                sqlx::query(
                    "INSERT INTO rejected_pairs (site, asked, kept, rejected_at) VALUES (?1, ?2, ?3, ?4)
                     ON CONFLICT DO UPDATE SET rejected_at = excluded.rejected_at",
                )
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
        let rows = sqlx::query("SELECT site, asked, kept FROM rejected_pairs ORDER BY rejected_at DESC LIMIT ?1")
            .bind(limit)
            .fetch_all(&self.readers)
            .await?;
        let pair = |row: &SqliteRow| Ok((row.try_get("site")?, row.try_get("asked")?, row.try_get("kept")?));
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
                    sqlx::query(
                        "INSERT INTO near_verdicts (pair, answers, judged_at) VALUES (?1, ?2, ?3)
                         ON CONFLICT DO UPDATE SET answers = excluded.answers, judged_at = excluded.judged_at",
                    )
                    .bind(pair.as_slice())
                    .bind(answers)
                    .bind(at_ms)
                    .execute(&mut *connection)
                    .await?;
                }
                sqlx::query("DELETE FROM near_verdicts WHERE judged_at < ?1")
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
        let rows: Vec<(Vec<u8>, bool)> = sqlx::query_as(
            "SELECT pair, answers FROM near_verdicts WHERE judged_at >= ?1 ORDER BY judged_at DESC LIMIT ?2",
        )
        .bind(since_ms)
        .bind(limit)
        .fetch_all(&self.readers)
        .await?;
        let pair = |(pair, answers): (Vec<u8>, bool)| match pair.try_into() {
            Ok(pair) => Ok((pair, answers)),
            Err(_) => Err(unreadable("near_verdicts", "pair", "it is not 32 bytes long")),
        };
        rows.into_iter().map(pair).collect()
    }
}

async fn next_revision(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    // Random, so that two services that write at once do not come to the same number.
    let fresh: i64 = rand::random();
    sqlx::query("INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value")
        .bind(REVISION)
        .bind(fresh.to_be_bytes().as_slice())
        .execute(connection)
        .await?;
    Ok(())
}

fn curated(row: &SqliteRow) -> Result<CuratedAnswer, StoreError> {
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
