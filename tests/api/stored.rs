//! Where a service of a test keeps its data, and what stands there.

use std::path::Path;
use std::sync::Arc;

use sqlx::{AssertSqlSafe, Connection, PgConnection, Row, SqliteConnection};

use crate::app::App;
use crate::calling::Line;
use crate::server::Postgres;

#[derive(Clone)]
pub enum Kept {
    /// In a file in the service's folder.
    Sqlite,
    /// In a database that belongs to the service's folder.
    Postgres,
    /// At this address.
    At(String),
}

thread_local! {
    /// The server lives as long as a test that has a database there; each test has a thread of its own.
    static SERVER: Arc<Postgres> = Postgres::shared();
}

impl Kept {
    /// Every test can be run on Postgres: `PENNYPRESS_TEST_STORE=postgres cargo test --test api`.
    pub fn usual() -> Self {
        match std::env::var("PENNYPRESS_TEST_STORE").as_deref() {
            Ok("postgres") => Self::Postgres,
            Ok(other) if other != "sqlite" => panic!("PENNYPRESS_TEST_STORE is sqlite or postgres, not {other}"),
            _ => Self::Sqlite,
        }
    }

    pub fn url(&self, directory: &Path) -> String {
        match self {
            Self::Sqlite => format!("sqlite://{}", directory.join("store/pennypress.db").display()),
            Self::Postgres => {
                let note = directory.join("postgres-url");
                std::fs::read_to_string(&note).unwrap_or_else(|_| {
                    let url = SERVER.with(|server| server.database());
                    std::fs::write(&note, &url).expect("to write");
                    url
                })
            }
            Self::At(url) => url.clone(),
        }
    }
}

macro_rules! line {
    ($row:ident) => {
        Line {
            answer: $row.get("answer"),
            site: $row.get("site"),
            model: $row.get("model"),
            prompt_tokens: $row.get("prompt_tokens"),
            completion_tokens: $row.get("completion_tokens"),
            counted: $row.get("counted"),
            cost_pico_usd: $row.get("cost_pico_usd"),
            outcome: $row.get("outcome"),
        }
    };
}

impl App {
    /// A text as its store keeps it: Postgres has no U+0000.
    pub fn kept(&self, text: &str) -> String {
        match self.store_url().starts_with("sqlite") {
            true => text.to_owned(),
            false => text.replace('\0', "\u{FFFD}"),
        }
    }

    /// What a statement tells through a connection of its own.
    pub async fn number(&self, sql: &str) -> i64 {
        let (url, sql) = (self.store_url(), AssertSqlSafe(sql.to_owned()));
        let number = match url.starts_with("sqlite") {
            true => {
                let mut connection = sqlite(&url).await;
                sqlx::query_scalar(sql).fetch_one(&mut connection).await
            }
            false => {
                let mut connection = PgConnection::connect(&url).await.expect("the store");
                sqlx::query_scalar(sql).fetch_one(&mut connection).await
            }
        };
        number.expect("a number")
    }

    pub async fn lines(&self) -> Vec<Line> {
        const LINES: &str = "SELECT * FROM calls ORDER BY id";
        let url = self.store_url();
        match url.starts_with("sqlite") {
            true => {
                let rows = sqlx::query(LINES).fetch_all(&mut sqlite(&url).await).await;
                rows.expect("the ledger").iter().map(|row| line!(row)).collect()
            }
            false => {
                let mut connection = PgConnection::connect(&url).await.expect("the store");
                let rows = sqlx::query(LINES).fetch_all(&mut connection).await;
                rows.expect("the ledger").iter().map(|row| line!(row)).collect()
            }
        }
    }
}

async fn sqlite(url: &str) -> SqliteConnection {
    let read_only = format!("{url}?mode=ro");
    SqliteConnection::connect(&read_only).await.expect("the store")
}
