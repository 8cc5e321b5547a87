//! The chain: the first model that can answer, answers. Retries before the first word, the next model after that;
//! a model that breaks off in the middle is continued by the next one, so that the visitor sees one answer.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use super::catalogue::Model;
use super::continuation::{self, Seam};
use super::error::CallError;
use super::estimate::estimated_tokens;
use super::events::{EventReader, Piece, read_event};
use super::provider::Prompt;
use crate::domain::{Finish, Usage, Usd};
use crate::settings::Upstream;

/// The longest `Retry-After` that is waited for; a provider that asks for more is passed over.
pub(super) const LONGEST_WAIT: Duration = Duration::from_secs(10);
pub(super) const FIRST_BACKOFF: Duration = Duration::from_millis(200);
/// How long the usage may come after the last word.
pub(super) const USAGE_WAIT: Duration = Duration::from_secs(1);
/// A body without stream may be this long.
const LONGEST_BODY: usize = 4 << 20;

/// Where the words go.
pub trait Sink: Send {
    /// All that was told so far, also by an earlier run of the chain.
    fn told(&self) -> String;
    fn tell(&mut self, text: &str);
}

/// Who pays for the calls.
#[async_trait]
pub trait Purse: Send {
    /// Whether a call may be made that costs this at most.
    async fn affords(&mut self, at_most: Usd) -> bool;
    /// Takes down every call that reached out, also failed ones.
    fn account(&mut self, call: Call);
}

/// How a call ended.
#[derive(Debug)]
pub enum CallOutcome {
    Finished,
    Cancelled,
    Failed(CallError),
}

/// One upstream call, as it is accounted for.
#[derive(Debug)]
pub struct Call {
    pub model: Arc<Model>,
    pub usage: Usage,
    pub cost: Usd,
    pub outcome: CallOutcome,
    pub first_token: Option<Duration>,
    pub total: Duration,
}

/// How the chain ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Ending {
    /// A whole answer.
    Finished(Finish),
    /// The token was cancelled.
    Cancelled,
    /// No model could give a whole answer, or none that is affordable; what was told stays told.
    Exhausted,
}

/// How a provider is called; the models come with each question.
pub struct Chain {
    upstream: Upstream,
}

impl Chain {
    pub fn new(upstream: Upstream) -> Self {
        Self { upstream }
    }

    pub fn temperature(&self) -> f32 {
        self.upstream.temperature
    }

    pub fn max_answer_tokens(&self) -> u32 {
        self.upstream.max_answer_tokens
    }

    /// Gets one answer out of `models`; `prompt` makes what fits into each one's context. `purse` pays.
    pub async fn answer(
        &self,
        models: &[Arc<Model>],
        prompt: &(dyn Fn(&Model) -> Prompt + Sync),
        sink: &mut dyn Sink,
        cancel: &CancellationToken,
        purse: &mut dyn Purse,
    ) -> Ending {
        let (models, none_allowed) = usable(models);
        for (position, model) in models.iter().enumerate() {
            let is_last = position + 1 == models.len();
            // Another question may have taken the probe's turn in between.
            if !none_allowed && !model.breaker.allows(Instant::now()) && !is_last {
                continue;
            }
            let prompt = prompt(model);
            let mut backoff = FIRST_BACKOFF;
            for attempt in 0..=self.upstream.retries {
                if !purse.affords(at_most(model, &prompt)).await {
                    tracing::info!(model = %model.id, "the budget does not hold another call");
                    return Ending::Exhausted;
                }
                let call = self.call(model, &prompt, sink, cancel).await;
                let now = Instant::now();
                let result = match &call.outcome {
                    CallOutcome::Finished => Err(Ending::Finished(call.finish)),
                    CallOutcome::Cancelled => Err(Ending::Cancelled),
                    CallOutcome::Failed(error) => {
                        tracing::warn!(model = %model.id, provider = model.provider.name(), attempt, kind = error.kind(), error = model.provider.told(error), "an upstream call failed");
                        // With words shown already, the next model goes on at once; the visitor waits for no backoff.
                        let again = is_last || (error.is_worth_a_retry() && sink.told().is_empty());
                        Ok((again && attempt < self.upstream.retries).then(|| error.retry_after()))
                    }
                };
                match &call.outcome {
                    CallOutcome::Finished if call.first_token > Some(self.upstream.slow_first_token) => {
                        model.breaker.was_slow(now);
                    }
                    CallOutcome::Finished => model.breaker.succeeded(now),
                    CallOutcome::Failed(error) if error.speaks_against_model() => {
                        model.breaker.failed(now, error.retry_after());
                    }
                    _ => {}
                }
                purse.account(call.into_call(model));
                let wait = match result {
                    Err(ending) => return ending,
                    Ok(None) => break,
                    Ok(Some(asked)) => asked.unwrap_or_else(|| jittered(backoff)),
                };
                if wait > LONGEST_WAIT {
                    break;
                }
                backoff *= 2;
                tokio::select! {
                    () = tokio::time::sleep(wait) => {}
                    () = cancel.cancelled() => return Ending::Cancelled,
                }
            }
        }
        Ending::Exhausted
    }

