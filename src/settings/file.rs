//! The settings as they are written. The checks that make them [`Settings`] stand in the files below this one, a room each.

mod api_keys;
mod content;
mod experiments;
mod hedging;
mod models;
mod service;
mod sites;

use std::collections::BTreeMap;

use serde::Deserialize;
use url::Url;

use self::content::ContentFile;
use self::hedging::HedgingFile;
use super::layers::Layers;
use super::{LogFormat, Mode, Settings, SettingsError};
use crate::domain::{ModelKind, Secret};

type Environment = BTreeMap<String, String>;

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct File {
    server: ServerFile,
    store: StoreFile,
    cache: CacheFile,
    providers: Vec<ProviderFile>,
    models: Vec<ModelFile>,
    routing: RoutingFile,
    experiments: Vec<ExperimentFile>,
    upstream: UpstreamFile,
    hedging: HedgingFile,
    content: ContentFile,
    limits: LimitsFile,
    sites: Vec<SiteFile>,
    api_keys: Vec<ApiKeyFile>,
    log: LogFile,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ServerFile {
    listen: String,
    public_url: Option<String>,
    trusted_proxies: Vec<String>,
}

impl Default for ServerFile {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:8080".to_owned(),
            public_url: None,
            trusted_proxies: vec![],
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct StoreFile {
    url: String,
}

impl Default for StoreFile {
    fn default() -> Self {
        Self {
            url: "sqlite://data/pennypress.db".to_owned(),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct CacheFile {
    url: String,
    redis_timeout_ms: u64,
    ttl_seconds: u64,
    max_mib: u64,
    near: String,
    embedding_model: Option<String>,
    embedding_timeout_ms: u64,
}

impl Default for CacheFile {
    fn default() -> Self {
        Self {
            url: "memory".to_owned(),
            redis_timeout_ms: 100,
            ttl_seconds: 86_400,
            max_mib: 64,
            near: "cautious".to_owned(),
            embedding_model: None,
            embedding_timeout_ms: 300,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProviderFile {
    name: String,
    base_url: String,
    api_key_env: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ModelFile {
    id: String,
    provider: String,
    input_usd_per_million: Option<f64>,
    output_usd_per_million: Option<f64>,
    #[serde(default = "default_context")]
    context_tokens: u32,
    #[serde(default = "default_kind")]
    kind: String,
    #[serde(default)]
    usd_per_minute: f64,
}

fn default_context() -> u32 {
    128_000
}

fn default_kind() -> String {
    ModelKind::Chat.as_str().to_owned()
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct RoutingFile {
    simple: Vec<String>,
    standard: Vec<String>,
    complex: Vec<String>,
    baseline: Option<String>,
    rules: Vec<RuleFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExperimentFile {
    name: String,
    site: Option<String>,
    share: u8,
    #[serde(default = "live")]
    mode: Mode,
    #[serde(default)]
    models: Vec<String>,
    persona: Option<String>,
}

fn live() -> Mode {
    Mode::Live
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleFile {
    contains: Option<String>,
    matches: Option<String>,
    tier: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct UpstreamFile {
    connect_timeout_ms: u64,
    first_token_timeout_ms: u64,
    between_tokens_timeout_ms: u64,
    slow_first_token_ms: u64,
    whole_answer_timeout_ms: u64,
    retries: u32,
    temperature: f32,
    max_answer_tokens: u32,
}

impl Default for UpstreamFile {
    fn default() -> Self {
        Self {
            connect_timeout_ms: 3_000,
            first_token_timeout_ms: 15_000,
            between_tokens_timeout_ms: 10_000,
            slow_first_token_ms: 8_000,
            whole_answer_timeout_ms: 120_000,
            retries: 2,
            temperature: 0.2,
            max_answer_tokens: 1_000,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct LimitsFile {
    per_visitor_per_minute: u32,
    per_site_per_day: u32,
    monthly_budget_usd: Option<f64>,
    daily_budget_usd: Option<f64>,
}

impl Default for LimitsFile {
    fn default() -> Self {
        Self {
            per_visitor_per_minute: 20,
            per_site_per_day: 5_000,
            monthly_budget_usd: None,
            daily_budget_usd: None,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SiteFile {
    key: String,
    secret_env: Option<String>,
    #[serde(default)]
    origins: Vec<String>,
    name: Option<String>,
    persona: Option<String>,
    #[serde(default)]
    contact: String,
    greeting: Option<String>,
    #[serde(default)]
    suggestions: Vec<String>,
    accent: Option<String>,
    locale: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ApiKeyFile {
    name: String,
    key_env: String,
    per_minute: Option<u32>,
    monthly_budget_usd: Option<f64>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct LogFile {
    format: LogFormat,
}

impl File {
    pub(super) fn check(self, at: &Layers, environment: &Environment) -> Result<Settings, SettingsError> {
        let server = self.server.check(at)?;
        service::check_store(&self.store.url, at)?;
        let (providers, models) = if self.providers.is_empty() && self.models.is_empty() {
            models::provider_of_environment(environment)?
        } else {
            (models::check_providers(self.providers, at, environment)?, self.models)
        };
        let models = models::check_models(models, &providers, at)?;
        let cache = self.cache.check(&models, at)?;
        let routing = self.routing.check(&models, at)?;
        let sites = sites::check_sites(self.sites, &server, at, environment)?;
        let api_keys = api_keys::check_api_keys(self.api_keys, at, environment)?;
        let experiments = experiments::check_experiments(self.experiments, &models, at)?;
        Ok(Settings {
            server,
            store_url: self.store.url,
            cache,
            providers,
            models,
            routing,
            experiments,
            upstream: self.upstream.check(at)?,
            hedging: self.hedging.check(at)?,
            content: self.content.check(at)?,
            limits: self.limits.check(at)?,
            sites,
            api_keys,
            log: self.log.format,
        })
    }
}

/// The value of the variable that a setting names.
fn secret_of(variable: &str, key: &str, at: &Layers, environment: &Environment) -> Result<Secret, SettingsError> {
    match environment.get(variable).map(|value| value.trim()) {
        Some(value) if !value.is_empty() => Ok(Secret::new(value)),
        _ => Err(at.wrong(
            key,
            format!("the environment variable `{variable}` is not set; set it, or remove this key"),
        )),
    }
}

fn web_url(text: &str) -> Option<Url> {
    Url::parse(text.trim())
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

fn bounded(at: &Layers, key: &str, value: u64, low: u64, high: u64) -> Result<(), SettingsError> {
    if (low..=high).contains(&value) {
        return Ok(());
    }
    Err(at.wrong(key, format!("found {value}; allowed is {low} to {high}")))
}

fn listed(names: &[&str]) -> String {
    if names.is_empty() {
        "there is none yet".to_owned()
    } else {
        format!("`{}`", names.join("`, `"))
    }
}
