//! Everything that answers questions, without the server around it.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::Arc;

use tokio_util::task::AbortOnDropHandle;

use super::StartError;
use super::sites::SiteFollower;
use crate::access::Sites;
use crate::answering::{Answering, Curated, Embedder, Experiments, Parts, Runs, Translations};
use crate::cache::near::{NearCache, NearGauge, share_near};
use crate::cache::{AnswerCache, MemoryCache, RedisCache};
use crate::domain::{Program, Purpose, Usd};
use crate::gateway::{Gateway, Making};
use crate::knowledge::ingest::Shelves;
use crate::knowledge::{Knowledge, Library};
use crate::limits::{Allowance, Budgets, Limits, MemoryLimits, RedisLimits};
use crate::models::{BreakerGauge, Catalogue, Chain, Decided, Hedging, share_breakers};
use crate::redis::{Patience, RedisClient, RedisUrlError};
use crate::settings::Settings;
use crate::store::{self, Accounted, AnswerStore, Store, StoreError};
use crate::telemetry::Metrics;

/// Everything that answers questions, without the server around it: what `serve` and `ask` share.
pub struct Engine {
    pub answering: Answering,
    pub library: Arc<Library>,
    pub gateway: Gateway,
    /// Of what was asked and answered.
    pub store: Arc<dyn Store>,
    /// Of content, curated answers and sites; mostly the same one.
    pub content: Arc<dyn Store>,
    pub cache: Arc<dyn AnswerCache>,
    pub limits: Arc<dyn Limits>,
    pub sites: Arc<Sites>,
    pub metrics: Metrics,
    budgets: Budgets,
    /// Shares the breakers with other services as long as it is here.
    _breakers: Option<AbortOnDropHandle<()>>,
    /// Reads sites that another service changed, as long as it is here.
    _sites: AbortOnDropHandle<()>,
    /// Reads curated answers that another service wrote, as long as it is here.
    _curated: AbortOnDropHandle<()>,
    /// Writes what the near cache learned, and shares it with other services, as long as they are here.
    _learned: (AbortOnDropHandle<()>, Option<AbortOnDropHandle<()>>),
}

impl Engine {
    /// Opens the store and connects the rooms. Must be called on a tokio runtime, which will make the answers.
    pub async fn start(settings: &Settings) -> Result<Self, StartError> {
        let store = store::open(&settings.store_url).await?;
        Self::on(settings, store.clone(), store.clone(), store).await
    }

    /// The same for questions that no visitor asks: they meet the store's content, curated answers and sites, but no cache, limit or
    /// Redis of visitors, and are forgotten. The budgets bound what they cost, by themselves; in the ledger it stands as what
    /// evaluations cost.
    pub async fn start_apart(settings: &Settings) -> Result<Self, StartError> {
        let mut apart = settings.clone();
        apart.cache.url = "memory".to_owned();
        apart.limits.per_visitor_per_minute = NonZeroU32::MAX;
        apart.limits.per_site_per_day = NonZeroU32::MAX;
        let content = store::open(&settings.store_url).await?;
        let store = store::open("sqlite::memory:").await?;
        let asked = Arc::new(Accounted {
            apart: store.clone(),
            ledger: content.clone(),
            purpose: Purpose::Evaluate,
        });
        Self::on(&apart, asked, store, content).await
    }

    /// `asked` writes down what is asked, answered and spent, which is read from `store`.
    async fn on(
        settings: &Settings,
        asked: Arc<dyn AnswerStore>,
        store: Arc<dyn Store>,
        content: Arc<dyn Store>,
    ) -> Result<Self, StartError> {
        let redis = redis(settings)?;
        let (cache, limits) = engines(settings, redis.as_ref());
        let follower = SiteFollower::open(content.clone(), settings.sites.clone()).await?;
        let sites = follower.sites();
        let metrics = Metrics::new()?;
        let catalogue = Arc::new(Catalogue::new(settings)?);
        metrics.include(BreakerGauge::new(catalogue.models().to_vec())?)?;
        let lost = store.settle_lost_calls(jiff::Timestamp::now().as_millisecond()).await?;
        let budgets = budgets(settings, redis.clone(), &*store, &lost).await?;
        let breakers = redis
            .clone()
            .map(|redis| share_breakers(catalogue.models().to_vec(), redis));
        let knowledge = Arc::new(Knowledge::with_manual());
        let library = {
            let shelves = Shelves {
                documents: content.clone(),
                syncs: content.clone(),
                encodings: content.clone(),
            };
            Library::open(shelves, knowledge.clone()).await?
        };
        let runtime = tokio::runtime::Handle::current();
        // One for visitors and programs: what both spend is what a share is taken of.
        let hedging = settings.hedging.map(Hedging::new).map(Arc::new);
        let making = Making {
            hedging: hedging.clone(),
            catalogue: catalogue.clone(),
            cache: cache.clone(),
            limits: limits.clone(),
            budgets: program_budgets(settings, redis.as_ref(), &*store, &lost).await?,
            store: store.clone(),
            metrics: metrics.clone(),
        };
        let gateway = Gateway::new(making, runtime.clone());
        let embedder = settings.cache.embedding.clone().and_then(|settings| {
            let model = catalogue.find(&settings.model)?.clone();
            Some(Embedder { model, settings })
        });
        let near = NearCache::new(settings.cache.near);
        let near = Arc::new(match &embedder {
            Some(embedder) => near.with_outer(Embedder::name(&embedder.model)),
            None => near,
        });
        metrics.include(NearGauge::new(near.clone())?)?;
        let shared_near = redis
            .clone()
            .map(|redis| share_near(near.clone(), redis, settings.cache.ttl));
        let experiments = Experiments::new(&settings.experiments, &catalogue);
        let answering = Answering::new(Parts {
            limits: limits.clone(),
            budgets: budgets.clone(),
            cache: cache.clone(),
            learned: near.listen(),
            embedder,
            near,
            curated: Curated::default(),
            curated_store: content.clone(),
            knowledge,
            catalogue,
            decided: Decided::default(),
            chain: Chain::new(settings.upstream.clone(), hedging),
            baseline: settings.routing.baseline_price,
            abstain_below: settings.content.abstain_below,
            translates: settings.content.translate,
            translations: Translations::default(),
            experiments,
            store: asked,
            metrics: metrics.clone(),
            runs: Runs::new(runtime),
        });
        answering.recall().await?;
        let curated = AbortOnDropHandle::new(tokio::spawn(answering.clone().follow_curated()));
        let learned = AbortOnDropHandle::new(tokio::spawn(answering.clone().follow_learned()));
        let followed_sites = AbortOnDropHandle::new(tokio::spawn(follower.follow(library.clone())));
        Ok(Self {
            answering,
            library,
            gateway,
            store,
            content,
            cache,
            limits,
            sites,
            metrics,
            budgets,
            _breakers: breakers,
            _sites: followed_sites,
            _curated: curated,
            _learned: (learned, shared_near),
        })
    }

