//! One answer as the pages show it, whole conversations, and what the operator says about an answer.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use askama::Template;
use serde::Deserialize;

use super::demand::{Posted, Session};
use super::error::AdminError;
use super::page::{self, Frame};
use super::{markdown, picture, show};
use crate::access::{Sites, sites};
use crate::domain::{AnswerId, ConversationId, Doubt, DoubtReason, Finish, Rating, Site, Source};
use crate::knowledge::excerpt;
use crate::store::OperatorStore;
use crate::store::operator::Reviewed;

/// Characters.
const NOTE_MAX: usize = 2_000;
/// Of an answer, this many characters are put into the form for a better one: an address must stay short.
const PREFILLED: usize = 1_000;
/// Characters of an answer on a list.
const EXCERPT: usize = 320;

/// An answer, ready to be shown. Everything in it is text that somebody else wrote.
pub(super) struct Item {
    pub id: String,
    pub conversation: String,
    pub site_name: String,
    pub question: String,
    pub text: String,
    pub from: &'static str,
    pub from_what: &'static str,
    pub finish: Option<&'static str>,
    pub rating: Option<Rating>,
    pub comment: String,
    pub model: Option<String>,
    pub cost: String,
    pub tokens: String,
    pub first_word: String,
    pub asked: String,
    pub asked_iso: String,
    pub page: Option<PageLink>,
    pub locale: String,
    pub sources: Vec<SourceLink>,
    pub doubts: Vec<DoubtLine>,
    pub note: String,
    pub handled: Option<String>,
    /// To which tier it was routed, and why.
    pub route: Option<String>,
    /// Its part in an experiment.
    pub enrolment: Option<String>,
    /// Why it was told although another question was asked, if so.
    pub near: Option<String>,
    /// The query that fills in the form for a better answer.
    pub curate: String,
}

/// In words for the operator.
fn why(hit: crate::domain::NearHit) -> String {
    let sure = if hit.verified {
        "a model confirmed it"
    } else {
        "sure by itself"
    };
    format!("first given to “{}”: {:.2} alike, {sure}", hit.question, hit.similarity)
}

/// A sentence that the passages do not support.
pub(super) struct DoubtLine {
    pub sentence: String,
    pub why: String,
}

pub(super) struct PageLink {
    pub title: String,
    pub url: String,
    /// On one of the site's own origins; anything else is shown and does not lead there.
    pub is_own: bool,
}

pub(super) struct SourceLink {
    pub n: u32,
    pub title: String,
    pub url: String,
    pub leads: bool,
}

impl Item {
    pub fn new(reviewed: Reviewed, sites: &Sites) -> Self {
        let answer = reviewed.answer;
        let site = sites.find(&answer.site);
        let tokens = answer.usage.prompt_tokens + answer.usage.completion_tokens;
        let page = answer.page.filter(|page| !page.url.is_empty());
        let curate = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("site", &answer.site)
            .append_pair("question", &answer.question)
            .append_pair("answer", &answer.id.to_string())
            .append_pair("text", &answer.text.chars().take(PREFILLED).collect::<String>())
            .finish();
        Self {
            near: answer.reuse.and_then(|reuse| reuse.near).map(why),
            curate,
            id: answer.id.to_string(),
            conversation: answer.conversation.to_string(),
            site_name: site.as_ref().map_or(&answer.site, |site| &site.name).clone(),
            question: answer.question,
            text: answer.text.as_ref().to_owned(),
            from: answer.from.as_str(),
            from_what: picture::what(answer.from),
            finish: ended(answer.finish),
            rating: reviewed.rating,
            comment: reviewed.comment,
            model: answer.model.as_deref().map(str::to_owned),
            cost: show::usd(answer.cost),
            tokens: show::count(tokens),
            first_word: show::milliseconds(answer.first_word_ms),
            asked: show::when(answer.asked_at_ms),
            asked_iso: show::iso(answer.asked_at_ms),
            page: page.map(|page| PageLink {
                title: if page.title.is_empty() {
                    page.url.clone()
                } else {
                    page.title
                },
                is_own: site.is_some_and(|site| is_own(&site, &page.url)),
                url: page.url,
            }),
            locale: answer.locale,
            sources: answer.sources.iter().cloned().map(source).collect(),
            doubts: answer.doubts.into_iter().map(doubt).collect(),
            note: reviewed.note,
            handled: reviewed.handled_at_ms.map(show::when),
            route: answer.route.map(|route| format!("{}: {}", route.tier, route.reason)),
            enrolment: answer
                .enrolment
                .map(|part| format!("{}, {}", part.experiment, part.arm)),
        }
    }

    pub fn is_down(&self) -> bool {
        self.rating == Some(Rating::Down)
    }

