//! The beginning of an answer when the program leaves the choice of the model to the router: a model that is slow to begin gets
//! company, as in the chain for visitors, and the one that is first is passed on.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::attempt::Attempt;
use super::relay::{first_word, note_failure};
use super::source::{Event, Source};
use super::{Account, Outgoing, Tried, Trouble, Walk, Wire};
use crate::domain::{Usage, Usd};
use crate::models::catalogue::Model;
use crate::models::hedge::{Hedged, Hedging};

/// An answer that has begun, or why there is none.
pub(super) type Opening<Begun> = Result<Begun, (Attempt, Trouble)>;

/// How an answer begins, and what a second call beside a slow one means for it.
pub(super) trait Way: Sync {
    type Begun: Send;

    /// Whether a second call may be made at all.
    fn is_hedged(&self) -> bool;

    /// How long the model may take before the next one is asked too; `None`: nobody can tell yet what is slow.
    fn patience(&self, hedging: &Hedging, model: &Model) -> Option<Duration>;

    /// What a call costs at most of which nothing is used.
    fn unneeded(&self, request: &dyn Outgoing, model: &Model) -> Usd;

    /// Tokens that the other model is taken to have written by now.
    fn written(&self, begun: &Self::Begun) -> u64;

    fn begin(
        &self,
        wire: &Wire,
        request: &dyn Outgoing,
        attempt: Attempt,
    ) -> impl Future<Output = Opening<Self::Begun>> + Send;
}

/// A stream up to its first word.
pub(super) struct Streamed {
    pub answers: u32,
}

impl Way for Streamed {
    type Begun = (Vec<Event>, Source);

    fn is_hedged(&self) -> bool {
        true
    }

    fn patience(&self, hedging: &Hedging, model: &Model) -> Option<Duration> {
        Some(hedging.patience(model, Instant::now()))
    }

    fn unneeded(&self, request: &dyn Outgoing, model: &Model) -> Usd {
        request.unanswered(model)
    }

    /// Its words would have been seen.
    fn written(&self, _: &Self::Begun) -> u64 {
        0
    }

    async fn begin(&self, wire: &Wire, request: &dyn Outgoing, attempt: Attempt) -> Opening<Self::Begun> {
        let mut events = Vec::new();
        let begun = Source::open(wire, attempt, request, None, self.answers).await;
        let source = first_word(&mut events, begun).await?;
        Ok((events, source))
    }
}

/// Tells a call that another one, which was asked beside it, was first.
#[derive(Debug, Default)]
pub struct Left(AtomicU64);

impl Left {
    /// `written`: tokens that it is taken to have written.
    fn leave(&self, written: u64) {
        self.0.store(written.saturating_add(1), Ordering::Relaxed);
    }

    /// What it is taken to have written, once it was left.
    pub fn written(&self) -> Option<u64> {
        self.0.load(Ordering::Relaxed).checked_sub(1)
    }
}

/// What all calls for one request have in common.
pub(super) struct Asking<'a, W> {
    pub wire: &'a Wire,
    pub request: &'a Arc<dyn Outgoing>,
    pub account: &'a Arc<dyn Account>,
    pub way: W,
}

impl<W: Way> Asking<'_, W> {
    /// Begins an answer of `model`; when it is late and hedging is on, the next model of the walk is asked too.
    pub async fn open(&self, model: Arc<Model>, walk: &mut Walk, tried: &mut Tried) -> Opening<W::Begun> {
        // Whoever names a model wants its words, and no faster ones.
        let hedging = self.wire.hedging.as_ref().filter(|_| walk.passes_refusals);
        let Some(hedging) = hedging.filter(|_| self.way.is_hedged()) else {
            return self.begin(model, None).await;
        };
        let (first_left, second_left) = (Arc::<Left>::default(), Arc::<Left>::default());
        let patience = self.way.patience(hedging, &model);
        let mut first = Box::pin(self.begin(model.clone(), Some(first_left.clone())));
        let Some(patience) = patience else {
            return first.await;
        };
        tokio::select! {
            biased;
            opening = &mut first => return opening,
            () = tokio::time::sleep(patience) => {}
        }
        let Some((position, other)) = walk.beside() else {
            return first.await;
        };
        let unneeded = |model: &Model| self.way.unneeded(&**self.request, model);
        let unneeded = unneeded(&model).max(unneeded(&other));
        let at_most = self.request.at_most(&model) + self.request.at_most(&other);
        let extra = match hedging.set_aside(unneeded, Instant::now()) {
            Some(extra) if self.account.spares(at_most).await => extra,
            _ => {
                self.account.hedged(Hedged::Refused);
                return first.await;
            }
        };
        let from = walk.position();
        walk.step_to(position);
        let mut second = Box::pin(self.begin(other.clone(), Some(second_left.clone())));
        let (first_was, opening) = tokio::select! {
            biased;
            opening = &mut first => (true, opening),
            opening = &mut second => (false, opening),
        };
        match opening {
            Ok(begun) => {
                let (left, lost) = match first_was {
                    true => (second_left, other),
                    false => (first_left, model),
                };
                let written = self.way.written(&begun);
                left.leave(written);
                // What it costs is not known before it is counted: this is the most.
                extra.was(self.lost(&lost, written), Instant::now());
                if first_was {
                    walk.step_back(from);
                }
                self.account.hedged(if first_was { Hedged::Lost } else { Hedged::Won });
                Ok(begun)
            }
            Err((attempt, trouble)) => {
                extra.was(unneeded, Instant::now());
                self.account.hedged(Hedged::Failed);
                note_failure(tried, attempt, trouble).await;
                match first_was {
                    true => second.await,
                    false => first.await,
                }
            }
        }
    }

    /// What a call costs that was left.
    fn lost(&self, model: &Model, written: u64) -> Usd {
        let written = Usage {
            prompt_tokens: 0,
            completion_tokens: written,
            counted: true,
        };
        self.request.unanswered(model) + model.cost(&written)
    }

    async fn begin(&self, model: Arc<Model>, left: Option<Arc<Left>>) -> Opening<W::Begun> {
        let mut attempt = Attempt::begin(model, self.request.clone(), self.account.clone());
        attempt.left = left;
        self.way.begin(self.wire, &**self.request, attempt).await
    }
}
