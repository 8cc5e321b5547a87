//! Where the database is, and how it is opened: the address, what can be wrong with it, the schema.

use std::str::FromStr;
use std::time::Duration;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions, Connection as _};
use url::Url;

use super::dialect::{Connection, Pool};
use super::link::{Link, connect};
use crate::store::{StoreError, shown};

static MIGRATIONS: Migrator = sqlx::migrate!("src/store/postgres/migrations");

/// Readers beside the writer, as with SQLite.
const READERS: u32 = 4;
/// How long somebody who reads waits for one of them: no visitor should wait long for a database that is away.
const PATIENCE: Duration = Duration::from_secs(2);

/// What may stand behind the `?` of the address.
const PARAMETERS: [&str; 16] = [
    "sslmode",
    "ssl-mode",
    "sslrootcert",
    "ssl-root-cert",
    "ssl-ca",
    "sslcert",
    "ssl-cert",
    "sslkey",
    "ssl-key",
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "application_name",
    "options",
];

pub(super) async fn open(url: &str) -> Result<(Link, Pool), StoreError> {
    let refuse = |reason: String| StoreError::Open {
        url: shown(url),
        reason,
    };
    let parsed = Url::parse(url).map_err(|error| {
        refuse(format!(
            "{error}; write it like `postgres://user:password@host:5432/database`, and signs such as / and @ in it as %2F and %40"
        ))
    })?;
    let unknown = parsed
        .query_pairs()
        .map(|(key, _)| key)
        .find(|key| !PARAMETERS.contains(&&**key) && !key.starts_with("options["));
    if let Some(key) = unknown {
        return Err(refuse(format!(
            "its parameter `{key}` is not known; there are sslmode, sslrootcert, sslcert, sslkey, host, port, dbname, user, \
             application_name and options"
        )));
    }
    let options = PgConnectOptions::from_str(url).map_err(|error| refuse(error.to_string()))?;
    let options = match options.get_application_name() {
        Some(_) => options,
        None => options.application_name("pennypress"),
    };
    let options = options.disable_statement_logging();
    prepare(&options).await.map_err(refuse)?;
    let link = Link::open(&options)
        .await
        .map_err(|error| refuse(advice(&error, &options)))?;
    let readers = PgPoolOptions::new()
        .max_connections(READERS)
        .acquire_timeout(PATIENCE)
        // What is late then fails, which is said elsewhere.
        .acquire_slow_threshold(2 * PATIENCE)
        .connect_lazy_with(options.options([("default_transaction_read_only", "on"), ("statement_timeout", "30s")]));
    Ok((link, readers))
}

/// Brings the schema up to date. Services that start at once do it one after another: sqlx holds a lock meanwhile.
async fn prepare(options: &PgConnectOptions) -> Result<(), String> {
    let told = |error: sqlx::Error| advice(&error, options);
    let mut connection = connect(options).await.map_err(told)?;
    let encoding: String = sqlx::query_scalar("SHOW server_encoding")
        .fetch_one(&mut connection)
        .await
        .map_err(told)?;
    if encoding != "UTF8" {
        return Err(format!(
            "the database's encoding is {encoding}, which cannot hold every language; make one with CREATE DATABASE … ENCODING \
             'UTF8' TEMPLATE template0"
        ));
    }
    migrate(&mut connection, options).await?;
    connection.close().await.map_err(told)
}

async fn migrate(connection: &mut Connection, options: &PgConnectOptions) -> Result<(), String> {
    MIGRATIONS.run(connection).await.map_err(|error| match error {
        MigrateError::VersionMissing(_) | MigrateError::VersionTooNew(..) | MigrateError::VersionMismatch(_) => {
            "a newer Pennypress wrote it; start that version, or set `store.url` to another database".to_owned()
        }
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => advice(&error, options),
        error => error.to_string(),
    })
}

/// What a person can do about Postgres' words.
fn advice(error: &sqlx::Error, options: &PgConnectOptions) -> String {
    let user = options.get_username();
    let database = options.get_database().unwrap_or(user);
    let (told, said) = match error {
        sqlx::Error::Database(refused) => {
            let told = match refused.code().as_deref() {
                Some("28P01" | "28000") => format!(
                    "Postgres does not let `{user}` in; put the right user and password into `store.url`, or the password into PGPASSWORD"
                ),
                Some("3D000") => {
                    format!("there is no database `{database}`; make it: CREATE DATABASE {database} OWNER {user}")
                }
                Some("42501") => format!(
                    "`{user}` may not make tables there; let it: ALTER DATABASE {database} OWNER TO {user}, or GRANT CREATE ON SCHEMA \
                     public TO {user}"
                ),
                Some("53300") => "it has no free connection; a service takes five, see max_connections".to_owned(),
                Some("57P03") => "it is starting or stopping; try again in a moment".to_owned(),
                _ => return refused.message().to_owned(),
            };
            (told, refused.message().to_owned())
        }
        sqlx::Error::Io(error) if error.kind() == std::io::ErrorKind::InvalidData => (wrong_tls(), error.to_string()),
        sqlx::Error::Io(error) => (
            "nothing answers there; start Postgres, or put the right host and port into `store.url`".to_owned(),
            error.to_string(),
        ),
        sqlx::Error::Tls(error) => (wrong_tls(), error.to_string()),
        error => return error.to_string(),
    };
    format!("{told} (it says: {said})")
}

fn wrong_tls() -> String {
    "it is reached, but not by TLS as `sslmode` wants it; for a certificate of your own authority set `sslrootcert` to its file".to_owned()
}
