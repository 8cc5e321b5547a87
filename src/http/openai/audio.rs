//! `POST /v1/audio/transcriptions` and `POST /v1/audio/speech`.

use actix_web::http::header::{CONTENT_TYPE, HeaderValue};
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::caller::Caller;
use super::error::ApiError;
use super::{body, reply};
use crate::gateway::Gateway;
use crate::models::passthrough::Wire;

pub async fn transcribe(
    Caller(program): Caller,
    request: HttpRequest,
    payload: Payload,
    gateway: Data<Gateway>,
    wire: Data<Wire>,
) -> Result<HttpResponse, ApiError> {
    let content_type = request
        .headers()
        .get(CONTENT_TYPE)
        .map(HeaderValue::as_bytes)
        .unwrap_or_default();
    let wrong = |_| ApiError::invalid("The content type is not one.");
    let content_type = reqwest::header::HeaderValue::from_bytes(content_type).map_err(wrong)?;
    let body = body::read(payload, body::LONGEST_UPLOAD).await?;
    let answer = gateway
        .transcription(wire.into_inner(), &program, content_type, body)
        .await?;
    Ok(reply::reply(answer))
}

pub async fn speak(
    Caller(program): Caller,
    payload: Payload,
    gateway: Data<Gateway>,
    wire: Data<Wire>,
) -> Result<HttpResponse, ApiError> {
    let body = body::read(payload, body::LONGEST_JSON).await?;
    let speech = gateway.speech(wire.into_inner(), &program, body).await?;
    Ok(reply::bytewise(speech))
}
