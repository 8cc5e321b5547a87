//! What an answer cost: the sum of every call that was made for it, also of those that failed.

use rust_decimal::prelude::ToPrimitive;

use crate::domain::{Usage, Usd};
use crate::models::{Call, CallOutcome};
use crate::telemetry::Metrics;

#[derive(Debug, Clone, Default)]
pub struct Bill {
    pub usage: Usage,
    pub cost: Usd,
    /// The model that spoke last.
    pub model: Option<String>,
}

impl Bill {
    pub fn add(&mut self, call: Call, metrics: &Metrics) {
        let outcome = match &call.outcome {
            CallOutcome::Finished => "ok",
            CallOutcome::Cancelled => "cancelled",
            CallOutcome::Failed(error) => error.kind(),
        };
        metrics.upstream_request(&call.model.id, outcome);
        metrics.prompt_tokens.inc_by(call.usage.prompt_tokens);
        metrics.completion_tokens.inc_by(call.usage.completion_tokens);
        metrics.cost_usd.inc_by(call.cost.0.to_f64().unwrap_or(0.0));
        self.usage.prompt_tokens += call.usage.prompt_tokens;
        self.usage.completion_tokens += call.usage.completion_tokens;
        self.usage.counted |= call.usage.counted;
        self.cost += call.cost;
        if call.first_token.is_some() {
            self.model = Some(call.model.id.clone());
        }
    }
}
