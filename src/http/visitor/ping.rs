//! `GET /api/v1/ping`: the plugin tests its address, key, secret and clock.

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;

use super::body;
use super::gate::{Gate, OriginRule};
use crate::access::signature::SignatureError;
use crate::http::problem::Problem;

#[derive(Serialize)]
struct Pong<'a> {
    ok: bool,
    site: &'a str,
    name: &'a str,
    version: &'static str,
    accent: &'a str,
    on_accent: &'static str,
}

pub async fn ping(request: HttpRequest, payload: Payload, gate: Data<Gate>) -> Result<HttpResponse, Problem> {
    let body = body::read(payload).await?;
    let caller = gate.admit(&request, &body, OriginRule::IfSent).await?;
    if !caller.is_signed {
        return Err(SignatureError::Missing("webhook-signature").into());
    }
    let (site, name) = (&caller.site.key, &caller.site.name);
    Ok(HttpResponse::Ok().json(Pong {
        ok: true,
        site,
        name,
        version: env!("CARGO_PKG_VERSION"),
        accent: &caller.site.appearance.accent,
        on_accent: caller.site.appearance.on_accent(),
    }))
}
