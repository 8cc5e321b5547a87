//! What goes wrong on these pages, told as a page with the right status.

use std::time::Duration;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use askama::Template;

use super::page;
use crate::access::operator::SignInError;
use crate::store::StoreError;

#[derive(Debug, thiserror::Error)]
pub(super) enum AdminError {
    #[error("not signed in")]
    NotSignedIn,
    #[error("a form that none of our pages sent in this session")]
    ForeignForm,
    #[error("there is no such {0}")]
    NotFound(&'static str),
    #[error("that address is used in another way")]
    WrongMethod,
    #[error("the form is too long")]
    TooLong,
    #[error("{0}")]
    Unreadable(String),
    #[error("too many tries")]
    TooMany(Duration),
    #[error("the site stands in the settings")]
    OfSettings,
    #[error("the page cannot be drawn: {0}")]
    Render(#[from] askama::Error),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("{0}")]
    Inside(String),
    #[error("a part is missing from the application")]
    Unassembled,
}

impl From<SignInError> for AdminError {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::TooMany(wait) => Self::TooMany(wait),
            SignInError::Store(error) => Self::Store(error),
            error => Self::Inside(error.to_string()),
        }
    }
}

#[derive(Template)]
#[template(path = "admin/error.html")]
struct Page<'a> {
    title: &'a str,
    text: &'a str,
    link: &'a str,
    link_text: &'a str,
}

impl ResponseError for AdminError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::NotSignedIn => StatusCode::SEE_OTHER,
            Self::ForeignForm | Self::OfSettings => StatusCode::FORBIDDEN,
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::WrongMethod => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooLong => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Unreadable(_) => StatusCode::BAD_REQUEST,
            Self::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Store(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Render(_) | Self::Inside(_) | Self::Unassembled => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let status = self.status_code();
        if status.is_server_error() {
            tracing::error!(error = %self, "an operator's page failed");
        }
        let home = ("/admin", "Back to the overview");
        let (title, text, (link, link_text)) = match self {
            Self::NotSignedIn => return page::see_other("/admin/login"),
            Self::ForeignForm => (
                "This form cannot be accepted",
                "It did not come from a page of this session: perhaps you signed in again since that page was opened, or another \
                 site sent it. Nothing was changed. Open the page again and repeat what you did."
                    .to_owned(),
                home,
            ),
            Self::NotFound(what) => (
                "Not found",
                format!("There is no such {what}. It may have been deleted, or the address is mistyped."),
                home,
            ),
            Self::WrongMethod => (
                "Not in this way",
                "That address only accepts a form of one of these pages.".to_owned(),
                home,
            ),
            Self::TooLong => ("Too long", "The form is longer than is allowed. Shorten its texts.".to_owned(), home),
            Self::Unreadable(reason) => ("The form cannot be read", reason.clone(), home),
            Self::TooMany(wait) => (
                "Too many tries",
                format!(
                    "There were too many wrong passwords. Try again in {}.",
                    super::show::wait(*wait)
                ),
                ("/admin/login", "Back to signing in"),
            ),
            Self::OfSettings => (
                "This site stands in the settings",
                "Change it in pennypress.toml and start the service again.".to_owned(),
                ("/admin/sites", "Back to the sites"),
            ),
            Self::Store(_) => (
                "The store does not answer",
                "What you did may not have been saved. The service's log says what is wrong; try again in a moment.".to_owned(),
                home,
            ),
            Self::Render(_) | Self::Inside(_) | Self::Unassembled => (
                "Something went wrong",
                "That is a fault of the service, and its log says more.".to_owned(),
                home,
            ),
        };
        let page = Page {
            title,
            text: &text,
            link,
            link_text,
        };
        let body = page.render().unwrap_or_else(|_| text.clone());
        let mut response = HttpResponse::build(status);
        if let Self::TooMany(wait) = self {
            response.insert_header((header::RETRY_AFTER, wait.as_secs().max(1)));
        }
        response.content_type("text/html; charset=utf-8").body(body)
    }
}
