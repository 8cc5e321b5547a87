//! The way of a program's call. It is counted against the limits of its key, given the models that may answer it, looked up
//! in the cache when that was asked for or when the answer is always the same, passed down the chain of models as it came,
//! and passed back as it comes, while every upstream call is written down.

mod chat;
mod choice;
mod fields;
mod flights;
mod json_call;
mod key;
mod ledger;
mod rejection;
mod reply;
mod tab;
mod upload;

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use reqwest::header::HeaderValue;
use tokio::runtime::Handle;

use crate::cache::{AnswerCache, CacheKey};
use crate::domain::{ModelKind, Program, Saving, Usage, Usd};
use crate::limits::{Budgets, Limits, Standing};
use crate::models::passthrough::{Opaque, Paid, Relay, Shape, Walk, WholeAnswer, Wire, seconds_of};
use crate::models::{Catalogue, Hedging, Model};
use crate::store::AnswerStore;
use crate::telemetry::Metrics;

use chat::ChatCall;
use choice::Choice;
use flights::Flights;
use json_call::JsonCall;
use ledger::{Ledger, now_ms};
use tab::Tab;
use upload::Upload;

pub use choice::AUTO;
pub use rejection::Rejection;
pub use reply::{Bytewise, ChatStream, EVENTS, Reply, Told};

/// What a program said about the cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caching {
    On,
    Off,
    Unsaid,
}

/// What the gateway is made of.
pub struct Making {
    pub catalogue: Arc<Catalogue>,
    pub cache: Arc<dyn AnswerCache>,
    pub limits: Arc<dyn Limits>,
    /// By program; who has no budget is not in it.
    pub budgets: HashMap<String, Budgets>,
    pub store: Arc<dyn AnswerStore>,
    pub metrics: Metrics,
    pub hedging: Option<Arc<Hedging>>,
}

struct Parts {
    catalogue: Arc<Catalogue>,
    cache: Arc<dyn AnswerCache>,
    limits: Arc<dyn Limits>,
    budgets: HashMap<String, Budgets>,
    store: Arc<dyn AnswerStore>,
    metrics: Metrics,
    hedging: Option<Arc<Hedging>>,
    ledger: Ledger,
    flights: Flights,
    runtime: Handle,
}

/// Answers the calls of programs. Clones are one.
#[derive(Clone)]
pub struct Gateway(Arc<Parts>);

impl Gateway {
    /// What is written down is written on `runtime`, which outlives every connection.
    pub fn new(making: Making, runtime: Handle) -> Self {
        Self(Arc::new(Parts {
            ledger: Ledger::open(making.store.clone(), &runtime),
            store: making.store,
            catalogue: making.catalogue,
            cache: making.cache,
            limits: making.limits,
            budgets: making.budgets,
            metrics: making.metrics,
            hedging: making.hedging,
            flights: Flights::default(),
            runtime,
        }))
    }

    /// Writes down what has ended.
    pub async fn stop(&self) {
        self.0.ledger.close().await;
    }

    /// With what calls of programs are hedged, if they are.
    pub fn hedging(&self) -> Option<Arc<Hedging>> {
        self.0.hedging.clone()
    }

    /// The models that may be asked, in the order of the settings.
    pub fn models(&self) -> &[Arc<Model>] {
        self.0.catalogue.models()
    }

    /// `POST /v1/chat/completions`.
    pub async fn chat(
        &self,
        wire: Arc<Wire>,
        program: &Arc<Program>,
        caching: Caching,
        body: Bytes,
    ) -> Result<Reply, Rejection> {
        let call = Arc::new(ChatCall::read(body)?);
        let standing = self.admit(program).await?;
        let choice = choice::for_chat(&self.0, &call.model, standing, || call.conversation())?;
        let key = call
            .is_cacheable(caching)
            .then(|| key::cache_key(program, "/chat/completions", &choice.models, call.fields()))
            .flatten();
        let _turn = match key.filter(|_| !call.streams) {
            Some(key) => Some(self.0.flights.turn(key).await),
            None => None,
        };
        if let Some(told) = self.find(program, key, call.tells_usage()).await {
            return Ok(Reply::Whole(told));
        }
        self.still_has_money(standing)?;
        let tab = Tab::open(&self.0, program);
        let walk = walk(&wire, &choice);
        if call.streams {
            let manner = call.manner(key.is_some());
            let relay = Relay::open(wire, walk, call, tab.clone(), manner).await?;
            return Ok(Reply::Stream(ChatStream::new(relay, key, self.0.clone(), tab)));
        }
        let answer = WholeAnswer::get(&wire, walk, call, tab.clone(), Shape::Completion).await?;
        Ok(Reply::Whole(self.keep(key, answer, &tab).await))
    }

