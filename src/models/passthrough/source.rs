//! One upstream stream of a chat completion, read event by event within its times.

use std::ops::Range;
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use reqwest::header::CONTENT_TYPE;
use tokio::time::{Instant, timeout_at};

use super::attempt::Attempt;
use super::split::{Splitter, data_of};
use super::{Outgoing, Trouble, Wire, chunk, send};
use crate::models::error::CallError;
use crate::models::provider::Message;
use crate::models::speaker::USAGE_WAIT;

/// After its last event a stream is given this long to end, so that its connection can be used again.
const END_WAIT: Duration = Duration::from_millis(100);

/// A stream that goes on beyond this is broken, in bytes of what it says.
const LONGEST_ANSWER: usize = 16 << 20;

/// Pieces that are passed on in one go when they came together.
const TOGETHER: usize = 32;

type Came = reqwest::Result<Option<Bytes>>;

/// An event as it came, and what it says.
pub struct Event {
    pub raw: Bytes,
    pub kind: Kind,
    /// Its words, in what the attempt said.
    pub text: Range<usize>,
    pub finish_reason: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Comment,
    Chunk,
    /// The usage and nothing else.
    Usage,
    Done,
}

pub struct Source {
    pub attempt: Attempt,
    response: reqwest::Response,
    /// What came behind the bytes that were read last and is no bytes: the end, or a failure.
    behind: Option<Came>,
    splitter: Splitter,
    raw: Vec<Bytes>,
    /// Choices that are still to end.
    unfinished: u32,
    finished_any: bool,
    /// `[DONE]` came.
    is_done: bool,
    latest: Instant,
    first_due: Instant,
    first_limit: Duration,
    pause: Duration,
}

impl Source {
    /// Ready when the provider began to answer.
    pub async fn open(
        wire: &Wire,
        mut attempt: Attempt,
        request: &dyn Outgoing,
        turns: Option<&[Message; 2]>,
        answers: u32,
    ) -> Result<Self, (Attempt, Trouble)> {
        let first_limit = wire.upstream.first_token_timeout;
        let first_due = Instant::now() + first_limit;
        let model = attempt.model.clone();
        let opened = match timeout_at(first_due, send(wire, &model, request, turns)).await {
            Ok(opened) => opened,
            Err(_) => Err(CallError::FirstTokenTimeout(first_limit).into()),
        };
        let response = match opened {
            Ok(response) => response,
            Err(trouble) => return Err((attempt, trouble)),
        };
        attempt.reached = true;
        attempt.slow_after = Some(wire.upstream.slow_first_token);
        if let Err(error) = check_type(&response) {
            return Err((attempt, error.into()));
        }
        Ok(Self {
            attempt,
            response,
            behind: None,
            splitter: Splitter::default(),
            raw: Vec::new(),
            unfinished: answers,
            finished_any: false,
            is_done: false,
            latest: Instant::now(),
            first_due,
            first_limit,
            pause: wire.upstream.between_tokens_timeout,
        })
    }

    /// Every choice told its end; what may still come is the usage.
    pub fn has_finished(&self) -> bool {
        self.unfinished == 0
    }

    /// Waits for bytes and adds the events in them, and in what came together with them. `Ok(true)`: the stream has ended,
    /// as it should.
    pub async fn read(&mut self, events: &mut Vec<Event>) -> Result<bool, CallError> {
        let (had_begun, chunk) = (self.attempt.has_begun(), self.chunk().await?);
        let has_ended = chunk.is_none();
        self.take(chunk, events)?;
        // The first word goes at once.
        let together = if had_begun { TOGETHER } else { 0 };
        for _ in 0..together {
            if has_ended || self.is_done {
                break;
            }
            let Some(more) = self.at_once().await else { break };
            self.take(Some(more), events)?;
        }
        // Some providers end without a reason for it, but say that they are done.
        let is_whole = self.finished_any || (self.is_done && self.attempt.has_begun());
        match (has_ended || self.is_done, is_whole) {
            (true, false) => Err(CallError::Broken("it ended before the answer did".to_owned())),
            (_, true) if self.is_done => {
                // A program may leave as soon as it has read this, and has had everything.
                self.attempt.finish();
                Ok(has_ended)
            }
            _ => Ok(has_ended),
        }
    }

