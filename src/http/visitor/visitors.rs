//! `POST /api/v1/visitors`: a token that carries a visitor's conversations.

use actix_web::http::header;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;

use super::body;
use super::gate::{Gate, unix_seconds};
use crate::access::visitor::LIFETIME;
use crate::domain::VisitorId;
use crate::http::problem::Problem;

#[derive(Serialize)]
struct Issued {
    visitor: VisitorId,
    token: String,
    expires_in: u64,
}

/// A new visitor, or a fresh token for one who shows an earlier one.
pub async fn issue(request: HttpRequest, payload: Payload, gate: Data<Gate>) -> Result<HttpResponse, Problem> {
    let body = body::read(payload).await?;
    let caller = gate.admit_for_renewal(&request, &body).await?;
    let visitor = caller.visitor.unwrap_or_else(VisitorId::generate);
    let token = gate.tokens.issue(&caller.site.key, visitor, unix_seconds());
    let issued = Issued {
        visitor,
        token,
        expires_in: LIFETIME.as_secs(),
    };
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(issued))
}
