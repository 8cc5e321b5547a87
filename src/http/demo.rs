//! `GET /`: a page that shows the widget at work on the running service.

use std::sync::LazyLock;

use actix_web::http::header;
use actix_web::web::{Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};

use super::readable::readable;
use super::visitor::{Gate, PublicUrl};
use crate::settings::DEMO_SITE;

const STYLE: &str = concat!(
    include_str!("../../templates/paper.css"),
    include_str!("../../templates/demo.css")
);

/// The button on the page does what a page's owner may do: it opens the chat by the widget's one name.
const SCRIPT: &str = "const button = document.getElementById('open');\n\
    button.hidden = false;\n\
    button.addEventListener('click', () => window.Pennypress?.open());";

/// What the page may load: its own style and script by their hashes, and the widget of this service.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = |text: &str| BASE64_STANDARD.encode(Sha256::digest(text.as_bytes()));
    let (style, script) = (hash(STYLE), hash(SCRIPT));
    format!(
        "default-src 'none'; style-src 'sha256-{style}'; script-src 'self' 'sha256-{script}'; connect-src 'self'; img-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
});

/// The route. `Data` of [`Gate`] and [`PublicUrl`] must be there.
pub fn configure(config: &mut ServiceConfig, gate: Data<Gate>) {
    config.service(readable("/", page).app_data(gate));
}

#[derive(Template)]
#[template(path = "demo.html")]
struct Shown<'a> {
    style: &'static str,
    script: &'static str,
    /// The key of the site whose chat is shown.
    site: &'a str,
    base: &'a str,
    /// Of the script tag; made of colours that were checked.
    colours: &'a str,
    /// The page's own origin, when the service will not answer it.
    closed: Option<String>,
}

async fn page(request: HttpRequest, gate: Data<Gate>, public: Data<PublicUrl>) -> HttpResponse {
    // The built-in site is there unless the operator has named others.
    let site = gate
        .sites
        .find(DEMO_SITE)
        .or_else(|| gate.sites.all().into_iter().next());
    let origin = {
        let connection = request.connection_info();
        format!("{}://{}", connection.scheme(), connection.host())
    };
    let is_open = site
        .as_ref()
        .is_some_and(|site| gate.is_open_to(&request, site, &origin));
    let shown = Shown {
        style: STYLE,
        script: SCRIPT,
        site: site.as_ref().map_or(DEMO_SITE, |site| &site.key),
        base: &public.base(&request),
        colours: &site
            .as_ref()
            .map_or_else(String::new, |site| site.appearance.tag_attributes()),
        closed: (!is_open).then_some(origin),
    };
    let mut response = HttpResponse::Ok();
    response
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY.as_str()))
        .insert_header((header::REFERRER_POLICY, "same-origin"))
        .insert_header((header::CACHE_CONTROL, "no-cache"));
    match shown.render() {
        Ok(html) => response.content_type("text/html; charset=utf-8").body(html),
        Err(error) => {
            tracing::error!(%error, "the service's own page cannot be written");
            HttpResponse::InternalServerError().finish()
        }
    }
}
