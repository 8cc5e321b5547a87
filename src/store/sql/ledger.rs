//! The ledger: what every call to a model cost.

use std::collections::BTreeMap;

use sqlx::Row as _;

use super::{Connection, Engine, Row, query, rows};
use crate::domain::{Saving, UpstreamCall, Usd};
use crate::store::StoreError;

const HOUR_MS: i64 = 3_600_000;

pub(super) async fn write_calls(connection: &mut Connection, calls: &[UpstreamCall]) -> Result<(), sqlx::Error> {
    for call in calls {
        query(
            "INSERT INTO calls (answer, site, provider, model, prompt_tokens, completion_tokens, counted, cost_pico_usd,
                 outcome, first_token_ms, total_ms, ended_at, purpose) 
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
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

/// Added up by program and hour, so that a flood of answers from the cache is one row.
pub(super) async fn write_savings(connection: &mut Connection, savings: &[Saving]) -> Result<(), sqlx::Error> {
    let mut sums: BTreeMap<(i64, &str), (i64, Usd)> = BTreeMap::new();
    for saving in savings {
        let hour = saving.at_ms - saving.at_ms.rem_euclid(HOUR_MS);
        let (answers, saved) = sums.entry((hour, &saving.program)).or_default();
        *answers += 1;
        *saved += saving.saved;
    }
    for ((hour, program), (answers, saved)) in sums {
        query(
            "INSERT INTO program_savings (hour, program, answers, saved_pico_usd) VALUES ($1, $2, $3, $4)
             ON CONFLICT (hour, program) DO UPDATE SET answers = program_savings.answers + excluded.answers,
                saved_pico_usd = program_savings.saved_pico_usd + excluded.saved_pico_usd",
        )
        .bind(hour)
        .bind(program)
        .bind(answers)
        .bind(saved.to_pico())
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

pub(super) async fn costs_since(store: &Engine, since_ms: i64) -> Result<Vec<(String, Usd)>, StoreError> {
    let rows = query(
        "SELECT site, CAST(sum(cost_pico_usd) AS BIGINT) AS cost FROM calls
         WHERE ended_at >= $1 AND purpose <> 'evaluate' GROUP BY site",
    )
    .bind(since_ms)
    .fetch_all(store.readers()?)
    .await?;
    let read = |row: &Row| Ok((row.try_get("site")?, Usd::from_pico(row.try_get("cost")?)));
    rows.iter().map(read).collect()
}
