//! `/manual`: the manual of Pennypress, for people. The chat's sources lead here.

use std::sync::LazyLock;

use actix_web::http::header;
use actix_web::web::{Path, ServiceConfig};
use actix_web::{HttpResponse, HttpResponseBuilder};
use askama::Template;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use pulldown_cmark::{CowStr, Event, Parser, Tag, TagEnd, html};
use sha2::{Digest, Sha256};

use super::readable::readable;
use crate::knowledge::manual::{PAGES, Page};
use crate::knowledge::{Heading, headings, options};

const STYLE: &str = concat!(
    include_str!("../../templates/paper.css"),
    include_str!("../../templates/manual.css")
);

/// No script, no frame, no form, no picture but the icon; the one style sheet by its hash (Content Security Policy Level 3, section 6.7.2.2).
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = BASE64_STANDARD.encode(Sha256::digest(STYLE.as_bytes()));
    format!(
        "default-src 'none'; style-src 'sha256-{hash}'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
});

pub fn configure(config: &mut ServiceConfig) {
    config
        .service(readable("/manual", contents))
        .service(readable("/manual/{page}", page));
}

async fn contents() -> HttpResponse {
    show(
        HttpResponse::Ok(),
        &Shown {
            title: "Contents",
            summary: "How to install, run and use Pennypress.".to_owned(),
            ..Shown::new(Content::Contents)
        },
    )
}

async fn page(name: Path<String>) -> HttpResponse {
    let Some(at) = PAGES.iter().position(|page| page.name == name.as_str()) else {
        return show(HttpResponse::NotFound(), &Shown::new(Content::Unknown));
    };
    let page = &PAGES[at];
    let mut sections = headings(page.markdown);
    sections.retain(|heading| heading.level == 2);
    let read = Read {
        body: body(page.markdown),
        sections,
        before: at.checked_sub(1).and_then(|before| PAGES.get(before)),
        after: PAGES.get(at + 1),
    };
    show(
        HttpResponse::Ok(),
        &Shown {
            title: page.title(),
            summary: page.summary(),
            name: page.name,
            ..Shown::new(Content::Page(read))
        },
    )
}

#[derive(Template)]
#[template(path = "manual.html")]
struct Shown {
    title: &'static str,
    summary: String,
    /// The page that is open.
    name: &'static str,
    style: &'static str,
    pages: &'static [Page],
    content: Content,
}

enum Content {
    Page(Read),
    Contents,
    Unknown,
}

struct Read {
    /// HTML.
    body: String,
    sections: Vec<Heading>,
    before: Option<&'static Page>,
    after: Option<&'static Page>,
}

impl Shown {
    fn new(content: Content) -> Self {
        Self {
            title: "No such page",
            summary: String::new(),
            name: "",
            style: STYLE,
            pages: PAGES,
            content,
        }
    }
}

fn show(mut response: HttpResponseBuilder, shown: &Shown) -> HttpResponse {
    response
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY.as_str()))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::REFERRER_POLICY, "same-origin"))
        .insert_header((header::CACHE_CONTROL, "public, max-age=300"));
    match shown.render() {
        Ok(html) => response.content_type("text/html; charset=utf-8").body(html),
        Err(error) => {
            tracing::error!(%error, "a page of the manual cannot be written");
            HttpResponse::InternalServerError().finish()
        }
    }
}

/// The page as HTML: headings with the fragments that sources name, tables that scroll by themselves. Raw HTML in the
/// source, such as the comments that only the search reads, is left out.
fn body(markdown: &str) -> String {
    let mut ids = headings(markdown).into_iter();
    let mut open = String::new();
    let mut events = Vec::new();
    for event in Parser::new_ext(markdown, options()) {
        match event {
            Event::Html(_) | Event::InlineHtml(_) => {}
            Event::Start(Tag::Heading {
                level, classes, attrs, ..
            }) => {
                open = ids.next().map(|heading| heading.slug).unwrap_or_default();
                let id = Some(CowStr::from(open.clone()));
                events.push(Event::Start(Tag::Heading {
                    level,
                    id,
                    classes,
                    attrs,
                }));
            }
            Event::End(TagEnd::Heading(level)) => {
                if level > pulldown_cmark::HeadingLevel::H1 {
                    // A fragment is letters, digits and `-`, so it can stand in an attribute as it is.
                    let anchor =
                        format!(" <a class=\"anchor\" href=\"#{open}\" aria-label=\"Link to this section\">#</a>");
                    events.push(Event::InlineHtml(anchor.into()));
                }
                events.push(Event::End(TagEnd::Heading(level)));
            }
            Event::Start(Tag::Table(columns)) => {
                events.push(Event::Html("<div class=\"wide\">".into()));
                events.push(Event::Start(Tag::Table(columns)));
            }
            Event::End(TagEnd::Table) => {
                events.push(Event::End(TagEnd::Table));
                events.push(Event::Html("</div>".into()));
            }
            other => events.push(other),
        }
    }
    let mut written = String::new();
    html::push_html(&mut written, events.into_iter());
    written
}

#[cfg(test)]
mod tests {
    use actix_web::App;
    use actix_web::http::StatusCode;
    use actix_web::test::{TestRequest, call_service, init_service, read_body};

    use super::*;
    use crate::knowledge::{Knowledge, Query};

    async fn get(path: &str) -> (StatusCode, String, String) {
        let app = init_service(App::new().configure(configure)).await;
        let response = call_service(&app, TestRequest::get().uri(path).to_request()).await;
        let status = response.status();
        let policy = response.headers().get(header::CONTENT_SECURITY_POLICY);
        let policy = policy.expect("a policy").to_str().expect("plain").to_owned();
        let text = String::from_utf8(read_body(response).await.to_vec()).expect("text");
        (status, policy, text)
    }

    #[actix_web::test]
    async fn every_source_leads_to_a_page_with_that_section() {
        let knowledge = Knowledge::with_manual();
        let mut seen = 0;
        for page in PAGES {
            let (status, _, text) = get(&format!("/manual/{}", page.name)).await;
            assert_eq!(status, StatusCode::OK);
            for passage in knowledge.search("site_demo", &Query::of(page.title()), 50).passages {
                let (path, fragment) = passage.url.split_once('#').unwrap_or((&passage.url, "main"));
                if path == format!("/manual/{}", page.name) {
                    assert!(text.contains(&format!("id=\"{fragment}\"")), "{}", passage.url);
                    seen += 1;
                }
            }
        }
        assert!(seen > PAGES.len(), "only {seen} passages were looked at");
    }

    #[actix_web::test]
    async fn links_within_the_manual_lead_somewhere() {
        for page in PAGES {
            for link in page.markdown.split("](/manual/").skip(1) {
                let target = link.split([')', '#']).next().expect("a target");
                let there = PAGES.iter().any(|other| other.name == target);
                assert!(there, "{}: /manual/{target}", page.name);
            }
        }
    }

    #[actix_web::test]
    async fn pages_hold_no_script_and_no_foreign_style() {
        for path in ["/manual", "/manual/script-tag", "/manual/%3Cscript%3Ealert(1)"] {
            let (status, policy, text) = get(path).await;
            assert_eq!(status == StatusCode::NOT_FOUND, path.contains("alert"));
            assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
            assert!(!text.contains("<script") && !text.contains("<!-- asked"), "{path}");
            let style = text
                .split("<style>")
                .nth(1)
                .and_then(|rest| rest.split("</style>").next());
            let hash = BASE64_STANDARD.encode(Sha256::digest(style.expect("a style").as_bytes()));
            assert!(policy.contains(&hash), "{path}");
        }
    }
}
