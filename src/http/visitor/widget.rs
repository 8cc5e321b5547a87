//! `GET /api/v1/widget`: what the widget shows.

use std::collections::BTreeMap;

use actix_web::http::header;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;

use super::body;
use super::gate::{Gate, OriginRule};
use crate::http::problem::Problem;

#[derive(Serialize)]
struct Config<'a> {
    site: &'a str,
    name: &'a str,
    greeting: &'a str,
    suggestions: &'a [String],
    colours: Colours<'a>,
    locale: &'a str,
    /// Words of the widget that this site says otherwise, by the widget's own keys.
    texts: BTreeMap<&'a str, &'a str>,
}

#[derive(Serialize)]
struct Colours<'a> {
    accent: &'a str,
    on_accent: &'a str,
}

pub async fn config(request: HttpRequest, payload: Payload, gate: Data<Gate>) -> Result<HttpResponse, Problem> {
    let body = body::read(payload).await?;
    let site = gate.admit(&request, &body, OriginRule::IfSent).await?.site;
    let shown = &site.appearance;
    let config = Config {
        site: &site.key,
        name: &site.name,
        greeting: &shown.greeting,
        suggestions: &shown.suggestions,
        colours: Colours {
            accent: &shown.accent,
            on_accent: shown.on_accent(),
        },
        locale: &shown.locale,
        texts: BTreeMap::new(),
    };
    // A minute, so that a change of the operator's is soon seen and a page change costs nothing.
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "private, max-age=60"))
        .json(config))
}
