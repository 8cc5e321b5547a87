//! What a program gets back.

use std::sync::Arc;

use bytes::Bytes;
use reqwest::header::HeaderValue;

use super::Parts;
use super::ledger::now_ms;
use super::tab::Tab;
use crate::cache::{CacheKey, CachedAnswer};
use crate::domain::{Finish, From, Usage, Usd};
use crate::models::CallError;
use crate::models::passthrough::{Opaque, Relay, WholeAnswer, without_usage};

const JSON: HeaderValue = HeaderValue::from_static("application/json");
/// The content type of a stream.
pub const EVENTS: HeaderValue = HeaderValue::from_static("text/event-stream; charset=utf-8");

/// How an answer comes.
pub enum Reply {
    Whole(Told),
    Stream(ChatStream),
    Bytes(Bytewise),
}

/// An answer that is known wholly.
pub struct Told {
    pub from: From,
    pub model: String,
    pub cost: Usd,
    pub content_type: HeaderValue,
    pub body: Bytes,
}

impl Told {
    pub(super) fn fresh(answer: WholeAnswer, cost: Usd) -> Self {
        Self {
            from: From::Model,
            model: answer.model,
            cost,
            content_type: answer.content_type,
            body: answer.body,
        }
    }

    /// What the cache keeps is JSON, or events when a stream was asked for.
    pub(super) fn cached(found: &CachedAnswer, tells_usage: bool) -> Self {
        let text = &found.text;
        let is_json = text.trim_start().starts_with('{');
        let body = match is_json || tells_usage {
            true => Bytes::copy_from_slice(text.as_bytes()),
            false => without_usage(text.as_bytes()),
        };
        Self {
            from: From::Cache,
            model: found.model.as_deref().unwrap_or_default().to_owned(),
            cost: Usd::ZERO,
            content_type: if is_json { JSON } else { EVENTS },
            body,
        }
    }

    pub(super) fn to_keep(&self, used: Usage) -> Option<CachedAnswer> {
        kept(&self.body, &self.model, used)
    }
}

/// As the cache keeps answers. Those to programs never meet those to visitors: their keys are made in another way.
fn kept(body: &[u8], model: &str, used: Usage) -> Option<CachedAnswer> {
    Some(CachedAnswer {
        basis: Default::default(),
        text: str::from_utf8(body).ok()?.into(),
        sources: Arc::new([]),
        finish: Finish::Stop,
        made_by: From::Model,
        model: Some(model.into()),
        prompt_tokens: used.prompt_tokens,
        completion_tokens: used.completion_tokens,
        made_at_ms: now_ms(),
    })
}

impl Parts {
    pub(super) async fn keep(&self, key: CacheKey, answer: Option<CachedAnswer>) {
        if let Some(answer) = answer {
            self.cache.put(&key, Arc::new(answer)).await;
        }
    }
}

/// An answer while it comes, event by event. Dropping it stops what is being paid for.
pub struct ChatStream {
    relay: Box<Relay>,
    key: Option<CacheKey>,
    parts: Arc<Parts>,
    tab: Arc<Tab>,
}

impl ChatStream {
    pub(super) fn new(relay: Relay, key: Option<CacheKey>, parts: Arc<Parts>, tab: Arc<Tab>) -> Self {
        parts.metrics.running_streams.inc();
        Self {
            relay: Box::new(relay),
            key,
            parts,
            tab,
        }
    }

    pub fn model(&self) -> &str {
        self.relay.model()
    }

    /// The next bytes; `None` after the last.
    pub async fn next(&mut self) -> Option<Bytes> {
        let bytes = self.relay.next().await;
        if bytes.is_none()
            && let Some(key) = self.key.take()
            && let Some(events) = self.relay.take_recording()
        {
            let used = self.tab.answered();
            let (parts, answer) = (self.parts.clone(), kept(&events, self.relay.model(), used));
            self.parts.runtime.spawn(async move { parts.keep(key, answer).await });
        }
        bytes
    }
}

impl Drop for ChatStream {
    fn drop(&mut self) {
        self.parts.metrics.running_streams.dec();
    }
}

/// Bytes that are passed on as they come.
pub struct Bytewise {
    opaque: Box<Opaque>,
    /// When it is known beforehand.
    pub cost: Option<Usd>,
}

impl Bytewise {
    pub(super) fn new(opaque: Opaque, cost: Option<Usd>) -> Self {
        Self {
            opaque: Box::new(opaque),
            cost,
        }
    }

    pub fn model(&self) -> &str {
        &self.opaque.model
    }

    pub fn content_type(&self) -> HeaderValue {
        self.opaque.content_type.clone()
    }

    /// The next bytes; `None` after the last.
    pub async fn next(&mut self) -> Option<Result<Bytes, CallError>> {
        self.opaque.next().await
    }
}
