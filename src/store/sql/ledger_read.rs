//! The ledger as the operator reads it.

use async_trait::async_trait;
use sqlx::Row as _;

use super::{Builder, Engine, Row, rows};
use crate::domain::{Purpose, Usage, Usd};
use crate::store::StoreError;
use crate::store::ledger::{CallFilter, CallSum, Ended, LedgerLine, LedgerStore, ModelErrors};

const DAY_MS: i64 = 86_400_000;
const HOUR_MS: i64 = 3_600_000;

/// The columns of a [`CallSum`].
const SUMS: &str = "count(*) AS calls, count(*) FILTER (WHERE outcome IN ('cancelled', 'hedged')) AS cancelled,
    count(*) FILTER (WHERE outcome NOT IN ('ok', 'cancelled', 'hedged')) AS failed, CAST(sum(prompt_tokens) AS BIGINT) AS prompt,
    CAST(sum(completion_tokens) AS BIGINT) AS completion, CAST(sum(cost_pico_usd) AS BIGINT) AS cost FROM calls";

#[async_trait]
impl LedgerStore for Engine {
    async fn calls(&self, filter: &CallFilter, before: Option<i64>, size: u32) -> Result<Vec<LedgerLine>, StoreError> {
        let mut query = Builder::new(
            "SELECT calls.*, (SELECT conversation FROM answers a WHERE a.id = calls.answer) AS conversation FROM calls",
        );
        push_filter(&mut query, filter);
        if let Some(before) = before {
            query.push(" AND id < ").push_bind(before);
        }
        query.push(" ORDER BY id DESC LIMIT ").push_bind(size);
        let found = query.build().fetch_all(self.readers()?).await?;
        found.iter().map(line).collect()
    }

    async fn sums_by_model(&self, filter: &CallFilter) -> Result<Vec<(String, Purpose, CallSum)>, StoreError> {
        let mut query = Builder::new("SELECT model, purpose, ");
        query.push(SUMS);
        push_filter(&mut query, filter);
        query.push(" GROUP BY model, purpose ORDER BY cost DESC, calls DESC, model");
        let found = query.build().fetch_all(self.readers()?).await?;
        found
            .iter()
            .map(|row| Ok((row.try_get("model")?, purpose(row)?, sum(row)?)))
            .collect()
    }

    async fn sums_by_day(&self, filter: &CallFilter) -> Result<Vec<(u32, CallSum)>, StoreError> {
        let mut query = Builder::new("SELECT (ended_at - ");
        query
            .push_bind(filter.since_ms)
            .push(") / ")
            .push_bind(DAY_MS)
            .push(" AS day, ");
        query.push(SUMS);
        push_filter(&mut query, filter);
        query.push(" GROUP BY day ORDER BY day");
        let found = query.build().fetch_all(self.readers()?).await?;
        found
            .iter()
            .map(|row| Ok((rows::small(row, "day")?, sum(row)?)))
            .collect()
    }

    async fn costs_by_site(&self, filter: &CallFilter) -> Result<Vec<(String, Usd)>, StoreError> {
        let mut query = Builder::new("SELECT site, CAST(sum(cost_pico_usd) AS BIGINT) AS cost FROM calls");
        push_filter(&mut query, filter);
        query.push(" AND purpose <> 'evaluate' GROUP BY site ORDER BY site");
        let found = query.build().fetch_all(self.readers()?).await?;
        let read = |row: &Row| Ok((row.try_get("site")?, Usd::from_pico(row.try_get("cost")?)));
        found.iter().map(read).collect()
    }

    async fn savings(&self, filter: &CallFilter) -> Result<(u64, Usd), StoreError> {
        // An hour counts when any of it lies in the filter's time.
        let mut query = Builder::new(
            "SELECT CAST(coalesce(sum(answers), 0) AS BIGINT) AS answers, CAST(coalesce(sum(saved_pico_usd), 0) AS BIGINT) AS saved
             FROM program_savings WHERE hour > ",
        );
        query.push_bind(filter.since_ms - HOUR_MS);
        if let Some(site) = &filter.site {
            query.push(" AND program = ").push_bind(site.clone());
        }
        let row = query.build().fetch_one(self.readers()?).await?;
        Ok((number(&row, "answers")?, Usd::from_pico(row.try_get("saved")?)))
    }

    async fn errors(&self, filter: &CallFilter) -> Result<Vec<ModelErrors>, StoreError> {
        let mut query = Builder::new("SELECT model, purpose, outcome, count(*) AS times FROM calls");
        push_filter(&mut query, filter);
        query.push(" AND outcome NOT IN ('ok', 'cancelled', 'hedged') GROUP BY model, purpose, outcome ORDER BY times DESC, model, outcome LIMIT 100");
        let found = query.build().fetch_all(self.readers()?).await?;
        let read = |row: &Row| {
            Ok(ModelErrors {
                model: row.try_get("model")?,
                purpose: purpose(row)?,
                outcome: row.try_get("outcome")?,
                times: number(row, "times")?,
            })
        };
        found.iter().map(read).collect()
    }
}

fn push_filter(query: &mut Builder, filter: &CallFilter) {
    query.push(" WHERE ended_at >= ").push_bind(filter.since_ms);
    if let Some(site) = &filter.site {
        query.push(" AND site = ").push_bind(site.clone());
    }
    if let Some(model) = &filter.model {
        query.push(" AND model = ").push_bind(model.clone());
    }
    if let Some(purpose) = filter.purpose {
        query.push(" AND purpose = ").push_bind(purpose.as_str());
    }
    query.push(match filter.ended {
        Ended::Any => "",
        Ended::Ok => " AND outcome = 'ok'",
        Ended::Failed => " AND outcome NOT IN ('ok', 'cancelled', 'hedged')",
        Ended::Cancelled => " AND outcome = 'cancelled'",
        Ended::Hedged => " AND outcome = 'hedged'",
    });
}

fn line(row: &Row) -> Result<LedgerLine, StoreError> {
    Ok(LedgerLine {
        number: row.try_get("id")?,
        answer: row.try_get("answer")?,
        site: row.try_get("site")?,
        provider: row.try_get("provider")?,
        model: row.try_get("model")?,
        purpose: purpose(row)?,
        usage: Usage {
            prompt_tokens: number(row, "prompt_tokens")?,
            completion_tokens: number(row, "completion_tokens")?,
            counted: row.try_get("counted")?,
        },
        cost: Usd::from_pico(row.try_get("cost_pico_usd")?),
        outcome: row.try_get("outcome")?,
        first_token_ms: rows::small_or_none(row, "first_token_ms")?,
        total_ms: rows::small(row, "total_ms")?,
        ended_at_ms: row.try_get("ended_at")?,
        conversation: row.try_get("conversation")?,
    })
}

fn sum(row: &Row) -> Result<CallSum, StoreError> {
    Ok(CallSum {
        calls: number(row, "calls")?,
        failed: number(row, "failed")?,
        cancelled: number(row, "cancelled")?,
        prompt_tokens: number(row, "prompt")?,
        completion_tokens: number(row, "completion")?,
        cost: Usd::from_pico(row.try_get("cost")?),
    })
}

fn purpose(row: &Row) -> Result<Purpose, StoreError> {
    let text: String = row.try_get("purpose")?;
    Purpose::parse(&text).ok_or_else(|| rows::unreadable("calls", "purpose", &text))
}

fn number(row: &Row, column: &str) -> Result<u64, StoreError> {
    Ok(row.try_get::<i64, _>(column)?.unsigned_abs())
}
