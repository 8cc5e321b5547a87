/// The store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("the store at {url} cannot be opened: {reason}")]
    Open { url: String, reason: String },
    #[error("the store failed: {0}")]
    Database(sqlx::Error),
    #[error("the database is away")]
    Away,
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

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::PoolClosed => Self::Closed,
            error if Self::is_away(&error) => Self::Away,
            error => Self::Database(error),
        }
    }
}

impl StoreError {
    /// Whether the database cannot be reached, or does not serve for now: it is worth trying again.
    pub(super) fn is_away(error: &sqlx::Error) -> bool {
        match error {
            sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_) | sqlx::Error::PoolTimedOut => true,
            // Postgres' numbers (appendix A of its manual): connections that break, a server that stops, starts or has no room, a
            // session that was ended, a standby that must not be written to. Those of SQLite are shorter.
            sqlx::Error::Database(database) => database.code().is_some_and(|code| {
                code.starts_with("08") && code.len() == 5
                    || code.starts_with("57P")
                    || matches!(&*code, "53300" | "53100" | "25006" | "25P03")
            }),
            _ => false,
        }
    }
}
