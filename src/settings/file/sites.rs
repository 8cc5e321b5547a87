//! Sites.

use url::Url;

use super::{Environment, SiteFile, secret_of};
use crate::access::signature;
use crate::domain::{Appearance, Origin, Site};
use crate::settings::layers::Layers;
use crate::settings::{DEMO_SITE, Server, SettingsError};

pub(super) fn check_sites(
    sites: Vec<SiteFile>,
    server: &Server,
    at: &Layers,
    environment: &Environment,
) -> Result<Vec<Site>, SettingsError> {
    let mut checked: Vec<Site> = Vec::new();
    for (i, site) in sites.into_iter().enumerate() {
        let key = |name: &str| format!("sites[{i}].{name}");
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        if site.key.is_empty() || site.key.len() > 64 || !site.key.chars().all(plain) {
            let problem = format!("found `{}`; allowed are 1 to 64 letters, digits, `_` and `-`", site.key);
            return Err(at.wrong(&key("key"), problem));
        }
        if checked.iter().any(|other| other.key == site.key) {
            return Err(at.wrong(
                &key("key"),
                format!("found `{}`, which another site has already", site.key),
            ));
        }
        let secret = match site.secret_env {
            None => None,
            Some(variable) => {
                let secret = secret_of(&variable, &key("secret_env"), at, environment)?;
                if !signature::is_usable(&secret) {
                    let problem = format!(
                        "`{variable}` begins with `whsec_`, and base64 of a key must follow; copy it again, whole, or use a text without `whsec_`"
                    );
                    return Err(at.wrong(&key("secret_env"), problem));
                }
                Some(secret)
            }
        };
        let mut origins = Vec::new();
        for (j, text) in site.origins.iter().enumerate() {
            let origin = Origin::parse(text);
            origins.push(origin.map_err(|error| at.wrong(&format!("sites[{i}].origins[{j}]"), error.to_string()))?);
        }
        if site.key == DEMO_SITE {
            origins.extend(own_origins(server));
        }
        let usual = Appearance::default();
        let appearance = Appearance {
            greeting: site.greeting.unwrap_or(usual.greeting),
            suggestions: site.suggestions,
            accent: site.accent.unwrap_or(usual.accent),
            locale: site.locale.unwrap_or(usual.locale),
        };
        appearance
            .check()
            .map_err(|(name, problem)| at.wrong(&key(name), problem))?;
        let contact = site.contact.trim();
        if !Site::is_contact(contact) {
            let most = Site::LONGEST_CONTACT;
            return Err(at.wrong(
                &key("contact"),
                format!(
                    "found {} characters; allowed are at most {most} on one line",
                    contact.chars().count()
                ),
            ));
        }
        let name = site.name.unwrap_or_else(|| site.key.clone());
        let persona = site.persona.unwrap_or_else(|| usual_persona(&name));
        checked.push(Site {
            key: site.key,
            secret,
            origins,
            name,
            persona,
            contact: contact.to_owned(),
            appearance,
        });
    }
    if checked.is_empty() {
        checked.push(demo_site(server));
    }
    Ok(checked)
}

fn usual_persona(name: &str) -> String {
    format!("You are a helpful support assistant for {name}. Be concise and friendly.")
}

/// The addresses under which this service's own pages are opened.
fn own_origins(server: &Server) -> Vec<Origin> {
    let port = server.listen.port();
    let mut texts = vec![format!("http://127.0.0.1:{port}"), format!("http://localhost:{port}")];
    texts.push(format!("http://{}", server.listen));
    texts.extend(
        server
            .public_url
            .as_deref()
            .and_then(|url| Url::parse(url).ok().map(|url| url.origin().ascii_serialization())),
    );
    let mut origins: Vec<Origin> = Vec::new();
    for origin in texts.iter().filter_map(|text| Origin::parse(text).ok()) {
        if !origins.contains(&origin) {
            origins.push(origin);
        }
    }
    origins
}

fn demo_site(server: &Server) -> Site {
    Site {
        key: DEMO_SITE.to_owned(),
        secret: None,
        origins: own_origins(server),
        name: "Pennypress".to_owned(),
        persona: usual_persona("Pennypress, the support chatbot for WordPress and for any site that costs pennies"),
        contact: String::new(),
        appearance: Appearance {
            greeting: "Hello! Ask me anything about Pennypress.".to_owned(),
            suggestions: vec![
                "How do I install the WordPress plugin?".to_owned(),
                "What does it cost?".to_owned(),
                "Does it work without an AI provider?".to_owned(),
            ],
            // The colour of the service's own pages.
            accent: "#9a4318".to_owned(),
            ..Appearance::default()
        },
    }
}