    pub fn is_up(&self) -> bool {
        self.rating == Some(Rating::Up)
    }

    /// The beginning of the answer, for lists.
    pub fn excerpt(&self) -> String {
        excerpt(&self.text, EXCERPT)
    }

    /// The answer as HTML, as the visitor saw it.
    pub fn drawn(&self) -> String {
        markdown::drawn(&self.text)
    }
}

fn doubt(doubt: Doubt) -> DoubtLine {
    DoubtLine {
        sentence: doubt.sentence,
        why: match doubt.reason {
            DoubtReason::Number => format!("The sources do not say “{}” about this.", doubt.detail),
            DoubtReason::Name => format!("The sources do not know “{}”.", doubt.detail),
            DoubtReason::Words => "The sources do not say this.".to_owned(),
        },
    }
}

/// What is worth saying about an answer's end.
fn ended(finish: Finish) -> Option<&'static str> {
    match finish {
        Finish::Stop => None,
        Finish::Length => Some("cut short, by its length limit or by the provider"),
        Finish::Aborted => Some("the visitor stopped it"),
        Finish::Unanswered => Some("not in your content"),
        Finish::Failed => Some("failed"),
    }
}

/// A browser told us this address; only the site's own pages become links.
fn is_own(site: &Site, url: &str) -> bool {
    let origin = url::Url::parse(url).map(|url| url.origin().ascii_serialization());
    origin.is_ok_and(|origin| sites::allows(site, &origin))
}

fn source(source: Source) -> SourceLink {
    let web = url::Url::parse(&source.url).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
    let ours = source.url.starts_with('/') && !source.url.starts_with("//") && !source.url.starts_with("/\\");
    SourceLink {
        n: source.n,
        title: if source.title.is_empty() {
            source.url.clone()
        } else {
            source.title
        },
        leads: web || ours,
        url: source.url,
    }
}

#[derive(Template)]
#[template(path = "admin/conversation.html")]
struct ConversationPage {
    frame: Frame,
    id: String,
    site_name: String,
    started: String,
    user: Option<String>,
    is_anonymous: bool,
    back: String,
    items: Vec<Item>,
}

pub(super) async fn conversation(
    session: Session,
    path: Path<String>,
    store: Data<dyn OperatorStore>,
    sites: Data<Sites>,
) -> Result<HttpResponse, AdminError> {
    let id = ConversationId::parse(&path).map_err(|_| AdminError::NotFound("conversation"))?;
    let found = store.whole_conversation(id).await?;
    let found = found.ok_or(AdminError::NotFound("conversation"))?;
    let site = sites.find(&found.site);
    let page = ConversationPage {
        frame: Frame::new(&session, "review"),
        id: id.to_string(),
        site_name: site.map_or(found.site, |site| site.name.clone()),
        started: show::when(found.started_at_ms),
        user: found.user,
        is_anonymous: found.visitor.is_none(),
        back: format!("/admin/conversations/{id}"),
        items: found.answers.into_iter().map(|one| Item::new(one, &sites)).collect(),
    };
    page::show(&page)
}

#[derive(Deserialize)]
pub(super) struct Handled {
    /// `yes` or `no`.
    handled: String,
    /// Without one, the note stays as it is.
    note: Option<String>,
    back: String,
}

pub(super) async fn handle(
    path: Path<String>,
    posted: Posted<Handled>,
    store: Data<dyn OperatorStore>,
) -> Result<HttpResponse, AdminError> {
    let id = AnswerId::parse(&path).map_err(|_| AdminError::NotFound("answer"))?;
    let form = posted.form;
    if form.note.as_ref().is_some_and(|note| note.chars().count() > NOTE_MAX) {
        return Err(AdminError::TooLong);
    }
    let at = match form.handled.as_str() {
        "yes" => Some(show::now_ms()),
        "no" => None,
        _ => return Err(AdminError::Unreadable("`handled` is neither yes nor no.".to_owned())),
    };
    // A form sends line ends as CR LF (https://html.spec.whatwg.org/#constructing-the-form-data-set).
    let note = form.note.map(|note| note.replace("\r\n", "\n").trim().to_owned());
    if !store.handle(&id.to_string(), at, note.as_deref()).await? {
        return Err(AdminError::NotFound("answer"));
    }
    Ok(page::see_other(&way_back(&form.back)))
}

/// Only to a page of ours, whatever the form says.
fn way_back(said: &str) -> String {
    let plain = said.bytes().all(|byte| byte.is_ascii_graphic());
    let ours = said.starts_with("/admin/review") || said.starts_with("/admin/conversations/");
    match plain && ours && said.len() < 2_000 {
        true => said.to_owned(),
        false => "/admin/review".to_owned(),
    }
}
