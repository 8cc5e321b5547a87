//! Down the chain: which model is asked next, and when.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::catalogue::Model;
use super::error::CallError;

/// The longest `Retry-After` that is waited for; a provider that asks for more is passed over.
const LONGEST_WAIT: Duration = Duration::from_secs(10);
const FIRST_BACKOFF: Duration = Duration::from_millis(200);

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

    /// Tries of the model that was given last.
    pub fn tries(&self) -> u32 {
        self.tries
    }

    /// The model that may be asked beside the one that is being asked: the next one behind it whose breaker is closed.
    pub fn beside(&self) -> Option<(usize, Arc<Model>)> {
        let mut behind = self.models.iter().enumerate().skip(self.position + 1);
        let (position, model) = behind.find(|(_, model)| model.breaker.is_closed())?;
        Some((position, model.clone()))
    }

    /// Where the walk stands.
    pub fn position(&self) -> usize {
        self.position
    }

    /// Both the model that was asked and the one at `position` are being tried: when they fail, the one behind both is next.
    pub fn step_to(&mut self, position: usize) {
        self.position = position;
        // There is nothing behind the last one, so it may be tried again.
        self.tries = if self.is_last() {
            1
        } else {
            self.retries.saturating_add(1)
        };
    }

    /// The model at `position` speaks; whoever is behind it goes on should it break off.
    pub fn step_back(&mut self, position: usize) {
        self.position = position;
        self.tries = 1;
    }

    /// On to the next model.
    pub fn pass(&mut self) {
        self.position += 1;
        self.tries = 0;
        self.wait = Duration::ZERO;
        self.backoff = FIRST_BACKOFF;
    }
}

/// The models whose breaker lets a call through; all of them (and true) when none does, since any of them may be back.
fn usable(models: &[Arc<Model>]) -> (Vec<&Arc<Model>>, bool) {
    let now = Instant::now();
    let usable: Vec<_> = models.iter().filter(|model| model.breaker.would_allow(now)).collect();
    if usable.is_empty() {
        (models.iter().collect(), true)
    } else {
        (usable, false)
    }
}

/// Half to one and a half times as long, so that many callers do not come back together.
fn jittered(wait: Duration) -> Duration {
    wait.mul_f64(0.5 + rand::random::<f64>())
}
