//! Postgres: one database, and as many services on it as one likes.

mod dialect;
mod link;
mod open;
#[path = "../sql/mod.rs"]
#[allow(clippy::duplicate_mod, reason = "it is compiled once for each engine")]
mod sql;
mod value;

use super::StoreError;

pub use sql::Engine as PostgresStore;

impl PostgresStore {
    /// Opens the store at `url`, such as `postgres://pennypress:secret@db.example.com/pennypress`, and brings its schema up to date.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        let (link, readers) = open::open(url).await?;
        Ok(Self::new(link, readers))
    }
}
