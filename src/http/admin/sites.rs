//! The sites: those that the operator makes here, and those of the settings to look at. A change counts from the next request.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;

use super::SettingsSites;
use super::demand::{Posted, Session};
use super::doors::Doors;
use super::error::AdminError;
use super::evaluations::{LISTED, Run};
use super::page::{self, Frame};
use super::show;
use super::sign_in::Nothing;
use super::site_form::{Problems, SiteForm};
use super::site_secrets::{self, FreshSecrets};
use crate::access::Sites;
use crate::domain::{Origin, Site};
use crate::knowledge::Library;
use crate::store::{EvaluationStore, OperatorStore};

/// A site on the list.
struct Row {
    key: String,
    name: String,
    no_origins: bool,
    origins: String,
    conversations: String,
    of_settings: bool,
}

#[derive(Template)]
#[template(path = "admin/sites.html")]
struct ListPage {
    frame: Frame,
    rows: Vec<Row>,
}

#[derive(Template)]
#[template(path = "admin/site_new.html")]
struct NewPage {
    frame: Frame,
    form: SiteForm,
    problems: Problems,
}

#[derive(Template)]
#[template(path = "admin/site.html")]
struct SitePage {
    frame: Frame,
    key: String,
    name: String,
    of_settings: bool,
    has_secret: bool,
    /// Shown this once.
    secret: Option<String>,
    tag: String,
    base: String,
    conversations: String,
    /// Of golden sets, the latest first.
    runs: Vec<Run>,
    saved: bool,
    form: SiteForm,
    problems: Problems,
}

pub(super) async fn list(
    session: Session,
    sites: Data<Sites>,
    of_settings: Data<SettingsSites>,
    store: Data<dyn OperatorStore>,
) -> Result<HttpResponse, AdminError> {
    let mut rows = Vec::new();
    for site in sites.all() {
        let origins: Vec<&str> = site.origins.iter().map(Origin::as_str).collect();
        rows.push(Row {
            key: site.key.clone(),
            name: site.name.clone(),
            no_origins: origins.is_empty(),
            origins: origins.join(", "),
            conversations: show::count(store.count_conversations(&site.key).await?),
            of_settings: of_settings.0.contains(&site.key),
        });
    }
    let frame = Frame::new(&session, "sites");
    page::show(&ListPage { frame, rows })
}

pub(super) async fn new(session: Session) -> Result<HttpResponse, AdminError> {
    page::show(&NewPage {
        frame: Frame::new(&session, "sites"),
        form: SiteForm::new_site(),
        problems: Problems::default(),
    })
}

pub(super) async fn create(
    posted: Posted<SiteForm>,
    store: Data<dyn OperatorStore>,
    sites: Data<Sites>,
    fresh: Data<FreshSecrets>,
) -> Result<HttpResponse, AdminError> {
    let Posted { session, form } = posted;
    let key = format!("site_{}", uuid::Uuid::new_v4().simple());
    let checked = form.check(&key);
    let mut site = match checked {
        Ok(site) => site,
        Err(problems) => {
            let frame = Frame::new(&session, "sites");
            let page = NewPage { frame, form, problems };
            return page::show_as(StatusCode::UNPROCESSABLE_ENTITY, &page);
        }
    };
    site.secret = Some(site_secrets::generate());
    if !store.create_site(&site, show::now_ms()).await? {
        return Err(AdminError::Inside("a new site's key is taken".to_owned()));
    }
    sites.put(site);
    tracing::info!(site = key, "a site was created");
    Ok(fresh.lead_to(&key))
}

#[derive(Deserialize)]
pub(super) struct Visit {
    /// A ticket with which the secret is shown once.
    #[serde(default)]
    once: String,
    saved: Option<String>,
}

pub(super) async fn show(
    request: HttpRequest,
    session: Session,
    key: Path<String>,
    visit: Query<Visit>,
    parts: Parts,
    fresh: Data<FreshSecrets>,
) -> Result<HttpResponse, AdminError> {
    let site = parts.sites.find(&key).ok_or(AdminError::NotFound("site"))?;
    let secret = match fresh.redeem(&visit.once, &site.key) {
        true => site.secret.as_ref().map(|secret| secret.expose().to_owned()),
        false => None,
    };
    let (form, mut page) = (
        SiteForm::of(&site),
        SitePage::new(&request, &session, &site, &parts).await?,
    );
    (page.form, page.secret, page.saved) = (form, secret, visit.saved.is_some());
    page::show(&page)
}

