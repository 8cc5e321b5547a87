//! What a page demands before it is shown: a session; and of a form, that one of our own pages sent it in that session.

use std::ops::Deref;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::web::{Bytes, Data, Query};
use actix_web::{FromRequest, HttpRequest};
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::doors::Doors;
use super::error::AdminError;
use super::page;
use crate::access::operator::{Operator, SignedIn};

/// The session of a request; without one the answer leads to the sign-in page.
pub(super) struct Session(pub SignedIn);

impl Deref for Session {
    type Target = SignedIn;

    fn deref(&self) -> &SignedIn {
        &self.0
    }
}

impl FromRequest for Session {
    type Error = AdminError;
    type Future = LocalBoxFuture<'static, Result<Self, AdminError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        async move { session(&request).await }.boxed_local()
    }
}

/// A form of a page of this session.
pub(super) struct Posted<T> {
    pub session: Session,
    pub form: T,
}

impl<T: DeserializeOwned> FromRequest for Posted<T> {
    type Error = AdminError;
    type Future = LocalBoxFuture<'static, Result<Self, AdminError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        #[derive(Deserialize)]
        struct Token {
            csrf: String,
        }
        let (request, body) = (request.clone(), Bytes::from_request(request, payload));
        async move {
            own_form(&request)?;
            let session = session(&request).await?;
            let body = body.await.map_err(|_| AdminError::TooLong)?;
            let token: Token = fields(&body).map_err(|_| AdminError::ForeignForm)?;
            if !session.owns(&token.csrf) {
                return Err(AdminError::ForeignForm);
            }
            Ok(Self {
                session,
                form: fields(&body)?,
            })
        }
        .boxed_local()
    }
}

/// A form of a page that is shown before signing in.
pub(super) struct Unsigned<T>(pub T);

impl<T: DeserializeOwned> FromRequest for Unsigned<T> {
    type Error = AdminError;
    type Future = LocalBoxFuture<'static, Result<Self, AdminError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, body) = (request.clone(), Bytes::from_request(request, payload));
        async move {
            own_form(&request)?;
            let body = body.await.map_err(|_| AdminError::TooLong)?;
            Ok(Self(fields(&body)?))
        }
        .boxed_local()
    }
}

/// The session that the cookie names, unless it has ended.
pub(super) async fn session(request: &HttpRequest) -> Result<Session, AdminError> {
    let (Some(operator), Some(doors)) = (request.app_data::<Data<Operator>>(), request.app_data::<Data<Doors>>())
    else {
        return Err(AdminError::Unassembled);
    };
    let Some(cookie) = request.cookie(page::cookie_name(doors.is_secure(request))) else {
        return Err(AdminError::NotSignedIn);
    };
    match operator.session(cookie.value()).await? {
        Some(session) => Ok(Session(session)),
        None => Err(AdminError::NotSignedIn),
    }
}

fn own_form(request: &HttpRequest) -> Result<(), AdminError> {
    let doors = request.app_data::<Data<Doors>>().ok_or(AdminError::Unassembled)?;
    if !doors.is_own(request) {
        return Err(AdminError::ForeignForm);
    }
    let kind = request.headers().get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    match kind.split(';').next().map(str::trim) {
        Some("application/x-www-form-urlencoded") => Ok(()),
        _ => Err(AdminError::Unreadable("The form was not sent as a form.".to_owned())),
    }
}

/// A form is spelled as a query is (https://url.spec.whatwg.org/#application/x-www-form-urlencoded).
fn fields<T: DeserializeOwned>(body: &[u8]) -> Result<T, AdminError> {
    let unreadable = |reason: String| AdminError::Unreadable(format!("The form cannot be read: {reason}."));
    let text = std::str::from_utf8(body).map_err(|error| unreadable(error.to_string()))?;
    Query::<T>::from_query(text)
        .map(Query::into_inner)
        .map_err(|error| unreadable(error.to_string()))
}
