//! What of SQL is SQLite's own. Its counterpart is `postgres/dialect.rs`.

use std::path::Path;
use std::time::Duration;

use sqlx::{Connection as _, Encode, Sqlite, Type};

use crate::domain::ConversationId;

pub(super) type Db = Sqlite;
pub(super) type Connection = sqlx::SqliteConnection;
pub(super) type Transaction<'c> = sqlx::Transaction<'c, Sqlite>;
pub(super) type Pool = sqlx::SqlitePool;
pub(super) type Row = sqlx::sqlite::SqliteRow;
pub(super) type Arguments = sqlx::sqlite::SqliteArguments;

/// A value as this engine takes it: as it is.
pub(super) trait Value<'v>: Send {
    fn taken(self) -> impl Encode<'v, Db> + Type<Db>;
}

impl<'v, T: Encode<'v, Db> + Type<Db> + Send> Value<'v> for T {
    fn taken(self) -> impl Encode<'v, Db> + Type<Db> {
        self
    }
}

/// Follows `answers` where a sum should be read from that index alone.
pub(super) const BY_TIME: &str = "INDEXED BY answers_by_time";
/// Joins so that the left table is read first.
pub(super) const FROM_LEFT: &str = "CROSS JOIN";
/// The pairs of fragment and question of `page_questions q`, as JSON.
pub(super) const PAGE_QUESTIONS: &str = "json_group_array(json_array(q.fragment, q.question))";
/// Whether a text contains another one, without regard to the case of ASCII letters: `lower` knows no others here, which must be
/// typed as they stand there.
pub(super) const CONTAINS: &str = "instr";
/// Question and conversation of a group's latest answer. With max(), SQLite takes bare columns from the row that holds the maximum
/// (lang_select.html#bareagg).
pub(super) const LATEST: &str = "a.question, a.conversation, max(a.asked_at)";
/// A row must not be written twice by one statement.
pub(super) const ROWS_ONCE: bool = false;

/// A text's part of a unique index.
pub(super) fn key(text: &str) -> String {
    text.to_owned()
}

/// Conversations out of `own`. Of one that stands there several times, each row finds what the one before it has written.
pub(super) fn conversations(own: &str, common: &str) -> String {
    format!("SELECT {own}, {common} FROM own WHERE true")
}

/// The `n`th value of a long statement. Numbers would be looked up one by one, each among all.
pub(super) fn placeholder(_: usize) -> String {
    "?".to_owned()
}

/// The writer's connection, which is never away.
pub(super) struct Link(Connection);

impl Link {
    /// Nothing is given up: another process that holds the file is waited for by SQLite itself.
    pub const LONGEST: Option<Duration> = None;
    /// The file does not have to be looked after.
    pub const LOOK: Option<Duration> = None;

    pub fn new(connection: Connection) -> Self {
        Self(connection)
    }

    /// What calls under way are marked with.
    pub fn process(&self) -> i64 {
        i64::from(std::process::id())
    }

    /// `None`: this batch is on the disk already.
    pub async fn begin(&mut self, _batch: i64) -> Result<Option<Transaction<'_>>, sqlx::Error> {
        self.0.begin_with("BEGIN IMMEDIATE").await.map(Some)
    }

    pub async fn look(&mut self) -> Result<(), sqlx::Error> {
        Ok(())
    }

    pub fn lost(&mut self) {}

    pub fn is_down(&self) -> bool {
        false
    }

    /// Leaves one file behind, without a log beside it.
    pub async fn close(self) -> Result<(), sqlx::Error> {
        self.0.close().await
    }
}

/// Whether several services may write at once.
pub(super) const SHARED: bool = false;

/// Of these conversations, those that another service has deleted: there is no other.
pub(super) async fn deleted_elsewhere(
    _: &mut Connection,
    _: Vec<ConversationId>,
) -> Result<Vec<ConversationId>, sqlx::Error> {
    Ok(Vec::new())
}

/// Tells other services that nothing more is to be written into a conversation.
pub(super) async fn tell_deleted(_: &mut Connection, _: ConversationId) -> Result<(), sqlx::Error> {
    Ok(())
}

/// Whether a process that marked calls still runs and is not this one. Where there is no /proc it counts as ended, and at worst a call
/// that still runs is put down twice.
pub(super) async fn is_another_s(_: &mut Connection, process: i64) -> Result<bool, sqlx::Error> {
    Ok(process != i64::from(std::process::id()) && Path::new(&format!("/proc/{process}")).exists())
}

/// How long processes that live may need to show it again: they never cease to.
pub(super) async fn returning(_: &mut Connection) -> Result<Duration, sqlx::Error> {
    Ok(Duration::ZERO)
}

/// A row that stands against the statement, rather than a disk that is full, locked or unreadable.
pub(super) fn is_about_the_row(error: &(dyn sqlx::error::DatabaseError + 'static)) -> bool {
    matches!(
        error.kind(),
        sqlx::error::ErrorKind::UniqueViolation
            | sqlx::error::ErrorKind::ForeignKeyViolation
            | sqlx::error::ErrorKind::NotNullViolation
            | sqlx::error::ErrorKind::CheckViolation
    )
}

/// After a statement that failed, the others of its transaction go on.
pub(super) const GOES_ON_AFTER_ERRORS: bool = true;
