//! The service's own settings: server, store, cache, upstream, limits.

use std::net::{SocketAddr, ToSocketAddrs};
use std::num::NonZeroU32;
use std::time::Duration;

use ipnet::IpNet;
use rust_decimal::Decimal;
use url::Url;

use super::{CacheFile, LimitsFile, ServerFile, UpstreamFile, bounded, listed, web_url};
use crate::cache::near::Daring;
use crate::domain::ModelKind;
use crate::settings::layers::Layers;
use crate::settings::{Cache, Embedding, Limits, Model, Server, SettingsError, Upstream};
use crate::store::is_postgres;

impl ServerFile {
    pub(super) fn check(self, at: &Layers) -> Result<Server, SettingsError> {
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
                let bare = |url: &Url| {
                    let is_open = url.username().is_empty() && url.password().is_none();
                    is_open && url.query().is_none() && url.fragment().is_none()
                };
                // One with a password in it is not repeated.
                let url = web_url(&text).filter(bare).ok_or_else(|| {
                    at.wrong(
                        "server.public_url",
                        format!(
                            "found {}; allowed is an http:// or https:// address without a name, a password, `?` and `#`",
                            if text.contains('@') { "an address with `@`".to_owned() } else { format!("`{text}`") }
                        ),
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

pub(super) fn check_store(url: &str, at: &Layers) -> Result<(), SettingsError> {
    let is_file = url
        .strip_prefix("sqlite:")
        .is_some_and(|path| !path.trim_matches('/').is_empty());
    if is_file || is_postgres(url) {
        return Ok(());
    }
    Err(at.wrong(
        "store.url",
        format!(
            "found {}; allowed is `sqlite://` and the path of a file, such as `sqlite://data/pennypress.db`, or an address of Postgres, \
             such as `postgres://user:password@host/database`",
            kind_of(url)
        ),
    ))
}

/// What kind of address it is; the rest may hold a password.
fn kind_of(url: &str) -> String {
    match url.split_once(':') {
        Some((scheme, _)) => format!("`{scheme}:…`"),
        None => format!("`{url}`"),
    }
}

impl CacheFile {
    pub(super) fn check(self, models: &[Model], at: &Layers) -> Result<Cache, SettingsError> {
        let known = self.url == "memory"
            || Url::parse(&self.url).is_ok_and(|url| matches!(url.scheme(), "redis" | "rediss") && url.has_host());
        if !known {
            return Err(at.wrong(
                "cache.url",
                format!(
                    "found {}; allowed is `memory`, or a `redis://` or `rediss://` address",
                    kind_of(&self.url)
                ),
            ));
        }
        bounded(at, "cache.redis_timeout_ms", self.redis_timeout_ms, 1, 10_000)?;
        bounded(at, "cache.ttl_seconds", self.ttl_seconds, 1, 31_536_000)?;
        bounded(at, "cache.max_mib", self.max_mib, 1, 65_536)?;
        let near = match self.near.as_str() {
            "off" => Daring::Off,
            "cautious" => Daring::Cautious,
            "bold" => Daring::Bold,
            other => {
                let problem = format!("found `{other}`; allowed is `off`, `cautious` or `bold`");
                return Err(at.wrong("cache.near", problem));
            }
        };
        bounded(at, "cache.embedding_timeout_ms", self.embedding_timeout_ms, 1, 10_000)?;
        let embedding = match self.embedding_model {
            None => None,
            Some(id) => {
                let fits = |model: &&Model| model.kind == ModelKind::Embedding;
                let known: Vec<&str> = models.iter().filter(fits).map(|model| model.id.as_str()).collect();
                if !known.contains(&id.as_str()) {
                    let problem = format!(
                        "found `{id}`; allowed is the id of a model of kind `embedding`: {}",
                        listed(&known)
                    );
                    return Err(at.wrong("cache.embedding_model", problem));
                }
                let patience = Duration::from_millis(self.embedding_timeout_ms);
                Some(Embedding { model: id, patience })
            }
        };
        Ok(Cache {
            near,
            embedding,
            url: self.url,
            redis_timeout: Duration::from_millis(self.redis_timeout_ms),
            ttl: Duration::from_secs(self.ttl_seconds),
            max_bytes: self.max_mib << 20,
        })
    }
}

impl UpstreamFile {
    pub(super) fn check(self, at: &Layers) -> Result<Upstream, SettingsError> {
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
            slow_first_token: time("slow_first_token_ms", self.slow_first_token_ms)?,
            whole_answer_timeout: time("whole_answer_timeout_ms", self.whole_answer_timeout_ms)?,
            retries: self.retries,
            temperature: self.temperature,
            max_answer_tokens: self.max_answer_tokens,
        })
    }
}

impl LimitsFile {
    pub(super) fn check(self, at: &Layers) -> Result<Limits, SettingsError> {
        let positive = |name: &str, value: u32| {
            NonZeroU32::new(value)
                .ok_or_else(|| at.wrong(&format!("limits.{name}"), "found 0; allowed is 1 to 4294967295"))
        };
        let budget = |name: &str, value: Option<f64>| {
            let checked = |value: f64| {
                let amount = Decimal::try_from(value).ok();
                let allowed = amount.filter(|_| (0.0..=1_000_000_000.0).contains(&value));
                allowed.ok_or_else(|| {
                    at.wrong(
                        &format!("limits.{name}"),
                        format!("found {value}; allowed is 0 to 1000000000"),
                    )
                })
            };
            value.map(checked).transpose()
        };
        Ok(Limits {
            per_visitor_per_minute: positive("per_visitor_per_minute", self.per_visitor_per_minute)?,
            per_site_per_day: positive("per_site_per_day", self.per_site_per_day)?,
            monthly_budget_usd: budget("monthly_budget_usd", self.monthly_budget_usd)?,
            daily_budget_usd: budget("daily_budget_usd", self.daily_budget_usd)?,
        })
    }
}
