//! Pages and their frame.

use actix_web::cookie::{Cookie, SameSite, time};
use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::demand::Session;
use super::doors::Doors;
use super::error::AdminError;
use crate::access::operator::{LONGEST, NewSession};

/// What every page of a session carries.
pub(super) struct Frame {
    pub csrf: String,
    /// Which entry of the menu is the current one.
    pub section: &'static str,
}

impl Frame {
    pub(super) fn new(session: &Session, section: &'static str) -> Self {
        Self {
            csrf: session.csrf.clone(),
            section,
        }
    }

    /// For `aria-current`.
    pub fn is(&self, section: &str) -> bool {
        self.section == section
    }
}

pub(super) fn show(template: &impl Template) -> Result<HttpResponse, AdminError> {
    show_as(StatusCode::OK, template)
}

pub(super) fn show_as(status: StatusCode, template: &impl Template) -> Result<HttpResponse, AdminError> {
    Ok(HttpResponse::build(status)
        .content_type("text/html; charset=utf-8")
        .body(template.render()?))
}

/// After a form: the browser gets another page, so that loading it again repeats nothing.
pub(super) fn see_other(to: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((header::LOCATION, to)).finish()
}

/// A browser takes a `__Host-` cookie only over TLS, and then from this very host
/// (https://www.rfc-editor.org/rfc/rfc6265#section-4.1.3.2 of its revision, "cookie name prefixes").
pub(super) fn cookie_name(secure: bool) -> &'static str {
    if secure { "__Host-pennypress" } else { "pennypress" }
}

/// To the overview, with the session's cookie.
pub(super) fn signed_in(doors: &Doors, request: &HttpRequest, session: NewSession) -> HttpResponse {
    let age = i64::try_from(LONGEST.as_secs()).unwrap_or(i64::MAX);
    let cookie = cookie(doors.is_secure(request), session.token, time::Duration::seconds(age));
    let mut response = HttpResponse::SeeOther();
    response.insert_header((header::LOCATION, "/admin"));
    response.cookie(cookie).finish()
}

pub(super) fn signed_out(doors: &Doors, request: &HttpRequest) -> HttpResponse {
    let cookie = cookie(doors.is_secure(request), String::new(), time::Duration::ZERO);
    let mut response = HttpResponse::SeeOther();
    response.insert_header((header::LOCATION, "/admin/login"));
    response.cookie(cookie).finish()
}

fn cookie(secure: bool, token: String, age: time::Duration) -> Cookie<'static> {
    // A `__Host-` cookie must be for the path `/`.
    Cookie::build(cookie_name(secure), token)
        .path("/")
        .http_only(true)
        .secure(secure)
        .same_site(SameSite::Lax)
        .max_age(age)
        .finish()
}
