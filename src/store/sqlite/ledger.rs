//! The ledger: what every call to a model cost.

use sqlx::{Row, SqliteConnection};

use super::{SqliteStore, rows};
use crate::domain::{UpstreamCall, Usd};
use crate::store::StoreError;

pub(super) async fn write_calls(connection: &mut SqliteConnection, calls: &[UpstreamCall]) -> Result<(), sqlx::Error> {
    for call in calls {
        sqlx::query(
            "INSERT INTO calls (answer, site, provider, model, prompt_tokens, completion_tokens, counted, cost_pico_usd,
                 outcome, first_token_ms, total_ms, ended_at, purpose) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(call.answer.to_string())
        .bind(&call.site)
        .bind(&call.provider)
        .bind(&call.model)
        .bind(rows::count(call.usage.prompt_tokens))
        .bind(rows::count(call.usage.completion_tokens))
        .bind(call.usage.counted)
        .bind(call.cost.to_pico())
        .bind(call.outcome)
        .bind(call.first_token_ms)
        .bind(call.total_ms)
        .bind(call.ended_at_ms)
        .bind(call.purpose.as_str())
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

pub(super) async fn costs_since(store: &SqliteStore, since_ms: i64) -> Result<Vec<(String, Usd)>, StoreError> {
    let rows = sqlx::query("SELECT site, sum(cost_pico_usd) AS cost FROM calls WHERE ended_at >= ? GROUP BY site")
        .bind(since_ms)
        .fetch_all(&store.readers)
        .await?;
    let read = |row: &sqlx::sqlite::SqliteRow| Ok((row.try_get("site")?, Usd::from_pico(row.try_get("cost")?)));
    rows.iter().map(read).collect()
}
