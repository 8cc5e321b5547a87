//! Content as rows: changed in order, followed by number.

use async_trait::async_trait;
use futures_util::FutureExt;
use sqlx::{AssertSqlSafe, Row as _};

use super::{Connection, Engine, Row, dialect, gaps, query, query_scalar, rows};
use crate::domain::{DocumentChange, DocumentOutcome, KeptDocument};
use crate::store::StoreError;
use crate::store::documents::{DocumentEntry, DocumentFilter, DocumentPage, DocumentStore, Followed};

/// Who follows the changes gets this many bytes of text at a time.
const FOLLOWED_BYTES: usize = 8 * 1_024 * 1_024;

const ENTRY: &str = "id, url, title, locale, kind, source, version, words, modified, updated_at";

#[async_trait]
impl DocumentStore for Engine {
    async fn change_documents(
        &self,
        site: &str,
        changes: Vec<DocumentChange>,
        at_ms: i64,
    ) -> Result<Vec<DocumentOutcome>, StoreError> {
        let site = site.to_owned();
        self.write(move |connection| {
            async move {
                let mut outcomes = Vec::with_capacity(changes.len());
                for change in &changes {
                    outcomes.push(apply(connection, &site, change, at_ms).await?);
                }
                Ok(outcomes)
            }
            .boxed()
        })
        .await
    }

    async fn documents_after(&self, seq: i64, limit: u32) -> Result<Vec<Followed>, StoreError> {
        use futures_util::TryStreamExt;
        let mut found = query(AssertSqlSafe(format!(
            "SELECT site, id, url, title, locale, kind, source, markdown, modified, deleted, seq,
                 (SELECT {} FROM page_questions q
                  WHERE q.site = documents.site AND q.document = documents.id) AS asked
             FROM documents WHERE seq > $1 ORDER BY seq LIMIT $2",
            dialect::PAGE_QUESTIONS
        )))
        .bind(seq)
        .bind(limit)
        .fetch(self.readers()?)?;
        let (mut followed, mut bytes) = (Vec::new(), 0);
        while let Some(row) = found.try_next().await? {
            let document = match row.try_get::<bool, _>("deleted")? {
                true => None,
                false => Some(document(&row)?),
            };
            bytes += document.as_ref().map_or(0, |document| document.markdown.len());
            followed.push(Followed {
                seq: row.try_get("seq")?,
                site: row.try_get("site")?,
                id: row.try_get("id")?,
                document,
                asked: gaps::page_questions(&row)?,
            });
            if bytes > FOLLOWED_BYTES {
                break;
            }
        }
        Ok(followed)
    }

    async fn last_document_change(&self) -> Result<i64, StoreError> {
        let seq = query_scalar("SELECT seq FROM document_changes");
        Ok(seq.fetch_one(self.readers()?).await?)
    }

    async fn document_sites(&self) -> Result<Vec<String>, StoreError> {
        let sites = query_scalar("SELECT DISTINCT site FROM documents WHERE NOT deleted");
        Ok(sites.fetch_all(self.readers()?).await?)
    }

    async fn document_entries(
        &self,
        site: &str,
        after: &str,
        source: Option<&str>,
        limit: u32,
    ) -> Result<Vec<DocumentEntry>, StoreError> {
        let found = query(AssertSqlSafe(format!(
            "SELECT {ENTRY} FROM documents
             WHERE site = $1 AND NOT deleted AND id > $2 AND ($3 IS NULL OR source = $3) ORDER BY id LIMIT $4"
        )))
        .bind(site)
        .bind(after)
        .bind(source)
        .bind(limit)
        .fetch_all(self.readers()?)
        .await?;
        found.iter().map(entry).collect()
    }