    /// Stops what runs and writes everything down.
    pub async fn stop(&self) {
        self.answering.stop().await;
        self.gateway.stop().await;
        self.budgets.tell().await;
        self.store.close().await;
        if !Arc::ptr_eq(&self.store, &self.content) {
            self.content.close().await;
        }
    }
}

/// The budgets, with what was spent before this process began.
async fn budgets(
    settings: &Settings,
    redis: Option<RedisClient>,
    store: &dyn AnswerStore,
    lost: &[(String, Usd)],
) -> Result<Budgets, StoreError> {
    let daily = settings.limits.daily_budget_usd.map(Usd);
    let monthly = settings.limits.monthly_budget_usd.map(Usd);
    let budgets = match redis {
        None => Budgets::new(daily, monthly),
        Some(redis) => Budgets::shared(daily, monthly, redis, "site"),
    };
    let now = jiff::Timestamp::now();
    let (day, month) = Budgets::periods(now);
    for (site, cost) in store.costs_since(day.as_millisecond()).await? {
        budgets.recall(&site, cost, Usd::ZERO, now);
    }
    for (site, cost) in store.costs_since(month.as_millisecond()).await? {
        budgets.recall(&site, Usd::ZERO, cost, now);
    }
    // A program's name in the ledger holds a colon, a site's key never does.
    for (site, cost) in lost.iter().filter(|(site, _)| !site.contains(':')) {
        budgets.tell_of_lost(site, *cost, now);
    }
    Ok(budgets)
}

/// The budgets of programs that have one, with what they spent this month.
async fn program_budgets(
    settings: &Settings,
    redis: Option<&RedisClient>,
    store: &dyn AnswerStore,
    lost: &[(String, Usd)],
) -> Result<HashMap<String, Budgets>, StoreError> {
    let now = jiff::Timestamp::now();
    let spent: HashMap<String, Usd> = match settings.api_keys.iter().any(|key| key.program.monthly_budget.is_some()) {
        true => store
            .costs_since(Budgets::periods(now).1.as_millisecond())
            .await?
            .into_iter()
            .collect(),
        false => HashMap::new(),
    };
    let budget = |program: &Program| {
        let monthly = Some(program.monthly_budget?);
        let budgets = match redis {
            None => Budgets::new(None, monthly),
            Some(redis) => Budgets::shared(None, monthly, redis.clone(), "program"),
        };
        let spent = spent.get(&program.ledger_name()).copied().unwrap_or(Usd::ZERO);
        budgets.recall(&program.name, Usd::ZERO, spent, now);
        for (_, cost) in lost.iter().filter(|(name, _)| *name == program.ledger_name()) {
            budgets.tell_of_lost(&program.name, *cost, now);
        }
        Some((program.name.clone(), budgets))
    };
    Ok(settings
        .api_keys
        .iter()
        .filter_map(|key| budget(&key.program))
        .collect())
}

type Engines = (Arc<dyn AnswerCache>, Arc<dyn Limits>);

/// The Redis that everything shared goes through; none when all is kept in this process.
pub fn redis(settings: &Settings) -> Result<Option<RedisClient>, RedisUrlError> {
    match settings.cache.url.as_str() {
        "memory" => Ok(None),
        url => {
            let patience = Patience::of_command(settings.cache.redis_timeout);
            RedisClient::open_with(url, patience).map(Some)
        }
    }
}

/// Cache and limits, in process or through Redis.
pub fn engines(settings: &Settings, redis: Option<&RedisClient>) -> Engines {
    let allowance = Allowance {
        per_visitor_per_minute: settings.limits.per_visitor_per_minute,
        per_site_per_day: settings.limits.per_site_per_day,
    };
    let cache = &settings.cache;
    match redis {
        None => (
            Arc::new(MemoryCache::new(cache.ttl, cache.max_bytes)),
            Arc::new(MemoryLimits::new(allowance)),
        ),
        Some(client) => (
            Arc::new(RedisCache::new(client.clone(), cache.ttl)),
            Arc::new(RedisLimits::new(client.clone(), allowance)),
        ),
    }
}
