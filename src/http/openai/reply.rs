//! Answers with what Pennypress adds to them: three headers.

use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::{HttpResponse, HttpResponseBuilder};
use bytes::Bytes;
use futures_util::stream;

use crate::domain::{From, Usd};
use crate::gateway::{Bytewise, ChatStream, EVENTS, Reply, Told};

const FROM: HeaderName = HeaderName::from_static("x-pennypress-from");
const MODEL: HeaderName = HeaderName::from_static("x-pennypress-model");
/// Only where the cost is known when the head is sent.
const COST: HeaderName = HeaderName::from_static("x-pennypress-cost-usd");

pub fn reply(reply: Reply) -> HttpResponse {
    match reply {
        Reply::Whole(told) => whole(told),
        Reply::Stream(stream) => events(stream),
        Reply::Bytes(bytes) => bytewise(bytes),
    }
}

pub fn whole(told: Told) -> HttpResponse {
    head(told.from, &told.model, Some(told.cost), told.content_type.as_bytes()).body(told.body)
}

fn events(stream: ChatStream) -> HttpResponse {
    let mut response = head(From::Model, stream.model(), None, EVENTS.as_bytes());
    let next = |mut stream: ChatStream| async move {
        let bytes = stream.next().await?;
        Some((Ok::<Bytes, actix_web::Error>(bytes), stream))
    };
    response.streaming(stream::unfold(stream, next))
}

pub fn bytewise(bytes: Bytewise) -> HttpResponse {
    let mut response = head(From::Model, bytes.model(), bytes.cost, bytes.content_type().as_bytes());
    let next = |mut bytes: Bytewise| async move {
        let next = bytes.next().await?;
        Some((next.map_err(actix_web::error::ErrorBadGateway), bytes))
    };
    response.streaming(stream::unfold(bytes, next))
}

fn head(from: From, model: &str, cost: Option<Usd>, content_type: &[u8]) -> HttpResponseBuilder {
    let mut response = HttpResponse::Ok();
    // What a provider sent as a header is one.
    if let Ok(content_type) = HeaderValue::from_bytes(content_type) {
        response.insert_header((header::CONTENT_TYPE, content_type));
    }
    response
        .insert_header((header::CACHE_CONTROL, "no-store"))
        // nginx would hold the words back until its buffer is full.
        .insert_header(("x-accel-buffering", "no"))
        .insert_header((FROM, HeaderValue::from_static(from.as_str())));
    // A model's id may be any text; one that no header can hold is not told.
    if let Ok(model) = HeaderValue::from_str(model) {
        response.insert_header((MODEL, model));
    }
    if let Some(cost) = cost {
        response.insert_header((COST, cost.0.normalize().to_string()));
    }
    response
}
