//! One OpenAI-compatible provider: a base URL, a key, and how a chat completion is opened there.

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, HeaderValue, RETRY_AFTER};
use serde::Serialize;

use super::dialect::Dialect;
use super::error::CallError;
use super::thin::{self, Ways};
use crate::domain::Secret;
use crate::settings;

/// Of an error's body at most this much is read, and less is logged.
const MOST_OF_AN_ERROR: usize = 16 * 1024;
/// And no longer waited for.
const ERROR_WITHIN: Duration = Duration::from_secs(2);

/// A message as the OpenAI API takes it.
#[derive(Debug, Clone, Serialize)]
pub struct Message {
    pub role: &'static str,
    pub content: String,
}

/// What is sent to a model, whichever it is.
#[derive(Debug, Clone)]
pub struct Prompt {
    pub messages: Vec<Message>,
    pub temperature: f32,
    pub max_tokens: u32,
}

#[derive(Serialize)]
struct ChatRequest<'a> {
    model: &'a str,
    messages: &'a [Message],
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_options: Option<StreamOptions>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u32>,
}

#[derive(Serialize)]
struct StreamOptions {
    include_usage: bool,
}

/// A base URL, a key and the connections that are kept open to it.
pub struct Provider {
    name: String,
    base: String,
    api_key: Option<Secret>,
    authorization: Option<HeaderValue>,
    client: reqwest::Client,
    /// For what visitors wait for, thousands at once.
    completions: thin::Client,
}

impl std::fmt::Debug for Provider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Provider")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl Provider {
    pub fn new(settings: &settings::Provider, client: reqwest::Client, ways: Arc<Ways>) -> Self {
        let authorization = settings.api_key.as_ref().and_then(|key| {
            let mut value = HeaderValue::from_str(&format!("Bearer {}", key.expose())).ok()?;
            value.set_sensitive(true);
            Some(value)
        });
        let base = settings.base_url.as_str().trim_end_matches('/').to_owned();
        let mut completions = settings.base_url.clone();
        if let Ok(mut path) = completions.path_segments_mut() {
            path.pop_if_empty().extend(["chat", "completions"]);
        }
        Self {
            completions: thin::Client::new(ways, completions),
            name: settings.name.clone(),
            base,
            api_key: settings.api_key.clone(),
            authorization,
            client,
        }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its base URL, without a slash at its end.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// An error as it may be logged: some providers repeat the key that they refuse.
    pub fn told(&self, error: &CallError) -> String {
        self.without_key(error.to_string())
    }

    /// A text of the provider's with dots in the place of its key.
    pub fn without_key(&self, text: String) -> String {
        match self.api_key.as_ref().map(Secret::expose) {
            Some(key) if !key.is_empty() => text.replace(key, "…"),
            _ => text,
        }
    }

    /// Asks for a streamed chat completion; ready when the status and headers are there. A model that does not take the request
    /// as it is put is asked again in its own dialect.
    pub async fn open(&self, model: &str, prompt: &Prompt, dialect: &Dialect) -> Result<thin::Reply, CallError> {
        loop {
            match self.ask(model, prompt, dialect).await {
                // Each thing is learnt once, so this ends.
                Err(error) if dialect.learn(&error) => {
                    tracing::info!(model, error = self.told(&error), "a model is asked in other words");
                }
                asked => return asked,
            }
        }
    }

    async fn ask(&self, model: &str, prompt: &Prompt, dialect: &Dialect) -> Result<thin::Reply, CallError> {
        let limit = |is_meant: bool| is_meant.then_some(prompt.max_tokens);
        // The shortest decimal of the setting, so that 0.2 is sent as 0.2 and not as the float nearest to it.
        let temperature = prompt.temperature.to_string().parse().unwrap_or(0.0);
        let request = ChatRequest {
            model,
            messages: &prompt.messages,
            stream: true,
            stream_options: (!dialect.knows_no_stream_options()).then_some(StreamOptions { include_usage: true }),
            temperature: (!dialect.has_own_temperature()).then_some(temperature),
            max_tokens: limit(!dialect.wants_completion_tokens()),
            max_completion_tokens: limit(dialect.wants_completion_tokens()),
        };
        let body = serde_json::to_vec(&request).map_err(|error| CallError::Unreadable(error.to_string()))?;
        let asked = self.completions.post(self.authorization.as_ref(), &body).await;
        let reply = asked.map_err(CallError::Connect)?;
        if (200..300).contains(&reply.status) {
            return Ok(reply);
        }
        Err(refusal(reply).await)
    }

    /// Asks for vectors; ready when the status and headers are there.
    pub(super) async fn embeddings(&self, request: &super::embed::Request<'_>) -> Result<reqwest::Response, CallError> {
        let call = self.post(&self.client, "/embeddings").json(request);
        let response = call.send().await.map_err(connection_error)?;
        if response.status().is_success() {
            return Ok(response);
        }
        Err(status_error(response).await)
    }

    /// A request to this provider over `client`'s connections, with its key.
    pub(super) fn post(&self, client: &reqwest::Client, path: &str) -> reqwest::RequestBuilder {
        let call = client.post(format!("{}{path}", self.base));
        match &self.authorization {
            Some(authorization) => call.header(AUTHORIZATION, authorization.clone()),
            None => call,
        }
    }

    /// Whether the provider answers and takes the key: it lists its models. `Ok` holds how many there are.
    pub async fn check(&self, timeout: Duration) -> Result<usize, CallError> {
        let mut call = self.client.get(format!("{}/models", self.base)).timeout(timeout);
        if let Some(authorization) = &self.authorization {
            call = call.header(AUTHORIZATION, authorization.clone());
        }
        let response = call.send().await.map_err(connection_error)?;
        if !response.status().is_success() {
            return Err(status_error(response).await);
        }
        #[derive(serde::Deserialize)]
        struct List {
            data: Vec<serde::de::IgnoredAny>,
        }
        let list: List = response
            .json()
            .await
            .map_err(|error| CallError::Unreadable(error.to_string()))?;
        Ok(list.data.len())
    }
}

