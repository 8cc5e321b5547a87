//! A model that is asked for an answer as a stream, and what it has said so far.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;

use super::call::{Call, CallOutcome};
use super::catalogue::Model;
use super::chain::Sink;
use super::continuation::{self, Seam};
use super::error::CallError;
use super::estimate::{estimated_tokens, most_tokens};
use super::events::{EventReader, Piece, read_event};
use super::provider::Prompt;
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
    prompt: Arc<Prompt>,
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
    Asking(BoxFuture<'static, Result<reqwest::Response, CallError>>),
    Open(Box<Stream>),
}

/// A response while it is read.
struct Stream {
    response: reqwest::Response,
    content_type: String,
    is_events: bool,
    reader: EventReader,
    /// Of a provider that does not stream although it was asked to.
    body: Vec<u8>,
}

impl Speaker {
    /// Asks nobody yet. With `shown`, it is to go on from there.
    pub fn new(model: Arc<Model>, mut prompt: Prompt, shown: String, upstream: &Upstream) -> Self {
        if !shown.is_empty() {
            prompt.messages.extend(continuation::turns(&shown));
        }
        let (now, prompt) = (Instant::now(), Arc::new(prompt));
        let (asked, sent) = (model.clone(), prompt.clone());
        let asking = async move { asked.provider.open(&asked.id, &sent, &asked.dialect).await };
        Self {
            id: CallId::generate(),
            line: Line::Asking(Box::pin(asking)),
            model,
            prompt,
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
        let due = self.due();
        let chunk = match &mut self.line {
            Line::Asking(asking) => {
                let opened = tokio::time::timeout_at(due.into(), asking).await;
                let response = opened.map_err(|_| CallError::FirstTokenTimeout(self.first_token_limit))??;
                self.reached = true;
                self.line = Line::Open(Box::new(Stream::new(response)));
                return Ok(());
            }
            Line::Open(stream) => tokio::time::timeout_at(due.into(), stream.response.chunk()).await,
        };
        let chunk = match chunk {
            Ok(Ok(chunk)) => chunk,
            // What breaks or stays away after the last word does not matter.
            _ if self.finished => None,
            Ok(Err(error)) => return Err(CallError::Broken(error.without_url().to_string())),
            Err(_) if self.first_token.is_none() => return Err(CallError::FirstTokenTimeout(self.first_token_limit)),
            Err(_) => return Err(CallError::BetweenTokensTimeout(self.pause)),
        };
        self.ended = chunk.is_none();
        let Line::Open(stream) = &mut self.line else {
            return Ok(());
        };
        for piece in stream.take(chunk)? {
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
                let longest = self.prompt.max_tokens as usize * LONGEST_TOKEN;
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
            prompt_tokens: self.longest_prompt(),
            completion_tokens: u64::from(self.prompt.max_tokens),
            counted: true,
        })
    }

    /// What it costs without a word said.
    pub fn unanswered(&self) -> Usd {
        self.model.cost(&Usage {
            prompt_tokens: self.longest_prompt(),
            completion_tokens: 0,
            counted: true,
        })
    }

    fn longest_prompt(&self) -> u64 {
        let texts = self.prompt.messages.iter().map(|message| most_tokens(&message.content));
        (texts.sum::<u64>() + beside_the_texts(&self.prompt)).min(u64::from(self.model.context_tokens))
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
            prompt: self.prompt,
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
    prompt: Arc<Prompt>,
    text: String,
    usage: Option<Usage>,
    is_paid: bool,
    outcome: CallOutcome,
    first_token: Option<Duration>,
    total: Duration,
}

impl Spoken {
    /// What it used and cost; where the provider did not say, its tokens are counted, which may take a moment.
    pub async fn call(self) -> Call {
        let usage = match self.usage {
            Some(usage) => usage,
            None if self.is_paid => counted(self.prompt, self.text).await,
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

async fn counted(prompt: Arc<Prompt>, text: String) -> Usage {
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
    fn new(response: reqwest::Response) -> Self {
        let content_type = response.headers().get(reqwest::header::CONTENT_TYPE);
        let content_type = content_type.and_then(|value| value.to_str().ok()).unwrap_or("none");
        let is_events = content_type
            .trim_start()
            .to_ascii_lowercase()
            .starts_with("text/event-stream");
        Self {
            content_type: content_type.to_owned(),
            response,
            is_events,
            reader: EventReader::default(),
            body: Vec::new(),
        }
    }

    /// What the next bytes say; `None` is the end of them.
    fn take(&mut self, chunk: Option<bytes::Bytes>) -> Result<Vec<Piece>, CallError> {
        let mut pieces = Vec::new();
        match chunk {
            Some(bytes) if self.is_events => self.reader.feed(&bytes, &mut pieces)?,
            Some(bytes) if self.body.len() + bytes.len() <= LONGEST_BODY => self.body.extend_from_slice(&bytes),
            Some(_) => {
                let problem = format!("a body longer than {LONGEST_BODY} bytes");
                return Err(CallError::Unreadable(problem));
            }
            None if self.is_events => self.reader.end(&mut pieces)?,
            None => read_event(&self.body, &mut pieces)
                .map_err(|error| CallError::Unreadable(format!("content type `{}`, {error}", self.content_type)))?,
        }
        Ok(pieces)
    }
}
