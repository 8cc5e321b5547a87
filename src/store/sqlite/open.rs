//! Where the store is, and how it is opened: the folder, the file, who may read it, its schema.

use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, SqliteConnection};

use crate::store::StoreError;

static MIGRATIONS: Migrator = sqlx::migrate!("src/store/sqlite/migrations");

/// How long a reader or the writer waits for another process that holds the file, such as a backup.
const BUSY: Duration = Duration::from_secs(5);

/// The writer's connection, with the schema brought up to date, and the options for readers.
pub(super) async fn open(url: &str) -> Result<(SqliteConnection, SqliteConnectOptions), StoreError> {
    let refuse = |reason: String| StoreError::Open {
        url: url.to_owned(),
        reason,
    };
    let in_memory = url == "sqlite::memory:";
    let options = SqliteConnectOptions::from_str(url).map_err(|_| {
        refuse("write it like `sqlite://data/pennypress.db`: `sqlite://` and the path of a file".to_owned())
    })?;
    let options = options
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        // What was acknowledged survives a power cut (https://www.sqlite.org/pragma.html#pragma_synchronous).
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY)
        .disable_statement_logging();
    if !in_memory {
        prepare_file(options.get_filename()).map_err(refuse)?;
    }
    // What undoes half a statement is kept in memory: it is small, and as a file it would be written for every batch of answers.
    let writing = options.clone().pragma("temp_store", "MEMORY");
    let mut connection = writing.connect().await.map_err(|error| refuse(advice(&error)))?;
    MIGRATIONS.run(&mut connection).await.map_err(|error| {
        refuse(match error {
            MigrateError::VersionMissing(_) | MigrateError::VersionTooNew(..) | MigrateError::VersionMismatch(_) => {
                "a newer Pennypress wrote it; start that version, or set `store.url` to another file".to_owned()
            }
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => advice(&error),
            error => error.to_string(),
        })
    })?;
    Ok((connection, options))
}

/// Creates the folder and the file, readable by nobody but the service: the file holds secrets and what visitors wrote.
fn prepare_file(path: &Path) -> Result<(), String> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder).map_err(|error| {
            format!(
                "the folder {} cannot be made ({error}); make it, or set `store.url` to a file in another folder",
                folder.display()
            )
        })?;
    }
    let mut file = std::fs::OpenOptions::new();
    file.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut file, 0o600);
    file.open(path).map(drop).map_err(|error| {
        format!(
            "the file cannot be written ({error}); let the service's user write {} and its folder",
            path.display()
        )
    })
}

/// What a person can do about SQLite's words.
fn advice(error: &sqlx::Error) -> String {
    let said = match error {
        sqlx::Error::Database(database) => database.message().to_owned(),
        error => error.to_string(),
    };
    let told = if said.contains("not a database") {
        "the file is something else than a SQLite database; set `store.url` to another file"
    } else if said.contains("locked") {
        "another program holds it; stop that program"
    } else if said.contains("malformed") {
        "the file is damaged; put a backup in its place"
    } else if said.contains("disk is full") {
        "make room on the disk"
    } else {
        return said;
    };
    format!("{told} (SQLite says: {said})")
}
