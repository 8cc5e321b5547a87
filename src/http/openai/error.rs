//! Errors as the OpenAI API tells them, so that its clients raise the exception, and try again, as they are used to.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::{HttpResponse, ResponseError};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::gateway::Rejection;
use crate::http::problem::whole_seconds;

/// OpenAI's own clients heed it.
const SHOULD_RETRY: HeaderName = HeaderName::from_static("x-should-retry");

/// What is told when no model at its limit says when to come back: as long as a model that fails is left alone at first.
const AT_ITS_LIMIT: Duration = Duration::from_secs(5);

#[derive(Debug)]
pub struct ApiError {
    status: StatusCode,
    kind: &'static str,
    code: Option<&'static str>,
    param: Option<&'static str>,
    words: Words,
    retry_after: Option<Duration>,
    /// Trying again is of no use.
    is_final: bool,
}

#[derive(Debug)]
enum Words {
    Ours(String),
    /// A whole body in this shape, as a provider told it.
    Told(Bytes),
}

#[derive(Serialize)]
struct Body<'a> {
    error: Inner<'a>,
}

#[derive(Serialize)]
struct Inner<'a> {
    message: &'a str,
    r#type: &'a str,
    param: Option<&'a str>,
    code: Option<&'a str>,
}

impl ApiError {
    fn new(status: StatusCode, kind: &'static str, code: Option<&'static str>, message: impl Into<String>) -> Self {
        Self {
            status,
            kind,
            code,
            param: None,
            words: Words::Ours(message.into()),
            retry_after: None,
            is_final: false,
        }
    }

    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_request_error", None, message)
    }

    pub fn no_key() -> Self {
        let message = "You didn't provide an API key. Provide it in an Authorization header: `Authorization: Bearer KEY`. \
            Keys are set as [[api_keys]] in this service's settings.";
        Self::new(StatusCode::UNAUTHORIZED, "invalid_request_error", None, message)
    }

    pub fn wrong_key() -> Self {
        let message = "Incorrect API key provided. Keys are set as [[api_keys]] in this service's settings.";
        Self::new(
            StatusCode::UNAUTHORIZED,
            "invalid_request_error",
            Some("invalid_api_key"),
            message,
        )
    }

    pub fn too_long(limit: usize) -> Self {
        let message = format!("The body is longer than {limit} bytes.");
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "invalid_request_error",
            Some("request_too_large"),
            message,
        )
    }

    /// A body did not arrive in this time. OpenAI's own clients send it again.
    pub fn late(patience: Duration) -> Self {
        let message = format!("The body did not arrive within {} seconds.", patience.as_secs());
        Self::new(
            StatusCode::REQUEST_TIMEOUT,
            "invalid_request_error",
            Some("request_timeout"),
            message,
        )
    }

    pub fn no_such_address(method: &str, path: &str) -> Self {
        let message = format!("Invalid URL ({method} {path}). /openapi.json lists what there is.");
        Self::new(
            StatusCode::NOT_FOUND,
            "invalid_request_error",
            Some("unknown_url"),
            message,
        )
    }

    pub fn wrong_method(method: &str, path: &str) -> Self {
        let message = format!("Not allowed to {method} on {path}.");
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "invalid_request_error",
            Some("method_not_supported"),
            message,
        )
    }

    fn busy(kind: &'static str, message: String, retry_after: Duration) -> Self {
        Self {
            retry_after: Some(retry_after),
            ..Self::new(
                StatusCode::TOO_MANY_REQUESTS,
                kind,
                Some("rate_limit_exceeded"),
                message,
            )
        }
    }

    /// What a provider says of a request that it refuses, if it says it as an error of this API.
    fn refused(status: u16, body: Bytes) -> Self {
        #[derive(Deserialize)]
        struct Told<'a> {
            #[serde(borrow)]
            error: &'a RawValue,
        }
        let is_ours = serde_json::from_slice::<Told>(&body).is_ok_and(|told| told.error.get().starts_with('{'));
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
        let message: String = String::from_utf8_lossy(&body).chars().take(500).collect();
        let words = if is_ours {
            Words::Told(body)
        } else {
            Words::Ours(message)
        };
        Self {
            words,
            ..Self::new(status, "invalid_request_error", None, "")
        }
    }
}

impl From<Rejection> for ApiError {
    fn from(rejection: Rejection) -> Self {
        let message = rejection.to_string();
        match rejection {
            Rejection::Invalid { param, message } => Self {
                param,
                ..Self::invalid(message)
            },
            Rejection::UnknownModel(_) => Self {
                param: Some("model"),
                ..Self::new(
                    StatusCode::NOT_FOUND,
                    "invalid_request_error",
                    Some("model_not_found"),
                    message,
                )
            },
            Rejection::TooFast { retry_after } => Self::busy("requests", message, retry_after),
            Rejection::AllBusy { retry_after } => Self::busy("requests", message, retry_after.unwrap_or(AT_ITS_LIMIT)),
            Rejection::BudgetSpent => Self {
                is_final: true,
                ..Self::new(
                    StatusCode::TOO_MANY_REQUESTS,
                    "insufficient_quota",
                    Some("insufficient_quota"),
                    message,
                )
            },
            Rejection::Refused { status, body } => Self::refused(status, body),
            Rejection::Exhausted => Self {
                retry_after: Some(Duration::from_secs(1)),
                ..Self::new(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "server_error",
                    Some("upstream_unavailable"),
                    message,
                )
            },
        }
    }
}

impl std::fmt::Display for ApiError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {:?}", self.kind, self.words)
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status);
        response.content_type("application/json");
        response.insert_header((header::CACHE_CONTROL, "no-store"));
        if self.status == StatusCode::REQUEST_TIMEOUT {
            // RFC 9110, section 15.5.9: nobody waits for the rest.
            response.force_close();
        }
        if self.status == StatusCode::UNAUTHORIZED {
            response.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
        }
        if let Some(wait) = self.retry_after {
            response.insert_header((header::RETRY_AFTER, whole_seconds(wait)));
        }
        if self.is_final {
            response.insert_header((SHOULD_RETRY, HeaderValue::from_static("false")));
        }
        let message = match &self.words {
            Words::Told(body) => return response.body(body.clone()),
            Words::Ours(message) => message,
        };
        let error = Inner {
            message,
            r#type: self.kind,
            param: self.param,
            code: self.code,
        };
        response.body(serde_json::to_vec(&Body { error }).unwrap_or_default())
    }
}
