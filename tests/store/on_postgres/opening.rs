//! Addresses: what is wrong with one is said, and its password never.

use pennypress::store;

use super::{Place, refused};
use crate::server::{PASSWORD, PASSWORD_IN_URL, Postgres};

#[tokio::test]
async fn what_cannot_be_opened_says_what_to_do() {
    let (server, place) = (Postgres::shared(), Place::new());
    let good = place.url();
    let wrong = good.replace(PASSWORD_IN_URL, "wrong");
    let told = refused(&wrong).await;
    assert!(
        told.contains("does not let `pennypress` in") && !told.contains("wrong@"),
        "{told}"
    );
    let told = refused(&server.url("nowhere")).await;
    assert!(
        told.contains("no database `nowhere`") && told.contains("CREATE DATABASE"),
        "{told}"
    );
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = free.local_addr().expect("bound").port();
    drop(free);
    let told = refused(&format!("postgres://pennypress:{PASSWORD_IN_URL}@127.0.0.1:{port}/x")).await;
    assert!(told.contains("nothing answers there"), "{told}");
    let told = refused(&format!("{good}?pasword={PASSWORD_IN_URL}")).await;
    assert!(told.contains("`pasword` is not known"), "{told}");
    let told = refused(&format!("{good}?sslmode=perhaps")).await;
    assert!(told.contains("perhaps"), "{told}");
    // A password with signs that an address cannot hold as they are.
    let told = refused(&format!("postgres://pennypress:{PASSWORD}@127.0.0.1:70000/x")).await;
    assert!(told.contains("%40"), "{told}");
    server.sql(
        "postgres",
        "CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0",
    );
    let told = refused(&server.url("latin")).await;
    assert!(told.contains("LATIN1") && told.contains("UTF8"), "{told}");
    let told = refused(&format!("{good}?sslmode=require")).await;
    assert!(told.contains("sslmode"), "{told}");
}

#[tokio::test]
async fn a_user_who_may_not_make_tables_is_told_so() {
    let server = Postgres::shared();
    server.sql("postgres", "CREATE ROLE guest LOGIN PASSWORD 'hush-guest'");
    server.sql("postgres", "CREATE DATABASE not_its_own");
    server.sql("not_its_own", "REVOKE CREATE ON SCHEMA public FROM PUBLIC");
    let url = server
        .url("not_its_own")
        .replace(&format!("pennypress:{PASSWORD_IN_URL}"), "guest:hush-guest");
    let told = refused(&url).await;
    assert!(told.contains("`guest` may not make tables"), "{told}");
    assert!(!told.contains("hush-guest"), "{told}");
}

#[tokio::test]
async fn services_that_start_at_once_make_the_schema_once() {
    let place = Place::new();
    let url = place.url();
    let opened = futures_util::future::join_all((0..6).map(|_| store::open(&url))).await;
    for store in opened {
        let store = store.unwrap_or_else(|error| panic!("{error}"));
        store.ready().await.expect("ready");
        store.close().await;
    }
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/store/postgres/migrations");
    let files = std::fs::read_dir(folder).expect("the migrations").count();
    let applied = place.number("SELECT count(*) FROM _sqlx_migrations").await;
    assert_eq!(applied, files as i64);
    // A database that a newer version has changed is left alone.
    let newer = "WITH newer AS (INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
        VALUES (9999, 'newer', TRUE, '', 0) RETURNING version) SELECT version FROM newer";
    assert_eq!(place.number(newer).await, 9999);
    let told = refused(&url).await;
    assert!(told.contains("a newer Pennypress wrote it"), "{told}");
}
