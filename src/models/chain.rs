//! The chain: the first model that can answer, answers. Retries before the first word, the next model after that;
//! a model that breaks off in the middle is continued by the next one, so that the visitor sees one answer. When hedging is
//! on, a model that is slower than it usually is gets company before its first word, and whoever speaks first goes on.

use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use super::call::{Call, CallOutcome};
use super::catalogue::Model;
use super::error::CallError;
use super::hedge::{Extra, Hedged, Hedging};
use super::provider::Prompt;
use super::speaker::{Speaker, Spoken};
use super::walk::Walk;
use crate::domain::{CallId, Finish, Usd};
use crate::settings::Upstream;

/// Where the words go.
pub trait Sink: Send {
    /// All that was told so far, also by an earlier run of the chain.
    fn told(&self) -> String;
    fn tell(&mut self, text: &str);
}

/// What a model says to the service itself: nobody reads along.
impl Sink for String {
    fn told(&self) -> String {
        self.clone()
    }

    fn tell(&mut self, text: &str) {
        self.push_str(text);
    }
}

/// Who pays for the calls.
#[async_trait]
pub trait Purse: Send {
    /// Whether a call may be made that costs this at most.
    async fn affords(&mut self, at_most: Usd) -> bool;
    /// Whether so much may be spent for speed alone.
    async fn spares(&mut self, at_most: Usd) -> bool;
    /// A call is about to be made that costs this at most; it is accounted for later under the id that this gives.
    fn begins(&mut self, model: &Model, at_most: Usd) -> CallId;
    /// Takes down every call that reached out, also failed ones.
    fn account(&mut self, call: Call);
    /// Takes down how a hedge went.
    fn hedged(&mut self, how: Hedged);
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
    hedging: Option<Arc<Hedging>>,
}

/// What fits into each model's context.
pub(super) type Prompts<'a> = &'a (dyn Fn(&Model) -> Prompt + Sync);

/// A call until its first word; `None` for how it went: it was cancelled. What is seldom needed or large stands in a box here, since
/// thousands of answers wait at once and each takes the room of all that it may come to.
type Begun = (Box<Speaker>, Option<Result<(), CallError>>);

impl Chain {
    pub fn new(upstream: Upstream, hedging: Option<Arc<Hedging>>) -> Self {
        Self { upstream, hedging }
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
        prompt: Prompts<'_>,
        sink: &mut dyn Sink,
        cancel: &CancellationToken,
        purse: &mut dyn Purse,
    ) -> Ending {
        let mut left = None;
        let ending = self.walk_down(models, prompt, sink, cancel, purse, &mut left).await;
        // Only now: whoever was left need not hold up the one who speaks.
        self.settle(&mut left, prompt, purse).await;
        ending
    }

    async fn settle(&self, left: &mut Option<Left<'_>>, prompt: Prompts<'_>, purse: &mut dyn Purse) {
        if let Some(Left { spoken, extra }) = left.take() {
            extra.was(Box::pin(self.pay(spoken, prompt, purse)).await, Instant::now());
        }
    }

    async fn walk_down<'a>(
        &'a self,
        models: &[Arc<Model>],
        prompt: Prompts<'_>,
        sink: &mut dyn Sink,
        cancel: &CancellationToken,
        purse: &mut dyn Purse,
        left: &mut Option<Left<'a>>,
    ) -> Ending {
        let mut walk = Walk::new(models, self.upstream.retries, false);
        loop {
            let model = match cancel.run_until_cancelled(walk.next()).await {
                Some(Some(model)) => model,
                Some(None) => return Ending::Exhausted,
                None => return Ending::Cancelled,
            };
            let speaker = Speaker::new(model.clone(), prompt(&model), sink.told(), &self.upstream);
            let mut speaker = Box::new(speaker);
            if !purse.affords(speaker.at_most()).await {
                tracing::info!(model = %model.id, "the budget does not hold another call");
                return Ending::Exhausted;
            }
            speaker.id = purse.begins(&model, speaker.at_most());
            let begun = match &self.hedging {
                Some(hedging) if left.is_none() && sink.told().is_empty() => {
                    let hedge = Hedge { chain: self, hedging };
                    let begun = Box::pin(hedge.first_word(speaker, prompt, &mut walk, cancel, purse)).await;
                    *left = begun.1;
                    begun.0
                }
                _ => (speaker, Some(Ok(()))),
            };
            let (speaker, result) = match begun {
                (mut speaker, Some(Ok(()))) => {
                    let spoken = tokio::select! {
                        biased;
                        () = cancel.cancelled() => None,
                        spoken = speaker.speak(sink) => Some(spoken),
                    };
                    (speaker, spoken)
                }
                failed => failed,
            };
            let finish = speaker.finish;
            match result {
                None => {
                    let spoken = self.judge(speaker, CallOutcome::Cancelled);
                    Box::pin(self.pay(spoken, prompt, purse)).await;
                    return Ending::Cancelled;
                }
                Some(Ok(())) => {
                    let spoken = self.judge(speaker, CallOutcome::Finished);
                    Box::pin(self.pay(spoken, prompt, purse)).await;
                    return Ending::Finished(finish);
                }
                Some(Err(error)) => {
                    // With words shown already, the next model goes on at once; the visitor waits for no backoff.
                    walk.failed(&error, !sink.told().is_empty());
                    let spoken = self.judge(speaker, CallOutcome::Failed(error));
                    Box::pin(self.pay(spoken, prompt, purse)).await;
                    // What is paid for by now decides whether another call is affordable.
                    self.settle(left, prompt, purse).await;
                }
            }
        }
    }

    /// Ends a call, and tells the model's breaker and pace how it went.
    fn judge(&self, speaker: Box<Speaker>, outcome: CallOutcome) -> Spoken {
        let (model, now) = (speaker.model.clone(), Instant::now());
        let took = match &outcome {
            // It would have taken longer still; without this only the quick ones would count, and each hedge make for more.
            CallOutcome::Hedged => Some(speaker.elapsed()),
            _ => speaker.first_token,
        };
        match &outcome {
            CallOutcome::Finished if speaker.first_token > Some(self.upstream.slow_first_token) => {
                model.breaker.was_slow(now);
            }
            CallOutcome::Finished => model.breaker.succeeded(now),
            CallOutcome::Failed(error) => {
                tracing::warn!(model = %model.id, provider = model.provider.name(), kind = error.kind(), error = model.provider.told(error), "an upstream call failed");
                if error.speaks_against_model() {
                    model.breaker.failed(now, error.retry_after());
                }
            }
            CallOutcome::Cancelled | CallOutcome::Hedged => {}
        }
        if let (Some(_), Some(took)) = (&self.hedging, took) {
            model.pace.note(now, took);
        }
        speaker.end(outcome)
    }

    /// Accounts for a call that has ended, and tells what it cost.
    async fn pay(&self, spoken: Spoken, prompt: Prompts<'_>, purse: &mut dyn Purse) -> Usd {
        let call = spoken.call(prompt).await;
        let cost = call.cost;
        if let Some(hedging) = &self.hedging {
            hedging.spent(cost, Instant::now());
        }
        purse.account(call);
        cost
    }
}

