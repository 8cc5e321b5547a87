//! The one place where settings become parts, and parts become a running server.

use std::collections::HashMap;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::dev::Server;
use actix_web::middleware::from_fn;
use actix_web::web::{self, Data};
use actix_web::{App, HttpServer};
use tokio_util::task::AbortOnDropHandle;

use crate::access::visitor::VisitorTokens;
use crate::access::{ApiKeys, Sites};
use crate::answering::{Answering, Curated, Embedder, Experiments, Parts, Runs, Translations};
use crate::cache::near::{NearCache, NearGauge, share_near};
use crate::cache::{AnswerCache, MemoryCache, RedisCache};
use crate::domain::{Program, Usd};
use crate::gateway::{Gateway, Making};
use crate::http::admin::Admin;
use crate::http::in_flight::InFlight;
use crate::http::ops::{Files, Health};
use crate::http::problem::Problem;
use crate::http::request_log::{Counting, log_request};
use crate::http::visitor::{Gate, PublicUrl};
use crate::http::{demo, documents, manual, openai, ops, visitor};
use crate::knowledge::ingest::Shelves;
use crate::knowledge::{Knowledge, Library};
use crate::limits::{Allowance, Budgets, Limits, MemoryLimits, RedisLimits};
use crate::models::passthrough::Wire;
use crate::models::{BreakerGauge, Catalogue, Chain, Decided, Hedging, share_breakers};
use crate::redis::{Patience, RedisClient, RedisUrlError};
use crate::settings::Settings;
use crate::store::{AnswerStore, SqliteStore, StoreError};
use crate::telemetry::Metrics;

