//! A model that is asked for an answer as a stream, and what it has said so far.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;

use super::call::{Call, CallOutcome};
use super::catalogue::Model;
use super::chain::{Prompts, Sink};
use super::continuation::{self, Seam};
use super::error::CallError;
use super::estimate::{estimated_tokens, most_tokens};
use super::events::{EventReader, Piece, read_event};
use super::provider::Prompt;
use super::thin::{Body, Reply};
use super::tokenizer;
use crate::domain::{CallId, Finish, Usage, Usd};
use crate::settings::Upstream;

/// How long the usage may come after the last word.
pub const USAGE_WAIT: Duration = Duration::from_secs(1);
/// Tokens that have more bytes are rare, so no answer is longer than all its tokens at this length.
const LONGEST_TOKEN: usize = 64;
/// A body without stream may be this long.
const LONGEST_BODY: usize = 4 << 20;

pub struct Speaker {
    pub id: CallId,
    pub model: Arc<Model>,
    /// The most tokens of the prompt, which itself is let go once it was sent: thousands wait for an answer at once.
    longest_prompt: u64,
    max_tokens: u32,
    /// Words that another model said before it.
    shown: String,
    first_token_limit: Duration,
    pause: Duration,
    started: Instant,
    /// The provider began to answer, so it may want money.
    reached: bool,
    line: Line,
    pub first_token: Option<Duration>,
    latest_token: Instant,
    /// What this call alone said.
    text: String,
    /// How much of it was told.
    told: usize,
    usage: Option<Usage>,
    pub finish: Finish,
    finished: bool,
    ended: bool,
}

/// The way to the model.
enum Line {
    /// Its answer has not begun. Nothing is sent before this is polled.
    Asking(BoxFuture<'static, Result<Reply, CallError>>),
    Open(Box<Stream>),
}

/// A response while it is read.
struct Stream {
    body: Body,
    kind: Kind,
}

/// What a provider sends.
enum Kind {
    Events(EventReader),
    /// It does not stream although it was asked to: the whole so far, and its content type.
    Whole(Vec<u8>, String),
}

impl Speaker {
    /// Asks nobody yet. With `shown`, it is to go on from there.
    pub fn new(model: Arc<Model>, prompt: Prompt, shown: String, upstream: &Upstream) -> Self {
        let (now, asked, sent) = (Instant::now(), model.clone(), sent(prompt, &shown));
        let texts = sent.messages.iter().map(|message| most_tokens(&message.content));
        let longest_prompt = texts.sum::<u64>() + beside_the_texts(&sent);
        let max_tokens = sent.max_tokens;
        let asking = async move { asked.provider.open(&asked.id, &sent, &asked.dialect).await };
        Self {
            id: CallId::generate(),
            line: Line::Asking(Box::pin(asking)),
            longest_prompt: longest_prompt.min(u64::from(model.context_tokens)),
            model,
            max_tokens,
            shown,
            first_token_limit: upstream.first_token_timeout,
            pause: upstream.between_tokens_timeout,
            started: now,
            reached: false,
            first_token: None,
            latest_token: now,
            text: String::new(),
            told: 0,
            usage: None,
            finish: Finish::Stop,
            finished: false,
            ended: false,
        }
    }

    /// Ready when the first word came. Losing the future loses nothing.
    pub async fn first_word(&mut self) -> Result<(), CallError> {
        while self.first_token.is_none() && !self.ended {
            self.read().await?;
        }
        match self.ended {
            true => self.check(),
            false => Ok(()),
        }
    }

    /// Tells the whole answer as it comes.
    pub async fn speak(&mut self, sink: &mut dyn Sink) -> Result<(), CallError> {
        let mut seam = Seam::new(self.shown.clone());
        loop {
            if self.told < self.text.len() {
                let shown = seam.pass(&self.text[self.told..]);
                self.told = self.text.len();
                if !shown.is_empty() {
                    sink.tell(&shown);
                }
            }
            if self.ended {
                break;
            }
            self.read().await?;
        }
        self.check()?;
        let rest = seam.close();
        if !rest.is_empty() {
            sink.tell(&rest);
        }
        Ok(())
    }

    /// Whether what ended was an answer. One that goes on with another's may have nothing to add.
    fn check(&self) -> Result<(), CallError> {
        match (self.finished, self.text.is_empty() && self.shown.is_empty()) {
            (true, false) => Ok(()),
            (true, true) => Err(CallError::Empty),
            (false, _) => Err(CallError::Broken("it ended before the answer did".to_owned())),
        }
    }

    /// Waits for what comes next, within the times that the settings allow.
    async fn read(&mut self) -> Result<(), CallError> {
        let (due, mut pieces) = (self.due(), Vec::new());
        let came = match &mut self.line {
            Line::Asking(asking) => {
                let opened = tokio::time::timeout_at(due.into(), asking).await;
                let reply = opened.map_err(|_| CallError::FirstTokenTimeout(self.first_token_limit))??;
                self.reached = true;
                self.line = Line::Open(Box::new(Stream::new(reply)));
                return Ok(());
            }
            Line::Open(stream) => tokio::time::timeout_at(due.into(), stream.next(&mut pieces)).await,
        };
        let goes_on = match came {
            Ok(Ok(goes_on)) => goes_on,
            // What breaks or stays away after the last word does not matter.
            Ok(Err(CallError::Broken(_))) | Err(_) if self.finished => false,
            Ok(Err(error)) => return Err(error),
            Err(_) if self.first_token.is_none() => return Err(CallError::FirstTokenTimeout(self.first_token_limit)),
            Err(_) => return Err(CallError::BetweenTokensTimeout(self.pause)),
        };
        if !goes_on && let Line::Open(stream) = &mut self.line {
            stream.end(&mut pieces)?;
        }
        self.ended = !goes_on;
        for piece in pieces {
            self.take(piece);
        }
        Ok(())
    }

