//! Calls that are under way, written down so that a `kill -9` does not make them free: a provider bills what it was asked, also
//! if nobody was left to hear the answer. Most calls to a quick model end before their row would be written, and cost nothing here.

use std::collections::{HashMap, HashSet, VecDeque};
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use sqlx::Row as _;

use super::{Connection, Engine, dialect, query, query_scalar};
use crate::domain::{CallBegun, Purpose, UpstreamCall, Usd};
use crate::store::StoreError;

/// A call that is not over after this is written down.
const YOUNG: Duration = Duration::from_millis(100);
/// No call takes longer, so what began before that is left from a process whose number another one has by now.
const LONGEST_MS: i64 = 3_600_000;

/// How long a server takes to notice that a service was killed.
const GOING: Duration = Duration::from_millis(300);

/// What the writer knows of calls under way.
#[derive(Default)]
pub(super) struct Running {
    young: HashMap<i64, CallBegun>,
    /// In the order in which they began, also those that have ended.
    order: VecDeque<(Instant, i64)>,
    /// Those that have a row.
    written: HashSet<i64>,
}

impl Running {
    pub fn begins(&mut self, call: CallBegun, now: Instant) {
        self.order.push_back((now + YOUNG, call.id.number()));
        self.young.insert(call.id.number(), call);
    }

    /// The rows that go with these lines.
    pub fn ends(&mut self, calls: &[UpstreamCall]) -> Vec<i64> {
        let mut rows = Vec::new();
        for call in calls {
            let id = call.id.number();
            if self.young.remove(&id).is_none() && self.written.remove(&id) {
                rows.push(id);
            }
        }
        while self.order.front().is_some_and(|(_, id)| !self.young.contains_key(id)) {
            self.order.pop_front();
        }
        rows
    }

    /// When the next row is to be written.
    pub fn due(&self) -> Option<Instant> {
        self.order.front().map(|(due, _)| *due)
    }

    /// The calls whose rows are to be written now.
    pub fn take_due(&mut self, now: Instant) -> Vec<CallBegun> {
        let mut calls = Vec::new();
        while let Some((_, id)) = self.order.pop_front_if(|(due, _)| *due <= now) {
            if let Some(call) = self.young.remove(&id) {
                self.written.insert(id);
                calls.push(call);
            }
        }
        calls
    }
}

pub(super) async fn write(connection: &mut Connection, calls: &[CallBegun], process: i64) -> Result<(), sqlx::Error> {
    for call in calls {
        query(
            "INSERT INTO running_calls (id, process, answer, site, provider, model, purpose, at_most_pico_usd, began_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .bind(call.id.number())
        .bind(process)
        .bind(call.answer.to_string())
        .bind(&call.site)
        .bind(&call.provider)
        .bind(&call.model)
        .bind(call.purpose.as_str())
        .bind(call.at_most.to_pico())
        .bind(call.began_at_ms)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

pub(super) async fn remove(connection: &mut Connection, rows: &[i64]) -> Result<(), sqlx::Error> {
    for id in rows {
        query("DELETE FROM running_calls WHERE id = $1")
            .bind(*id)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

impl Engine {
    /// Puts into the ledger what an earlier process left behind when it was killed; what that cost at most, by site, as far as it
    /// counts against a budget. Calls of a
    /// process that still runs, such as `pennypress ask` beside the service, are left alone.
    pub(super) async fn settle(&self, now_ms: i64) -> Result<Vec<(String, Usd)>, StoreError> {
        if dialect::SHARED {
            self.let_the_killed_go().await?;
        }
        self.write(move |connection| {
            async move {
                let left = query("SELECT id, process, site, purpose, at_most_pico_usd, began_at FROM running_calls")
                    .fetch_all(&mut *connection)
                    .await?;
                let mut costs = Vec::new();
                for row in left {
                    let (process, began_at): (i64, i64) = (row.try_get("process")?, row.try_get("began_at")?);
                    if began_at + LONGEST_MS > now_ms && dialect::is_another_s(connection, process).await? {
                        continue;
                    }
                    let id: i64 = row.try_get("id")?;
                    query(
                        "INSERT INTO calls (answer, site, provider, model, prompt_tokens, completion_tokens, counted,
                             cost_pico_usd, outcome, first_token_ms, total_ms, ended_at, purpose)
                         SELECT answer, site, provider, model, 0, 0, TRUE, at_most_pico_usd, 'aborted', NULL, 0, began_at, purpose
                         FROM running_calls WHERE id = $1",
                    )
                    .bind(id)
                    .execute(&mut *connection)
                    .await?;
                    remove(connection, &[id]).await?;
                    if row.try_get::<String, _>("purpose")? != Purpose::Evaluate.as_str() {
                        costs.push((row.try_get("site")?, Usd::from_pico(row.try_get("at_most_pico_usd")?)));
                    }
                }
                Ok(costs)
            }
            .boxed()
        })
        .await
    }

    /// A service that was killed a moment ago may still seem to live, as the server notices just now; and after a restart of the server
    /// those that live need a moment to come back.
    async fn let_the_killed_go(&self) -> Result<(), StoreError> {
        let mut connection = self.readers()?.acquire().await?;
        let marked: Vec<i64> = query_scalar("SELECT DISTINCT process FROM running_calls")
            .fetch_all(&mut *connection)
            .await?;
        for process in marked {
            let wait = match dialect::is_another_s(&mut connection, process).await? {
                true => GOING,
                false => dialect::returning(&mut connection).await?,
            };
            tokio::time::sleep(wait).await;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{AnswerId, CallId, Usage};

    fn begun() -> CallBegun {
        CallBegun {
            id: CallId::generate(),
            answer: AnswerId::generate(),
            site: "s".to_owned(),
            provider: "p".to_owned(),
            model: "m".to_owned(),
            purpose: Purpose::Answer,
            at_most: Usd::ZERO,
            began_at_ms: 0,
        }
    }

    fn ended(begun: &CallBegun) -> UpstreamCall {
        UpstreamCall {
            id: begun.id,
            answer: begun.answer,
            site: begun.site.clone(),
            provider: begun.provider.clone(),
            model: begun.model.clone(),
            purpose: begun.purpose,
            usage: Usage::default(),
            cost: Usd::ZERO,
            outcome: "ok",
            first_token_ms: None,
            total_ms: 0,
            ended_at_ms: 0,
        }
    }

    #[test]
    fn only_calls_that_last_are_written_and_each_row_goes_once() {
        let (mut running, start) = (Running::default(), Instant::now());
        let [quick, slow, slower] = [(); 3].map(|()| begun());
        for call in [&quick, &slow, &slower] {
            running.begins(call.clone(), start);
        }
        assert!(running.ends(&[ended(&quick)]).is_empty(), "it has no row");
        assert_eq!(running.due(), Some(start + YOUNG));
        assert!(running.take_due(start).is_empty());
        assert_eq!(running.take_due(start + YOUNG), [slow.clone(), slower.clone()]);
        assert_eq!(running.due(), None);
        let both = [ended(&slow), ended(&slower)];
        assert_eq!(running.ends(&both), [slow.id.number(), slower.id.number()]);
        assert!(running.ends(&both).is_empty());
        assert!(running.young.is_empty() && running.order.is_empty() && running.written.is_empty());
    }
}