/// Running streams have this long to finish after a signal to stop.
const STREAMS_FINISH: Duration = Duration::from_secs(25);
/// An idle connection is closed after this long.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// Why the service does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("server.listen: cannot listen on {address}: {reason}. Stop what uses that port, or set another address")]
    Listen {
        address: SocketAddr,
        reason: std::io::Error,
    },
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("cache.url: {0}")]
    Redis(#[from] RedisUrlError),
    #[error("the HTTP client for providers cannot be made: {0}")]
    Client(#[from] reqwest::Error),
    #[error("the metrics cannot be made: {0}")]
    Metrics(#[from] prometheus::Error),
    #[error("{0}")]
    Io(#[from] std::io::Error),
}

/// Everything that answers questions, without the server around it: what `serve` and `ask` share.
pub struct Engine {
    pub answering: Answering,
    pub library: Arc<Library>,
    pub gateway: Gateway,
    pub store: Arc<SqliteStore>,
    pub cache: Arc<dyn AnswerCache>,
    pub limits: Arc<dyn Limits>,
    pub sites: Arc<Sites>,
    pub metrics: Metrics,
    budgets: Budgets,
    /// Shares the breakers with other services as long as it is here.
    _breakers: Option<AbortOnDropHandle<()>>,
    /// Reads curated answers that another service wrote, as long as it is here.
    _curated: AbortOnDropHandle<()>,
    /// Writes what the near cache learned, and shares it with other services, as long as they are here.
    _learned: (AbortOnDropHandle<()>, Option<AbortOnDropHandle<()>>),
}

impl Engine {
    /// Opens the store and connects the rooms. Must be called on a tokio runtime, which will make the answers.
    pub async fn start(settings: &Settings) -> Result<Self, StartError> {
        let store = Arc::new(SqliteStore::open(&settings.store_url).await?);
        let redis = redis(settings)?;
        let (cache, limits) = engines(settings, redis.as_ref());
        let mut sites = store.sites().await?;
        // What stands in the settings wins over what was made in the operator's pages.
        sites.extend(settings.sites.iter().cloned());
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
            let (documents, syncs) = (store.clone(), store.clone());
            Library::open(Shelves { documents, syncs }, knowledge.clone()).await?
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
            curated_store: store.clone(),
            knowledge,
            catalogue,
            decided: Decided::default(),
            chain: Chain::new(settings.upstream.clone(), hedging),
            baseline: settings.routing.baseline_price,
            abstain_below: settings.content.abstain_below,
            translates: settings.content.translate,
            translations: Translations::default(),
            experiments,
            store: store.clone(),
            metrics: metrics.clone(),
            runs: Runs::new(runtime),
        });
        answering.recall().await?;
        let curated = AbortOnDropHandle::new(tokio::spawn(answering.clone().follow_curated()));
        let learned = AbortOnDropHandle::new(tokio::spawn(answering.clone().follow_learned()));
        let sites = Arc::new(Sites::new(sites));
        Ok(Self {
            answering,
            library,
            gateway,
            store,
            cache,
            limits,
            sites,
            metrics,
            budgets,
            _breakers: breakers,
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

/// The service, listening.
pub struct Application {
    server: Server,
    address: SocketAddr,
    engine: Engine,
    in_flight: InFlight,
    setup_link: Option<String>,
}

impl Application {
    pub async fn build(settings: &Settings) -> Result<Self, StartError> {
        let address = settings.server.listen;
        let listener = TcpListener::bind(address).map_err(|reason| StartError::Listen { address, reason })?;
        let address = listener.local_addr()?;
        let engine = Engine::start(settings).await?;
        // A Redis that is away is said so now, and not when the first visitor comes.
        tokio::spawn({
            let limits = engine.limits.clone();
            async move { drop(limits.ready().await) }
        });
        let in_flight = InFlight::default();
        let (admin, token) = {
            let (store, sites, library) = (engine.store.clone(), engine.sites.clone(), engine.library.clone());
            Admin::open(
                settings,
                store.clone(),
                store.clone(),
                store.clone(),
                store,
                sites,
                library,
            )
            .await?
        };
        let base = settings.server.public_url.clone();
        let base = base.unwrap_or_else(|| match address.ip().is_unspecified() {
            true => format!("http://127.0.0.1:{}", address.port()),
            false => format!("http://{address}"),
        });
        let setup_link = token.map(|token| Admin::setup_link(&base, &token));
        let server = serve(listener, settings, &engine, admin, in_flight.clone()).await?;
        Ok(Self {
            server,
            address,
            engine,
            in_flight,
            setup_link,
        })
    }

    /// Where it listens, also when the settings left the port open.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// With which the operator's password is set, as long as there is none; it works once.
    pub fn setup_link(&self) -> Option<&str> {
        self.setup_link.as_deref()
    }

    /// Serves until `stop` is ready; then takes no new request, lets running streams finish within bounds, and writes
    /// everything down.
    pub async fn run_until(self, stop: impl Future<Output = ()>) -> std::io::Result<()> {
        let handle = self.server.handle();
        let server = tokio::spawn(self.server);
        tokio::pin!(server);
        let result = tokio::select! {
            ended = &mut server => ended.map_err(std::io::Error::other).flatten(),
            () = stop => {
                tracing::info!(requests = self.in_flight.requests(), "stopping: running answers may finish");
                self.in_flight.close();
                tokio::spawn(handle.stop(true));
                drained(&self.in_flight).await;
                Ok(())
            }
        };
        self.engine.stop().await;
        tracing::info!("stopped");
        result
    }
}

async fn drained(in_flight: &InFlight) {
    let due = Instant::now() + STREAMS_FINISH;
    while in_flight.requests() > 0 && Instant::now() < due {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // The last bytes were handed to the connection; a moment for them to leave.
    tokio::time::sleep(Duration::from_millis(100)).await;
}

async fn serve(
    listener: TcpListener,
    settings: &Settings,
    engine: &Engine,
    admin: Admin,
    in_flight: InFlight,
) -> Result<Server, StartError> {
    let gate = Data::new(Gate {
        sites: engine.sites.clone(),
        limits: engine.limits.clone(),
        tokens: VisitorTokens::new(&engine.store.instance_secret().await?),
        trusted_proxies: settings.server.trusted_proxies.clone(),
        public_origin: settings.server.public_url.as_deref().and_then(origin_of),
    });
    let store: Arc<dyn AnswerStore> = engine.store.clone();
    let health = Data::new(Health {
        store: store.clone(),
        cache: engine.cache.clone(),
        limits: engine.limits.clone(),
    });
    let store: Data<dyn AnswerStore> = Data::from(store);
    let answering = Data::new(engine.answering.clone());
    let (operator, library) = (Data::new(admin.door()), Data::from(engine.library.clone()));
    let public = Data::new(PublicUrl(settings.server.public_url.clone()));
    let api_keys = Data::new(ApiKeys::new(&settings.api_keys));
    let (gateway, upstream) = (engine.gateway.clone(), settings.upstream.clone());
    let (files, metrics) = (Data::new(Files::new()?), engine.metrics.clone());
    let server = HttpServer::new(move || {
        let gate = gate.clone();
        let counting = Counting::new(in_flight.clone(), metrics.clone());
        App::new()
            .app_data(answering.clone())
            .app_data(store.clone())
            .app_data(public.clone())
            .app_data(health.clone())
            .app_data(files.clone())
            .app_data(Data::new(metrics.clone()))
            .wrap(from_fn(move |request, next| {
                log_request(counting.clone(), request, next)
            }))
            .configure(|config| documents::configure(config, gate.clone(), operator.clone(), library.clone()))
            .configure(|config| visitor::configure(config, gate.clone()))
            .configure(|config| demo::configure(config, gate))
            .configure(|config| {
                openai::configure(
                    config,
                    api_keys.clone(),
                    gateway.clone(),
                    Wire::new(upstream.clone(), gateway.hedging()),
                );
            })
            .configure(ops::configure)
            .configure(|config| admin.configure(config))
            .configure(manual::configure)
            .default_service(web::to(|| async { Err::<&str, _>(Problem::not_found()) }))
    })
    .keep_alive(KEEP_ALIVE)
    // A word is a small packet; without this it waits until the one before it was acknowledged (RFC 896).
    .tcp_nodelay(true)
    // A visitor who leaves is noticed at once, which stops what is being paid for.
    .h1_allow_half_closed(false)
    .disable_signals()
    .shutdown_timeout(STREAMS_FINISH.as_secs())
    .listen(listener)?
    .run();
    Ok(server)
}

fn origin_of(url: &str) -> Option<String> {
    let url = url::Url::parse(url).ok()?;
    Some(url.origin().ascii_serialization())
}