    async fn document_page(
        &self,
        site: &str,
        filter: &DocumentFilter,
        page: u32,
        size: u32,
    ) -> Result<DocumentPage, StoreError> {
        let chosen = format!(
            "FROM documents WHERE site = $1 AND NOT deleted AND ($2 IS NULL OR kind = $2)
            AND ($3 IS NULL OR source = $3 OR substr(source, 1, length($3) + 1) = $3 || ':')
            AND ($4 = '' OR {contains}(lower(title), lower($4)) > 0 OR {contains}(lower(url), lower($4)) > 0
                OR {contains}(lower(markdown), lower($4)) > 0)",
            contains = dialect::CONTAINS
        );
        let words = filter.words.trim();
        let sums = query(AssertSqlSafe(format!(
            "SELECT count(*) AS total, CAST(coalesce(sum(words), 0) AS BIGINT) AS words {chosen}"
        )))
        .bind(site)
        .bind(&filter.kind)
        .bind(&filter.source)
        .bind(words)
        .fetch_one(self.readers()?)
        .await?;
        let found = query(AssertSqlSafe(format!(
            "SELECT {ENTRY} {chosen} ORDER BY updated_at DESC, seq DESC LIMIT $5 OFFSET $6"
        )))
        .bind(site)
        .bind(&filter.kind)
        .bind(&filter.source)
        .bind(words)
        .bind(size)
        .bind(i64::from(page) * i64::from(size))
        .fetch_all(self.readers()?)
        .await?;
        Ok(DocumentPage {
            items: found.iter().map(entry).collect::<Result<_, _>>()?,
            total: sums.try_get::<i64, _>("total")?.unsigned_abs(),
            words: sums.try_get::<i64, _>("words")?.unsigned_abs(),
        })
    }

    async fn document_kinds(&self, site: &str) -> Result<Vec<(String, u64)>, StoreError> {
        let found = query(
            "SELECT kind, count(*) AS total FROM documents WHERE site = $1 AND NOT deleted GROUP BY kind ORDER BY kind",
        )
        .bind(site)
        .fetch_all(self.readers()?)
        .await?;
        let kind = |row: &Row| Ok((row.try_get("kind")?, row.try_get::<i64, _>("total")?.unsigned_abs()));
        found.iter().map(kind).collect()
    }

    async fn document(&self, site: &str, id: &str) -> Result<Option<KeptDocument>, StoreError> {
        let found = query(
            "SELECT id, url, title, locale, kind, source, markdown, modified FROM documents
             WHERE site = $1 AND id = $2 AND NOT deleted",
        )
        .bind(site)
        .bind(id)
        .fetch_optional(self.readers()?)
        .await?;
        found.as_ref().map(document).transpose()
    }
}

/// What is kept of a document, or of one that was deleted.
struct Kept {
    version: String,
    source: String,
    modified: i64,
    deleted: bool,
}

async fn kept(connection: &mut Connection, site: &str, id: &str) -> Result<Option<Kept>, StoreError> {
    let row = query("SELECT version, source, modified, deleted FROM documents WHERE site = $1 AND id = $2")
        .bind(site)
        .bind(id)
        .fetch_optional(connection)
        .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Kept {
        version: row.try_get("version")?,
        source: row.try_get("source")?,
        modified: row.try_get("modified")?,
        deleted: row.try_get("deleted")?,
    }))
}

async fn apply(
    connection: &mut Connection,
    site: &str,
    change: &DocumentChange,
    at_ms: i64,
) -> Result<DocumentOutcome, StoreError> {
    let kept = kept(connection, site, change.id()).await?;
    match change {
        DocumentChange::Put(document) => put(connection, site, document, kept, at_ms).await,
        DocumentChange::Delete { id, modified_ms } => delete(connection, site, id, *modified_ms, kept, at_ms).await,
    }
}

