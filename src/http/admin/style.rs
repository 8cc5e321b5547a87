//! The style sheet: fetched once, then only asked about.

use actix_web::http::header::{self, ETag, EntityTag, IfNoneMatch};
use actix_web::web::Header;
use actix_web::{HttpResponse, web};

const STYLE: &str = concat!(
    include_str!("../../../templates/paper.css"),
    include_str!("../../../templates/admin/style.css")
);

pub(super) async fn style(known: Option<Header<IfNoneMatch>>) -> HttpResponse {
    let tag = EntityTag::new_strong(blake3::hash(STYLE.as_bytes()).to_hex()[..16].to_owned());
    let unchanged = match known.map(Header::into_inner) {
        Some(IfNoneMatch::Any) => true,
        Some(IfNoneMatch::Items(tags)) => tags.iter().any(|known| known.weak_eq(&tag)),
        None => false,
    };
    let mut response = match unchanged {
        true => HttpResponse::NotModified(),
        false => HttpResponse::Ok(),
    };
    response
        .insert_header(ETag(tag))
        .insert_header((header::CACHE_CONTROL, "no-cache"));
    match unchanged {
        true => response.finish(),
        false => response
            .content_type("text/css; charset=utf-8")
            .body(web::Bytes::from_static(STYLE.as_bytes())),
    }
}
