//! The beginning of a stream when the program leaves the choice of the model to the router: a model that is slow to begin gets
//! company, as in the chain for visitors, and the one that speaks first is passed on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use super::attempt::Attempt;
use super::relay::{first_word, note_failure};
use super::source::{Event, Source};
use super::{Account, Outgoing, Tried, Trouble, Walk, Wire};
use crate::models::catalogue::Model;
use crate::models::hedge::Hedged;

/// A stream up to its first word, or why there is none.
pub(super) struct Opening {
    pub events: Vec<Event>,
    pub begun: Result<Source, (Attempt, Trouble)>,
}

/// What all calls for one request have in common.
pub(super) struct Asking<'a> {
    pub wire: &'a Arc<Wire>,
    pub request: &'a Arc<dyn Outgoing>,
    pub account: &'a Arc<dyn Account>,
    pub answers: u32,
}

impl Asking<'_> {
    /// Begins a stream of `model`; when it is late and hedging is on, the next model of the walk is asked too.
    pub async fn open(&self, model: Arc<Model>, walk: &mut Walk, tried: &mut Tried) -> Opening {
        // Whoever names a model wants its words, and no faster ones.
        let Some(hedging) = self.wire.hedging.as_ref().filter(|_| walk.passes_refusals) else {
            return self.begin(model, None).await;
        };
        let patience = hedging.patience(&model, Instant::now());
        let (first_left, second_left) = (flag(), flag());
        let mut first = Box::pin(self.begin(model.clone(), Some(first_left.clone())));
        tokio::select! {
            biased;
            opening = &mut first => return opening,
            () = tokio::time::sleep(patience) => {}
        }
        let Some((position, other)) = walk.beside() else {
            return first.await;
        };
        let unneeded = self.request.unanswered(&model).max(self.request.unanswered(&other));
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
        let mut second = Box::pin(self.begin(other, Some(second_left.clone())));
        let (first_was, opening) = tokio::select! {
            biased;
            opening = &mut first => (true, opening),
            opening = &mut second => (false, opening),
        };
        // What the one costs that is left is not known before it is counted: this is the most.
        extra.was(unneeded, Instant::now());
        match (first_was, opening) {
            (
                true,
                Opening {
                    events,
                    begun: Ok(begun),
                },
            ) => {
                second_left.store(true, Ordering::Relaxed);
                walk.step_back(from);
                self.account.hedged(Hedged::Lost);
                Opening {
                    events,
                    begun: Ok(begun),
                }
            }
            (
                false,
                Opening {
                    events,
                    begun: Ok(begun),
                },
            ) => {
                first_left.store(true, Ordering::Relaxed);
                self.account.hedged(Hedged::Won);
                Opening {
                    events,
                    begun: Ok(begun),
                }
            }
            (
                failed_first,
                Opening {
                    begun: Err((attempt, trouble)),
                    ..
                },
            ) => {
                self.account.hedged(Hedged::Failed);
                note_failure(tried, attempt, trouble).await;
                match failed_first {
                    true => second.await,
                    false => first.await,
                }
            }
        }
    }

    async fn begin(&self, model: Arc<Model>, left: Option<Arc<AtomicBool>>) -> Opening {
        let mut attempt = Attempt::begin(model, self.request.clone(), self.account.clone());
        attempt.left = left;
        let mut events = Vec::new();
        let begun = Source::open(self.wire, attempt, &**self.request, None, self.answers).await;
        let begun = first_word(&mut events, begun).await;
        Opening { events, begun }
    }
}

fn flag() -> Arc<AtomicBool> {
    Arc::default()
}
