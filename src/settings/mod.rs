//! Typed settings: from `pennypress.toml` and the environment, checked wholly before anything starts.

mod error;
mod file;
mod layers;
mod pattern;
mod prices;

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::Path;
use std::time::Duration;

use ipnet::IpNet;
use rust_decimal::Decimal;
use url::Url;

use crate::domain::{ModelKind, Price, Program, Secret, Site, Tier};

pub use error::SettingsError;
pub use pattern::Pattern;
pub use prices::list_price;

/// The built-in site, there when no `[[sites]]` is set.
pub const DEMO_SITE: &str = "site_demo";

/// A commented settings file to begin with.
pub const EXAMPLE: &str = include_str!("example.toml");

/// All settings, each one checked.
#[derive(Debug, Clone)]
pub struct Settings {
    pub server: Server,
    pub store_url: String,
    pub cache: Cache,
    pub providers: Vec<Provider>,
    pub models: Vec<Model>,
    pub routing: Routing,
    pub upstream: Upstream,
    /// `None`: a slow model is waited for.
    pub hedging: Option<Hedging>,
    pub content: Content,
    pub experiments: Vec<Experiment>,
    pub limits: Limits,
    pub sites: Vec<Site>,
    pub api_keys: Vec<ApiKey>,
    pub log: LogFormat,
}

#[derive(Debug, Clone)]
pub struct Server {
    pub listen: SocketAddr,
    /// Without a trailing slash. `None`: whatever address a request came to.
    pub public_url: Option<String>,
    pub trusted_proxies: Vec<IpNet>,
}

#[derive(Debug, Clone)]
pub struct Cache {
    /// `memory` or a Redis URL.
    pub url: String,
    /// How long Redis may take for one command; a question waits for it.
    pub redis_timeout: Duration,
    pub ttl: Duration,
    /// Bytes that the cache in memory may take.
    pub max_bytes: u64,
    /// How much an answer to another question may be given.
    pub near: crate::cache::near::Daring,
    /// A model of kind `embedding` that finds more near matches; `None`: the built-in one alone does.
    pub embedding: Option<Embedding>,
}

/// What is asked for better vectors.
#[derive(Debug, Clone)]
pub struct Embedding {
    /// The id of a model.
    pub model: String,
    /// How long it may take; a question that was not answered before waits for it.
    pub patience: Duration,
}

#[derive(Debug, Clone)]
pub struct Provider {
    pub name: String,
    pub base_url: Url,
    pub api_key: Option<Secret>,
}

#[derive(Debug, Clone)]
pub struct Model {
    pub id: String,
    pub provider: String,
    pub price: Price,
    /// Neither the settings nor the built-in list know what it costs; then `price` is zero.
    pub price_is_unknown: bool,
    pub context_tokens: u32,
    pub kind: ModelKind,
    /// What a minute of audio costs, for a transcription model that is not paid by tokens.
    pub usd_per_minute: Decimal,
}

/// For each tier the ids of its models, in the order in which they are tried.
#[derive(Debug, Clone, Default)]
pub struct Routing {
    pub simple: Vec<String>,
    pub standard: Vec<String>,
    pub complex: Vec<String>,
    pub baseline: String,
    /// What the baseline model costs, by the settings or the built-in list.
    pub baseline_price: Option<Price>,
    pub rules: Vec<RoutingRule>,
}

/// Questions that fit the pattern go to this tier, whatever else they look like. The first rule that fits counts.
#[derive(Debug, Clone)]
pub struct RoutingRule {
    pub pattern: Pattern,
    pub tier: Tier,
}

/// A change that a share of the visitors gets first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Experiment {
    pub name: String,
    /// The site on which it is tried; `None`: on all.
    pub site: Option<String>,
    /// Percent of the visitors, 1 to 100.
    pub share: u8,
    pub mode: Mode,
    /// Tried instead of the tier's models, in this order; empty: the models stay.
    pub models: Vec<String>,
    /// Instead of the site's.
    pub persona: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// The share of the visitors gets it.
    Live,
    /// It is asked beside what the visitor gets, and shown to nobody.
    Shadow,
}

/// What is made of a site's own content.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Content {
    /// A question whose answer is less likely than this to stand in the content, from 0 to 1, is not sent to a model.
    pub abstain_below: f32,
    /// The cheapest model translates questions in a language that the content is not in, so that they are found.
    pub translate: bool,
}

/// How a provider is called.
#[derive(Debug, Clone)]
pub struct Upstream {
    pub connect_timeout: Duration,
    pub first_token_timeout: Duration,
    pub between_tokens_timeout: Duration,
    /// A first token after this counts against a model, though less than a failure does.
    pub slow_first_token: Duration,
    /// For an answer that a program asked for without a stream, from the request to its last byte.
    pub whole_answer_timeout: Duration,
    /// Tries of one model beyond the first, while no word has come.
    pub retries: u32,
    pub temperature: f32,
    pub max_answer_tokens: u32,
}

/// When the next model is asked beside a slow one.
#[derive(Debug, Clone, Copy)]
pub struct Hedging {
    /// What hedges may cost beyond the answers themselves, as a share of what these cost in the last hour.
    pub max_extra_cost: Decimal,
    /// How long a model may take to its first token as long as it is not known what is usual.
    pub first_wait: Duration,
    /// No model is given less, however fast it usually is.
    pub shortest_wait: Duration,
}

#[derive(Debug, Clone)]
pub struct Limits {
    pub per_visitor_per_minute: NonZeroU32,
    pub per_site_per_day: NonZeroU32,
    /// What each site may cost a calendar month (UTC) and a day (UTC); from 80% on the cheap tier answers, from 100% on cache and content.
    pub monthly_budget_usd: Option<Decimal>,
    pub daily_budget_usd: Option<Decimal>,
}

#[derive(Debug, Clone)]
pub struct ApiKey {
    pub key: Secret,
    pub program: Program,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    #[default]
    Plain,
    Json,
}

impl Settings {
    /// Reads `file` (a missing one is no error unless `must_exist`), lays the environment over it and checks everything.
    pub fn load(file: &Path, must_exist: bool) -> Result<Settings, SettingsError> {
        let environment = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        let text = match std::fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && !must_exist => String::new(),
            Err(error) => return Err(SettingsError::unreadable(file, &error)),
        };
        Settings::parse(&file.display().to_string(), &text, &environment)
    }

    /// The same from texts, so that it can be tried without a file or a process environment.
    pub fn parse(
        file: &str,
        text: &str,
        environment: &std::collections::BTreeMap<String, String>,
    ) -> Result<Settings, SettingsError> {
        let layers = layers::Layers::new(file, text, environment)?;
        let raw: file::File = layers.read()?;
        raw.check(&layers, environment)
    }
}

#[cfg(test)]
mod tests;
