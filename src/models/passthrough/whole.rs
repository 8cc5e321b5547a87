//! An answer that comes in one piece of JSON. Nothing of it was told before it is whole, so any model may take over.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use reqwest::header::{CONTENT_TYPE, HeaderValue};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::attempt::Attempt;
use super::chunk::message_of;
use super::hedge::{Asking, Opening, Way};
use super::relay::failed_before;
use super::{Account, Failure, Outgoing, Tried, Trouble, Walk, Wire, next_affordable, send};
use crate::domain::{Usage, Usd};
use crate::models::catalogue::Model;
use crate::models::error::CallError;
use crate::models::hedge::Hedging;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
/// An answer may be this long, in bytes.
const LONGEST_ANSWER: usize = 64 << 20;
/// Where a transcription does not tell how long it is, the bytes that a second of MP3 at 64 kbit/s takes stand for one.
const BYTES_PER_SECOND: usize = 8_000;

/// About how long a recording of so many bytes is, in seconds.
pub fn seconds_of(bytes: usize) -> f64 {
    (bytes / BYTES_PER_SECOND) as f64
}

/// What makes an answer one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// `choices` are there.
    Completion,
    /// `data` is there.
    Embeddings,
    /// Any text: the program chooses the format. Holds the length of the upload, in bytes.
    Transcription(usize),
}

/// An answer as it came.
#[derive(Debug)]
pub struct WholeAnswer {
    pub model: String,
    pub content_type: HeaderValue,
    pub body: Bytes,
}

#[derive(Deserialize)]
struct Body<'a> {
    choices: Option<Vec<IgnoredAny>>,
    data: Option<IgnoredAny>,
    usage: Option<UsageFields>,
    /// Of a verbose transcription, in seconds.
    duration: Option<f64>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

/// The names of chat completions, of embeddings, and of transcriptions.
#[derive(Deserialize)]
struct UsageFields {
    #[serde(alias = "input_tokens")]
    prompt_tokens: Option<u64>,
    #[serde(alias = "output_tokens")]
    completion_tokens: Option<u64>,
    seconds: Option<f64>,
}

impl WholeAnswer {
    pub async fn get(
        wire: &Wire,
        mut walk: Walk,
        request: Arc<dyn Outgoing>,
        account: Arc<dyn Account>,
        shape: Shape,
    ) -> Result<Self, Failure> {
        let mut tried = Tried::default();
        let asking = Asking {
            wire,
            request: &request,
            account: &account,
            way: InOnePiece(shape),
        };
        while let Some(model) = next_affordable(&mut walk, &*request, &*account, &mut tried).await {
            match asking.open(model, &mut walk, &mut tried).await {
                Ok((attempt, answer)) => {
                    attempt.succeeded();
                    return Ok(answer);
                }
                Err((attempt, trouble)) => failed_before(&mut walk, &mut tried, attempt, trouble).await?,
            }
        }
        Err(tried.failure())
    }
}

/// An answer has begun when all of it is there.
struct InOnePiece(Shape);

impl Way for InOnePiece {
    type Begun = (Attempt, WholeAnswer);

    /// Vectors and transcripts of another model are other ones.
    fn is_hedged(&self) -> bool {
        self.0 == Shape::Completion
    }

    fn patience(&self, hedging: &Hedging, model: &Model) -> Option<Duration> {
        hedging.patience_for_whole(model, Instant::now())
    }

    /// The one that is left may be about to end.
    fn unneeded(&self, request: &dyn Outgoing, model: &Model) -> Usd {
        request.at_most(model)
    }

    /// Nobody sees how far it has come, so it is taken to have come as far as the answer that is there.
    fn written(&self, (attempt, _): &Self::Begun) -> u64 {
        attempt.usage.map_or(0, |usage| usage.completion_tokens)
    }