    async fn call(&self, model: &Model, prompt: &Prompt, sink: &mut dyn Sink, cancel: &CancellationToken) -> Running {
        let shown = sink.told();
        let continued;
        let prompt = if shown.is_empty() {
            prompt
        } else {
            continued = continuation::prompt(prompt, &shown);
            &continued
        };
        let mut running = Running::new();
        let mut seam = Seam::new(&shown);
        let result = tokio::select! {
            biased;
            () = cancel.cancelled() => None,
            result = self.stream(model, prompt, &mut running, &mut seam, sink) => Some(result),
        };
        running.outcome = match result {
            None => CallOutcome::Cancelled,
            Some(Ok(())) => {
                let rest = seam.close();
                if !rest.is_empty() {
                    sink.tell(&rest);
                }
                CallOutcome::Finished
            }
            Some(Err(error)) => CallOutcome::Failed(error),
        };
        running.estimate_missing_usage(prompt);
        running
    }

    async fn stream(
        &self,
        model: &Model,
        prompt: &Prompt,
        running: &mut Running,
        seam: &mut Seam<'_>,
        sink: &mut dyn Sink,
    ) -> Result<(), CallError> {
        let limit = self.upstream.first_token_timeout;
        let first_token_due = tokio::time::Instant::now() + limit;
        let opened = tokio::time::timeout_at(first_token_due, model.provider.open(&model.id, prompt)).await;
        let mut response = opened.map_err(|_| CallError::FirstTokenTimeout(limit))??;
        running.reached = true;
        let kind = response
            .headers()
            .get(reqwest::header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or("none")
            .to_owned();
        let is_stream = kind.trim_start().to_ascii_lowercase().starts_with("text/event-stream");
        let mut reader = EventReader::default();
        let mut body = Vec::new();
        let mut pieces = Vec::new();
        loop {
            let pause = self.upstream.between_tokens_timeout;
            let chunk = if running.first_token.is_none() {
                tokio::time::timeout_at(first_token_due, response.chunk())
                    .await
                    .map_err(|_| CallError::FirstTokenTimeout(limit))?
            } else if running.finished {
                // Only the usage is still to come, and nobody waits long for that.
                let due = running.latest_token + USAGE_WAIT;
                tokio::time::timeout_at(due.into(), response.chunk())
                    .await
                    .unwrap_or(Ok(None))
            } else {
                let due = running.latest_token + pause;
                tokio::time::timeout_at(due.into(), response.chunk())
                    .await
                    .map_err(|_| CallError::BetweenTokensTimeout(pause))?
            };
            let chunk = match chunk {
                Ok(chunk) => chunk,
                // A connection that breaks after the last word has told everything.
                Err(_) if running.finished => None,
                Err(error) => return Err(CallError::Broken(error.without_url().to_string())),
            };
            let ended = chunk.is_none();
            match chunk {
                Some(bytes) if is_stream => reader.feed(&bytes, &mut pieces)?,
                Some(bytes) if body.len() + bytes.len() <= LONGEST_BODY => body.extend_from_slice(&bytes),
                Some(_) => {
                    return Err(CallError::Unreadable(format!(
                        "a body longer than {LONGEST_BODY} bytes"
                    )));
                }
                None if is_stream => reader.end(&mut pieces)?,
                None => read_event(&body, &mut pieces)
                    .map_err(|error| CallError::Unreadable(format!("content type `{kind}`, {error}")))?,
            }
            let mut done = false;
            for piece in pieces.drain(..) {
                done |= running.take(piece, seam, sink);
            }
            if done || ended {
                break;
            }
        }
        match (running.finished, running.text.is_empty()) {
            (true, false) => Ok(()),
            (true, true) if !sink.told().is_empty() => Ok(()),
            (true, true) => Err(CallError::Empty),
            (false, _) => Err(CallError::Broken("it ended before the answer did".to_owned())),
        }
    }
}

/// A call while it runs.
struct Running {
    started: Instant,
    reached: bool,
    first_token: Option<Duration>,
    latest_token: Instant,
    /// What this call alone said.
    text: String,
    usage: Option<Usage>,
    finish: Finish,
    finished: bool,
    outcome: CallOutcome,
}

impl Running {
    fn new() -> Self {
        let now = Instant::now();
        Self {
            started: now,
            reached: false,
            first_token: None,
            latest_token: now,
            text: String::new(),
            usage: None,
            finish: Finish::Stop,
            finished: false,
            outcome: CallOutcome::Cancelled,
        }
    }

