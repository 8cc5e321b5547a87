//! The one place where settings become parts, and parts become a running server.

mod engine;
mod sites;

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::dev::Server;
use actix_web::middleware::from_fn;
use actix_web::web::{self, Data};
use actix_web::{App, HttpServer};

use crate::access::ApiKeys;
use crate::access::visitor::VisitorTokens;
use crate::http::admin::{Admin, Stores};
use crate::http::in_flight::InFlight;
use crate::http::ops::{Files, Health};
use crate::http::problem::Problem;
use crate::http::request_log::{Counting, log_request};
use crate::http::visitor::{Gate, PublicUrl};
use crate::http::{demo, documents, manual, openai, ops, visitor};
use crate::models::passthrough::Wire;
use crate::redis::RedisUrlError;
use crate::settings::Settings;
use crate::store::{AnswerStore, StoreError};

pub use engine::{Engine, engines, redis};

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
            let store = &engine.store;
            let stores = Stores {
                operator: store.clone(),
                ledger: store.clone(),
                trials: store.clone(),
                gaps: store.clone(),
                evaluations: store.clone(),
            };
            Admin::open(settings, stores, engine.sites.clone(), engine.library.clone()).await?
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
