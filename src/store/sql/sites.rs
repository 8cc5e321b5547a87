//! The sites that the operator created.

use futures_util::FutureExt;
use sqlx::Row as _;

use super::{Engine, Row, documents, query, query_scalar, revisions, rows, syncs};
use crate::domain::{Secret, Site};
use crate::store::StoreError;

impl Engine {
    /// The sites that the operator created, by key.
    pub(super) async fn sites_made(&self) -> Result<Vec<Site>, StoreError> {
        let found = query("SELECT key, secret, name, persona, contact, origins, appearance FROM sites ORDER BY key")
            .fetch_all(self.readers()?)
            .await?;
        found.iter().map(site).collect()
    }

    pub(super) async fn insert_site(&self, site: &Site, at_ms: i64) -> Result<bool, StoreError> {
        let (site, origins, appearance) = written(site)?;
        self.write(move |connection| {
            async move {
                let made = query(
                    "INSERT INTO sites (key, secret, name, persona, contact, origins, appearance, created_at, updated_at)
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8) ON CONFLICT DO NOTHING",
                )
                .bind(site.key)
                .bind(site.secret.as_ref().map(Secret::expose))
                .bind(site.name)
                .bind(site.persona)
                .bind(site.contact)
                .bind(origins)
                .bind(appearance)
                .bind(at_ms)
                .execute(&mut *connection)
                .await?;
                revisions::next(connection, revisions::SITES).await?;
                Ok(made.rows_affected() > 0)
            }
            .boxed()
        })
        .await
    }

    pub(super) async fn change_site(&self, site: &Site, at_ms: i64) -> Result<bool, StoreError> {
        let (site, origins, appearance) = written(site)?;
        self.write(move |connection| {
            async move {
                let changed = query(
                    "UPDATE sites SET name = $2, persona = $3, contact = $4, origins = $5, appearance = $6, updated_at = $7
                     WHERE key = $1",
                )
                .bind(site.key)
                .bind(site.name)
                .bind(site.persona)
                .bind(site.contact)
                .bind(origins)
                .bind(appearance)
                .bind(at_ms)
                .execute(&mut *connection)
                .await?;
                revisions::next(connection, revisions::SITES).await?;
                Ok(changed.rows_affected() > 0)
            }
            .boxed()
        })
        .await
    }

    pub(super) async fn change_secret(&self, key: &str, secret: &Secret, at_ms: i64) -> Result<bool, StoreError> {
        let (key, secret) = (key.to_owned(), secret.clone());
        self.write(move |connection| {
            async move {
                let changed = query("UPDATE sites SET secret = $2, updated_at = $3 WHERE key = $1")
                    .bind(key)
                    .bind(secret.expose())
                    .bind(at_ms)
                    .execute(&mut *connection)
                    .await?;
                revisions::next(connection, revisions::SITES).await?;
                Ok(changed.rows_affected() > 0)
            }
            .boxed()
        })
        .await
    }

    pub(super) async fn remove_site(&self, key: &str) -> Result<bool, StoreError> {
        let key = key.to_owned();
        self.write(move |connection| {
            async move {
                let gone = query("DELETE FROM sites WHERE key = $1")
                    .bind(&key)
                    .execute(&mut *connection)
                    .await?;
                if gone.rows_affected() == 0 {
                    return Ok(false);
                }
                query("DELETE FROM evaluations WHERE site = $1")
                    .bind(&key)
                    .execute(&mut *connection)
                    .await?;
                query("DELETE FROM conversations WHERE site = $1")
                    .bind(&key)
                    .execute(&mut *connection)
                    .await?;
                documents::delete_all(connection, &key).await?;
                syncs::delete_all(connection, &key).await?;
                revisions::next(connection, revisions::SITES).await?;
                Ok(true)
            }
            .boxed()
        })
        .await
    }

    pub(super) async fn conversations_of(&self, site: &str) -> Result<u64, StoreError> {
        let count: i64 = query_scalar("SELECT count(*) FROM conversations WHERE site = $1")
            .bind(site)
            .fetch_one(self.readers()?)
            .await?;
        Ok(count.unsigned_abs())
    }
}

/// A copy that the writer may keep, with its lists as JSON.
fn written(site: &Site) -> Result<(Site, String, String), StoreError> {
    let json = |error: serde_json::Error| sqlx::Error::Encode(Box::new(error));
    let origins = serde_json::to_string(&site.origins).map_err(json)?;
    let appearance = serde_json::to_string(&site.appearance).map_err(json)?;
    Ok((site.clone(), origins, appearance))
}

fn site(row: &Row) -> Result<Site, StoreError> {
    let origins: String = row.try_get("origins")?;
    let appearance: String = row.try_get("appearance")?;
    Ok(Site {
        key: row.try_get("key")?,
        secret: row.try_get::<Option<String>, _>("secret")?.map(Secret::new),
        origins: serde_json::from_str(&origins).map_err(|error| rows::unreadable("sites", "origins", error))?,
        name: row.try_get("name")?,
        persona: row.try_get("persona")?,
        contact: row.try_get("contact")?,
        appearance: serde_json::from_str(&appearance)
            .map_err(|error| rows::unreadable("sites", "appearance", error))?,
    })
}
