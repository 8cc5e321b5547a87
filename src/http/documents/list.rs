//! `GET /api/v1/documents`: what is kept, for a sync that sends only what changed.

use actix_web::http::header;
use actix_web::web::{Data, Query};
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};

use super::caller;
use crate::http::admin::OperatorDoor;
use crate::http::problem::Problem;
use crate::http::visitor::Gate;
use crate::knowledge::{Library, write_time};

/// Documents on a page, unless fewer are asked for.
const MOST: u32 = 5_000;

#[derive(Deserialize)]
struct Choice {
    #[serde(default)]
    after: String,
    limit: Option<u32>,
    /// Whoever signs sees what was sent signed; `*` shows everything.
    source: Option<String>,
}

#[derive(Serialize)]
struct Entry {
    id: String,
    modified: String,
    version: String,
}

#[derive(Serialize)]
struct List {
    documents: Vec<Entry>,
    /// The `after` of the next page.
    next: Option<String>,
}

pub async fn list(
    request: HttpRequest,
    gate: Data<Gate>,
    operator: Data<OperatorDoor>,
    library: Data<Library>,
) -> Result<HttpResponse, Problem> {
    let caller = caller::admit(&request, b"", &gate, &operator).await?;
    let choice = Query::<Choice>::from_query(request.query_string())
        .map_err(|_| Problem::invalid("`limit` must be a whole number."))?
        .into_inner();
    let limit = choice.limit.unwrap_or(MOST).clamp(1, MOST);
    let source = match choice.source.as_deref() {
        Some("*") => None,
        Some(source) => Some(source),
        None => Some(caller.source).filter(|source| *source == "plugin"),
    };
    let found = library
        .store()
        .document_entries(&caller.site.key, &choice.after, source, limit)
        .await?;
    let next = (found.len() as u64 == u64::from(limit)).then(|| found.last().map(|entry| entry.id.clone()));
    let documents = found.into_iter().map(|entry| Entry {
        id: entry.id,
        modified: write_time(entry.modified_ms),
        version: entry.version,
    });
    let list = List {
        documents: documents.collect(),
        next: next.flatten(),
    };
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(list))
}
