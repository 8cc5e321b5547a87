//! A site's secret: made, replaced, shown once.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use parking_lot::Mutex;

use super::demand::Posted;
use super::error::AdminError;
use super::page;
use super::show;
use super::sign_in::Nothing;
use super::sites::Parts;
use crate::domain::Secret;

/// A secret in the Standard Webhooks form, 32 random bytes.
pub(super) fn generate() -> Secret {
    Secret::new(format!("whsec_{}", STANDARD.encode(rand::random::<[u8; 32]>())))
}

/// Tickets with which a site's page shows its secret, once and soon.
#[derive(Default)]
pub(super) struct FreshSecrets(Mutex<HashMap<String, (String, Instant)>>);

const SOON: Duration = Duration::from_secs(300);

impl FreshSecrets {
    /// To the site's page, where the secret is shown this once.
    pub(super) fn lead_to(&self, key: &str) -> HttpResponse {
        let ticket = URL_SAFE_NO_PAD.encode(rand::random::<[u8; 16]>());
        let to = format!("/admin/sites/{key}?once={ticket}");
        let mut tickets = self.0.lock();
        tickets.retain(|_, (_, made)| made.elapsed() < SOON);
        tickets.insert(ticket, (key.to_owned(), Instant::now()));
        page::see_other(&to)
    }

    pub(super) fn redeem(&self, ticket: &str, key: &str) -> bool {
        let found = self.0.lock().remove(ticket);
        found.is_some_and(|(of, made)| of == key && made.elapsed() < SOON)
    }
}

/// Replaces the secret. Plugins with the old one are refused from now on.
pub(super) async fn rotate(
    key: Path<String>,
    _posted: Posted<Nothing>,
    parts: Parts,
    fresh: Data<FreshSecrets>,
) -> Result<HttpResponse, AdminError> {
    let mut site = parts.own_site(&key)?.as_ref().clone();
    let secret = generate();
    if !parts.store.set_secret(&site.key, &secret, show::now_ms()).await? {
        return Err(AdminError::NotFound("site"));
    }
    site.secret = Some(secret);
    let key = site.key.clone();
    parts.sites.put(site);
    tracing::info!(site = key, "a site's secret was replaced");
    Ok(fresh.lead_to(&key))
}
