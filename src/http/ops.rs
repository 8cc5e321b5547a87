//! For operations: whether it lives, whether it can answer, what it counts, what it speaks, and the widget's files.

use std::net::IpAddr;
use std::sync::Arc;

use actix_web::http::header::{self, HeaderValue};
use actix_web::web::{Bytes, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;

use super::openapi;
use super::problem::Problem;
use super::readable::readable;
use crate::cache::AnswerCache;
use crate::limits::Limits;
use crate::store::AnswerStore;
use crate::telemetry::Metrics;

const WIDGET: &[u8] = include_bytes!("../../widget/dist/widget.js");
const CHAT: &[u8] = include_bytes!("../../widget/dist/chat.js");
const ICON: &str = include_str!("../../templates/icon.svg");

/// The parts whose health `/readyz` tells.
pub struct Health {
    pub store: Arc<dyn AnswerStore>,
    pub cache: Arc<dyn AnswerCache>,
    pub limits: Arc<dyn Limits>,
}

/// The routes. `Data` of [`Health`], [`Files`] and [`Metrics`] must be there.
pub fn configure(config: &mut ServiceConfig) {
    config
        .service(readable("/healthz", || async { "ok\n" }))
        .service(readable("/readyz", ready))
        .service(readable("/metrics", metrics))
        .service(readable("/openapi.json", document))
        .service(readable("/favicon.ico", icon))
        .service(readable("/widget.js", widget))
        .service(readable("/chat.js", chat));
}

#[derive(Serialize)]
struct Readiness {
    ready: bool,
    store: &'static str,
    cache: &'static str,
    limits: &'static str,
}

/// Ready when the store is; a cache that is away slows answers down and stops none. Why something fails is in the log.
async fn ready(health: Data<Health>) -> HttpResponse {
    let (store, cache, limits) = tokio::join!(health.store.ready(), health.cache.ready(), health.limits.ready());
    if let Err(error) = &store {
        tracing::warn!(%error, "not ready: the store does not work");
    }
    let readiness = Readiness {
        ready: store.is_ok(),
        store: if store.is_ok() { "ok" } else { "failed" },
        cache: if cache.is_ok() { "ok" } else { "away" },
        limits: if limits.is_ok() { "ok" } else { "in process" },
    };
    let mut response = if readiness.ready {
        HttpResponse::Ok()
    } else {
        HttpResponse::ServiceUnavailable()
    };
    response
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(readiness)
}

/// Metrics name models and costs, which are no visitor's business: only a caller on this machine or in a private network
/// gets them, and no one through a proxy.
async fn metrics(request: HttpRequest, metrics: Data<Metrics>) -> Result<HttpResponse, Problem> {
    let proxied = request.headers().contains_key("x-forwarded-for") || request.headers().contains_key("forwarded");
    let inside = request
        .peer_addr()
        .is_some_and(|peer| is_private(peer.ip().to_canonical()));
    if proxied || !inside {
        return Err(Problem::forbidden(
            "Metrics are given to callers on this machine or in a private network, and not through a proxy.",
        ));
    }
    Ok(HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4; charset=utf-8")
        .body(metrics.render()))
}

fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_loopback() || v4.is_private(),
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local(),
    }
}

async fn document() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/json")
        .insert_header((header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"))
        .body(openapi::DOCUMENT)
}

/// Where browsers look for it without being told.
async fn icon() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("image/svg+xml")
        .insert_header((header::CACHE_CONTROL, "public, max-age=86400"))
        .body(ICON)
}

/// The widget's files, compressed once at start.
pub struct Files {
    widget: File,
    chat: File,
}

struct File {
    plain: Bytes,
    gzipped: Bytes,
    tag: HeaderValue,
}

impl Files {
    pub fn new() -> std::io::Result<Self> {
        Ok(Self {
            widget: File::new(WIDGET)?,
            chat: File::new(CHAT)?,
        })
    }
}

impl File {
    fn new(bytes: &'static [u8]) -> std::io::Result<Self> {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        std::io::Write::write_all(&mut gzip, bytes)?;
        let hash = blake3::hash(bytes).to_hex();
        let tag = HeaderValue::from_str(&format!("\"{}\"", &hash[..16])).map_err(std::io::Error::other)?;
        Ok(Self {
            plain: Bytes::from_static(bytes),
            gzipped: Bytes::from(gzip.finish()?),
            tag,
        })
    }

    fn serve(&self, request: &HttpRequest, fresh_for: &'static str) -> HttpResponse {
        let said = |name| {
            request
                .headers()
                .get(name)
                .and_then(|value| value.to_str().ok())
                .unwrap_or("")
        };
        let tag = self.tag.to_str().unwrap_or("");
        let has_it = said(header::IF_NONE_MATCH)
            .split(',')
            .any(|one| one.trim().trim_start_matches("W/") == tag);
        let mut response = if has_it {
            HttpResponse::NotModified()
        } else {
            HttpResponse::Ok()
        };
        response
            .insert_header((header::ETAG, self.tag.clone()))
            .insert_header((header::CACHE_CONTROL, fresh_for))
            .insert_header((header::VARY, "accept-encoding"))
            .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
            // Any page may load the script; what it may ask is decided at the API.
            .insert_header((header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"))
            .insert_header(("cross-origin-resource-policy", "cross-origin"));
        if has_it {
            return response.finish();
        }
        response.content_type("text/javascript; charset=utf-8");
        if said(header::ACCEPT_ENCODING).contains("gzip") {
            response.insert_header((header::CONTENT_ENCODING, "gzip"));
            return response.body(self.gzipped.clone());
        }
        response.body(self.plain.clone())
    }
}

async fn widget(request: HttpRequest, files: Data<Files>) -> HttpResponse {
    files.widget.serve(&request, "public, max-age=300")
}

/// The loader asks for it with its hash, so what has one never changes.
async fn chat(request: HttpRequest, files: Data<Files>) -> HttpResponse {
    let is_versioned = request.query_string().contains("v=");
    files.chat.serve(
        &request,
        if is_versioned {
            "public, max-age=31536000, immutable"
        } else {
            "public, max-age=300"
        },
    )
}