    /// Adds the events in these bytes, or what was held back when there are no more.
    fn take(&mut self, bytes: Option<Bytes>, events: &mut Vec<Event>) -> Result<(), CallError> {
        let mut raw = std::mem::take(&mut self.raw);
        match bytes {
            Some(bytes) => self.splitter.feed(bytes, &mut raw)?,
            None => raw.extend(self.splitter.end()),
        }
        for raw in raw.drain(..) {
            events.push(self.event(raw)?);
        }
        self.raw = raw;
        Ok(())
    }

    /// The next bytes if they are here already. The connection's own task hands over a piece at a time, however many came in one
    /// read of the socket, so it is let run in between.
    async fn at_once(&mut self) -> Option<Bytes> {
        tokio::task::yield_now().await;
        match self.response.chunk().now_or_never()? {
            Ok(Some(bytes)) => Some(bytes),
            other => {
                self.behind = Some(other);
                None
            }
        }
    }

    async fn chunk(&mut self) -> Result<Option<Bytes>, CallError> {
        let has_begun = self.attempt.has_begun();
        let due = match (self.is_done, self.has_finished(), has_begun) {
            (true, ..) => Instant::now() + END_WAIT,
            (_, true, _) => self.latest + USAGE_WAIT,
            (_, _, true) => self.latest + self.pause,
            _ => self.first_due,
        };
        let came = match self.behind.take() {
            Some(came) => Ok(came),
            None => timeout_at(due, self.response.chunk()).await,
        };
        match came {
            Ok(Ok(chunk)) => Ok(chunk),
            // Everything was told; what breaks after that does not matter.
            _ if self.has_finished() || self.is_done => Ok(None),
            Ok(Err(error)) => Err(CallError::Broken(error.without_url().to_string())),
            Err(_) if has_begun => Err(CallError::BetweenTokensTimeout(self.pause)),
            Err(_) => Err(CallError::FirstTokenTimeout(self.first_limit)),
        }
    }

    fn event(&mut self, raw: Bytes) -> Result<Event, CallError> {
        let before = self.attempt.said.len();
        let mut event = Event {
            kind: Kind::Comment,
            text: before..before,
            finish_reason: None,
            raw,
        };
        let data = data_of(&event.raw);
        let data = data.trim_ascii();
        if data.is_empty() {
            return Ok(event);
        }
        if data == b"[DONE]" {
            event.kind = Kind::Done;
            self.is_done = true;
            return Ok(event);
        }
        let said = chunk::read(data, &mut self.attempt.said)?;
        event.text.end = self.attempt.said.len();
        if event.text.end > LONGEST_ANSWER {
            let problem = format!("an answer longer than {LONGEST_ANSWER} bytes");
            return Err(CallError::Unreadable(problem));
        }
        event.kind = if said.only_usage { Kind::Usage } else { Kind::Chunk };
        event.finish_reason = said.finish_reason;
        self.attempt.usage = said.usage.or(self.attempt.usage);
        if said.is_token || said.finishes > 0 {
            self.attempt.token_came();
            self.latest = Instant::now();
        }
        self.finished_any |= said.finishes > 0;
        self.unfinished = self.unfinished.saturating_sub(said.finishes);
        Ok(event)
    }
}

fn check_type(response: &reqwest::Response) -> Result<(), CallError> {
    let kind = response
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let kind = kind.unwrap_or("none").trim_start();
    let is_stream = kind
        .get(..17)
        .is_some_and(|start| start.eq_ignore_ascii_case("text/event-stream"));
    match is_stream {
        true => Ok(()),
        false => Err(CallError::Unreadable(format!(
            "content type `{kind}` where a stream was asked for"
        ))),
    }
}
