//! Which models there are, what they cost and who provides them.

use std::collections::HashMap;
use std::sync::Arc;

use rust_decimal::Decimal;

use super::breaker::Breaker;
use super::dialect::Dialect;
use super::pace::Pace;
use super::provider::Provider;
use super::thin::Ways;
use crate::domain::{ModelKind, Price, Tier, Usage, Usd};
use crate::settings::{RoutingRule, Settings, Upstream};

/// One model of one provider.
#[derive(Debug)]
pub struct Model {
    /// The provider's name for it.
    pub id: String,
    pub provider: Arc<Provider>,
    pub price: Price,
    /// Tokens that prompt and completion may have together.
    pub context_tokens: u32,
    pub kind: ModelKind,
    /// For a minute of audio.
    pub usd_per_minute: Decimal,
    pub breaker: Breaker,
    /// To the first token.
    pub pace: Pace,
    /// To the end of an answer that comes in one piece.
    pub pace_of_whole: Pace,
    pub dialect: Dialect,
}

impl Model {
    pub fn cost(&self, usage: &Usage) -> Usd {
        self.price.of(usage)
    }

    /// What so many seconds of audio cost.
    pub fn audio_cost(&self, seconds: f64) -> Usd {
        let seconds = Decimal::try_from(seconds).unwrap_or_default();
        Usd(seconds * self.usd_per_minute / Decimal::from(60))
    }
}

/// All models, and for each tier the chain in which they are tried.
pub struct Catalogue {
    simple: Vec<Arc<Model>>,
    standard: Vec<Arc<Model>>,
    complex: Vec<Arc<Model>>,
    /// In the order of the settings.
    models: Vec<Arc<Model>>,
    providers: Vec<Arc<Provider>>,
    rules: Vec<RoutingRule>,
}

impl Catalogue {
    /// Settings were checked: each model names a provider that is there, each tier models that are there.
    pub fn new(settings: &Settings) -> Result<Self, reqwest::Error> {
        let client = client(&settings.upstream)?;
        let ways = Arc::new(Ways::new(settings.upstream.connect_timeout));
        let providers: Vec<Arc<Provider>> = settings
            .providers
            .iter()
            .map(|provider| Arc::new(Provider::new(provider, client.clone(), ways.clone())))
            .collect();
        let mut models = HashMap::new();
        let mut all = Vec::new();
        for model in &settings.models {
            if let Some(provider) = providers.iter().find(|provider| provider.name() == model.provider) {
                let known = Arc::new(Model {
                    id: model.id.clone(),
                    provider: provider.clone(),
                    price: model.price,
                    context_tokens: model.context_tokens,
                    kind: model.kind,
                    usd_per_minute: model.usd_per_minute,
                    breaker: Breaker::default(),
                    pace: Pace::default(),
                    pace_of_whole: Pace::default(),
                    dialect: Dialect::default(),
                });
                all.push(known.clone());
                models.insert(model.id.as_str(), known);
            }
        }
        let chain = |ids: &[String]| ids.iter().filter_map(|id| models.get(id.as_str()).cloned()).collect();
        Ok(Self {
            simple: chain(&settings.routing.simple),
            standard: chain(&settings.routing.standard),
            complex: chain(&settings.routing.complex),
            models: all,
            providers,
            rules: settings.routing.rules.clone(),
        })
    }

    /// The models of a tier in the order in which they are tried; empty when no provider is set.
    pub fn chain(&self, tier: Tier) -> &[Arc<Model>] {
        match tier {
            Tier::Simple => &self.simple,
            Tier::Standard => &self.standard,
            Tier::Complex => &self.complex,
        }
    }

    pub fn find(&self, id: &str) -> Option<&Arc<Model>> {
        self.models.iter().find(|model| model.id == id)
    }

    /// The models with these ids, in their order.
    pub fn named(&self, ids: &[String]) -> Vec<Arc<Model>> {
        ids.iter().filter_map(|id| self.find(id).cloned()).collect()
    }

    /// Whether any provider is set.
    pub fn has_models(&self) -> bool {
        !self.standard.is_empty()
    }

    /// The operator's own rules, in their order.
    pub fn rules(&self) -> &[RoutingRule] {
        &self.rules
    }

    /// Every model that is set, in the order of the settings.
    pub fn models(&self) -> &[Arc<Model>] {
        &self.models
    }

    pub fn providers(&self) -> &[Arc<Provider>] {
        &self.providers
    }
}

/// A client with its own connections.
pub(super) fn client(upstream: &Upstream) -> Result<reqwest::Client, reqwest::Error> {
    reqwest::Client::builder()
        .connect_timeout(upstream.connect_timeout)
        .redirect(reqwest::redirect::Policy::none())
        // Over HTTP/2 all streams share one connection, of which most providers let about 100 be open: the next visitor would wait
        // for somebody else's answer to end (RFC 9113, section 5.1.2).
        .http1_only()
        .tcp_nodelay(true)
        .user_agent(concat!("pennypress/", env!("CARGO_PKG_VERSION")))
        .build()
}
