//! An answer of bytes that are not read, such as speech, passed on as they come.

use std::sync::Arc;

use bytes::Bytes;
use reqwest::header::{CONTENT_TYPE, HeaderValue};

use super::attempt::Attempt;
use super::relay::failed_before;
use super::{Account, Failure, Outgoing, Tried, Walk, Wire, next_affordable, send};
use crate::domain::Usage;
use crate::models::error::CallError;

/// What is paid for, as far as the request tells.
#[derive(Debug, Clone, Copy)]
pub struct Paid {
    pub usage: Usage,
    pub audio_seconds: Option<f64>,
}

pub struct Opaque {
    attempt: Option<Attempt>,
    response: reqwest::Response,
    first: Option<Bytes>,
    pause: std::time::Duration,
    pub model: String,
    pub content_type: HeaderValue,
}

impl Opaque {
    /// Ready when the first bytes of an answer are there. What it costs is known from the request.
    pub async fn open(
        wire: &Wire,
        mut walk: Walk,
        request: Arc<dyn Outgoing>,
        account: Arc<dyn Account>,
        paid: Paid,
    ) -> Result<Self, Failure> {
        let mut tried = Tried::default();
        let limit = wire.upstream.whole_answer_timeout;
        while let Some(model) = next_affordable(&mut walk, &*request, &*account, &mut tried).await {
            let mut attempt = Attempt::begin(model.clone(), request.clone(), account.clone());
            let asked = async {
                let mut response = send(wire, &model, &*request, None).await?;
                attempt.reached = true;
                attempt.usage = Some(paid.usage);
                attempt.audio_seconds = paid.audio_seconds;
                let first = response.chunk().await;
                let first = first.map_err(|error| CallError::Broken(error.without_url().to_string()))?;
                Ok((response, first.ok_or(CallError::Empty)?))
            };
            let asked = tokio::time::timeout(limit, asked).await;
            match asked.unwrap_or_else(|_| Err(CallError::FirstTokenTimeout(limit).into())) {
                Ok((response, first)) => {
                    attempt.token_came();
                    let binary = HeaderValue::from_static("application/octet-stream");
                    return Ok(Self {
                        content_type: response.headers().get(CONTENT_TYPE).cloned().unwrap_or(binary),
                        attempt: Some(attempt),
                        response,
                        first: Some(first),
                        pause: wire.upstream.between_tokens_timeout,
                        model: model.id.clone(),
                    });
                }
                Err(trouble) => failed_before(&mut walk, &mut tried, attempt, trouble).await?,
            }
        }
        Err(tried.failure())
    }

    /// The next bytes; `None` after the last. An error means that the rest is lost, which is told by breaking off.
    pub async fn next(&mut self) -> Option<Result<Bytes, CallError>> {
        if let Some(first) = self.first.take() {
            return Some(Ok(first));
        }
        self.attempt.as_ref()?;
        let error = match tokio::time::timeout(self.pause, self.response.chunk()).await {
            Ok(Ok(Some(bytes))) => return Some(Ok(bytes)),
            Ok(Ok(None)) => {
                self.attempt.take()?.succeeded();
                return None;
            }
            Ok(Err(error)) => CallError::Broken(error.without_url().to_string()),
            Err(_) => CallError::BetweenTokensTimeout(self.pause),
        };
        let told = CallError::Broken(error.to_string());
        self.attempt.take()?.failed(error);
        Some(Err(told))
    }
}
