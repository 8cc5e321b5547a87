//! The answers that the operator wrote: a list, a form, and what a visitor will see of it.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Query};
use askama::Template;
use serde::Deserialize;

use super::demand::{Posted, Session};
use super::error::AdminError;
use super::gaps;
use super::markdown;
use super::page::{self, Frame};
use super::show;
use super::sign_in::Nothing;
use crate::access::Sites;
use crate::answering::{Answering, Draft};
use crate::domain::{AnswerId, CuratedAnswer, CuratedId};
use crate::store::GapStore;

/// Characters.
const LONGEST_QUESTION: usize = 4_000;
const LONGEST_TEXT: usize = 20_000;
const LONGEST_LOCALE: usize = 35;
/// Other wordings of an open question that are answered with it.
const WORDINGS: usize = 20;

struct Row {
    id: String,
    site_name: String,
    question: String,
    /// HTML, made from Markdown without any of its own.
    body: String,
    locale: String,
    updated: String,
}

struct Choice {
    key: String,
    name: String,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "admin/curated.html")]
struct ListPage {
    frame: Frame,
    rows: Vec<Row>,
    done: Option<&'static str>,
}

#[derive(Template)]
#[template(path = "admin/curated_form.html")]
struct FormPage {
    frame: Frame,
    form: Form,
    sites: Vec<Choice>,
    /// HTML, when a look at it was asked for.
    preview: Option<String>,
    problem: &'static str,
}

/// The form; a link to it may fill it in.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Form {
    id: String,
    site: String,
    question: String,
    text: String,
    locale: String,
    /// The answer that was wrong, or the open question, which this one settles.
    answer: String,
    gap: String,
    /// `preview`, or nothing to save.
    action: String,
}

/// What was done just now.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Done {
    done: String,
}

pub(super) async fn list(
    session: Session,
    done: Query<Done>,
    answering: Data<Answering>,
    sites: Data<Sites>,
) -> Result<HttpResponse, AdminError> {
    let row = |answer: CuratedAnswer| Row {
        id: answer.id.to_string(),
        site_name: sites.find(&answer.site).map_or(answer.site, |site| site.name.clone()),
        question: answer.question,
        body: markdown::drawn(&answer.text),
        locale: answer.locale,
        updated: show::when(answer.updated_at_ms),
    };
    page::show(&ListPage {
        frame: Frame::new(&session, "curated"),
        rows: answering.curated().await?.into_iter().map(row).collect(),
        done: match done.done.as_str() {
            "saved" => Some("Saved. Whoever asks from now on gets it, and what it answers is off your lists."),
            "deleted" => Some("Deleted. Its question is answered as any other from now on."),
            _ => None,
        },
    })
}

pub(super) async fn new(session: Session, form: Query<Form>, sites: Data<Sites>) -> Result<HttpResponse, AdminError> {
    page::show(&form_page(&session, form.into_inner(), &sites))
}

pub(super) async fn edit(
    session: Session,
    path: Path<String>,
    answering: Data<Answering>,
    sites: Data<Sites>,
) -> Result<HttpResponse, AdminError> {
    let id = CuratedId::parse(&path).map_err(|_| AdminError::NotFound("answer"))?;
    let found = answering.curated().await?.into_iter().find(|one| one.id == id);
    let found = found.ok_or(AdminError::NotFound("answer"))?;
    let form = Form {
        id: id.to_string(),
        site: found.site,
        question: found.question,
        text: found.text,
        locale: found.locale,
        ..Form::default()
    };
    page::show(&form_page(&session, form, &sites))
}

pub(super) async fn save(
    posted: Posted<Form>,
    answering: Data<Answering>,
    open: Data<dyn GapStore>,
    sites: Data<Sites>,
) -> Result<HttpResponse, AdminError> {
    let Posted { session, mut form } = posted;
    // A form sends line ends as CR LF (https://html.spec.whatwg.org/#constructing-the-form-data-set).
    form.text = form.text.replace("\r\n", "\n").trim().to_owned();
    form.question = form.question.replace("\r\n", "\n").trim().to_owned();
    form.locale = form.locale.trim().to_ascii_lowercase().replace('_', "-");
    if form.action == "preview" {
        let mut page = form_page(&session, form, &sites);
        page.preview = Some(markdown::drawn(&page.form.text));
        return page::show(&page);
    }
    let problem = problem(&form, &sites);
    if !problem.is_empty() {
        let mut page = form_page(&session, form, &sites);
        page.problem = problem;
        return page::show_as(StatusCode::UNPROCESSABLE_ENTITY, &page);
    }
    let id = match form.id.as_str() {
        "" => None,
        id => Some(CuratedId::parse(id).map_err(|_| AdminError::NotFound("answer"))?),
    };
    let (questions, settled) = settled(&form, &**open).await?;
    for (question, id) in questions
        .into_iter()
        .zip(std::iter::once(id).chain(std::iter::repeat(None)))
    {
        let draft = Draft {
            id,
            site: form.site.clone(),
            question,
            text: form.text.clone(),
            locale: form.locale.clone(),
        };
        answering.curate(draft).await?;
    }
    open.settle(&settled, "Answered by the operator.", show::now_ms())
        .await?;
    Ok(page::see_other("/admin/curated?done=saved"))
}

/// The questions to which it is the answer, and the answers that are handled by it: with an open question all that mean the same,
/// otherwise also those that were asked in the same words.
async fn settled(form: &Form, open: &dyn GapStore) -> Result<(Vec<String>, Vec<AnswerId>), AdminError> {
    let mut questions = vec![form.question.clone()];
    if form.gap.is_empty() {
        let mut settled = gaps::asked_alike(&form.site, &form.question, &form.locale, open).await?;
        settled.extend(AnswerId::parse(&form.answer));
        return Ok((questions, settled));
    }
    let group = gaps::find(&form.gap, open).await?;
    questions.extend(gaps::wordings(&group).into_iter().skip(1).take(WORDINGS));
    Ok((questions, group.iter().map(|one| one.answer).collect()))
}

pub(super) async fn delete(
    path: Path<String>,
    _posted: Posted<Nothing>,
    answering: Data<Answering>,
) -> Result<HttpResponse, AdminError> {
    let id = CuratedId::parse(&path).map_err(|_| AdminError::NotFound("answer"))?;
    match answering.uncurate(id).await? {
        true => Ok(page::see_other("/admin/curated?done=deleted")),
        false => Err(AdminError::NotFound("answer")),
    }
}

fn problem(form: &Form, sites: &Sites) -> &'static str {
    let tag = form.locale.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if sites.find(&form.site).is_none() {
        "Choose a site."
    } else if form.question.is_empty() || form.question.chars().count() > LONGEST_QUESTION {
        "The question has 1 to 4,000 characters."
    } else if form.text.is_empty() || form.text.chars().count() > LONGEST_TEXT {
        "The answer has 1 to 20,000 characters."
    } else if form.locale.len() > LONGEST_LOCALE || !tag {
        "The language is a tag such as en or pt-br, or empty for every language."
    } else {
        ""
    }
}

fn form_page(session: &Session, form: Form, sites: &Sites) -> FormPage {
    let choice = |site: &std::sync::Arc<crate::domain::Site>| Choice {
        key: site.key.clone(),
        name: site.name.clone(),
        chosen: site.key == form.site,
    };
    FormPage {
        frame: Frame::new(session, "curated"),
        sites: sites.all().iter().map(choice).collect(),
        form,
        preview: None,
        problem: "",
    }
}
