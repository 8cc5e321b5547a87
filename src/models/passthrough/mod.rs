//! A program's request, passed down a chain of models as it came, and the answer passed back as it comes. Only what is
//! needed is read on the way: when the answer begins and ends, what it says, and what it cost.

mod attempt;
mod chunk;
mod hedge;
mod opaque;
mod relay;
mod source;
mod split;
mod whole;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use reqwest::header::{CONTENT_TYPE, HeaderValue};

use super::call::Call;
use super::catalogue::{self, Model};
use super::error::CallError;
use super::hedge::{Hedged, Hedging};
use super::provider::{Message, status_error};
use crate::domain::{CallId, Usd};
use crate::settings::Upstream;

pub use super::walk::Walk;
pub use opaque::{Opaque, Paid};
pub use relay::{Manner, Relay};
pub use split::without_usage;
pub use whole::{Shape, WholeAnswer, seconds_of};

/// A refusal's body may be this long; more of it is not told.
const LONGEST_REFUSAL: usize = 64 << 10;

/// What is sent, whichever model it goes to.
pub trait Outgoing: Send + Sync {
    /// Below the provider's base URL, such as `/chat/completions`.
    fn path(&self) -> &'static str;
    fn content_type(&self) -> HeaderValue;
    /// The body for the model with this id; with `turns`, the conversation has gone on by them.
    fn body(&self, model: &str, turns: Option<&[Message; 2]>) -> Bytes;
    /// How many tokens the prompt has, where the provider does not say. Counting them may block.
    fn prompt_tokens(&self) -> u64;
    /// What the model may want for it at most.
    fn at_most(&self, model: &Model) -> Usd;
    /// What it may want when it has not said a word.
    fn unanswered(&self, model: &Model) -> Usd {
        self.at_most(model)
    }
}

/// Who pays for the calls of one request, and where each is accounted for, also those that failed or were left.
#[async_trait]
pub trait Account: Send + Sync {
    /// Whether a call may be made that costs this at most.
    async fn affords(&self, at_most: Usd) -> bool;
    /// Whether so much may be spent for speed alone.
    async fn spares(&self, at_most: Usd) -> bool;
    /// Takes down how a hedge went.
    fn hedged(&self, how: Hedged);
    /// A call is about to be made that costs this at most; it is accounted for later under the id that this gives.
    fn begins(&self, model: &Model, at_most: Usd) -> CallId;
    fn account(&self, call: Call);
    /// The same for a call whose tokens have still to be counted, which blocks.
    fn account_later(self: Arc<Self>, counting: Box<dyn FnOnce() -> Call + Send>);
}

/// Why there is no answer.
#[derive(Debug)]
pub enum Failure {
    /// A provider refuses the request for what it holds; what it said, as it said it.
    Refused { status: u16, body: Bytes },
    /// Every model is at its limit; one of them said when to come back.
    AllBusy { retry_after: Option<Duration> },
    /// What is left of the budget does not hold a call of any model.
    Unaffordable,
    /// No model could answer.
    Exhausted,
}

/// Connections to providers, a set for each worker thread: a stream that is read and written on one thread costs half
/// of what one costs that hops between two.
pub struct Wire {
    upstream: Upstream,
    hedging: Option<Arc<Hedging>>,
    client: OnceLock<reqwest::Client>,
}

impl Wire {
    /// Connects to nobody yet.
    pub fn new(upstream: Upstream, hedging: Option<Arc<Hedging>>) -> Self {
        Self {
            upstream,
            hedging,
            client: OnceLock::new(),
        }
    }

    fn client(&self) -> Result<&reqwest::Client, CallError> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let made = catalogue::client(&self.upstream).map_err(|error| CallError::Connect(error.to_string()))?;
        Ok(self.client.get_or_init(|| made))
    }

    pub fn retries(&self) -> u32 {
        self.upstream.retries
    }
}

/// One call that came to nothing.
enum Trouble {
    Refused { status: u16, body: Bytes },
    Failed(CallError),
}

impl From<CallError> for Trouble {
    fn from(error: CallError) -> Self {
        Trouble::Failed(error)
    }
}

/// Sends the request to one model; ready when the head of a good answer is there.
async fn send(
    wire: &Wire,
    model: &Model,
    request: &dyn Outgoing,
    turns: Option<&[Message; 2]>,
) -> Result<reqwest::Response, Trouble> {
    let call = model
        .provider
        .post(wire.client()?, request.path())
        .header(CONTENT_TYPE, request.content_type())
        .body(request.body(&model.id, turns));
    let response = call.send().await.map_err(super::provider::connection_error)?;
    match response.status().as_u16() {
        200..=299 => Ok(response),
        status @ (400 | 413 | 422) => Err(Trouble::Refused {
            status,
            body: start_of(response).await,
        }),
        _ => Err(Trouble::Failed(status_error(response).await)),
    }
}

async fn start_of(mut response: reqwest::Response) -> Bytes {
    let mut body = bytes::BytesMut::new();
    let read = async {
        while let Ok(Some(chunk)) = response.chunk().await {
            let room = LONGEST_REFUSAL - body.len();
            body.extend_from_slice(&chunk[..chunk.len().min(room)]);
            if body.len() >= LONGEST_REFUSAL {
                break;
            }
        }
    };
    // What came until then is told.
    let _ = tokio::time::timeout(Duration::from_secs(2), read).await;
    body.freeze()
}

/// What was tried so far, and how it went: decides what is told when nothing is left to try.
#[derive(Default)]
struct Tried {
    refusal: Option<(u16, Bytes)>,
    busy: u32,
    unaffordable: u32,
    other: u32,
    retry_after: Option<Duration>,
}

impl Tried {
    fn note(&mut self, error: &CallError) {
        if matches!(error, CallError::Status { status: 429, .. }) {
            self.busy += 1;
            let waits = [self.retry_after, error.retry_after()];
            self.retry_after = waits.into_iter().flatten().min();
        } else {
            self.other += 1;
        }
    }

    fn failure(self) -> Failure {
        match self {
            Tried {
                refusal: Some((status, body)),
                ..
            } => Failure::Refused { status, body },
            Tried {
                unaffordable: 1..,
                busy: 0,
                other: 0,
                ..
            } => Failure::Unaffordable,
            Tried {
                busy: 1..,
                unaffordable: 0,
                other: 0,
                ..
            } => Failure::AllBusy {
                retry_after: self.retry_after,
            },
            _ => Failure::Exhausted,
        }
    }
}

/// The next model that may be asked and can be paid for.
async fn next_affordable(
    walk: &mut Walk,
    request: &dyn Outgoing,
    account: &dyn Account,
    tried: &mut Tried,
) -> Option<Arc<Model>> {
    loop {
        let model = walk.next().await?;
        if account.affords(request.at_most(&model)).await {
            return Some(model);
        }
        tracing::info!(model = %model.id, "the budget does not hold another call");
        tried.unaffordable += 1;
        walk.pass();
    }
}

fn warn(model: &Arc<Model>, error: &CallError) {
    let told = model.provider.told(error);
    tracing::warn!(model = %model.id, provider = model.provider.name(), kind = error.kind(), error = told, "an upstream call failed");
}
