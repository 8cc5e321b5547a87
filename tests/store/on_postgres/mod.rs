//! Postgres: the cases, and what is a server's own.

#[path = "../cases/mod.rs"]
#[allow(clippy::duplicate_mod, reason = "it is compiled once for each engine")]
mod cases;
mod opening;
mod outages;
mod schema;
mod sharing;
mod tls;

use std::sync::Arc;

use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::server::{PASSWORD, PASSWORD_IN_URL, Postgres};
use pennypress::store;

/// How U+0000 is kept, which Postgres cannot keep.
const NUL: &str = "\u{FFFD}";

/// A database of its own.
struct Place {
    _server: Arc<Postgres>,
    url: String,
}

impl Place {
    fn new() -> Self {
        let server = Postgres::shared();
        Self {
            url: server.database(),
            _server: server,
        }
    }

    fn url(&self) -> String {
        self.url.clone()
    }

    /// What a statement tells through a connection of its own.
    async fn number(&self, sql: &str) -> i64 {
        number(&self.url, sql).await
    }
}

async fn number(url: &str, sql: &str) -> i64 {
    let mut connection = PgConnection::connect(url).await.expect("a connection");
    let number = sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(&mut connection);
    number.await.expect("a number")
}

/// Why the store at this address is not opened; its password is never told.
async fn refused(url: &str) -> String {
    match store::open(url).await {
        Ok(_) => panic!("{url} was opened"),
        Err(error) => {
            let told = format!("{error} {error:?}");
            assert!(!told.contains(PASSWORD) && !told.contains(PASSWORD_IN_URL), "{told}");
            error.to_string()
        }
    }
}
