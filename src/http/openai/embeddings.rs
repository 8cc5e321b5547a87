//! `POST /v1/embeddings`.

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::caller::Caller;
use super::error::ApiError;
use super::{body, caching, reply};
use crate::gateway::Gateway;
use crate::models::passthrough::Wire;

pub async fn embed(
    Caller(program): Caller,
    request: HttpRequest,
    payload: Payload,
    gateway: Data<Gateway>,
    wire: Data<Wire>,
) -> Result<HttpResponse, ApiError> {
    let caching = caching(request.headers())?;
    let body = body::read(payload, body::LONGEST_JSON).await?;
    let told = gateway.embeddings(wire.into_inner(), &program, caching, body).await?;
    Ok(reply::whole(told))
}
