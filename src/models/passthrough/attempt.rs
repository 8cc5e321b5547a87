//! One call while it runs. However it goes, also when everything is dropped because the program left, it is accounted for
//! once.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rust_decimal::Decimal;

use super::{Account, Outgoing};
use crate::domain::{Usage, Usd};
use crate::models::call::{Call, CallOutcome};
use crate::models::catalogue::Model;
use crate::models::error::CallError;
use crate::models::estimate::estimated_tokens;

pub struct Attempt {
    pub model: Arc<Model>,
    request: Arc<dyn Outgoing>,
    account: Arc<dyn Account>,
    started: Instant,
    /// The provider began to answer, so it may want money.
    pub reached: bool,
    first_token: Option<Duration>,
    /// A first token after this speaks against the model, though less than a failure does.
    pub slow_after: Option<Duration>,
    pub usage: Option<Usage>,
    /// Seconds of audio, where these are paid for.
    pub audio_seconds: Option<f64>,
    /// What this call alone said.
    pub said: String,
    outcome: CallOutcome,
}

impl Attempt {
    pub fn begin(model: Arc<Model>, request: Arc<dyn Outgoing>, account: Arc<dyn Account>) -> Self {
        Self {
            model,
            request,
            account,
            started: Instant::now(),
            reached: false,
            first_token: None,
            slow_after: None,
            usage: None,
            audio_seconds: None,
            said: String::new(),
            outcome: CallOutcome::Cancelled,
        }
    }

    pub fn token_came(&mut self) {
        self.first_token.get_or_insert_with(|| self.started.elapsed());
    }

    pub fn has_begun(&self) -> bool {
        self.first_token.is_some()
    }

    pub fn succeeded(mut self) {
        self.finish();
    }

    /// The same while it is still borrowed; it is accounted for when it is dropped.
    pub fn finish(&mut self) {
        if matches!(self.outcome, CallOutcome::Finished) {
            return;
        }
        self.outcome = CallOutcome::Finished;
        let is_slow = self.slow_after.is_some() && self.first_token > self.slow_after;
        match is_slow {
            true => self.model.breaker.was_slow(Instant::now()),
            false => self.model.breaker.succeeded(Instant::now()),
        }
    }

    pub fn failed(mut self, error: CallError) {
        super::warn(&self.model, &error);
        if error.speaks_against_model() {
            self.model.breaker.failed(Instant::now(), error.retry_after());
        }
        self.outcome = CallOutcome::Failed(error);
    }

    fn used(&self) -> Usage {
        match self.usage {
            Some(usage) => usage,
            None if self.reached => Usage {
                prompt_tokens: self.request.prompt_tokens(),
                completion_tokens: estimated_tokens(&self.said),
                counted: true,
            },
            None => Usage::default(),
        }
    }

    fn cost(&self, usage: &Usage) -> Usd {
        let seconds = self.audio_seconds.and_then(|seconds| Decimal::try_from(seconds).ok());
        let audio = seconds.map_or(Decimal::ZERO, |seconds| {
            seconds * self.model.usd_per_minute / Decimal::from(60)
        });
        self.model.cost(usage) + Usd(audio)
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        let usage = self.used();
        self.account.account(Call {
            model: self.model.clone(),
            cost: self.cost(&usage),
            usage,
            outcome: std::mem::replace(&mut self.outcome, CallOutcome::Cancelled),
            first_token: self.first_token,
            total: self.started.elapsed(),
        });
    }
}
