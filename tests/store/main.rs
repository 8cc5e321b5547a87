//! The store, on real files and on a real Postgres: each case is written once and run against both engines.

#[path = "../postgres/mod.rs"]
mod server;

mod on_postgres;
mod on_sqlite;
