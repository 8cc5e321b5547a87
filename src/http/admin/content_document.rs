//! One document as the chat sees it, and its end.

use actix_web::HttpResponse;
use actix_web::web::{Data, Query};
use askama::Template;
use serde::Deserialize;

use super::content;
use super::demand::{Posted, Session};
use super::error::AdminError;
use super::markdown;
use super::page::{self, Frame};
use super::show;
use crate::access::Sites;
use crate::domain::DocumentChange;
use crate::knowledge::Library;

/// Passages that are shown; a long document has more.
const MOST_PASSAGES: usize = 200;

#[derive(Deserialize)]
pub(super) struct Choice {
    site: String,
    id: String,
}

struct Shown {
    section: String,
    url: String,
    words: String,
    /// HTML.
    text: String,
}

#[derive(Template)]
#[template(path = "admin/content_document.html")]
struct Page {
    frame: Frame,
    key: String,
    back: String,
    id: String,
    title: String,
    url: String,
    /// Whether the address may be followed.
    is_link: bool,
    kind: String,
    is_qa: bool,
    answer: String,
    locale: String,
    source: String,
    modified: String,
    words: String,
    count: usize,
    passages: Vec<Shown>,
}

pub(super) fn address(site: &str, id: &str) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("site", site).append_pair("id", id);
    format!("/admin/content/document?{}", query.finish())
}

pub(super) async fn show(
    session: Session,
    choice: Query<Choice>,
    sites: Data<Sites>,
    library: Data<Library>,
) -> Result<HttpResponse, AdminError> {
    let site = content::site(&sites, &choice.site)?;
    let document = library.store().document(&site.key, &choice.id).await?;
    let document = document.ok_or(AdminError::NotFound("document"))?;
    let shelf = library.clone();
    let copy = document.clone();
    // Cutting a long document takes a while that no visitor should wait for.
    let passages = actix_web::web::block(move || shelf.passages(copy)).await;
    let passages = passages.map_err(|error| AdminError::Inside(error.to_string()))?;
    let is_qa = document.kind == "qa";
    let page = Page {
        frame: Frame::new(&session, "content"),
        back: content::address(&site.key, &[]),
        key: site.key.clone(),
        words: show::count(document.words() as u64),
        count: passages.len(),
        passages: passages
            .into_iter()
            .take(MOST_PASSAGES)
            .map(|passage| Shown {
                words: show::count(passage.text.split_whitespace().count() as u64),
                section: if passage.section.is_empty() {
                    passage.title
                } else {
                    passage.section
                },
                url: passage.url,
                text: markdown::drawn(&passage.text),
            })
            .collect(),
        is_link: document.url.starts_with("http") || document.url.starts_with('/'),
        id: document.id,
        title: document.title,
        url: document.url,
        kind: document.kind,
        answer: if is_qa { document.markdown } else { String::new() },
        is_qa,
        locale: document.locale,
        source: content::source(&document.source),
        modified: show::when(document.modified_ms),
    };
    page::show(&page)
}

pub(super) async fn delete(
    posted: Posted<Choice>,
    sites: Data<Sites>,
    library: Data<Library>,
) -> Result<HttpResponse, AdminError> {
    let site = content::site(&sites, &posted.form.site)?;
    let change = DocumentChange::Delete {
        id: posted.form.id,
        modified_ms: None,
    };
    library.change(&site.key, vec![change]).await?;
    Ok(page::see_other(&content::address(&site.key, &[("done", "deleted")])))
}
