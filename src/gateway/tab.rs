//! What one call of a program costs: every upstream call is put on its tab, and from there into the ledger.

use std::sync::Arc;

use parking_lot::Mutex;
use rust_decimal::prelude::ToPrimitive;

use super::ledger::now_ms;
use super::{Parts, Rejection};
use crate::domain::{AnswerId, Program, Purpose, UpstreamCall, Usage, Usd};
use crate::limits::{Reservation, Verdict};
use crate::models::passthrough::Account;
use crate::models::{Call, Model};

pub struct Tab {
    parts: Arc<Parts>,
    program: Arc<Program>,
    /// All upstream calls that were made for one call of the program have this in common.
    answer: AnswerId,
    cost: Mutex<Usd>,
    /// What is set aside of the budget until the cost is known.
    _reservation: Option<Reservation>,
}

impl Tab {
    /// `at_most`: what the first model may take for it; a program that has not so much left is refused.
    pub(super) async fn open(
        parts: &Arc<Parts>,
        program: &Arc<Program>,
        model: Option<&Model>,
        at_most: &Usage,
    ) -> Result<Arc<Self>, Rejection> {
        let budgets = parts.budgets.get(&program.name);
        let reservation = match budgets.zip(model) {
            None => None,
            Some((budgets, model)) => {
                let (at_most, now) = (model.cost(at_most), jiff::Timestamp::now());
                match budgets.set_aside(&program.name, at_most, at_most, now).await {
                    Verdict::Free(reservation) | Verdict::Tight(reservation) => Some(reservation),
                    Verdict::Spent => return Err(Rejection::BudgetSpent),
                }
            }
        };
        Ok(Arc::new(Self {
            parts: parts.clone(),
            program: program.clone(),
            answer: AnswerId::generate(),
            cost: Mutex::new(Usd::ZERO),
            _reservation: reservation,
        }))
    }

    /// Of all calls so far.
    pub fn cost(&self) -> Usd {
        *self.cost.lock()
    }
}

impl Account for Tab {
    fn account(&self, call: Call) {
        let outcome = call.outcome.word();
        let metrics = &self.parts.metrics;
        metrics.upstream_request(&call.model.id, outcome);
        metrics.cost_usd.inc_by(call.cost.0.to_f64().unwrap_or(0.0));
        metrics.prompt_tokens.inc_by(call.usage.prompt_tokens);
        metrics.completion_tokens.inc_by(call.usage.completion_tokens);
        *self.cost.lock() += call.cost;
        if let Some(budgets) = self.parts.budgets.get(&self.program.name) {
            budgets.pay(&self.program.name, call.cost, jiff::Timestamp::now());
        }
        let ms = |time: std::time::Duration| u32::try_from(time.as_millis()).unwrap_or(u32::MAX);
        self.parts.ledger.write(UpstreamCall {
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
        });
    }
}
