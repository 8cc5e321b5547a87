//! The settings as they are written, and the checks that make them [`Settings`].

use std::collections::{BTreeMap, BTreeSet};
use std::net::{SocketAddr, ToSocketAddrs};
use std::num::NonZeroU32;
use std::time::Duration;

use ipnet::IpNet;
use rust_decimal::Decimal;
use serde::Deserialize;
use url::Url;

use super::Upstream;
use super::layers::Layers;
use super::{ApiKey, Cache, DEMO_SITE, Limits, LogFormat, Model, Provider, Routing, Server, Settings, SettingsError};
use crate::domain::{Appearance, Origin, Secret, Site};

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
    upstream: UpstreamFile,
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
    ttl_seconds: u64,
    max_mib: u64,
}

impl Default for CacheFile {
    fn default() -> Self {
        Self {
            url: "memory".to_owned(),
            ttl_seconds: 86_400,
            max_mib: 64,
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
    #[serde(default)]
    input_usd_per_million: f64,
    #[serde(default)]
    output_usd_per_million: f64,
    #[serde(default = "default_context")]
    context_tokens: u32,
}

fn default_context() -> u32 {
    128_000
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct RoutingFile {
    simple: Vec<String>,
    standard: Vec<String>,
    complex: Vec<String>,
    baseline: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct UpstreamFile {
    connect_timeout_ms: u64,
    first_token_timeout_ms: u64,
    between_tokens_timeout_ms: u64,
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
}

impl Default for LimitsFile {
    fn default() -> Self {
        Self {
            per_visitor_per_minute: 20,
            per_site_per_day: 5_000,
            monthly_budget_usd: None,
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
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct LogFile {
    format: LogFormat,
}

impl File {
    pub(super) fn check(self, at: &Layers, environment: &Environment) -> Result<Settings, SettingsError> {
        let server = self.server.check(at)?;
        check_store(&self.store.url, at)?;
        let cache = self.cache.check(at)?;
        let (providers, models) = if self.providers.is_empty() && self.models.is_empty() {
            provider_of_environment(environment, at)?
        } else {
            (check_providers(self.providers, at, environment)?, self.models)
        };
        let models = check_models(models, &providers, at)?;
        let routing = self.routing.check(&models, at)?;
        let sites = check_sites(self.sites, &server, at, environment)?;
        let api_keys = check_api_keys(self.api_keys, at, environment)?;
        Ok(Settings {
            server,
            store_url: self.store.url,
            cache,
            providers,
            models,
            routing,
            upstream: self.upstream.check(at)?,
            limits: self.limits.check(at)?,
            sites,
            api_keys,
            log: self.log.format,
        })
    }
}

impl ServerFile {
    fn check(self, at: &Layers) -> Result<Server, SettingsError> {
        let allowed = "an address and a port, such as `127.0.0.1:8080` or `[::]:8080`";
        let listen: SocketAddr = self
            .listen
            .to_socket_addrs()
            .ok()
            .and_then(|mut all| all.next())
            .ok_or_else(|| {
                at.wrong(
                    "server.listen",
                    format!("found `{}`; allowed is {allowed}", self.listen),
                )
            })?;
        let public_url = match self.public_url {
            None => None,
            Some(text) => {
                let url = web_url(&text).ok_or_else(|| {
                    at.wrong(
                        "server.public_url",
                        format!("found `{text}`; allowed is an http:// or https:// address"),
                    )
                })?;
                Some(url.as_str().trim_end_matches('/').to_owned())
            }
        };
        let mut trusted_proxies = Vec::new();
        for (i, text) in self.trusted_proxies.iter().enumerate() {
            let net = text
                .parse::<IpNet>()
                .or_else(|_| text.parse::<std::net::IpAddr>().map(IpNet::from));
            trusted_proxies.push(net.map_err(|_| {
                at.wrong(
                    &format!("server.trusted_proxies[{i}]"),
                    format!("found `{text}`; allowed is an address or a network, such as `127.0.0.1/32`"),
                )
            })?);
        }
        Ok(Server {
            listen,
            public_url,
            trusted_proxies,
        })
    }
}

fn check_store(url: &str, at: &Layers) -> Result<(), SettingsError> {
    if url
        .strip_prefix("sqlite:")
        .is_some_and(|path| !path.trim_matches('/').is_empty())
    {
        return Ok(());
    }
    Err(at.wrong(
        "store.url",
        "allowed is `sqlite://` and the path of a file, such as `sqlite://data/pennypress.db`",
    ))
}

impl CacheFile {
    fn check(self, at: &Layers) -> Result<Cache, SettingsError> {
        let known = self.url == "memory"
            || Url::parse(&self.url).is_ok_and(|url| matches!(url.scheme(), "redis" | "rediss") && url.has_host());
        if !known {
            return Err(at.wrong(
                "cache.url",
                "allowed is `memory`, or a `redis://` or `rediss://` address",
            ));
        }
        bounded(at, "cache.ttl_seconds", self.ttl_seconds, 1, 31_536_000)?;
        bounded(at, "cache.max_mib", self.max_mib, 1, 65_536)?;
        Ok(Cache {
            url: self.url,
            ttl: Duration::from_secs(self.ttl_seconds),
            max_bytes: self.max_mib << 20,
        })
    }
}

/// `OPENAI_API_KEY` alone, or `PENNYPRESS_API_KEY` with `PENNYPRESS_BASE_URL`, makes a provider; `PENNYPRESS_MODEL` names its model.
fn provider_of_environment(
    environment: &Environment,
    at: &Layers,
) -> Result<(Vec<Provider>, Vec<ModelFile>), SettingsError> {
    let value = |name: &str| {
        environment
            .get(name)
            .map(|text| text.trim())
            .filter(|text| !text.is_empty())
    };
    let base_url = value("PENNYPRESS_BASE_URL");
    let key = value("PENNYPRESS_API_KEY").or_else(|| value("OPENAI_API_KEY"));
    if base_url.is_none() && key.is_none() {
        return Ok((vec![], vec![]));
    }
    let base_url = match base_url {
        None => "https://api.openai.com/v1",
        Some(text) => text,
    };
    let base_url = web_url(base_url).ok_or_else(|| {
        SettingsError::new(
            "environment variable PENNYPRESS_BASE_URL",
            format!(
                "found `{base_url}`; allowed is an http:// or https:// address, such as `http://127.0.0.1:11434/v1`"
            ),
        )
    })?;
    let _ = at;
    let id = value("PENNYPRESS_MODEL").unwrap_or("gpt-4o-mini").to_owned();
    // The list price of gpt-4o-mini in US dollars; another model's price is known only when the settings tell it.
    let (input, output) = if id == "gpt-4o-mini" { (0.15, 0.60) } else { (0.0, 0.0) };
    let name = "default".to_owned();
    let model = ModelFile {
        id,
        provider: name.clone(),
        input_usd_per_million: input,
        output_usd_per_million: output,
        context_tokens: default_context(),
    };
    Ok((
        vec![Provider {
            name,
            base_url,
            api_key: key.map(Secret::new),
        }],
        vec![model],
    ))
}

fn check_providers(
    providers: Vec<ProviderFile>,
    at: &Layers,
    environment: &Environment,
) -> Result<Vec<Provider>, SettingsError> {
    let mut names = BTreeSet::new();
    let mut checked = Vec::new();
    for (i, provider) in providers.into_iter().enumerate() {
        let key = |name: &str| format!("providers[{i}].{name}");
        if provider.name.trim().is_empty() || !names.insert(provider.name.clone()) {
            let problem = format!(
                "found `{}`; allowed is a name that no other provider has",
                provider.name
            );
            return Err(at.wrong(&key("name"), problem));
        }
        let base_url = web_url(&provider.base_url).ok_or_else(|| {
            at.wrong(
                &key("base_url"),
                format!(
                    "found `{}`; allowed is an http:// or https:// address",
                    provider.base_url
                ),
            )
        })?;
        let api_key = match provider.api_key_env {
            None => None,
            Some(variable) => Some(secret_of(&variable, &key("api_key_env"), at, environment)?),
        };
        checked.push(Provider {
            name: provider.name,
            base_url,
            api_key,
        });
    }
    Ok(checked)
}

fn check_models(models: Vec<ModelFile>, providers: &[Provider], at: &Layers) -> Result<Vec<Model>, SettingsError> {
    let mut ids = BTreeSet::new();
    let mut checked = Vec::new();
    for (i, model) in models.into_iter().enumerate() {
        let key = |name: &str| format!("models[{i}].{name}");
        if model.id.trim().is_empty() || !ids.insert(model.id.clone()) {
            return Err(at.wrong(
                &key("id"),
                format!("found `{}`; allowed is an id that no other model has", model.id),
            ));
        }
        if !providers.iter().any(|provider| provider.name == model.provider) {
            let names: Vec<_> = providers.iter().map(|provider| provider.name.as_str()).collect();
            let problem = format!(
                "found `{}`; allowed is a provider's name: {}",
                model.provider,
                listed(&names)
            );
            return Err(at.wrong(&key("provider"), problem));
        }
        bounded(
            at,
            &key("context_tokens"),
            u64::from(model.context_tokens),
            512,
            100_000_000,
        )?;
        let price = |name: &str, value: f64| {
            Decimal::try_from(value)
                .ok()
                .filter(|_| (0.0..=1_000_000.0).contains(&value))
                .ok_or_else(|| {
                    at.wrong(
                        &key(name),
                        format!("found {value}; allowed is a price in US dollars from 0 to 1000000"),
                    )
                })
        };
        checked.push(Model {
            input_usd_per_million: price("input_usd_per_million", model.input_usd_per_million)?,
            output_usd_per_million: price("output_usd_per_million", model.output_usd_per_million)?,
            id: model.id,
            provider: model.provider,
            context_tokens: model.context_tokens,
        });
    }
    Ok(checked)
}

impl RoutingFile {
    /// A tier that is not set takes the chain of `standard`; without that, all models in their order.
    fn check(self, models: &[Model], at: &Layers) -> Result<Routing, SettingsError> {
        let ids: Vec<&str> = models.iter().map(|model| model.id.as_str()).collect();
        for (tier, chain) in [
            ("simple", &self.simple),
            ("standard", &self.standard),
            ("complex", &self.complex),
        ] {
            for (i, id) in chain.iter().enumerate() {
                if !ids.contains(&id.as_str()) {
                    let problem = format!("found `{id}`; allowed is a model's id: {}", listed(&ids));
                    return Err(at.wrong(&format!("routing.{tier}[{i}]"), problem));
                }
            }
        }
        let or = |chain: Vec<String>, other: &[String]| if chain.is_empty() { other.to_vec() } else { chain };
        let all: Vec<String> = ids.iter().map(|id| (*id).to_owned()).collect();
        let standard = or(self.standard, &all);
        Ok(Routing {
            simple: or(self.simple, &standard),
            complex: or(self.complex, &standard),
            baseline: self.baseline.unwrap_or_else(|| "gpt-4o".to_owned()),
            standard,
        })
    }
}

impl UpstreamFile {
    fn check(self, at: &Layers) -> Result<Upstream, SettingsError> {
        let time = |name: &str, ms: u64| {
            bounded(at, &format!("upstream.{name}"), ms, 1, 600_000)?;
            Ok::<_, SettingsError>(Duration::from_millis(ms))
        };
        bounded(at, "upstream.retries", u64::from(self.retries), 0, 10)?;
        bounded(
            at,
            "upstream.max_answer_tokens",
            u64::from(self.max_answer_tokens),
            1,
            100_000,
        )?;
        if !(0.0..=2.0).contains(&self.temperature) {
            let problem = format!("found {}; allowed is 0 to 2", self.temperature);
            return Err(at.wrong("upstream.temperature", problem));
        }
        Ok(Upstream {
            connect_timeout: time("connect_timeout_ms", self.connect_timeout_ms)?,
            first_token_timeout: time("first_token_timeout_ms", self.first_token_timeout_ms)?,
            between_tokens_timeout: time("between_tokens_timeout_ms", self.between_tokens_timeout_ms)?,
            retries: self.retries,
            temperature: self.temperature,
            max_answer_tokens: self.max_answer_tokens,
        })
    }
}

impl LimitsFile {
    fn check(self, at: &Layers) -> Result<Limits, SettingsError> {
        let positive = |name: &str, value: u32| {
            NonZeroU32::new(value)
                .ok_or_else(|| at.wrong(&format!("limits.{name}"), "found 0; allowed is 1 to 4294967295"))
        };
        let monthly_budget_usd = match self.monthly_budget_usd {
            None => None,
            Some(value) => Some(
                Decimal::try_from(value)
                    .ok()
                    .filter(|_| (0.0..=1_000_000_000.0).contains(&value))
                    .ok_or_else(|| {
                        at.wrong(
                            "limits.monthly_budget_usd",
                            format!("found {value}; allowed is 0 to 1000000000"),
                        )
                    })?,
            ),
        };
        Ok(Limits {
            per_visitor_per_minute: positive("per_visitor_per_minute", self.per_visitor_per_minute)?,
            per_site_per_day: positive("per_site_per_day", self.per_site_per_day)?,
            monthly_budget_usd,
        })
    }
}

fn check_sites(
    sites: Vec<SiteFile>,
    server: &Server,
    at: &Layers,
    environment: &Environment,
) -> Result<Vec<Site>, SettingsError> {
    let mut checked: Vec<Site> = Vec::new();
    for (i, site) in sites.into_iter().enumerate() {
        let key = |name: &str| format!("sites[{i}].{name}");
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        if site.key.is_empty() || site.key.len() > 64 || !site.key.chars().all(plain) {
            let problem = format!("found `{}`; allowed are 1 to 64 letters, digits, `_` and `-`", site.key);
            return Err(at.wrong(&key("key"), problem));
        }
        if checked.iter().any(|other| other.key == site.key) {
            return Err(at.wrong(
                &key("key"),
                format!("found `{}`, which another site has already", site.key),
            ));
        }
        let secret = match site.secret_env {
            None => None,
            Some(variable) => Some(secret_of(&variable, &key("secret_env"), at, environment)?),
        };
        let mut origins = Vec::new();
        for (j, text) in site.origins.iter().enumerate() {
            let origin = Origin::parse(text);
            origins.push(origin.map_err(|error| at.wrong(&format!("sites[{i}].origins[{j}]"), error.to_string()))?);
        }
        if site.key == DEMO_SITE {
            origins.extend(own_origins(server));
        }
        let usual = Appearance::default();
        let appearance = Appearance {
            greeting: site.greeting.unwrap_or(usual.greeting),
            suggestions: site.suggestions,
            accent: site.accent.unwrap_or(usual.accent),
            locale: site.locale.unwrap_or(usual.locale),
        };
        appearance
            .check()
            .map_err(|(name, problem)| at.wrong(&key(name), problem))?;
        let name = site.name.unwrap_or_else(|| site.key.clone());
        let persona = site.persona.unwrap_or_else(|| usual_persona(&name));
        checked.push(Site {
            key: site.key,
            secret,
            origins,
            name,
            persona,
            appearance,
        });
    }
    if checked.is_empty() {
        checked.push(demo_site(server));
    }
    Ok(checked)
}

fn usual_persona(name: &str) -> String {
    format!("You are a helpful support assistant for {name}. Be concise and friendly.")
}

/// The addresses under which this service's own pages are opened.
fn own_origins(server: &Server) -> Vec<Origin> {
    let port = server.listen.port();
    let mut texts = vec![format!("http://127.0.0.1:{port}"), format!("http://localhost:{port}")];
    texts.push(format!("http://{}", server.listen));
    texts.extend(
        server
            .public_url
            .as_deref()
            .and_then(|url| Url::parse(url).ok().map(|url| url.origin().ascii_serialization())),
    );
    texts.iter().filter_map(|text| Origin::parse(text).ok()).collect()
}

fn demo_site(server: &Server) -> Site {
    Site {
        key: DEMO_SITE.to_owned(),
        secret: None,
        origins: own_origins(server),
        name: "Pennypress".to_owned(),
        persona: usual_persona("Pennypress, the support chatbot for WordPress and for any site that costs pennies"),
        appearance: Appearance {
            greeting: "Hello! Ask me anything about Pennypress.".to_owned(),
            suggestions: vec![
                "How do I install the WordPress plugin?".to_owned(),
                "What does it cost?".to_owned(),
                "Does it work without an AI provider?".to_owned(),
            ],
            ..Appearance::default()
        },
    }
}

fn check_api_keys(keys: Vec<ApiKeyFile>, at: &Layers, environment: &Environment) -> Result<Vec<ApiKey>, SettingsError> {
    let mut checked = Vec::new();
    for (i, key) in keys.into_iter().enumerate() {
        let secret = secret_of(&key.key_env, &format!("api_keys[{i}].key_env"), at, environment)?;
        checked.push(ApiKey {
            name: key.name,
            key: secret,
        });
    }
    Ok(checked)
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
