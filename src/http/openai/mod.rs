//! What server-side programs call, with any client of the OpenAI API: `/v1`.

mod audio;
mod body;
mod caller;
mod chat;
mod embeddings;
mod error;
mod models;
mod reply;

use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::http::header::HeaderMap;
use actix_web::web::{self, Data, ServiceConfig};

use crate::access::ApiKeys;
use crate::gateway::{Caching, Gateway};
use crate::models::passthrough::Wire;

use error::ApiError;

/// `on`: answer from the cache, and keep the answer there; `off`: neither.
const CACHE: &str = "x-pennypress-cache";

/// The routes. `wire` is this worker's own.
pub fn configure(config: &mut ServiceConfig, keys: Data<ApiKeys>, gateway: Gateway, wire: Wire) {
    let route = |path: &str| web::resource(path.to_owned()).default_service(web::to(wrong_method));
    config.service(
        web::scope("/v1")
            .app_data(keys)
            .app_data(Data::new(gateway))
            .app_data(Data::from(Arc::new(wire)))
            .service(route("/chat/completions").route(web::post().to(chat::complete)))
            .service(route("/embeddings").route(web::post().to(embeddings::embed)))
            .service(route("/audio/transcriptions").route(web::post().to(audio::transcribe)))
            .service(route("/audio/speech").route(web::post().to(audio::speak)))
            .service(route("/models").route(web::get().to(models::list)))
            // An id may hold slashes.
            .service(route("/models/{model:.+}").route(web::get().to(models::one)))
            .default_service(web::to(no_such_address)),
    );
}

async fn wrong_method(request: HttpRequest) -> Result<&'static str, ApiError> {
    Err(ApiError::wrong_method(request.method().as_str(), request.path()))
}

async fn no_such_address(request: HttpRequest) -> Result<&'static str, ApiError> {
    Err(ApiError::no_such_address(request.method().as_str(), request.path()))
}

fn caching(headers: &HeaderMap) -> Result<Caching, ApiError> {
    match headers.get(CACHE).map(|value| value.as_bytes()) {
        None => Ok(Caching::Unsaid),
        Some(b"on") => Ok(Caching::On),
        Some(b"off") => Ok(Caching::Off),
        Some(_) => Err(ApiError::invalid(format!(
            "Invalid header '{CACHE}': allowed is `on` or `off`."
        ))),
    }
}
