//! Setting the password, signing in and out.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Query};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;

use super::demand::{self, Posted, Session, Unsigned};
use super::doors::Doors;
use super::error::AdminError;
use super::page::{self, Frame};
use crate::access::operator::{Operator, PASSWORD_MAX, PASSWORD_MIN, SignInError};

#[derive(Template)]
#[template(path = "admin/setup.html")]
struct SetupPage<'a> {
    token: &'a str,
    problem: Option<String>,
    min: usize,
    max: usize,
}

/// The link that was used, or mistyped.
#[derive(Template)]
#[template(path = "admin/setup_used.html")]
struct UsedPage {
    is_new: bool,
}

#[derive(Template)]
#[template(path = "admin/login.html")]
struct LoginPage {
    is_new: bool,
    problem: Option<String>,
}

#[derive(Template)]
#[template(path = "admin/password.html")]
struct PasswordPage {
    frame: Frame,
    problem: Option<String>,
    min: usize,
    max: usize,
}

#[derive(Deserialize)]
pub(super) struct Link {
    #[serde(default)]
    token: String,
}

#[derive(Deserialize)]
pub(super) struct SetUp {
    token: String,
    password: String,
    again: String,
}

#[derive(Deserialize)]
pub(super) struct SignIn {
    password: String,
}

#[derive(Deserialize)]
pub(super) struct Change {
    old: String,
    password: String,
    again: String,
}

const DIFFERENT: &str = "the two passwords are not the same";

pub(super) async fn setup_page(link: Query<Link>, operator: Data<Operator>) -> Result<HttpResponse, AdminError> {
    match operator.accepts_setup(&link.token) {
        true => setup_form(StatusCode::OK, &link.token, None),
        false => used(&operator),
    }
}

pub(super) async fn set_up(
    request: HttpRequest,
    form: Unsigned<SetUp>,
    operator: Data<Operator>,
    doors: Data<Doors>,
) -> Result<HttpResponse, AdminError> {
    let form = form.0;
    if !operator.accepts_setup(&form.token) {
        return used(&operator);
    }
    let again = |problem: String| setup_form(StatusCode::UNPROCESSABLE_ENTITY, &form.token, Some(problem));
    if form.password != form.again {
        return again(sentence(DIFFERENT));
    }
    match operator.set_up(&form.token, &form.password).await {
        Ok(session) => {
            tracing::info!("the operator's password was set");
            Ok(page::signed_in(&doors, &request, session))
        }
        Err(SignInError::Weak(weak)) => again(sentence(&weak.to_string())),
        Err(SignInError::UsedLink) => used(&operator),
        Err(error) => Err(error.into()),
    }
}

pub(super) async fn login_page(request: HttpRequest, operator: Data<Operator>) -> Result<HttpResponse, AdminError> {
    match demand::session(&request).await {
        Ok(_) => Ok(page::see_other("/admin")),
        Err(AdminError::NotSignedIn) => login_form(StatusCode::OK, &operator, None),
        Err(error) => Err(error),
    }
}

pub(super) async fn sign_in(
    request: HttpRequest,
    form: Unsigned<SignIn>,
    operator: Data<Operator>,
    doors: Data<Doors>,
) -> Result<HttpResponse, AdminError> {
    match operator.sign_in(doors.address(&request), &form.0.password).await {
        Ok(session) => Ok(page::signed_in(&doors, &request, session)),
        Err(SignInError::Wrong) => {
            let problem = sentence(&SignInError::Wrong.to_string());
            login_form(StatusCode::UNAUTHORIZED, &operator, Some(problem))
        }
        Err(error) => Err(error.into()),
    }
}

pub(super) async fn sign_out(
    request: HttpRequest,
    posted: Posted<Nothing>,
    operator: Data<Operator>,
    doors: Data<Doors>,
) -> Result<HttpResponse, AdminError> {
    operator.sign_out(&posted.session).await?;
    Ok(page::signed_out(&doors, &request))
}

/// A form with no fields but the session's token.
#[derive(Deserialize)]
pub(super) struct Nothing {}

pub(super) async fn password_page(session: Session) -> Result<HttpResponse, AdminError> {
    password_form(StatusCode::OK, &session, None)
}

pub(super) async fn change_password(
    request: HttpRequest,
    posted: Posted<Change>,
    operator: Data<Operator>,
    doors: Data<Doors>,
) -> Result<HttpResponse, AdminError> {
    let Posted { session, form } = posted;
    let again = |problem: &str| password_form(StatusCode::UNPROCESSABLE_ENTITY, &session, Some(sentence(problem)));
    if form.password != form.again {
        return again(DIFFERENT);
    }
    let address = doors.address(&request);
    match operator.change_password(address, &form.old, &form.password).await {
        Ok(session) => {
            tracing::info!("the operator's password was changed");
            Ok(page::signed_in(&doors, &request, session))
        }
        Err(SignInError::Wrong) => again("that is not the password you have now"),
        Err(SignInError::Weak(weak)) => again(&weak.to_string()),
        Err(error) => Err(error.into()),
    }
}

fn setup_form(status: StatusCode, token: &str, problem: Option<String>) -> Result<HttpResponse, AdminError> {
    let page = SetupPage {
        token,
        problem,
        min: PASSWORD_MIN,
        max: PASSWORD_MAX,
    };
    page::show_as(status, &page)
}

fn used(operator: &Operator) -> Result<HttpResponse, AdminError> {
    let page = UsedPage {
        is_new: operator.is_new(),
    };
    page::show_as(StatusCode::FORBIDDEN, &page)
}

fn login_form(status: StatusCode, operator: &Operator, problem: Option<String>) -> Result<HttpResponse, AdminError> {
    let page = LoginPage {
        is_new: operator.is_new(),
        problem,
    };
    page::show_as(status, &page)
}

fn password_form(status: StatusCode, session: &Session, problem: Option<String>) -> Result<HttpResponse, AdminError> {
    let page = PasswordPage {
        frame: Frame::new(session, "password"),
        problem,
        min: PASSWORD_MIN,
        max: PASSWORD_MAX,
    };
    page::show_as(status, &page)
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), letters.as_str())
}
