//! SQLite: everything in one file.

mod dialect;
mod open;
#[path = "../sql/mod.rs"]
#[allow(clippy::duplicate_mod, reason = "it is compiled once for each engine")]
mod sql;

use sqlx::sqlite::SqlitePoolOptions;

use super::StoreError;

pub use sql::Engine as SqliteStore;

/// Readers beside the writer. A support desk has few; what a visitor waits for takes microseconds.
const READERS: u32 = 4;

impl SqliteStore {
    /// Opens the store at `url`, such as `sqlite://data/pennypress.db`: creates folder and file, and brings the schema up to
    /// date. `sqlite::memory:` is a store of its own that goes with its last handle.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        let (connection, options) = open::open(url).await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .min_connections(1)
            .connect_with(options.pragma("query_only", "ON"))
            .await?;
        Ok(Self::new(dialect::Link::new(connection), readers))
    }
}