    fn due(&self) -> Instant {
        match (self.first_token, self.finished) {
            (_, true) => self.latest_token + USAGE_WAIT,
            (None, _) => self.started + self.first_token_limit,
            (Some(_), _) => self.latest_token + self.pause,
        }
    }

    fn take(&mut self, piece: Piece) {
        match piece {
            Piece::Text(text) => {
                self.latest_token = Instant::now();
                self.first_token.get_or_insert_with(|| self.latest_token - self.started);
                self.text.push_str(&text);
                let longest = self.max_tokens as usize * LONGEST_TOKEN;
                if self.text.len() > longest {
                    // It was told when to stop, and does not.
                    self.text.truncate(self.text.floor_char_boundary(longest));
                    (self.finish, self.finished, self.ended) = (Finish::Length, true, true);
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
                self.ended = true;
            }
        }
    }

    /// What the call costs at most, with an answer as long as it may be.
    pub fn at_most(&self) -> Usd {
        self.model.cost(&Usage {
            prompt_tokens: self.longest_prompt,
            completion_tokens: u64::from(self.max_tokens),
            counted: true,
        })
    }

    /// What it costs without a word said.
    pub fn unanswered(&self) -> Usd {
        self.model.cost(&Usage {
            prompt_tokens: self.longest_prompt,
            completion_tokens: 0,
            counted: true,
        })
    }

    /// How long it has been asked.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Ends the call, also in the middle: its connection is closed. It is accounted for by [`Spoken::call`].
    pub fn end(self, outcome: CallOutcome) -> Spoken {
        Spoken {
            id: self.id,
            total: self.elapsed(),
            // A model that was asked for nothing has read the prompt all the same.
            is_paid: self.reached || matches!(outcome, CallOutcome::Hedged),
            model: self.model,
            shown: self.shown,
            text: self.text,
            usage: self.usage,
            outcome,
            first_token: self.first_token,
        }
    }
}

/// A call that has ended.
pub struct Spoken {
    id: CallId,
    model: Arc<Model>,
    shown: String,
    text: String,
    usage: Option<Usage>,
    is_paid: bool,
    outcome: CallOutcome,
    first_token: Option<Duration>,
    total: Duration,
}

impl Spoken {
    /// What it used and cost; where the provider did not say, its tokens are counted, which may take a moment. `prompt` makes once
    /// more what was sent.
    pub async fn call(self, prompt: Prompts<'_>) -> Call {
        let usage = match self.usage {
            Some(usage) => usage,
            None if self.is_paid => counted(sent(prompt(&self.model), &self.shown), self.text).await,
            None => Usage::default(),
        };
        Call {
            id: self.id,
            cost: self.model.cost(&usage),
            model: self.model,
            usage,
            outcome: self.outcome,
            first_token: self.first_token,
            total: self.total,
        }
    }
}

/// The prompt of a model that is to go on behind what is shown.
fn sent(mut prompt: Prompt, shown: &str) -> Prompt {
    if !shown.is_empty() {
        prompt.messages.extend(continuation::turns(shown));
    }
    prompt
}

async fn counted(prompt: Prompt, text: String) -> Usage {
    let estimate = (estimated_tokens_of(&prompt), estimated_tokens(&text));
    let counting = tokenizer::count(move || {
        let sent = tokenizer::count_here(prompt.messages.iter().map(|message| message.content.as_str()));
        (sent + beside_the_texts(&prompt), tokenizer::count_here([text.as_str()]))
    });
    let (prompt_tokens, completion_tokens) = counting.await.unwrap_or(estimate);
    Usage {
        prompt_tokens,
        completion_tokens,
        counted: true,
    }
}

/// A message takes a token for its role and three around it, and the answer's beginning takes three (OpenAI's cookbook, "How to
/// count tokens with tiktoken").
fn beside_the_texts(prompt: &Prompt) -> u64 {
    prompt.messages.len() as u64 * 4 + 3
}

fn estimated_tokens_of(prompt: &Prompt) -> u64 {
    let texts = prompt.messages.iter().map(|message| estimated_tokens(&message.content));
    texts.sum::<u64>() + beside_the_texts(prompt)
}

impl Stream {
    fn new(reply: Reply) -> Self {
        let content_type = reply.content_type.unwrap_or_else(|| "none".to_owned());
        let is_events = content_type.to_ascii_lowercase().starts_with("text/event-stream");
        Self {
            body: reply.body,
            kind: match is_events {
                true => Kind::Events(EventReader::default()),
                false => Kind::Whole(Vec::new(), content_type),
            },
        }
    }

    /// Waits for bytes and adds what they say to `pieces`; false: there are no more.
    async fn next(&mut self, pieces: &mut Vec<Piece>) -> Result<bool, CallError> {
        let kind = &mut self.kind;
        let mut take = |bytes: &[u8]| match kind {
            Kind::Events(reader) => reader.feed(bytes, pieces),
            Kind::Whole(body, _) if body.len() + bytes.len() <= LONGEST_BODY => {
                body.extend_from_slice(bytes);
                Ok(())
            }
            Kind::Whole(..) => Err(CallError::Unreadable(format!(
                "a body longer than {LONGEST_BODY} bytes"
            ))),
        };
        self.body.read(&mut take).await
    }

    /// Adds what can only be told at the end.
    fn end(&mut self, pieces: &mut Vec<Piece>) -> Result<(), CallError> {
        match &mut self.kind {
            Kind::Events(reader) => reader.end(pieces),
            Kind::Whole(body, content_type) => read_event(body, pieces)
                .map_err(|error| CallError::Unreadable(format!("content type `{content_type}`, {error}"))),
        }
    }
}
