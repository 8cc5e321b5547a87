//! What the answers that the operator wrote, and what was learned of near matches, need of a store.

use async_trait::async_trait;

use super::StoreError;
use crate::domain::{CuratedAnswer, CuratedId};

/// Everything that returns `Ok` survives a `kill -9`.
#[async_trait]
pub trait CuratedStore: Send + Sync {
    /// All of every site, the latest changed first.
    async fn curated(&self) -> Result<Vec<CuratedAnswer>, StoreError>;
    /// Adds it, or puts it in the place of the one with the same id (whose time of creation stays).
    async fn put_curated(&self, answer: &CuratedAnswer) -> Result<(), StoreError>;
    /// False when there is none.
    async fn delete_curated(&self, id: CuratedId) -> Result<bool, StoreError>;
    /// Changes with every write of a curated answer, whoever made it.
    async fn curated_revision(&self) -> Result<i64, StoreError>;

    /// Notes that the answer to `kept` did not answer `asked`.
    async fn reject_pair(&self, site: &str, asked: &str, kept: &str, at_ms: i64) -> Result<(), StoreError>;
    /// The latest rejected pairs, oldest first: site, asked, kept.
    async fn rejected_pairs(&self, limit: u32) -> Result<Vec<(String, String, String)>, StoreError>;

    /// Keeps what models said of near matches, by the hash of a pair; forgets what was said before `oldest_ms` (Unix time in
    /// milliseconds).
    async fn put_verdicts(&self, verdicts: Vec<([u8; 32], bool)>, at_ms: i64, oldest_ms: i64)
    -> Result<(), StoreError>;
    /// The latest verdicts that were said at `since_ms` or later.
    async fn verdicts(&self, since_ms: i64, limit: u32) -> Result<Vec<([u8; 32], bool)>, StoreError>;
}
