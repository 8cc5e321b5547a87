//! An answer in the making: one writer, any number of readers, each of whom may begin anywhere. When the last reader
//! has left, the upstream is cancelled; what was said stays, and a reader who comes back has it continued.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::bill::Bill;
use super::lookup::Grey;
use crate::cache::CacheKey;
use crate::cache::near::Meaning;
use crate::domain::{AnswerId, Finish, From, Question, Reuse, Source, Tier};
use crate::knowledge::Passage;
use crate::limits::Reservation;

/// How long an answer goes on without a reader: long enough for a connection that breaks and comes back at once.
const PATIENCE: Duration = Duration::from_millis(400);
/// How often an answer that lost its readers goes on for one who comes back. Each time another call to a model is paid for, which no
/// limit counts; after that it stays as it is, `aborted`, and who wants the rest asks again.
const REVIVALS: u32 = 3;

/// How an answer ended, as its readers are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    Done(Finish),
    /// It broke off and nobody could go on with it.
    CutOff,
}

/// What was said so far.
pub struct State {
    pub from: Option<From>,
    pub text: String,
    /// Known when the text is whole.
    pub sources: Arc<[Source]>,
    /// Of which kept answer it is, known at the end.
    pub reuse: Option<Reuse>,
    pub end: Option<End>,
    pub ended_at: Option<Instant>,
    pub first_word: Option<Duration>,
    pub bill: Bill,
    /// The question's vector by a provider's model, if one was asked.
    pub meaning: Option<Meaning>,
    /// What is set aside of the site's budget until the cost is known.
    pub reservation: Option<Reservation>,
    /// Which of the passages stood in a prompt; the contexts of two models may differ.
    pub shown: Vec<bool>,
    pub cancel: CancellationToken,
    revivals: u32,
    /// Its conversation was deleted: whoever reads it hears the rest, and nothing of it is kept.
    pub is_forgotten: bool,
}

impl State {
    /// Has a stopped answer go on; false when it did so too often already.
    pub fn revive(&mut self) -> bool {
        let goes_on = self.revivals < REVIVALS;
        if goes_on {
            self.revivals += 1;
            (self.end, self.ended_at) = (None, None);
            self.cancel = CancellationToken::new();
        }
        goes_on
    }
}

impl State {
    /// A model is given these of the passages.
    pub fn has_shown(&mut self, shown: &[bool]) {
        self.shown.resize(shown.len(), false);
        self.shown.iter_mut().zip(shown).for_each(|(all, one)| *all |= one);
    }
}

/// How a question is to be answered.
pub struct Plan {
    pub question: Question,
    /// What a model is given to answer from.
    pub passages: Vec<Passage>,
    /// The version of the content that they are of.
    pub content_version: String,
    pub tier: Tier,
    pub key: Option<CacheKey>,
    /// Stored answers that may do, if a model says so.
    pub grey: Vec<Grey>,
    /// The content does not hold the answer: when none of those does, the visitor is told so.
    pub abstains: bool,
    pub reservation: Option<Reservation>,
    pub began: Instant,
}

pub struct Run {
    pub answer: AnswerId,
    pub question: Question,
    pub passages: Box<[Passage]>,
    pub content_version: String,
    pub tier: Tier,
    pub grey: Vec<Grey>,
    pub abstains: bool,
    /// Where the cache keeps the answer, when it may.
    pub key: Option<CacheKey>,
    pub began: Instant,
    pub asked_at_ms: i64,
    state: Mutex<State>,
    changes: Notify,
    readers: AtomicUsize,
}

impl Run {
    pub fn new(plan: Plan, asked_at_ms: i64) -> Self {
        let Plan {
            question,
            passages,
            content_version,
            tier,
            key,
            grey,
            abstains,
            reservation,
            began,
        } = plan;
        Self {
            answer: question.answer,
            passages: passages.into(),
            content_version,
            tier,
            key,
            grey,
            abstains,
            began,
            asked_at_ms,
            state: Mutex::new(State {
                from: None,
                text: String::new(),
                sources: Arc::new([]),
                reuse: None,
                end: None,
                ended_at: None,
                first_word: None,
                bill: Bill {
                    usage: question.spent.usage,
                    cost: question.spent.cost,
                    ..Bill::default()
                },
                meaning: None,
                reservation,
                shown: Vec::new(),
                cancel: CancellationToken::new(),
                revivals: 0,
                is_forgotten: false,
            }),
            changes: Notify::new(),
            readers: AtomicUsize::new(0),
            question,
        }
    }