async fn put(
    connection: &mut Connection,
    site: &str,
    document: &KeptDocument,
    kept: Option<Kept>,
    at_ms: i64,
) -> Result<DocumentOutcome, StoreError> {
    let version = document.version();
    if let Some(kept) = kept {
        if document.modified_ms < kept.modified {
            return Ok(DocumentOutcome::Older);
        }
        if !kept.deleted && kept.version == version && kept.source == document.source {
            // Only the time is new: nobody who follows the changes has to know.
            query("UPDATE documents SET modified = $3 WHERE site = $1 AND id = $2 AND modified <> $3")
                .bind(site)
                .bind(&document.id)
                .bind(document.modified_ms)
                .execute(connection)
                .await?;
            return Ok(DocumentOutcome::Unchanged);
        }
    }
    let seq = next_change(connection).await?;
    query(
        "INSERT INTO documents (site, id, url, title, locale, kind, source, markdown, version, words, modified, updated_at, seq)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
         ON CONFLICT (site, id) DO UPDATE SET url = excluded.url, title = excluded.title, locale = excluded.locale,
            kind = excluded.kind, source = excluded.source, markdown = excluded.markdown, version = excluded.version,
            words = excluded.words, modified = excluded.modified, updated_at = excluded.updated_at, deleted = FALSE,
            seq = excluded.seq",
    )
    .bind(site)
    .bind(&document.id)
    .bind(&document.url)
    .bind(&document.title)
    .bind(&document.locale)
    .bind(&document.kind)
    .bind(&document.source)
    .bind(&document.markdown)
    .bind(version)
    .bind(rows::count(document.words() as u64))
    .bind(document.modified_ms)
    .bind(at_ms)
    .bind(seq)
    .execute(connection)
    .await?;
    Ok(DocumentOutcome::Stored)
}

async fn delete(
    connection: &mut Connection,
    site: &str,
    id: &str,
    modified_ms: Option<i64>,
    kept: Option<Kept>,
    at_ms: i64,
) -> Result<DocumentOutcome, StoreError> {
    let before = kept.as_ref().map(|kept| kept.modified);
    let outcome = match kept {
        Some(kept) if modified_ms.is_some_and(|modified| modified < kept.modified) => {
            return Ok(DocumentOutcome::Older);
        }
        Some(kept) if !kept.deleted => DocumentOutcome::Deleted,
        // Nothing is there. When it went is worth keeping only if it is told, for whatever is still on its way.
        _ if modified_ms.is_none() || modified_ms == before => return Ok(DocumentOutcome::Absent),
        _ => DocumentOutcome::Absent,
    };
    let seq = next_change(connection).await?;
    query(
        "INSERT INTO documents (site, id, url, title, locale, kind, source, markdown, version, words, modified, updated_at,
            deleted, seq) VALUES ($1, $2, '', '', '', '', '', '', '', 0, $3, $4, TRUE, $5)
         ON CONFLICT (site, id) DO UPDATE SET url = '', title = '', locale = '', kind = '', source = '', markdown = '',
            version = '', words = 0, modified = excluded.modified, updated_at = excluded.updated_at, deleted = TRUE,
            seq = excluded.seq",
    )
    .bind(site)
    .bind(id)
    .bind(modified_ms.or(before).unwrap_or(at_ms))
    .bind(at_ms)
    .bind(seq)
    .execute(connection)
    .await?;
    Ok(outcome)
}

/// Forgets a site's content altogether, with its tombstones.
pub(super) async fn delete_all(connection: &mut Connection, site: &str) -> Result<(), StoreError> {
    query("DELETE FROM documents WHERE site = $1")
        .bind(site)
        .execute(connection)
        .await?;
    Ok(())
}

pub(super) async fn next_change(connection: &mut Connection) -> Result<i64, StoreError> {
    let seq = query_scalar("UPDATE document_changes SET seq = seq + 1 RETURNING seq");
    Ok(seq.fetch_one(connection).await?)
}

fn document(row: &Row) -> Result<KeptDocument, StoreError> {
    Ok(KeptDocument {
        id: row.try_get("id")?,
        url: row.try_get("url")?,
        title: row.try_get("title")?,
        locale: row.try_get("locale")?,
        kind: row.try_get("kind")?,
        source: row.try_get("source")?,
        markdown: row.try_get("markdown")?,
        modified_ms: row.try_get("modified")?,
    })
}

fn entry(row: &Row) -> Result<DocumentEntry, StoreError> {
    Ok(DocumentEntry {
        id: row.try_get("id")?,
        url: row.try_get("url")?,
        title: row.try_get("title")?,
        locale: row.try_get("locale")?,
        kind: row.try_get("kind")?,
        source: row.try_get("source")?,
        version: row.try_get("version")?,
        words: row.try_get::<i64, _>("words")?.unsigned_abs(),
        modified_ms: row.try_get("modified")?,
        updated_at_ms: row.try_get("updated_at")?,
    })
}
