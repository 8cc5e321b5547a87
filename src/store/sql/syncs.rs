//! How content came in, as rows.

use async_trait::async_trait;
use futures_util::FutureExt;
use sqlx::{AssertSqlSafe, Row as _};

use super::{Connection, Engine, Row, dialect, query, query_scalar, rows};
use crate::store::StoreError;
use crate::store::syncs::{Fetched, Sync, SyncState, SyncStore, Trouble};

/// Syncs that are kept of a site.
const KEPT: i64 = 50;
/// Troubles that are kept of a sync.
const MOST_TROUBLES: i64 = 1_000;

#[async_trait]
impl SyncStore for Engine {
    async fn note_sync(&self, sync: Sync, troubles: Vec<Trouble>) -> Result<i64, StoreError> {
        self.write(move |connection| {
            async move {
                let id = write(connection, &sync).await?;
                for trouble in troubles {
                    query(
                        "INSERT INTO sync_troubles (sync, what, why)
                         SELECT $1, $2, $3 WHERE (SELECT count(*) FROM sync_troubles WHERE sync = $1) < $4",
                    )
                    .bind(id)
                    .bind(trouble.what)
                    .bind(trouble.why)
                    .bind(MOST_TROUBLES)
                    .execute(&mut *connection)
                    .await?;
                }
                Ok(id)
            }
            .boxed()
        })
        .await
    }

    async fn syncs(&self, site: &str, limit: u32) -> Result<Vec<Sync>, StoreError> {
        let found = query("SELECT * FROM syncs WHERE site = $1 ORDER BY id DESC LIMIT $2")
            .bind(site)
            .bind(limit)
            .fetch_all(self.readers()?)
            .await?;
        found.iter().map(sync).collect()
    }

    async fn troubles(&self, sync: i64, limit: u32) -> Result<Vec<Trouble>, StoreError> {
        let found = query("SELECT what, why FROM sync_troubles WHERE sync = $1 ORDER BY id LIMIT $2")
            .bind(sync)
            .bind(limit)
            .fetch_all(self.readers()?)
            .await?;
        let trouble = |row: &Row| {
            Ok(Trouble {
                what: row.try_get("what")?,
                why: row.try_get("why")?,
            })
        };
        found.iter().map(trouble).collect()
    }

    async fn fetched(&self, site: &str, url: &str) -> Result<Option<Fetched>, StoreError> {
        let row = query(AssertSqlSafe(format!(
            "SELECT url, document, etag, last_modified FROM fetched WHERE site = $1 AND url = $2 AND {} = {}",
            dialect::key("url"),
            dialect::key("$2")
        )))
        .bind(site)
        .bind(url)
        .fetch_optional(self.readers()?)
        .await?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some(Fetched {
            url: row.try_get("url")?,
            document: row.try_get("document")?,
            etag: row.try_get("etag")?,
            last_modified: row.try_get("last_modified")?,
        }))
    }

    async fn note_fetched(&self, site: &str, fetched: Fetched) -> Result<(), StoreError> {
        let site = site.to_owned();
        self.write(move |connection| {
            async move {
                query(AssertSqlSafe(format!(
                    "INSERT INTO fetched (site, url, document, etag, last_modified) VALUES ($1, $2, $3, $4, $5)
                     ON CONFLICT (site, {}) DO UPDATE SET document = excluded.document, etag = excluded.etag,
                        last_modified = excluded.last_modified",
                    dialect::key("url")
                )))
                .bind(site)
                .bind(fetched.url)
                .bind(fetched.document)
                .bind(fetched.etag)
                .bind(fetched.last_modified)
                .execute(connection)
                .await?;
                Ok(())
            }
            .boxed()
        })
        .await
    }
}

async fn write(connection: &mut Connection, sync: &Sync) -> Result<i64, StoreError> {
    // A new one is given its number by the database.
    let (id_column, id_value) = match sync.id {
        0 => ("", ""),
        _ => (", id", ", $13"),
    };
    let insert = query_scalar(AssertSqlSafe(format!(
        "INSERT INTO syncs (site, source, state, note, seen, expected, stored, unchanged, removed, failed, began_at, seen_at{id_column})
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12{id_value})
         ON CONFLICT (id) DO UPDATE SET state = excluded.state, note = excluded.note, seen = excluded.seen,
            expected = excluded.expected, stored = excluded.stored, unchanged = excluded.unchanged,
            removed = excluded.removed, failed = excluded.failed, seen_at = excluded.seen_at
         RETURNING id",
    )))
    .bind(&sync.site)
    .bind(&sync.source)
    .bind(sync.state.as_str())
    .bind(&sync.note)
    .bind(rows::count(sync.seen))
    .bind(rows::count(sync.expected))
    .bind(rows::count(sync.stored))
    .bind(rows::count(sync.unchanged))
    .bind(rows::count(sync.removed))
    .bind(rows::count(sync.failed))
    .bind(sync.began_at_ms)
    .bind(sync.seen_at_ms);
    let insert = match sync.id {
        0 => insert,
        id => insert.bind(id),
    };
    let id: i64 = insert.fetch_one(&mut *connection).await?;
    if sync.id == 0 {
        query(
            "DELETE FROM syncs WHERE site = $1 AND id <= (SELECT id FROM syncs WHERE site = $1 ORDER BY id DESC LIMIT 1 OFFSET $2)",
        )
        .bind(&sync.site)
        .bind(KEPT)
        .execute(connection)
        .await?;
    }
    Ok(id)
}

/// Forgets how a site's content came in.
pub(super) async fn delete_all(connection: &mut Connection, site: &str) -> Result<(), StoreError> {
    for sql in [
        "DELETE FROM syncs WHERE site = $1",
        "DELETE FROM fetched WHERE site = $1",
    ] {
        query(sql).bind(site).execute(&mut *connection).await?;
    }
    Ok(())
}

fn sync(row: &Row) -> Result<Sync, StoreError> {
    let count = |column: &str| Ok::<u64, sqlx::Error>(row.try_get::<i64, _>(column)?.unsigned_abs());
    let state: String = row.try_get("state")?;
    Ok(Sync {
        id: row.try_get("id")?,
        site: row.try_get("site")?,
        source: row.try_get("source")?,
        state: SyncState::parse(&state).ok_or_else(|| rows::unreadable("syncs", "state", &state))?,
        note: row.try_get("note")?,
        seen: count("seen")?,
        expected: count("expected")?,
        stored: count("stored")?,
        unchanged: count("unchanged")?,
        removed: count("removed")?,
        failed: count("failed")?,
        began_at_ms: row.try_get("began_at")?,
        seen_at_ms: row.try_get("seen_at")?,
    })
}
