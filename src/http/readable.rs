//! What a person, a monitor or a crawler reads: GET and HEAD (RFC 9110, section 9.1); other methods are told so, with `Allow`.

use actix_web::web;
use actix_web::{FromRequest, Handler, Resource, Responder};

pub fn readable<F, Parts>(path: &str, handler: F) -> Resource
where
    F: Handler<Parts, Output: Responder + 'static>,
    Parts: FromRequest + 'static,
{
    web::resource(path.to_owned())
        .route(web::get().to(handler.clone()))
        .route(web::head().to(handler))
}
