//! What an answer cost: the sum of every call that was made for it, also of those that failed.

use rust_decimal::prelude::ToPrimitive;

use super::now_ms;
use crate::domain::{AnswerId, Purpose, UpstreamCall, Usage, Usd};
use crate::models::{Call, CallOutcome};
use crate::telemetry::Metrics;

#[derive(Debug, Clone, Default)]
pub struct Bill {
    pub usage: Usage,
    pub cost: Usd,
    /// The model that spoke last.
    pub model: Option<String>,
    /// The calls that are not yet in the ledger.
    pub calls: Vec<UpstreamCall>,
}

impl Bill {
    pub fn add(&mut self, answer: AnswerId, site: &str, call: Call, metrics: &Metrics) {
        let outcome = match &call.outcome {
            CallOutcome::Finished => "ok",
            CallOutcome::Cancelled => "cancelled",
            CallOutcome::Failed(error) => error.kind(),
        };
        metrics.upstream_request(&call.model.id, outcome);
        metrics.cost_usd.inc_by(call.cost.0.to_f64().unwrap_or(0.0));
        metrics.prompt_tokens.inc_by(call.usage.prompt_tokens);
        metrics.completion_tokens.inc_by(call.usage.completion_tokens);
        self.usage.prompt_tokens += call.usage.prompt_tokens;
        self.usage.completion_tokens += call.usage.completion_tokens;
        self.usage.counted |= call.usage.counted;
        self.cost += call.cost;
        if call.first_token.is_some() {
            self.model = Some(call.model.id.clone());
        }
        let ms = |time: std::time::Duration| u32::try_from(time.as_millis()).unwrap_or(u32::MAX);
        self.calls.push(UpstreamCall {
            answer,
            site: site.to_owned(),
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