    async fn begin(&self, wire: &Wire, request: &dyn Outgoing, mut attempt: Attempt) -> Opening<Self::Begun> {
        attempt.is_whole = true;
        let limit = wire.upstream.whole_answer_timeout;
        let asked = tokio::time::timeout(limit, ask(wire, &mut attempt, request, self.0)).await;
        match asked.unwrap_or_else(|_| Err(CallError::FirstTokenTimeout(limit).into())) {
            Ok(answer) => Ok((attempt, answer)),
            Err(trouble) => Err((attempt, trouble)),
        }
    }
}

async fn ask(wire: &Wire, attempt: &mut Attempt, request: &dyn Outgoing, shape: Shape) -> Result<WholeAnswer, Trouble> {
    let model = attempt.model.clone();
    let mut response = send(wire, &model, request, None).await?;
    attempt.reached = true;
    let told = response.headers().get(CONTENT_TYPE).cloned();
    let content_type = match shape {
        Shape::Transcription(_) => told.unwrap_or(JSON),
        // Passed on only when it is that, whatever the provider calls it.
        Shape::Completion | Shape::Embeddings => JSON,
    };
    let expected = response.content_length().unwrap_or(0).min(LONGEST_ANSWER as u64);
    let mut body = BytesMut::with_capacity(usize::try_from(expected).unwrap_or(0));
    let broken = |error: reqwest::Error| CallError::Broken(error.without_url().to_string());
    while let Some(chunk) = response.chunk().await.map_err(broken)? {
        if body.len() + chunk.len() > LONGEST_ANSWER {
            return Err(CallError::Unreadable(format!("a body longer than {LONGEST_ANSWER} bytes")).into());
        }
        body.extend_from_slice(&chunk);
    }
    let body = body.freeze();
    check(&body, shape, attempt)?;
    attempt.count_missing().await;
    attempt.token_came();
    Ok(WholeAnswer {
        model: model.id.clone(),
        content_type,
        body,
    })
}

/// Whether the answer is one, and what it used.
fn check(body: &[u8], shape: Shape, attempt: &mut Attempt) -> Result<(), CallError> {
    let parsed = match (serde_json::from_slice::<Body>(body), shape) {
        (Ok(parsed), _) => parsed,
        (Err(_), Shape::Transcription(bytes)) if !body.is_empty() => {
            attempt.audio_seconds = Some(seconds_of(bytes));
            attempt.usage = Some(counted(Usage::default()));
            return Ok(());
        }
        (Err(error), _) => return Err(CallError::Unreadable(error.to_string())),
    };
    if let Some(error) = parsed.error {
        return Err(CallError::Reported(message_of(error.get())));
    }
    let is_whole = match shape {
        Shape::Completion => parsed.choices.as_ref().is_some_and(|choices| !choices.is_empty()),
        Shape::Embeddings => parsed.data.is_some(),
        Shape::Transcription(_) => true,
    };
    if !is_whole {
        return Err(CallError::Empty);
    }
    let tokens = parsed.usage.as_ref().map(|usage| Usage {
        prompt_tokens: usage.prompt_tokens.unwrap_or(0),
        completion_tokens: usage.completion_tokens.unwrap_or(0),
        counted: false,
    });
    attempt.usage = tokens;
    if let Shape::Transcription(bytes) = shape {
        let told = parsed.usage.and_then(|usage| usage.seconds).or(parsed.duration);
        attempt.audio_seconds = Some(told.unwrap_or(seconds_of(bytes)));
        if tokens.is_none() && told.is_none() {
            attempt.usage = Some(counted(Usage::default()));
        }
        attempt.usage.get_or_insert_default();
    } else if tokens.is_none() {
        attempt.said = words_of(body);
    }
    Ok(())
}

fn counted(usage: Usage) -> Usage {
    Usage { counted: true, ..usage }
}

/// What a completion says, to be counted when the provider does not tell its usage.
fn words_of(body: &[u8]) -> String {
    let body: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    let choices = body["choices"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut words = String::new();
    for choice in choices {
        words.push_str(choice["message"]["content"].as_str().unwrap_or_default());
        if choice["message"]["tool_calls"].is_array() {
            words.push_str(&choice["message"]["tool_calls"].to_string());
        }
    }
    words
}
