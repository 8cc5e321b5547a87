//! A site's content: what there is, how it came in, and ways to bring in more.

use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::web::{Data, Query};
use askama::Template;
use serde::Deserialize;

use super::demand::Session;
use super::error::AdminError;
use super::page::{self, Frame};
use super::show;
use crate::access::Sites;
use crate::domain::Site;
use crate::knowledge::Library;
use crate::store::documents::DocumentFilter;
use crate::store::syncs::{Sync, SyncState, Trouble};

const PAGE: u32 = 50;
/// Readings that are shown, and troubles of each.
const READINGS: u32 = 8;
const TROUBLES: u32 = 50;
/// A reading that has been silent this long was cut off: its process is gone. Longer than a PDF may take.
const SILENT: Duration = Duration::from_secs(120);

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Choice {
    pub site: String,
    q: String,
    kind: String,
    page: String,
    /// What was done on the page before.
    done: String,
}

pub(super) struct SiteChoice {
    name: String,
    href: String,
    chosen: bool,
}

struct Kind {
    name: String,
    count: String,
    chosen: bool,
}

struct Row {
    href: String,
    title: String,
    place: String,
    kind: String,
    words: String,
    modified: String,
    source: String,
}

struct Reading {
    source: String,
    when: String,
    state: &'static str,
    is_running: bool,
    is_bad: bool,
    share: u64,
    summary: String,
    note: String,
    failed: u64,
    troubles: Vec<Trouble>,
}

#[derive(Template)]
#[template(path = "admin/content.html")]
struct Page {
    frame: Frame,
    sites: Vec<SiteChoice>,
    key: String,
    site_name: String,
    done: &'static str,
    wrong: &'static str,
    q: String,
    kinds: Vec<Kind>,
    rows: Vec<Row>,
    total: String,
    words: String,
    is_filtered: bool,
    readings: Vec<Reading>,
    is_busy: bool,
    before: Option<String>,
    after: Option<String>,
    page: u32,
    pages: u64,
}

/// The address of a site's content.
pub(super) fn address(site: &str, pairs: &[(&str, &str)]) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("site", site);
    for (name, value) in pairs.iter().filter(|(_, value)| !value.is_empty()) {
        query.append_pair(name, value);
    }
    format!("/admin/content?{}", query.finish())
}

/// The site that is named, or the first.
pub(super) fn site(sites: &Sites, named: &str) -> Result<Arc<Site>, AdminError> {
    if named.is_empty() {
        return sites.all().into_iter().next().ok_or(AdminError::NotFound("site"));
    }
    sites.find(named).ok_or(AdminError::NotFound("site"))
}

pub(super) async fn list(
    session: Session,
    choice: Query<Choice>,
    sites: Data<Sites>,
    library: Data<Library>,
) -> Result<HttpResponse, AdminError> {
    let chosen = site(&sites, &choice.site)?;
    let key = chosen.key.clone();
    let filter = DocumentFilter {
        words: choice.q.trim().chars().take(200).collect(),
        kind: Some(choice.kind.clone()).filter(|kind| !kind.is_empty()),
        source: None,
    };
    let number = choice.page.parse::<u32>().unwrap_or(1).clamp(1, 1_000_000) - 1;
    let found = library.store().document_page(&key, &filter, number, PAGE).await?;
    let kinds = library.store().document_kinds(&key).await?;
    let readings = readings(&library, &key).await?;
    let pages = found.total.div_ceil(u64::from(PAGE)).max(1);
    let at = |page: u32| {
        address(
            &key,
            &[("q", &choice.q), ("kind", &choice.kind), ("page", &page.to_string())],
        )
    };
    let (done, wrong) = said(&choice.done);
    let page = Page {
        frame: Frame::new(&session, "content"),
        sites: sites
            .all()
            .iter()
            .map(|site| SiteChoice {
                name: site.name.clone(),
                href: address(&site.key, &[]),
                chosen: site.key == key,
            })
            .collect(),
        site_name: chosen.name.clone(),
        done,
        wrong,
        q: choice.q.clone(),
        kinds: kinds
            .into_iter()
            .map(|(name, count)| Kind {
                chosen: name == choice.kind,
                count: show::count(count),
                name,
            })
            .collect(),
        rows: found
            .items
            .into_iter()
            .map(|entry| Row {
                href: super::content_document::address(&key, &entry.id),
                place: if entry.url.is_empty() { entry.id } else { entry.url },
                title: entry.title,
                kind: entry.kind,
                words: show::count(entry.words),
                modified: show::when(entry.modified_ms),
                source: source(&entry.source),
            })
            .collect(),
        total: show::count(found.total),
        words: show::count(found.words),
        is_filtered: filter != DocumentFilter::default(),
        is_busy: readings.iter().any(|reading| reading.is_running),
        readings,
        before: (number > 0).then(|| at(number)),
        after: (u64::from(number) + 1 < pages).then(|| at(number + 2)),
        page: number + 1,
        pages,
        key,
    };
    page::show(&page)
}