/// What the model costs that was asked first.
struct Asked {
    at_most: Usd,
    unanswered: Usd,
}

impl Asked {
    fn of(speaker: &Speaker) -> Self {
        Self {
            at_most: speaker.at_most(),
            unanswered: speaker.unanswered(),
        }
    }
}

/// The one of two that is not heard, and what was set aside for it.
struct Left<'a> {
    spoken: Spoken,
    extra: Extra<'a>,
}

/// Two models and one answer.
struct Hedge<'a> {
    chain: &'a Chain,
    hedging: &'a Hedging,
}

impl<'a> Hedge<'a> {
    /// Waits for the first word of `first`; when it is late, the next model is asked too, and the one that speaks is given back.
    async fn first_word(
        &self,
        mut first: Box<Speaker>,
        prompt: Prompts<'_>,
        walk: &mut Walk,
        cancel: &CancellationToken,
        purse: &mut dyn Purse,
    ) -> (Begun, Option<Left<'a>>) {
        let patience = self.hedging.patience(&first.model, Instant::now());
        let in_time = tokio::select! {
            biased;
            () = cancel.cancelled() => return ((first, None), None),
            begun = first.first_word() => Some(begun),
            () = tokio::time::sleep(patience) => None,
        };
        if in_time.is_some() {
            return ((first, in_time), None);
        }
        let Some((mut second, extra, position)) = self.ask_too(Asked::of(&first), prompt, walk, purse).await else {
            return ((first, Some(Ok(()))), None);
        };
        let from = walk.position();
        walk.step_to(position);
        let spoke = tokio::select! {
            biased;
            () = cancel.cancelled() => None,
            begun = first.first_word() => Some((true, begun)),
            begun = second.first_word() => Some((false, begun)),
        };
        let (stays, other, outcome) = match spoke {
            None => {
                let spoken = self.chain.judge(second, CallOutcome::Cancelled);
                return ((first, None), Some(Left { spoken, extra }));
            }
            Some((true, Ok(()))) => {
                walk.step_back(from);
                purse.hedged(Hedged::Lost);
                (first, second, CallOutcome::Hedged)
            }
            Some((false, Ok(()))) => {
                purse.hedged(Hedged::Won);
                (second, first, CallOutcome::Hedged)
            }
            Some((first_failed, Err(error))) => {
                purse.hedged(Hedged::Failed);
                match first_failed {
                    true => (second, first, CallOutcome::Failed(error)),
                    false => (first, second, CallOutcome::Failed(error)),
                }
            }
        };
        let spoken = self.chain.judge(other, outcome);
        // One that was left alone has still to speak.
        ((stays, Some(Ok(()))), Some(Left { spoken, extra }))
    }

    /// The model behind `first`, if there is one and both the share of extra cost and the budget hold it.
    async fn ask_too(
        &self,
        first: Asked,
        prompt: Prompts<'_>,
        walk: &Walk,
        purse: &mut dyn Purse,
    ) -> Option<(Box<Speaker>, Extra<'a>, usize)> {
        let (position, model) = walk.beside()?;
        let second = Speaker::new(model.clone(), prompt(&model), String::new(), &self.chain.upstream);
        let mut second = Box::new(second);
        // One of the two will be left before it has said a word.
        let unneeded = first.unanswered.max(second.unanswered());
        let extra = self.hedging.set_aside(unneeded, Instant::now());
        let affordable = match extra {
            Some(extra) if purse.spares(first.at_most + second.at_most()).await => Some(extra),
            _ => None,
        };
        let Some(extra) = affordable else {
            purse.hedged(Hedged::Refused);
            return None;
        };
        second.id = purse.begins(&model, second.at_most());
        tracing::debug!(asked = %model.id, "no first word in the usual time; the next model is asked too");
        Some((second, extra, position))
    }
}
