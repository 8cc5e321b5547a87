//! What a visitor's browser and the WordPress plugin call: `/api/v1`.

mod body;
mod chat;
mod conversations;
mod events;
mod feedback;
mod gate;
mod ping;
mod resume;
mod visitors;
mod widget;

use std::time::Duration;

use actix_cors::Cors;
use actix_web::http::header::{self, HeaderValue};
use actix_web::web::{self, Data, ServiceConfig};

use super::problem::Problem;

pub use gate::Gate;

/// The address under which visitors reach the service, for links in answers. `None`: whatever host a request names.
pub struct PublicUrl(pub Option<String>);

/// The routes. `Data` of [`Gate`], [`PublicUrl`], `Answering` and the answer store must be there.
pub fn configure(config: &mut ServiceConfig, gate: Data<Gate>) {
    let wrong_method = || async { Err::<&str, _>(Problem::method_not_allowed()) };
    let route = |path: &str| web::resource(path.to_owned()).default_service(web::to(wrong_method));
    config.service(
        web::scope("/api/v1")
            .wrap(cors(gate.clone()))
            .app_data(gate)
            .service(route("/chat").route(web::post().to(chat::chat)))
            .service(route("/answers/{answer}/events").route(web::get().to(resume::events)))
            .service(route("/visitors").route(web::post().to(visitors::issue)))
            .service(route("/feedback").route(web::post().to(feedback::give)))
            .service(route("/widget").route(web::get().to(widget::config)))
            .service(
                route("/conversations/{conversation}")
                    .route(web::get().to(conversations::read))
                    .route(web::delete().to(conversations::delete)),
            )
            .service(route("/ping").route(web::get().to(ping::ping)))
            .default_service(web::to(|| async { Err::<&str, _>(Problem::not_found()) })),
    );
}

/// A preflight names no site, so any listed origin passes it; the request itself is checked against its own site.
fn cors(gate: Data<Gate>) -> Cors {
    Cors::default()
        .allowed_origin_fn(move |origin, request| {
            let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
            let allowed = |origin: &str| gate.sites.any_allows(origin) || gate.is_own(host, origin);
            origin.to_str().is_ok_and(allowed)
        })
        .allowed_methods(["GET", "POST", "DELETE"])
        .allowed_headers([
            "content-type",
            "authorization",
            "last-event-id",
            "x-pennypress-visitor",
            "cache-control",
        ])
        .expose_headers(["retry-after", "x-request-id"])
        .max_age(3600)
}

/// For what is one visitor's alone.
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// A caller has this long to send a body.
const BODY_PATIENCE: Duration = Duration::from_secs(10);