/// What a form did, or why it did nothing.
fn said(done: &str) -> (&'static str, &'static str) {
    match done {
        "sent" => (
            "The files are being read. What could not be read stands in the log.",
            "",
        ),
        "crawl" => (
            "The site is being read, one page at a time; the log shows how far it has come.",
            "",
        ),
        "qa" => ("The answer is kept, and counts from now on.", ""),
        "deleted" => (
            "The document is gone. If its source still has it, the source's next reading brings it back.",
            "",
        ),
        "busy" => (
            "",
            "A sitemap of this site is being read already. Wait until it is done.",
        ),
        "address" => (
            "",
            "That is no address that can be read. It must begin with http:// or https://, and lead to no private network unless you allow it.",
        ),
        "empty" => (
            "",
            "A question and its answer both need words, of at most 500 and 20,000 characters.",
        ),
        "nothing" => ("", "No file was chosen."),
        _ => ("", ""),
    }
}

/// Whether a sitemap of the site is being read.
pub(super) async fn is_crawling(library: &Library, site: &str) -> Result<bool, AdminError> {
    let syncs = library.syncs().syncs(site, READINGS).await?;
    Ok(syncs
        .iter()
        .any(|sync| is_running(sync) && sync.source.starts_with("sitemap:")))
}

fn is_running(sync: &Sync) -> bool {
    let silent = show::now_ms().saturating_sub(sync.seen_at_ms);
    sync.state == SyncState::Running && silent < SILENT.as_millis() as i64
}

async fn readings(library: &Library, site: &str) -> Result<Vec<Reading>, AdminError> {
    let mut readings = Vec::new();
    for sync in library.syncs().syncs(site, READINGS).await? {
        let is_running = is_running(&sync);
        let state = match sync.state {
            SyncState::Done => "done",
            SyncState::Failed => "stopped",
            SyncState::Running if is_running => "reading",
            SyncState::Running => "cut off",
        };
        let counts = [
            (sync.stored, "new or changed"),
            (sync.unchanged, "unchanged"),
            (sync.removed, "removed"),
            (sync.failed, "not read"),
        ];
        let counts = counts.iter().filter(|(count, _)| *count > 0);
        let summary: Vec<String> = counts
            .map(|(count, what)| format!("{} {what}", show::count(*count)))
            .collect();
        readings.push(Reading {
            source: source(&sync.source),
            when: show::when(sync.began_at_ms),
            state,
            is_running,
            is_bad: matches!(state, "stopped" | "cut off"),
            share: (sync.seen * 100).checked_div(sync.expected).unwrap_or(0).min(100),
            summary: if summary.is_empty() {
                "nothing yet".to_owned()
            } else {
                summary.join(" · ")
            },
            failed: sync.failed,
            note: sync.note,
            troubles: library.syncs().troubles(sync.id, TROUBLES).await?,
        });
    }
    Ok(readings)
}

/// How a source is called on the page.
pub(super) fn source(source: &str) -> String {
    match source.split_once(':') {
        None if source == "plugin" => "WordPress plugin".to_owned(),
        None if source == "qa" => "written here".to_owned(),
        None => "upload".to_owned(),
        Some(("file", path)) => path.rsplit('/').next().unwrap_or(path).to_owned(),
        Some(("wxr", site)) => format!("export of {site}"),
        Some((_, rest)) => rest.to_owned(),
    }
}
