//! The schema is the one that SQLite has: a change to one engine that is forgotten for the other is found here.

use pennypress::store;
use sqlx::{Connection, PgConnection, SqliteConnection};

use super::Place;

/// What only services that share a database need.
const OF_POSTGRES: [&str; 2] = ["deleted_conversations.", "writers."];

#[tokio::test]
async fn every_table_and_column_is_there_in_both() {
    let (folder, place) = (tempfile::tempdir().expect("a folder"), Place::new());
    let file = format!("sqlite://{}/store.db", folder.path().display());
    for url in [&file, &place.url()] {
        store::open(url).await.expect("a store").close().await;
    }
    let mut sqlite = SqliteConnection::connect(&file).await.expect("a connection");
    let mut postgres = PgConnection::connect(&place.url()).await.expect("a connection");
    let mut of_sqlite: Vec<String> = sqlx::query_scalar(
        "SELECT m.name || '.' || c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c
         WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND m.name NOT LIKE '\\_sqlx%' ESCAPE '\\'",
    )
    .fetch_all(&mut sqlite)
    .await
    .expect("columns");
    let mut of_postgres: Vec<String> = sqlx::query_scalar(
        "SELECT table_name || '.' || column_name FROM information_schema.columns
         WHERE table_schema = 'public' AND table_name <> '_sqlx_migrations'",
    )
    .fetch_all(&mut postgres)
    .await
    .expect("columns");
    of_postgres.retain(|column| !OF_POSTGRES.iter().any(|table| column.starts_with(table)));
    of_sqlite.sort();
    of_postgres.sort();
    assert!(of_sqlite.len() > 100, "{of_sqlite:?}");
    assert_eq!(of_sqlite, of_postgres);
    let latest = "SELECT max(version) FROM _sqlx_migrations";
    let sqlite: i64 = sqlx::query_scalar(latest)
        .fetch_one(&mut sqlite)
        .await
        .expect("a number");
    let postgres: i64 = sqlx::query_scalar(latest)
        .fetch_one(&mut postgres)
        .await
        .expect("a number");
    assert_eq!(sqlite, postgres, "the number of the latest migration");
}
