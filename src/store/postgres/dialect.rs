//! What of SQL is Postgres' own. Its counterpart is `sqlite/dialect.rs`.

use std::time::Duration;

use sqlx::Postgres;

use super::link::SERVICES;
use crate::domain::ConversationId;

pub(super) use super::link::Link;
pub(super) use super::value::Value;

pub(super) type Db = Postgres;
pub(super) type Connection = sqlx::PgConnection;
pub(super) type Transaction<'c> = sqlx::Transaction<'c, Postgres>;
pub(super) type Pool = sqlx::PgPool;
pub(super) type Row = sqlx::postgres::PgRow;
pub(super) type Arguments = sqlx::postgres::PgArguments;

/// Follows `answers` where a sum should be read from an index: Postgres chooses by itself.
pub(super) const BY_TIME: &str = "";
/// Joins where the left table should be read first: Postgres chooses by itself.
pub(super) const FROM_LEFT: &str = "JOIN";
/// The pairs of fragment and question of `page_questions q`, as JSON.
pub(super) const PAGE_QUESTIONS: &str = "coalesce(json_agg(json_build_array(q.fragment, q.question)), '[]')::text";
/// Whether a text contains another one; without regard to case, as far as the database's locale knows it.
pub(super) const CONTAINS: &str = "strpos";
/// Question and conversation of a group's latest answer.
pub(super) const LATEST: &str = "(array_agg(a.question ORDER BY a.asked_at DESC))[1] AS question,
    (array_agg(a.conversation ORDER BY a.asked_at DESC))[1] AS conversation";
/// A row must not be written twice by one statement.
pub(super) const ROWS_ONCE: bool = true;
/// After a statement that failed, the others of its transaction go on.
pub(super) const GOES_ON_AFTER_ERRORS: bool = false;
/// Whether several services may write at once.
pub(super) const SHARED: bool = true;

/// A text's part of a unique index, which has no room for long texts.
pub(super) fn key(text: &str) -> String {
    format!("hashtextextended({text}, 0)")
}

/// Conversations out of `own`, each once.
pub(super) fn conversations(_own: &str, common: &str) -> String {
    format!(
        r#"SELECT id, (array_agg(visitor ORDER BY started_at) FILTER (WHERE visitor IS NOT NULL))[1],
            (array_agg("user" ORDER BY last_at DESC) FILTER (WHERE "user" IS NOT NULL))[1], min(started_at), max(last_at), {common}
        FROM own GROUP BY id"#
    )
}

/// The `n`th value of a long statement.
pub(super) fn placeholder(n: usize) -> String {
    format!("${n}")
}

/// Of these conversations, those that a visitor has deleted, at whichever service.
pub(super) async fn deleted_elsewhere(
    connection: &mut Connection,
    conversations: Vec<ConversationId>,
) -> Result<Vec<ConversationId>, sqlx::Error> {
    if conversations.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<String> = conversations.iter().map(ConversationId::to_string).collect();
    let gone: Vec<String> =
        sqlx::query_scalar("SELECT conversation FROM deleted_conversations WHERE conversation = ANY($1)")
            .bind(ids)
            .fetch_all(connection)
            .await?;
    Ok(gone.iter().filter_map(|id| ConversationId::parse(id).ok()).collect())
}

/// Tells all services that nothing more is to be written into a conversation. No answer takes longer than an hour.
pub(super) async fn tell_deleted(connection: &mut Connection, conversation: ConversationId) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM deleted_conversations WHERE deleted_at < now() - interval '1 hour'")
        .execute(&mut *connection)
        .await?;
    sqlx::query("INSERT INTO deleted_conversations (conversation) VALUES ($1) ON CONFLICT DO NOTHING")
        .bind(conversation.to_string())
        .execute(connection)
        .await?;
    Ok(())
}

/// Whether a service that marked calls lives: it holds a lock with its number for as long as it is connected.
pub(super) async fn is_another_s(connection: &mut Connection, process: i64) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 2
             AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
             AND classid::bigint = $1 AND objid::bigint = $2)",
    )
    .bind(i64::from(SERVICES))
    .bind(process)
    .fetch_one(connection)
    .await
}

/// How long services that live may need to show it again: just after the server was started, not all are connected.
pub(super) async fn returning(connection: &mut Connection) -> Result<Duration, sqlx::Error> {
    let milliseconds: i64 = sqlx::query_scalar(
        "SELECT greatest(0, 5000 - extract(epoch FROM clock_timestamp() - pg_postmaster_start_time()) * 1000)::bigint",
    )
    .fetch_one(connection)
    .await?;
    Ok(Duration::from_millis(milliseconds.unsigned_abs()))
}

/// A row that stands against the statement (classes 21, 22, 23 and 54), rather than a database that does not work.
pub(super) fn is_about_the_row(error: &(dyn sqlx::error::DatabaseError + 'static)) -> bool {
    let code = error.code().unwrap_or_default();
    ["21", "22", "23", "54"].iter().any(|class| code.starts_with(class))
}
