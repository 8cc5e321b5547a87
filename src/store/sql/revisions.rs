//! Numbers by which one service sees that another one has changed something.

use super::{Connection, Engine, query, query_scalar};
use crate::store::StoreError;

pub(super) const CURATED: &str = "curated_revision";
pub(super) const SITES: &str = "sites_revision";

/// With every change. Random, so that two services that write at once do not come to the same number.
pub(super) async fn next(connection: &mut Connection, of: &str) -> Result<(), StoreError> {
    let fresh: i64 = rand::random();
    query("INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value")
        .bind(of)
        .bind(fresh.to_be_bytes().as_slice())
        .execute(connection)
        .await?;
    Ok(())
}

pub(super) async fn latest(store: &Engine, of: &str) -> Result<i64, StoreError> {
    let kept: Option<Vec<u8>> = query_scalar("SELECT value FROM meta WHERE key = $1")
        .bind(of)
        .fetch_optional(store.readers()?)
        .await?;
    let bytes = kept.and_then(|bytes| <[u8; 8]>::try_from(bytes).ok());
    Ok(bytes.map_or(0, i64::from_be_bytes))
}