    /// True when the stream says that it is done.
    fn take(&mut self, piece: Piece, seam: &mut Seam<'_>, sink: &mut dyn Sink) -> bool {
        match piece {
            Piece::Text(text) => {
                self.latest_token = Instant::now();
                self.first_token.get_or_insert_with(|| self.latest_token - self.started);
                self.text.push_str(&text);
                let shown = seam.pass(&text);
                if !shown.is_empty() {
                    sink.tell(&shown);
                }
            }
            Piece::Finish(finish) => {
                self.finish = finish;
                self.finished = true;
                self.latest_token = Instant::now();
            }
            Piece::Usage(usage) => self.usage = Some(usage),
            Piece::Done => {
                // Some providers end without a reason for it.
                self.finished |= !self.text.is_empty();
                return true;
            }
        }
        false
    }

    fn estimate_missing_usage(&mut self, prompt: &Prompt) {
        if self.usage.is_none() && self.reached {
            let sent = prompt_tokens(prompt);
            let said = estimated_tokens(&self.text);
            self.usage = Some(Usage {
                prompt_tokens: sent,
                completion_tokens: said,
                counted: true,
            });
        }
    }

    fn into_call(self, model: &Arc<Model>) -> Call {
        let usage = self.usage.unwrap_or_default();
        Call {
            cost: model.cost(&usage),
            model: model.clone(),
            usage,
            outcome: self.outcome,
            first_token: self.first_token,
            total: self.started.elapsed(),
        }
    }
}

/// What a call costs when the prompt is a quarter longer than it looks, and the answer as long as it may be.
fn at_most(model: &Model, prompt: &Prompt) -> Usd {
    let prompt_tokens = prompt_tokens(prompt) * 5 / 4 + 50;
    model.cost(&Usage {
        prompt_tokens: prompt_tokens.min(u64::from(model.context_tokens)),
        completion_tokens: u64::from(prompt.max_tokens),
        counted: true,
    })
}

fn prompt_tokens(prompt: &Prompt) -> u64 {
    let messages = prompt.messages.iter();
    messages.map(|message| estimated_tokens(&message.content) + 4).sum()
}

/// The models whose breaker lets a call through; all of them (and true) when none does, since any of them may be back.
pub(super) fn usable(models: &[Arc<Model>]) -> (Vec<&Arc<Model>>, bool) {
    let now = Instant::now();
    let usable: Vec<_> = models.iter().filter(|model| model.breaker.would_allow(now)).collect();
    if usable.is_empty() {
        (models.iter().collect(), true)
    } else {
        (usable, false)
    }
}

/// Half to one and a half times as long, so that many callers do not come back together.
pub(super) fn jittered(wait: Duration) -> Duration {
    wait.mul_f64(0.5 + rand::random::<f64>())
}
