//! Who calls: known by its key before a byte of the body is read.

use std::future::{Ready, ready};
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::http::header::AUTHORIZATION;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};

use super::error::ApiError;
use crate::access::ApiKeys;
use crate::domain::Program;

pub struct Caller(pub Arc<Program>);

impl FromRequest for Caller {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(find(request))
    }
}

fn find(request: &HttpRequest) -> Result<Caller, ApiError> {
    let header = request.headers().get(AUTHORIZATION).ok_or_else(ApiError::no_key)?;
    let (scheme, key) = header
        .to_str()
        .ok()
        .and_then(|value| value.split_once(' '))
        .ok_or_else(ApiError::wrong_key)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(ApiError::no_key());
    }
    let keys = request.app_data::<Data<ApiKeys>>().ok_or_else(ApiError::wrong_key)?;
    let program = keys.find(key.trim()).ok_or_else(ApiError::wrong_key)?;
    Ok(Caller(program.clone()))
}
