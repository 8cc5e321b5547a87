//! The operator's session where it opens something else than these pages.

use actix_web::HttpRequest;
use actix_web::http::Method;
use actix_web::web::Data;

use super::doors::Doors;
use super::page;
use crate::access::operator::Operator;
use crate::store::StoreError;

/// Tells whether a request is the operator's.
pub struct OperatorDoor {
    pub(super) operator: Data<Operator>,
    pub(super) doors: Data<Doors>,
}

impl OperatorDoor {
    /// Whether there is a cookie of ours, good or not.
    pub fn knocks(&self, request: &HttpRequest) -> bool {
        self.cookie(request).is_some()
    }

    /// Whether it is a session's; and, when something is to change, whether one of our own pages sent it.
    pub async fn admits(&self, request: &HttpRequest) -> Result<bool, StoreError> {
        let Some(cookie) = self.cookie(request) else {
            return Ok(false);
        };
        let reads = *request.method() == Method::GET;
        if !reads && !self.doors.is_own(request) {
            return Ok(false);
        }
        Ok(self.operator.session(&cookie).await?.is_some())
    }

    fn cookie(&self, request: &HttpRequest) -> Option<String> {
        let cookie = request.cookie(page::cookie_name(self.doors.is_secure(request)))?;
        Some(cookie.value().to_owned())
    }
}
