//! One call while it runs. However it goes, also when everything is dropped because the program left, it is accounted for
//! once.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::hedge::Left;
use super::{Account, Outgoing};
use crate::domain::{CallId, Usage};
use crate::models::call::{Call, CallOutcome};
use crate::models::catalogue::Model;
use crate::models::error::CallError;
use crate::models::estimate::estimated_tokens;
use crate::models::tokenizer;

pub struct Attempt {
    id: CallId,
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
    /// There when hedging is on; told once another model that was asked beside it was first.
    pub left: Option<Arc<Left>>,
    /// The answer comes in one piece, so that its first token is its last.
    pub is_whole: bool,
}

impl Attempt {
    pub fn begin(model: Arc<Model>, request: Arc<dyn Outgoing>, account: Arc<dyn Account>) -> Self {
        Self {
            id: account.begins(&model, request.at_most(&model)),
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
            left: None,
            is_whole: false,
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

    /// Counts what the provider took up and did not tell.
    pub async fn count_missing(&mut self) {
        if self.usage.is_some() || !self.reached {
            return;
        }
        let (request, said) = (self.request.clone(), std::mem::take(&mut self.said));
        let estimate = estimated_tokens(&said);
        let counting = tokenizer::count(move || {
            let usage = counted(&*request, &said);
            (said, usage)
        });
        match counting.await {
            Some((said, usage)) => (self.said, self.usage) = (said, Some(usage)),
            None => {
                self.usage = Some(Usage {
                    prompt_tokens: 0,
                    completion_tokens: estimate,
                    counted: true,
                });
            }
        }
    }
}

/// Blocks.
fn counted(request: &dyn Outgoing, said: &str) -> Usage {
    Usage {
        prompt_tokens: request.prompt_tokens(),
        completion_tokens: tokenizer::count_here([said]),
        counted: true,
    }
}

/// A call that has ended, as far as it is known without its tokens.
struct Ended {
    id: CallId,
    model: Arc<Model>,
    audio_seconds: Option<f64>,
    outcome: CallOutcome,
    first_token: Option<Duration>,
    total: Duration,
}

impl Ended {
    fn call(self, usage: Usage) -> Call {
        let audio = self.model.audio_cost(self.audio_seconds.unwrap_or(0.0));
        Call {
            id: self.id,
            cost: self.model.cost(&usage) + audio,
            model: self.model,
            usage,
            outcome: self.outcome,
            first_token: self.first_token,
            total: self.total,
        }
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        let written = match self.outcome {
            CallOutcome::Cancelled => self.left.as_ref().and_then(|left| left.written()),
            _ => None,
        };
        if written.is_some() {
            self.outcome = CallOutcome::Hedged;
            // A model that was asked for nothing has read the prompt all the same.
            self.reached = true;
        }
        let took = match self.outcome {
            // It would have taken longer still.
            CallOutcome::Hedged => Some(self.started.elapsed()),
            _ => self.first_token,
        };
        if let (Some(_), Some(took)) = (&self.left, took) {
            let pace = match self.is_whole {
                true => &self.model.pace_of_whole,
                false => &self.model.pace,
            };
            pace.note(Instant::now(), took);
        }
        let ended = Ended {
            id: self.id,
            model: self.model.clone(),
            audio_seconds: self.audio_seconds,
            outcome: std::mem::replace(&mut self.outcome, CallOutcome::Cancelled),
            first_token: self.first_token,
            total: self.started.elapsed(),
        };
        match self.usage {
            None if self.reached => {
                let (request, said) = (self.request.clone(), std::mem::take(&mut self.said));
                let counting = move || {
                    let mut usage = counted(&*request, &said);
                    usage.completion_tokens += written.unwrap_or(0);
                    ended.call(usage)
                };
                self.account.clone().account_later(Box::new(counting));
            }
            usage => self.account.account(ended.call(usage.unwrap_or_default())),
        }
    }
}
