/// The store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("the store at {url} cannot be opened: {reason}")]
    Open { url: String, reason: String },
    #[error("the store failed: {0}")]
    Database(#[from] sqlx::Error),
    #[error("the store could not write: {0}")]
    NotWritten(String),
    #[error("the store holds something unreadable in {table}.{column}: {reason}")]
    Unreadable {
        table: &'static str,
        column: &'static str,
        reason: String,
    },
    #[error("the store is closed")]
    Closed,
}