    /// Looks at the state or changes it; nobody is told of a change.
    pub fn with<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut self.state.lock())
    }

    /// Changes the state and wakes the readers.
    pub fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let result = change(&mut self.state.lock());
        self.changes.notify_waiters();
        result
    }

    /// A reader who has seen everything up to `position`.
    pub fn reader(self: &Arc<Self>, position: Position) -> Reader {
        self.readers.fetch_add(1, Ordering::AcqRel);
        Reader {
            run: self.clone(),
            position,
        }
    }

    /// Nobody reads it.
    pub fn is_deserted(&self) -> bool {
        self.readers.load(Ordering::Acquire) == 0
    }

    /// Waits a little for a reader to come back, then stops the upstream.
    async fn stop_if_deserted(self: Arc<Self>) {
        tokio::time::sleep(PATIENCE).await;
        if self.is_deserted() {
            self.with(|state| state.cancel.cancel());
        }
    }
}

/// How much of an answer a reader has seen, as event ids tell it: 0 after `start`, the length of the text in bytes after
/// a delta, one more after `sources`, two more after the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position(Option<usize>);

impl Position {
    pub const START: Position = Position(None);

    pub fn after_event(id: usize) -> Self {
        Position(Some(id))
    }

    /// What is still to be told of an answer.
    pub fn rest_of(self, from: Option<From>, text: &str, sources: &Arc<[Source]>, end: Option<End>) -> Update {
        let length = text.len();
        let seen = self.0.unwrap_or(0);
        let mut text_from = seen.min(length);
        while !text.is_char_boundary(text_from) {
            text_from -= 1;
        }
        let tells_sources = end.is_some() && seen <= length && !matches!(end, Some(End::CutOff));
        Update {
            start: if self.0.is_none() { from } else { None },
            text: text[text_from..].to_owned(),
            text_end: length,
            sources: tells_sources.then(|| sources.clone()),
            end: end.filter(|_| seen < length + 2),
        }
    }
}

/// What a reader is told next.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Update {
    /// The first thing told, unless it was told before.
    pub start: Option<From>,
    /// New text, maybe none.
    pub text: String,
    /// The length of the whole text up to here, in bytes.
    pub text_end: usize,
    pub sources: Option<Arc<[Source]>>,
    pub end: Option<End>,
}

impl Update {
    fn is_empty(&self) -> bool {
        self.start.is_none() && self.text.is_empty() && self.sources.is_none() && self.end.is_none()
    }
}

/// Reads an answer while it is made. Dropping it is leaving.
pub struct Reader {
    run: Arc<Run>,
    position: Position,
}

impl Reader {
    pub fn run(&self) -> &Run {
        &self.run
    }

    /// The next thing to tell; `None` after the end. Losing the future loses nothing.
    pub async fn next(&mut self) -> Option<Update> {
        loop {
            // Made before the state is looked at, it is woken by every change after that.
            let changed = self.run.changes.notified();
            let (update, ended) = self.run.with(|state| {
                // Before it is known where the words come from, there are none.
                let update = match state.from {
                    None => Update::default(),
                    Some(_) => self
                        .position
                        .rest_of(state.from, &state.text, &state.sources, state.end),
                };
                (update, state.end.is_some())
            });
            if !update.is_empty() {
                let told = update.text_end + if update.end.is_some() { 2 } else { 0 };
                self.position = Position::after_event(told);
                return Some(update);
            }
            if ended {
                return None;
            }
            changed.await;
        }
    }

    /// Waits for the end.
    pub async fn ended(&mut self) -> End {
        loop {
            let changed = self.run.changes.notified();
            if let Some(end) = self.run.with(|state| state.end) {
                return end;
            }
            changed.await;
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let was_last = self.run.readers.fetch_sub(1, Ordering::AcqRel) == 1;
        if was_last && self.run.with(|state| state.end.is_none()) {
            match tokio::runtime::Handle::try_current() {
                Ok(runtime) => drop(runtime.spawn(self.run.clone().stop_if_deserted())),
                Err(_) => self.run.with(|state| state.cancel.cancel()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_may_come_back_at_every_event() {
        let (text, sources) = ("Grüße", Arc::from([]));
        let rest =
            |position: Position| position.rest_of(Some(From::Model), text, &sources, Some(End::Done(Finish::Stop)));
        let whole = rest(Position::START);
        assert_eq!(
            (whole.start, whole.text.as_str(), whole.text_end),
            (Some(From::Model), "Grüße", 7)
        );
        assert!(whole.sources.is_some() && whole.end.is_some());
        assert_eq!(rest(Position::after_event(2)).text, "üße");
        // An id that points into a character, which we never send.
        assert_eq!(rest(Position::after_event(3)).text, "üße");
        let after_text = rest(Position::after_event(7));
        assert!(after_text.start.is_none() && after_text.text.is_empty() && after_text.sources.is_some());
        let after_sources = rest(Position::after_event(8));
        assert!(after_sources.sources.is_none() && after_sources.end.is_some());
        assert!(rest(Position::after_event(9)).is_empty());
    }
}
