//! A streamed chat completion, passed on event by event. Until the first word another model may take over unseen; after it,
//! an answer of plain text is continued by the next model, and any other ends with an error event.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::attempt::Attempt;
use super::hedge::{Asking, Streamed};
use super::source::{Event, Kind, Source};
use super::split::data_of;
use super::{Account, Failure, Outgoing, Tried, Trouble, Walk, Wire, next_affordable};
use crate::domain::Usage;
use crate::models::continuation::{self, Seam};
use crate::models::error::CallError;

/// A longer answer is not kept for the cache, in bytes.
const LONGEST_RECORDING: usize = 1 << 20;

const DONE: &[u8] = b"data: [DONE]\n\n";
const BROKEN: &[u8] =
    b"data: {\"error\":{\"message\":\"The answer broke off, and no other model could go on with it.\",\
    \"type\":\"server_error\",\"param\":null,\"code\":\"answer_broken\"}}\n\n";

/// How a stream is to be passed on.
#[derive(Debug, Clone, Copy)]
pub struct Manner {
    /// The program asked for the usage; otherwise that event is kept from it.
    pub tells_usage: bool,
    /// One answer of plain text, which another model can go on with.
    pub is_plain: bool,
    /// How many answers at once.
    pub answers: u32,
    /// Keep the events for the cache.
    pub records: bool,
}

pub struct Relay {
    wire: Arc<Wire>,
    walk: Walk,
    request: Arc<dyn Outgoing>,
    account: Arc<dyn Account>,
    manner: Manner,
    model: String,
    source: Option<Source>,
    ready: Bytes,
    events: Vec<Event>,
    /// All the words that were passed on, when the answer is plain.
    shown: String,
    first_chunk: Option<Bytes>,
    continued: Option<Continued>,
    recording: Option<BytesMut>,
    done_told: bool,
}

/// What an answer has become that another model goes on with.
struct Continued {
    seam: Seam<'static>,
    /// Of the calls before this one.
    used: Usage,
    usage_told: bool,
}

impl Relay {
    /// Ready when a model has said its first word; which events came until then is passed on first.
    pub async fn open(
        wire: Arc<Wire>,
        mut walk: Walk,
        request: Arc<dyn Outgoing>,
        account: Arc<dyn Account>,
        manner: Manner,
    ) -> Result<Self, Failure> {
        let mut tried = Tried::default();
        while let Some(model) = next_affordable(&mut walk, &*request, &*account, &mut tried).await {
            let asking = Asking {
                wire: &wire,
                request: &request,
                account: &account,
                way: Streamed {
                    answers: manner.answers,
                },
            };
            match asking.open(model, &mut walk, &mut tried).await {
                Ok((events, source)) => {
                    let mut relay = Self {
                        model: source.attempt.model.id.clone(),
                        wire,
                        walk,
                        request,
                        account,
                        manner,
                        source: Some(source),
                        ready: Bytes::new(),
                        events,
                        shown: String::new(),
                        first_chunk: None,
                        continued: None,
                        recording: manner.records.then(BytesMut::new),
                        done_told: false,
                    };
                    relay.pass_on();
                    return Ok(relay);
                }
                Err((attempt, trouble)) => failed_before(&mut walk, &mut tried, attempt, trouble).await?,
            }
        }
        Err(tried.failure())
    }

    /// The model that spoke first.
    pub fn model(&self) -> &str {
        &self.model
    }

    /// All events, with the usage, when the answer came whole from one model and is short enough to keep.
    pub fn take_recording(&mut self) -> Option<Bytes> {
        let whole = self.done_told && self.source.is_none() && self.continued.is_none();
        let recording = self.recording.take().filter(|_| whole)?;
        Some(recording.freeze())
    }

    /// The next bytes for the program; `None` after the last.
    pub async fn next(&mut self) -> Option<Bytes> {
        loop {
            if !self.ready.is_empty() {
                return Some(std::mem::take(&mut self.ready));
            }
            let source = self.source.as_mut()?;
            let result = source.read(&mut self.events).await;
            self.pass_on();
            match result {
                Ok(false) => {}
                Ok(true) => self.end(),
                Err(error) => self.go_on(error).await,
            }
        }
    }

    /// Makes bytes of the events that were read.
    fn pass_on(&mut self) {
        let mut events = std::mem::take(&mut self.events);
        let mut out = Out::default();
        for event in events.drain(..) {
            match self.continued.is_some() {
                false => self.pass_event(event, &mut out),
                true => self.pass_continued(&event, &mut out),
            }
        }
        self.events = events;
        self.ready = out.take();
    }

