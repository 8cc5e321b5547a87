//! The WordPress plugin, packed for one site.

use actix_web::http::header::{self, ContentDisposition, DispositionParam, DispositionType};
use actix_web::web::{self, Path};
use actix_web::{HttpRequest, HttpResponse};

use super::demand::Posted;
use super::error::AdminError;
use super::sign_in::Nothing;
use super::sites::Parts;
use crate::packaging::{self, Preset};

/// The WordPress plugin with the service's address and the site's keys already in it.
pub(super) async fn plugin(
    request: HttpRequest,
    key: Path<String>,
    _posted: Posted<Nothing>,
    parts: Parts,
) -> Result<HttpResponse, AdminError> {
    let site = parts.sites.find(&key).ok_or(AdminError::NotFound("site"))?;
    let secret = site
        .secret
        .as_ref()
        .ok_or(AdminError::NotFound("secret of this site"))?;
    let preset = Preset {
        service_url: parts.doors.base(&request),
        site_key: site.key.clone(),
        secret: secret.clone(),
        accent: site.appearance.accent.clone(),
        on_accent: site.appearance.on_accent(),
    };
    // Packing takes a while that no visitor should wait for.
    let packed = web::block(move || packaging::plugin_zip(Some(&preset))).await;
    let bytes = packed
        .map_err(|error| AdminError::Inside(error.to_string()))?
        .map_err(|error| AdminError::Inside(format!("the plugin cannot be packed: {error}")))?;
    Ok(HttpResponse::Ok()
        .content_type("application/zip")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header(ContentDisposition {
            disposition: DispositionType::Attachment,
            parameters: vec![DispositionParam::Filename("pennypress.zip".to_owned())],
        })
        .body(bytes))
}