    /// `POST /v1/embeddings`.
    pub async fn embeddings(
        &self,
        wire: Arc<Wire>,
        program: &Arc<Program>,
        caching: Caching,
        body: Bytes,
    ) -> Result<Told, Rejection> {
        let call = Arc::new(JsonCall::embeddings(body)?);
        let standing = self.admit(program).await?;
        let choice = choice::for_kind(&self.0, &call.model, ModelKind::Embedding)?;
        let key = (caching == Caching::On)
            .then(|| key::cache_key(program, "/embeddings", &choice.models, call.fields()))
            .flatten();
        let _turn = match key {
            Some(key) => Some(self.0.flights.turn(key).await),
            None => None,
        };
        if let Some(told) = self.find(program, key, true).await {
            return Ok(told);
        }
        self.still_has_money(standing)?;
        let tab = Tab::open(&self.0, program);
        let answer = WholeAnswer::get(&wire, walk(&wire, &choice), call, tab.clone(), Shape::Embeddings).await?;
        Ok(self.keep(key, answer, &tab).await)
    }

    /// `POST /v1/audio/transcriptions`.
    pub async fn transcription(
        &self,
        wire: Arc<Wire>,
        program: &Arc<Program>,
        content_type: HeaderValue,
        body: Bytes,
    ) -> Result<Reply, Rejection> {
        let call = Arc::new(Upload::read(content_type, body)?);
        let standing = self.admit(program).await?;
        let choice = choice::for_kind(&self.0, &call.model, ModelKind::Transcription)?;
        self.still_has_money(standing)?;
        let tab = Tab::open(&self.0, program);
        let walk = walk(&wire, &choice);
        if call.streams {
            let paid = Paid {
                usage: Usage::default(),
                audio_seconds: Some(seconds_of(call.length())),
            };
            let opaque = Opaque::open(&wire, walk, call, tab, paid).await?;
            return Ok(Reply::Bytes(Bytewise::new(opaque, None)));
        }
        let shape = Shape::Transcription(call.length());
        let answer = WholeAnswer::get(&wire, walk, call, tab.clone(), shape).await?;
        Ok(Reply::Whole(self.keep(None, answer, &tab).await))
    }

    /// `POST /v1/audio/speech`. Its price is known beforehand: `input_usd_per_million` characters.
    pub async fn speech(&self, wire: Arc<Wire>, program: &Arc<Program>, body: Bytes) -> Result<Bytewise, Rejection> {
        let call = Arc::new(JsonCall::speech(body)?);
        let standing = self.admit(program).await?;
        let choice = choice::for_kind(&self.0, &call.model, ModelKind::Speech)?;
        self.still_has_money(standing)?;
        let usage = call.usage();
        let tab = Tab::open(&self.0, program);
        let paid = Paid {
            usage,
            audio_seconds: None,
        };
        let opaque = Opaque::open(&wire, walk(&wire, &choice), call, tab, paid).await?;
        let model = self.0.catalogue.find(&opaque.model);
        Ok(Bytewise::new(opaque, model.map(|model| model.cost(&usage))))
    }

    /// Counts the call, and says how the program stands with its budget.
    async fn admit(&self, program: &Program) -> Result<Standing, Rejection> {
        if let Some(per_minute) = program.per_minute
            && let Err(refused) = self.0.limits.call(&program.name, per_minute).await
        {
            self.0.metrics.refused(refused.by);
            return Err(refused.into());
        }
        let budgets = self.0.budgets.get(&program.name);
        let now = jiff::Timestamp::now();
        Ok(budgets.map_or(Standing::Free, |budgets| budgets.standing(&program.name, now)))
    }

    /// What is in the cache costs nothing, so this is asked after it.
    fn still_has_money(&self, standing: Standing) -> Result<(), Rejection> {
        match standing {
            Standing::Spent => Err(Rejection::BudgetSpent),
            _ => Ok(()),
        }
    }

    async fn find(&self, program: &Program, key: Option<CacheKey>, tells_usage: bool) -> Option<Told> {
        let found = self.0.cache.get(&key?).await;
        match &found {
            Some(_) => self.0.metrics.cache_hits.inc(),
            None => self.0.metrics.cache_misses.inc(),
        }
        let found = found?;
        let usage = Usage {
            prompt_tokens: found.prompt_tokens,
            completion_tokens: found.completion_tokens,
            counted: true,
        };
        let model = found.model.as_deref().and_then(|id| self.0.catalogue.find(id));
        self.0.ledger.write_saving(Saving {
            program: program.ledger_name(),
            saved: model.map_or(Usd::ZERO, |model| model.cost(&usage)),
            at_ms: now_ms(),
        });
        Some(Told::cached(&found, tells_usage))
    }

    async fn keep(&self, key: Option<CacheKey>, answer: WholeAnswer, tab: &Tab) -> Told {
        let told = Told::fresh(answer, tab.cost());
        if let Some(key) = key {
            self.0.keep(key, told.to_keep(tab.answered())).await;
        }
        told
    }
}

fn walk(wire: &Wire, choice: &Choice) -> Walk {
    Walk::new(&choice.models, wire.retries(), choice.is_free)
}