    fn pass_event(&mut self, event: Event, out: &mut Out) {
        self.record(&event.raw);
        self.done_told |= event.kind == Kind::Done;
        if event.kind == Kind::Usage && !self.manner.tells_usage {
            return;
        }
        if self.manner.is_plain && event.kind == Kind::Chunk {
            if let Some(source) = &self.source {
                self.shown.push_str(&source.attempt.said[event.text]);
            }
            self.first_chunk.get_or_insert_with(|| event.raw.clone());
        }
        out.push(event.raw);
    }

    fn record(&mut self, raw: &Bytes) {
        let fits = |recording: &BytesMut| recording.len() + raw.len() <= LONGEST_RECORDING;
        match &mut self.recording {
            Some(recording) if fits(recording) => recording.extend_from_slice(raw),
            recording => *recording = None,
        }
    }

    /// An event of a model that goes on with another one's answer: its words under the head of the first one's events.
    fn pass_continued(&mut self, event: &Event, out: &mut Out) {
        let (Some(source), Some(continued)) = (&self.source, &mut self.continued) else {
            return;
        };
        match event.kind {
            Kind::Comment => {}
            Kind::Done => {}
            Kind::Chunk | Kind::Usage => {
                let words = &source.attempt.said[event.text.clone()];
                let mut words = continued.seam.pass(words);
                if event.finish_reason.is_some() {
                    words.push_str(&continued.seam.close());
                }
                let head = Head::of(self.first_chunk.as_deref().unwrap_or_default());
                if !words.is_empty() {
                    self.shown.push_str(&words);
                    out.push(head.words(&words));
                }
                if let Some(reason) = &event.finish_reason {
                    out.push(head.finish(reason));
                }
            }
        }
    }

    /// The stream came to its end.
    fn end(&mut self) {
        let Some(source) = self.source.take() else { return };
        let usage = source.attempt.usage;
        source.attempt.succeeded();
        let mut out = Out::default();
        out.push(std::mem::take(&mut self.ready));
        if let (Some(continued), true) = (&mut self.continued, self.manner.tells_usage)
            && !std::mem::replace(&mut continued.usage_told, true)
        {
            let head = Head::of(self.first_chunk.as_deref().unwrap_or_default());
            out.push(head.usage(continued.used, usage.unwrap_or_default()));
        }
        if !std::mem::replace(&mut self.done_told, true) {
            let done = Bytes::from_static(DONE);
            self.record(&done);
            out.push(done);
        }
        self.ready = out.take();
    }

    /// The stream broke off: the next model goes on, or the program is told.
    async fn go_on(&mut self, error: CallError) {
        let Some(source) = self.source.take() else { return };
        self.recording = None;
        let mut used = self
            .continued
            .take()
            .map(|continued| continued.used)
            .unwrap_or_default();
        let mut error = error;
        let mut attempt = source.attempt;
        let can_go_on = self.manner.is_plain && !self.shown.is_empty();
        loop {
            attempt.count_missing().await;
            let known = attempt.usage.unwrap_or_default();
            used.prompt_tokens += known.prompt_tokens;
            used.completion_tokens += known.completion_tokens;
            self.walk.failed(&error, true);
            attempt.failed(error);
            let next = match can_go_on {
                true => next_affordable(&mut self.walk, &*self.request, &*self.account, &mut Tried::default()).await,
                false => None,
            };
            let Some(model) = next else {
                self.break_off();
                return;
            };
            let turns = continuation::turns(&self.shown);
            let next = Attempt::begin(model, self.request.clone(), self.account.clone());
            match Source::open(&self.wire, next, &*self.request, Some(&turns), 1).await {
                Ok(source) => {
                    self.source = Some(source);
                    self.continued = Some(Continued {
                        seam: Seam::new(Cow::Owned(self.shown.clone())),
                        used,
                        usage_told: false,
                    });
                    return;
                }
                Err((failed, Trouble::Failed(reason))) => (attempt, error) = (failed, reason),
                Err((failed, Trouble::Refused { status, .. })) => {
                    let message = "it refuses to go on with the answer".to_owned();
                    let retry_after = None;
                    (attempt, error) = (
                        failed,
                        CallError::Status {
                            status,
                            retry_after,
                            message,
                        },
                    );
                }
            }
        }
    }

    fn break_off(&mut self) {
        let mut out = Out::default();
        out.push(std::mem::take(&mut self.ready));
        out.push(Bytes::from_static(BROKEN));
        self.ready = out.take();
    }
}

/// Reads until the first word, or the end of an answer without one.
pub(super) async fn first_word(
    events: &mut Vec<Event>,
    begun: Result<Source, (Attempt, Trouble)>,
) -> Result<Source, (Attempt, Trouble)> {
    let mut source = begun?;
    while !source.attempt.has_begun() {
        match source.read(events).await {
            Ok(false) => {}
            Ok(true) => break,
            Err(error) => return Err((source.attempt, error.into())),
        }
    }
    Ok(source)
}

