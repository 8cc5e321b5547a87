//! Down the chain: which model is asked next, and when.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::models::catalogue::Model;
use crate::models::chain::{FIRST_BACKOFF, LONGEST_WAIT, jittered, usable};
use crate::models::error::CallError;

pub struct Walk {
    models: Vec<Arc<Model>>,
    /// Every breaker is open, so none is heeded.
    none_allowed: bool,
    position: usize,
    /// Of the model at `position`.
    tries: u32,
    retries: u32,
    wait: Duration,
    backoff: Duration,
    /// A model that refuses the request for what it holds is passed over; otherwise its refusal is the answer.
    pub passes_refusals: bool,
}

impl Walk {
    pub fn new(models: &[Arc<Model>], retries: u32, passes_refusals: bool) -> Self {
        let (models, none_allowed) = usable(models);
        Self {
            models: models.into_iter().cloned().collect(),
            none_allowed,
            position: 0,
            tries: 0,
            retries,
            wait: Duration::ZERO,
            backoff: FIRST_BACKOFF,
            passes_refusals,
        }
    }

    fn is_last(&self) -> bool {
        self.position + 1 >= self.models.len()
    }

    /// The model to ask now, after the wait that is due; `None`: all were asked.
    pub async fn next(&mut self) -> Option<Arc<Model>> {
        loop {
            let model = self.models.get(self.position)?.clone();
            let is_new = self.tries == 0;
            // Another question may have taken the probe's turn in between.
            if is_new && !self.none_allowed && !self.is_last() && !model.breaker.allows(Instant::now()) {
                self.pass();
                continue;
            }
            if !self.wait.is_zero() {
                tokio::time::sleep(std::mem::take(&mut self.wait)).await;
            }
            self.tries += 1;
            return Some(model);
        }
    }

    /// The model failed. With words told already the next one goes on at once; nobody waits for a backoff then.
    pub fn failed(&mut self, error: &CallError, words_told: bool) {
        let may_help = match error {
            CallError::Status { .. } => error.is_worth_a_retry(),
            _ => self.is_last() || error.is_worth_a_retry(),
        };
        let wait = error.retry_after().unwrap_or_else(|| jittered(self.backoff));
        if may_help && (self.is_last() || !words_told) && self.tries <= self.retries && wait <= LONGEST_WAIT {
            self.wait = wait;
            self.backoff *= 2;
        } else {
            self.pass();
        }
    }

    /// On to the next model.
    pub fn pass(&mut self) {
        self.position += 1;
        self.tries = 0;
        self.wait = Duration::ZERO;
        self.backoff = FIRST_BACKOFF;
    }
}
