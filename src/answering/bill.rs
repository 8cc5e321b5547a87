//! What an answer cost: the sum of every call that was made for it, also of those that failed.

use std::sync::Arc;

use async_trait::async_trait;
use rust_decimal::prelude::ToPrimitive;

use super::now_ms;
use crate::domain::{AnswerId, CallBegun, CallId, Purpose, UpstreamCall, Usage, Usd};
use crate::limits::{Budgets, Reservation, Standing, Verdict};
use crate::models::{Call, CallOutcome, Hedged, Model, Purse};
use crate::store::AnswerStore;
use crate::telemetry::Metrics;

#[derive(Debug, Clone, Default)]
pub struct Bill {
    pub usage: Usage,
    pub cost: Usd,
    /// What one call that nothing disturbed would have used.
    pub needed: Usage,
    /// The model that spoke last.
    pub model: Option<Arc<str>>,
    /// The calls that are not yet in the ledger.
    pub calls: Vec<UpstreamCall>,
}

/// Pays for the calls of one answer: what they may cost is set aside before they are made.
pub struct SitePurse<'a> {
    pub bill: Bill,
    pub reservation: Option<Reservation>,
    pub purpose: Purpose,
    pub answer: AnswerId,
    pub site: &'a str,
    pub budgets: &'a Budgets,
    pub store: &'a dyn AnswerStore,
    pub metrics: &'a Metrics,
}

#[async_trait]
impl Purse for SitePurse<'_> {
    async fn affords(&mut self, at_most: Usd) -> bool {
        let now = jiff::Timestamp::now();
        let unpaid: Usd = self.bill.calls.iter().map(|call| call.cost).sum();
        let needed = unpaid + at_most;
        if let Some(reservation) = &mut self.reservation {
            return reservation.raise_to(needed, now).await;
        }
        match self.budgets.set_aside(self.site, needed, needed, now).await {
            Verdict::Free(reservation) | Verdict::Tight(reservation) => {
                self.reservation = Some(reservation);
                true
            }
            Verdict::Spent => false,
        }
    }

    async fn spares(&mut self, at_most: Usd) -> bool {
        // What nobody is shown need not be fast, and a budget that grows tight pays for what is needed only.
        let may_hurry = self.purpose == Purpose::Answer
            && self.budgets.standing(self.site, jiff::Timestamp::now()) == Standing::Free;
        may_hurry && self.affords(at_most).await
    }

    fn begins(&mut self, model: &Model, at_most: Usd) -> CallId {
        let id = CallId::generate();
        self.store.call_begins(CallBegun {
            id,
            answer: self.answer,
            site: self.site.to_owned(),
            provider: model.provider.name().to_owned(),
            model: model.id.clone(),
            purpose: self.purpose,
            at_most,
            began_at_ms: now_ms(),
        });
        id
    }

    fn hedged(&mut self, how: Hedged) {
        self.metrics.hedge(how.as_str());
    }

    fn account(&mut self, call: Call) {
        self.bill.add(self.purpose, self.answer, self.site, call, self.metrics);
    }
}

impl Bill {
    fn add(&mut self, purpose: Purpose, answer: AnswerId, site: &str, call: Call, metrics: &Metrics) {
        let outcome = call.outcome.word();
        metrics.upstream_request(&call.model.id, outcome);
        metrics.cost_usd.inc_by(call.cost.0.to_f64().unwrap_or(0.0));
        metrics.prompt_tokens.inc_by(call.usage.prompt_tokens);
        metrics.completion_tokens.inc_by(call.usage.completion_tokens);
        self.usage.prompt_tokens += call.usage.prompt_tokens;
        self.usage.completion_tokens += call.usage.completion_tokens;
        self.usage.counted |= call.usage.counted;
        self.cost += call.cost;
        if call.usage.completion_tokens > 0 && !matches!(call.outcome, CallOutcome::Hedged) {
            // A call that continues another one has a longer prompt.
            let shortest = match self.needed.prompt_tokens {
                0 => call.usage.prompt_tokens,
                known => known.min(call.usage.prompt_tokens),
            };
            self.needed.prompt_tokens = shortest;
            self.needed.completion_tokens += call.usage.completion_tokens;
            self.needed.counted |= call.usage.counted;
        }
        if call.first_token.is_some() {
            self.model = Some(call.model.id.as_str().into());
        }
        let ms = |time: std::time::Duration| u32::try_from(time.as_millis()).unwrap_or(u32::MAX);
        self.calls.push(UpstreamCall {
            id: call.id,
            answer,
            site: site.to_owned(),
            provider: call.model.provider.name().to_owned(),
            model: call.model.id.clone(),
            purpose,
            usage: call.usage,
            cost: call.cost,
            outcome,
            first_token_ms: call.first_token.map(ms),
            total_ms: ms(call.total),
            ended_at_ms: now_ms(),
        });
    }
}