/// A call failed before its first word while another one that was asked beside it goes on.
pub(super) async fn note_failure(tried: &mut Tried, mut attempt: Attempt, trouble: Trouble) {
    attempt.count_missing().await;
    match trouble {
        Trouble::Failed(error) => {
            tried.note(&error);
            attempt.failed(error);
        }
        Trouble::Refused { status, body } => {
            let (body, error) = refusal(&attempt, status, &body);
            attempt.failed(error);
            tried.refusal.get_or_insert((status, body));
        }
    }
}

/// What a refusal says without the provider's key, and as an error of the call.
fn refusal(attempt: &Attempt, status: u16, body: &Bytes) -> (Bytes, CallError) {
    let text = String::from_utf8_lossy(body);
    let error = CallError::Status {
        status,
        retry_after: None,
        message: text.chars().take(300).collect(),
    };
    let provider = &attempt.model.provider;
    (Bytes::from(provider.without_key(text.into_owned())), error)
}

/// A call failed before its first word: on to the next try, unless its refusal is the answer.
pub(super) async fn failed_before(
    walk: &mut Walk,
    tried: &mut Tried,
    mut attempt: Attempt,
    trouble: Trouble,
) -> Result<(), Failure> {
    // What is paid for by now decides whether another call is affordable.
    attempt.count_missing().await;
    match trouble {
        Trouble::Failed(error) => {
            tried.note(&error);
            walk.failed(&error, false);
            attempt.failed(error);
        }
        Trouble::Refused { status, body } => {
            let (body, error) = refusal(&attempt, status, &body);
            attempt.failed(error);
            if !walk.passes_refusals {
                return Err(Failure::Refused { status, body });
            }
            tried.refusal.get_or_insert((status, body));
            walk.pass();
        }
    }
    Ok(())
}

/// Events on their way out: one alone goes as it came, several in one piece.
#[derive(Default)]
struct Out {
    first: Bytes,
    all: BytesMut,
}

impl Out {
    fn push(&mut self, bytes: Bytes) {
        if self.first.is_empty() && self.all.is_empty() {
            self.first = bytes;
            return;
        }
        if self.all.is_empty() {
            self.all.extend_from_slice(&self.first);
        }
        self.all.extend_from_slice(&bytes);
    }

    fn take(self) -> Bytes {
        if self.all.is_empty() {
            self.first
        } else {
            self.all.freeze()
        }
    }
}

/// What all events of one answer share.
#[derive(Deserialize, Default)]
struct Head<'a> {
    #[serde(borrow, default)]
    id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    created: Option<&'a RawValue>,
    #[serde(borrow, default)]
    model: Option<&'a RawValue>,
}

impl Head<'_> {
    fn of(event: &[u8]) -> Head<'_> {
        // Only the data of a single line can be borrowed; chunks of more have never been seen.
        match data_of(event) {
            Cow::Borrowed(data) => serde_json::from_slice(data).unwrap_or_default(),
            Cow::Owned(_) => Head::default(),
        }
    }

    fn event(&self, choices: &str, usage: &str) -> Bytes {
        let or_null = |value: Option<&RawValue>| value.map_or("null", RawValue::get).to_owned();
        Bytes::from(format!(
            "data: {{\"id\":{},\"object\":\"chat.completion.chunk\",\"created\":{},\"model\":{},\"choices\":[{choices}]{usage}}}\n\n",
            or_null(self.id),
            or_null(self.created),
            or_null(self.model),
        ))
    }

    fn words(&self, words: &str) -> Bytes {
        let words = serde_json::Value::from(words);
        let choice =
            format!("{{\"index\":0,\"delta\":{{\"content\":{words}}},\"logprobs\":null,\"finish_reason\":null}}");
        self.event(&choice, "")
    }

    fn finish(&self, reason: &str) -> Bytes {
        let reason = serde_json::Value::from(reason);
        let choice = format!("{{\"index\":0,\"delta\":{{}},\"logprobs\":null,\"finish_reason\":{reason}}}");
        self.event(&choice, "")
    }

    fn usage(&self, before: Usage, last: Usage) -> Bytes {
        let prompt = before.prompt_tokens + last.prompt_tokens;
        let completion = before.completion_tokens + last.completion_tokens;
        let total = prompt + completion;
        let usage = format!(
            ",\"usage\":{{\"prompt_tokens\":{prompt},\"completion_tokens\":{completion},\"total_tokens\":{total}}}"
        );
        self.event("", &usage)
    }
}