/// The error without the address, which may hold a key in its query.
pub(super) fn connection_error(error: reqwest::Error) -> CallError {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(deeper) = cause {
        text = deeper.to_string();
        cause = deeper.source();
    }
    CallError::Connect(text)
}

pub(super) async fn status_error(response: reqwest::Response) -> CallError {
    let status = response.status().as_u16();
    let retry_after = response
        .headers()
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok())
        .and_then(wait_of);
    let message = match tokio::time::timeout(ERROR_WITHIN, start_of(response)).await {
        Ok(body) => error_message(&body),
        Err(_) => String::new(),
    };
    CallError::Status {
        status,
        retry_after,
        message,
    }
}

async fn refusal(reply: thin::Reply) -> CallError {
    let body = tokio::time::timeout(ERROR_WITHIN, reply.body.start(MOST_OF_AN_ERROR)).await;
    CallError::Status {
        status: reply.status,
        retry_after: reply.retry_after.as_deref().and_then(wait_of),
        message: body.map_or(String::new(), |body| error_message(&body)),
    }
}

async fn start_of(mut response: reqwest::Response) -> Vec<u8> {
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        let room = MOST_OF_AN_ERROR - body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if body.len() >= MOST_OF_AN_ERROR {
            break;
        }
    }
    body
}

/// `Retry-After` in seconds or as a date (RFC 9110, section 10.2.3).
fn wait_of(text: &str) -> Option<Duration> {
    if let Ok(seconds) = text.trim().parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let until = httpdate::parse_http_date(text.trim()).ok()?;
    Some(until.duration_since(std::time::SystemTime::now()).unwrap_or_default())
}

/// The `error.message` of an OpenAI error, or the start of what came instead, fit for one line of a log.
fn error_message(body: &[u8]) -> String {
    #[derive(serde::Deserialize)]
    struct Body {
        error: Inner,
    }
    #[derive(serde::Deserialize)]
    struct Inner {
        message: String,
    }
    let text = match serde_json::from_slice::<Body>(body) {
        Ok(body) => body.error.message,
        Err(_) => String::from_utf8_lossy(body).into_owned(),
    };
    text.chars()
        .take(300)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        assert_eq!(wait_of("3"), Some(Duration::from_secs(3)));
        assert_eq!(wait_of("0.5"), Some(Duration::from_millis(500)));
        assert_eq!(wait_of("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::ZERO));
        assert_eq!(wait_of("-1"), None);
        assert_eq!(wait_of("soon"), None);
    }
}
