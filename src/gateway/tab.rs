//! What one call of a program costs: every upstream call is put on its tab, and from there into the ledger.

use std::sync::Arc;

use async_trait::async_trait;
use parking_lot::Mutex;
use rust_decimal::prelude::ToPrimitive;

use super::Parts;
use super::ledger::now_ms;
use crate::domain::{AnswerId, CallBegun, CallId, Program, Purpose, UpstreamCall, Usage, Usd};
use crate::limits::{Reservation, Standing, Verdict};
use crate::models::passthrough::Account;
use crate::models::{Call, CallOutcome, Hedged, Model};

pub struct Tab {
    parts: Arc<Parts>,
    program: Arc<Program>,
    /// All upstream calls that were made for one call of the program have this in common.
    answer: AnswerId,
    sum: Mutex<Sum>,
    /// What is set aside of the budget until the cost is known.
    reservation: tokio::sync::Mutex<Option<Reservation>>,
}

#[derive(Default, Clone, Copy)]
struct Sum {
    cost: Usd,
    /// Of the call that gave the answer.
    answered: Usage,
}

impl Tab {
    pub(super) fn open(parts: &Arc<Parts>, program: &Arc<Program>) -> Arc<Self> {
        Arc::new(Self {
            parts: parts.clone(),
            program: program.clone(),
            answer: AnswerId::generate(),
            sum: Mutex::default(),
            reservation: tokio::sync::Mutex::default(),
        })
    }

    /// Of all calls so far.
    pub fn cost(&self) -> Usd {
        self.sum.lock().cost
    }

    /// What the call used that gave the answer, once it has ended and is counted.
    pub(super) fn answered(&self) -> Usage {
        self.sum.lock().answered
    }

    /// Pays for a call; the line for the ledger.
    fn settle(&self, call: Call) -> UpstreamCall {
        let outcome = call.outcome.word();
        let metrics = &self.parts.metrics;
        metrics.upstream_request(&call.model.id, outcome);
        metrics.cost_usd.inc_by(call.cost.0.to_f64().unwrap_or(0.0));
        metrics.prompt_tokens.inc_by(call.usage.prompt_tokens);
        metrics.completion_tokens.inc_by(call.usage.completion_tokens);
        {
            let mut sum = self.sum.lock();
            sum.cost += call.cost;
            if matches!(call.outcome, CallOutcome::Finished) {
                sum.answered = call.usage;
            }
        }
        if let Some(hedging) = &self.parts.hedging {
            hedging.spent(call.cost, std::time::Instant::now());
        }
        if let Some(budgets) = self.parts.budgets.get(&self.program.name) {
            budgets.pay(&self.program.name, call.cost, jiff::Timestamp::now());
        }
        let ms = |time: std::time::Duration| u32::try_from(time.as_millis()).unwrap_or(u32::MAX);
        UpstreamCall {
            id: call.id,
            answer: self.answer,
            site: self.program.ledger_name(),
            provider: call.model.provider.name().to_owned(),
            model: call.model.id.clone(),
            purpose: Purpose::Answer,
            usage: call.usage,
            cost: call.cost,
            outcome,
            first_token_ms: call.first_token.map(ms),
            total_ms: ms(call.total),
            ended_at_ms: now_ms(),
        }
    }
}

#[async_trait]
impl Account for Tab {
    /// Sets it aside beside what was paid already, so that neither a retry nor a dearer model spends what is not there.
    async fn affords(&self, at_most: Usd) -> bool {
        let Some(budgets) = self.parts.budgets.get(&self.program.name) else {
            return true;
        };
        let (needed, now) = (self.cost() + at_most, jiff::Timestamp::now());
        let mut reservation = self.reservation.lock().await;
        if let Some(reservation) = &mut *reservation {
            return reservation.raise_to(needed, now).await;
        }
        match budgets.set_aside(&self.program.name, needed, needed, now).await {
            Verdict::Free(set_aside) | Verdict::Tight(set_aside) => {
                *reservation = Some(set_aside);
                true
            }
            Verdict::Spent => false,
        }
    }

    async fn spares(&self, at_most: Usd) -> bool {
        let (budgets, now) = (self.parts.budgets.get(&self.program.name), jiff::Timestamp::now());
        let is_free = budgets.is_none_or(|budgets| budgets.standing(&self.program.name, now) == Standing::Free);
        is_free && self.affords(at_most).await
    }

    fn hedged(&self, how: Hedged) {
        self.parts.metrics.hedge(how.as_str());
    }

    fn begins(&self, model: &Model, at_most: Usd) -> CallId {
        let id = CallId::generate();
        self.parts.store.call_begins(CallBegun {
            id,
            answer: self.answer,
            site: self.program.ledger_name(),
            provider: model.provider.name().to_owned(),
            model: model.id.clone(),
            purpose: Purpose::Answer,
            at_most,
            began_at_ms: now_ms(),
        });
        id
    }

    fn account(&self, call: Call) {
        let line = self.settle(call);
        self.parts.ledger.write(line);
    }

    fn account_later(self: Arc<Self>, counting: Box<dyn FnOnce() -> Call + Send>) {
        let parts = self.parts.clone();
        parts.ledger.write_counted(move || self.settle(counting()));
    }
}