pub(super) async fn change(
    request: HttpRequest,
    key: Path<String>,
    posted: Posted<SiteForm>,
    parts: Parts,
) -> Result<HttpResponse, AdminError> {
    let Posted { session, form } = posted;
    let old = parts.own_site(&key)?;
    let mut site = match form.check(&old.key) {
        Ok(site) => site,
        Err(problems) => {
            let mut page = SitePage::new(&request, &session, &old, &parts).await?;
            (page.form, page.problems) = (form, problems);
            return page::show_as(StatusCode::UNPROCESSABLE_ENTITY, &page);
        }
    };
    site.secret = old.secret.clone();
    if !parts.store.update_site(&site, show::now_ms()).await? {
        return Err(AdminError::NotFound("site"));
    }
    let to = format!("/admin/sites/{}?saved=yes", site.key);
    parts.sites.put(site);
    Ok(page::see_other(&to))
}

pub(super) async fn delete(
    key: Path<String>,
    _posted: Posted<Nothing>,
    parts: Parts,
    library: Data<Library>,
) -> Result<HttpResponse, AdminError> {
    let site = parts.own_site(&key)?;
    parts.sites.remove(&site.key);
    let deleted = parts.store.delete_site(&site.key).await;
    if deleted.is_err() {
        parts.sites.put(site.as_ref().clone());
    }
    if !deleted? {
        return Err(AdminError::NotFound("site"));
    }
    parts.sites.remove(&site.key);
    library.forget(&site.key);
    tracing::info!(site = site.key, "a site was deleted");
    Ok(page::see_other("/admin/sites"))
}

impl SitePage {
    async fn new(request: &HttpRequest, session: &Session, site: &Site, parts: &Parts) -> Result<Self, AdminError> {
        let base = parts.doors.base(request);
        Ok(Self {
            frame: Frame::new(session, "sites"),
            key: site.key.clone(),
            name: site.name.clone(),
            of_settings: parts.of_settings.0.contains(&site.key),
            has_secret: site.secret.is_some(),
            secret: None,
            // The key is made of letters, digits, `_` and `-`; the template escapes the whole.
            tag: format!(
                "<script async src=\"{base}/widget.js\" data-site=\"{}\"{}></script>",
                site.key,
                site.appearance.tag_attributes()
            ),
            base,
            conversations: show::count(parts.store.count_conversations(&site.key).await?),
            runs: {
                let runs = parts.evaluations.evaluations(&site.key, LISTED).await?;
                runs.iter().map(|run| Run::new(run, &parts.sites)).collect()
            },
            saved: false,
            form: SiteForm::default(),
            problems: Problems::default(),
        })
    }
}

/// What a site's page needs.
pub(super) struct Parts {
    pub store: Data<dyn OperatorStore>,
    pub evaluations: Data<dyn EvaluationStore>,
    pub sites: Data<Sites>,
    pub of_settings: Data<SettingsSites>,
    pub doors: Data<Doors>,
}

impl Parts {
    /// A site that may be changed here.
    pub(super) fn own_site(&self, key: &str) -> Result<std::sync::Arc<Site>, AdminError> {
        let site = self.sites.find(key).ok_or(AdminError::NotFound("site"))?;
        match self.of_settings.0.contains(&site.key) {
            true => Err(AdminError::OfSettings),
            false => Ok(site),
        }
    }
}

impl actix_web::FromRequest for Parts {
    type Error = AdminError;
    type Future = std::future::Ready<Result<Self, AdminError>>;

    fn from_request(request: &HttpRequest, _: &mut actix_web::dev::Payload) -> Self::Future {
        let parts = || {
            Some(Self {
                store: request.app_data::<Data<dyn OperatorStore>>()?.clone(),
                evaluations: request.app_data::<Data<dyn EvaluationStore>>()?.clone(),
                sites: request.app_data::<Data<Sites>>()?.clone(),
                of_settings: request.app_data::<Data<SettingsSites>>()?.clone(),
                doors: request.app_data::<Data<Doors>>()?.clone(),
            })
        };
        std::future::ready(parts().ok_or(AdminError::Unassembled))
    }
}
