//! Every error of the API, in one shape: problem details (RFC 9457) with a stable code.

use std::time::Duration;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;

use crate::access::signature::SignatureError;
use crate::access::visitor::TokenError;
use crate::answering::AskError;
use crate::limits::Limit;
use crate::store::StoreError;

/// What went wrong, for the caller. `detail` says where and what to do, and nothing about our insides.
#[derive(Debug)]
pub struct Problem {
    pub status: StatusCode,
    pub code: &'static str,
    pub detail: String,
    pub retry_after: Option<Duration>,
}

impl Problem {
    fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            status,
            code,
            detail: detail.into(),
            retry_after: None,
        }
    }

    pub fn invalid(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_request", detail)
    }

    pub fn too_long(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_long", detail)
    }

    /// A body did not arrive in this time.
    pub fn late(patience: Duration) -> Self {
        let detail = format!("The body did not arrive within {} seconds.", patience.as_secs());
        Self::new(StatusCode::REQUEST_TIMEOUT, "request_timeout", detail)
    }

    pub fn unknown_site() -> Self {
        let detail = "This service has no such site. Check the site key (`data-site`, or `site` in the request).";
        Self::new(StatusCode::NOT_FOUND, "unknown_site", detail)
    }

    pub fn unknown_answer() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "unknown_answer",
            "This site has no such answer of this visitor.",
        )
    }

    pub fn unknown_conversation() -> Self {
        let detail = "There is no such conversation of this visitor. Start a new one by leaving `conversation` out.";
        Self::new(StatusCode::NOT_FOUND, "unknown_conversation", detail)
    }

    pub fn not_found() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not_found",
            "Nothing is here. /openapi.json lists what there is.",
        )
    }

    pub fn method_not_allowed() -> Self {
        let detail = "This address takes other methods. /openapi.json lists them.";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail)
    }

    pub fn origin_not_allowed(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "origin_not_allowed", detail)
    }

    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", detail)
    }

    pub fn unavailable(detail: impl Into<String>) -> Self {
        Self {
            retry_after: Some(Duration::from_secs(3)),
            ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail)
        }
    }
}

/// Whole seconds, at least one, so that a caller who waits that long is not too early.
pub fn whole_seconds(wait: Duration) -> u64 {
    (wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(1)
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.code, self.detail)
    }
}

#[derive(Serialize)]
struct Body<'a> {
    r#type: &'a str,
    title: &'a str,
    status: u16,
    code: &'a str,
    detail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u64>,
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        let retry_after = self.retry_after.map(whole_seconds);
        let body = Body {
            r#type: "about:blank",
            title: self.status.canonical_reason().unwrap_or("Error"),
            status: self.status.as_u16(),
            code: self.code,
            detail: &self.detail,
            retry_after,
        };
        let mut response = HttpResponse::build(self.status);
        response.content_type("application/problem+json");
        response.insert_header((header::CACHE_CONTROL, "no-store"));
        if self.status == StatusCode::REQUEST_TIMEOUT {
            // RFC 9110, section 15.5.9: nobody waits for the rest.
            response.force_close();
        }
        if let Some(seconds) = retry_after {
            response.insert_header((header::RETRY_AFTER, seconds));
        }
        response.body(serde_json::to_vec(&body).unwrap_or_default())
    }
}

impl From<SignatureError> for Problem {
    fn from(error: SignatureError) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "bad_signature", error.to_string())
    }
}

impl From<TokenError> for Problem {
    fn from(error: TokenError) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "invalid_token", error.to_string())
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        // A store that is away says so once by itself.
        if !matches!(error, StoreError::Away) {
            tracing::error!(%error, "the store failed a request");
        }
        Self::unavailable("The service cannot read or write its store right now. Please try again.")
    }
}

impl From<AskError> for Problem {
    fn from(error: AskError) -> Self {
        match error {
            AskError::Refused(refused) => Self {
                retry_after: Some(refused.retry_after),
                ..Self::new(
                    StatusCode::TOO_MANY_REQUESTS,
                    "rate_limited",
                    match refused.by {
                        Limit::Visitor => "Too many questions in a short time. Please wait a little.",
                        Limit::Program => "Too many calls in a minute. Please wait a little.",
                        Limit::Site => "This site has used up its questions for today. Please come back later.",
                    },
                )
            },
            AskError::UnknownConversation => Self::unknown_conversation(),
            AskError::Store(error) => error.into(),
        }
    }
}
