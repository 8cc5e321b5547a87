//! Content that the operator brings in: files, a sitemap, a question with its answer.

use std::time::Duration;

use actix_multipart::{Field, Multipart};
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::TryStreamExt;
use serde::Deserialize;

use super::content;
use super::demand::{self, Posted};
use super::doors::Doors;
use super::error::AdminError;
use super::page;
use super::show;
use crate::access::Sites;
use crate::domain::DocumentChange;
use crate::knowledge::ingest::{self, Nobody, Upload, Wanted};
use crate::knowledge::{Incoming, Library, Text};

/// Files of one form, and bytes of them together.
const MOST_FILES: usize = 50;
const MOST_BYTES: usize = 64 * 1_024 * 1_024;
const LONGEST_QUESTION: usize = 500;
const LONGEST_ANSWER: usize = 20_000;
/// Small files are read by the time the next page is shown.
const MOMENT: Duration = Duration::from_millis(1_500);

#[derive(Deserialize)]
pub(super) struct Pair {
    site: String,
    #[serde(default)]
    id: String,
    question: String,
    answer: String,
}

pub(super) async fn pair(
    posted: Posted<Pair>,
    sites: Data<Sites>,
    library: Data<Library>,
) -> Result<HttpResponse, AdminError> {
    let form = posted.form;
    let site = content::site(&sites, &form.site)?;
    let (question, answer) = (form.question.trim(), form.answer.trim());
    let fits = |text: &str, most: usize| !text.is_empty() && text.chars().count() <= most;
    if !fits(question, LONGEST_QUESTION) || !fits(answer, LONGEST_ANSWER) {
        return Ok(page::see_other(&content::address(&site.key, &[("done", "empty")])));
    }
    let id = match form.id.strip_prefix("qa:") {
        Some(_) => form.id.clone(),
        None => format!("qa:{}", uuid::Uuid::now_v7().simple()),
    };
    let incoming = Incoming {
        id,
        url: String::new(),
        title: question.to_owned(),
        text: Text::Markdown(answer.replace("\r\n", "\n")),
        locale: String::new(),
        kind: "qa".to_owned(),
        source: "qa".to_owned(),
        modified_ms: show::now_ms(),
    };
    let (document, _) = incoming
        .read()
        .map_err(|error| AdminError::Unreadable(error.to_string()))?;
    library.change(&site.key, vec![DocumentChange::Put(document)]).await?;
    Ok(page::see_other(&content::address(&site.key, &[("done", "qa")])))
}

#[derive(Deserialize)]
pub(super) struct Crawl {
    site: String,
    address: String,
    #[serde(default)]
    private: String,
}

/// Reads a site in the background; the log tells how far it has come.
pub(super) async fn crawl(
    posted: Posted<Crawl>,
    sites: Data<Sites>,
    library: Data<Library>,
) -> Result<HttpResponse, AdminError> {
    let form = posted.form;
    let site = content::site(&sites, &form.site)?;
    let to = |done: &str| Ok(page::see_other(&content::address(&site.key, &[("done", done)])));
    let wanted = Wanted {
        base_url: None,
        allow_private: form.private == "yes",
    };
    let what = form.address.trim().to_owned();
    if ingest::check_address(&what, &wanted).is_err() {
        return to("address");
    }
    if content::is_crawling(&library, &site.key).await? {
        return to("busy");
    }
    let (shelves, key) = (library.shelves(), site.key.clone());
    let reading = tokio::spawn(async move {
        if let Err(error) = ingest::ingest(shelves, &key, &what, &wanted, Box::new(Nobody)).await {
            tracing::error!(%error, site = key, "a sitemap could not be read");
        }
    });
    // A short site is read by the time the page is shown.
    let _ = tokio::time::timeout(MOMENT, reading).await;
    to("crawl")
}

/// A form with files. Its token comes first, so that nothing of a foreign one is kept.
pub(super) async fn upload(
    request: HttpRequest,
    payload: Payload,
    sites: Data<Sites>,
    library: Data<Library>,
) -> Result<HttpResponse, AdminError> {
    let doors = request.app_data::<Data<Doors>>().ok_or(AdminError::Unassembled)?;
    if !doors.is_own(&request) {
        return Err(AdminError::ForeignForm);
    }
    let session = demand::session(&request).await?;
    let mut form = Multipart::new(request.headers(), payload);
    let csrf = text(&mut form, "csrf").await?;
    if !session.owns(&csrf) {
        return Err(AdminError::ForeignForm);
    }
    let site = content::site(&sites, &text(&mut form, "site").await?)?;
    let files = files(&mut form).await?;
    if files.is_empty() {
        return Ok(page::see_other(&content::address(&site.key, &[("done", "nothing")])));
    }
    let (shelves, key) = (library.shelves(), site.key.clone());
    let reading = tokio::spawn(async move {
        if let Err(error) = ingest::upload(shelves, &key, files).await {
            tracing::error!(%error, site = key, "uploaded files could not be read");
        }
    });
    let _ = tokio::time::timeout(MOMENT, reading).await;
    Ok(page::see_other(&content::address(&site.key, &[("done", "sent")])))
}

fn unreadable(error: &dyn std::fmt::Display) -> AdminError {
    AdminError::Unreadable(format!("The form cannot be read: {error}."))
}

/// The next field, which must be this one.
async fn text(form: &mut Multipart, name: &str) -> Result<String, AdminError> {
    let field = form.try_next().await.map_err(|error| unreadable(&error))?;
    let mut field = field
        .filter(|field| field.name() == Some(name))
        .ok_or(AdminError::ForeignForm)?;
    let bytes = bounded(&mut field, 1_000).await?;
    String::from_utf8(bytes).map_err(|error| unreadable(&error))
}

async fn files(form: &mut Multipart) -> Result<Vec<Upload>, AdminError> {
    let (mut files, mut left) = (Vec::new(), MOST_BYTES);
    while let Some(mut field) = form.try_next().await.map_err(|error| unreadable(&error))? {
        let name = field
            .content_disposition()
            .and_then(|form| form.get_filename())
            .unwrap_or_default();
        // Some browsers send a path.
        let name = name.rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
        let bytes = bounded(&mut field, left).await?;
        left -= bytes.len();
        if !name.is_empty() {
            files.push(Upload { name, bytes });
        }
        if files.len() > MOST_FILES {
            return Err(AdminError::TooLong);
        }
    }
    Ok(files)
}

async fn bounded(field: &mut Field, most: usize) -> Result<Vec<u8>, AdminError> {
    let mut bytes = Vec::new();
    while let Some(part) = field.try_next().await.map_err(|error| unreadable(&error))? {
        if bytes.len() + part.len() > most {
            return Err(AdminError::TooLong);
        }
        bytes.extend_from_slice(&part);
    }
    Ok(bytes)
}
