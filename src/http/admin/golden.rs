//! A golden set of what was answered well: the operator's own answers, and those with a thumb up.

use actix_web::HttpResponse;
use actix_web::http::header::{self, ContentDisposition, DispositionParam, DispositionType};
use actix_web::web::{Data, Path};

use super::csv_file::ROWS_AT_ONCE;
use super::demand::Session;
use super::error::AdminError;
use super::show;
use crate::access::Sites;
use crate::answering::Answering;
use crate::domain::{Answer, Source};
use crate::golden::{GoldenQuestion, GoldenSet, MAX_TURNS};
use crate::store::OperatorStore;
use crate::store::operator::{ReviewFilter, Shown};

/// Answers with a thumb up that are looked at, the newest first.
const MOST: usize = 1_000;

/// For `pennypress eval`.
pub(super) async fn set(
    _session: Session,
    key: Path<String>,
    sites: Data<Sites>,
    answering: Data<Answering>,
    store: Data<dyn OperatorStore>,
) -> Result<HttpResponse, AdminError> {
    let site = sites.find(&key).ok_or(AdminError::NotFound("site"))?;
    let mut questions = Vec::new();
    let curated = answering.curated().await?.into_iter();
    for one in curated.filter(|one| one.site == site.key) {
        let locale = (!one.locale.is_empty()).then_some(one.locale);
        questions.push(question(one.question, Vec::new(), locale, &one.sources));
    }
    for answer in praised(&site.key, &**store).await? {
        let before = before(&answer, &**store).await?;
        let locale = (answer.locale != site.appearance.locale).then_some(answer.locale);
        questions.push(question(answer.question, before, locale, &answer.sources));
    }
    let set = GoldenSet::of(&site.key, questions);
    let text = set.written().map_err(|error| AdminError::Inside(error.to_string()))?;
    let name = format!(
        "pennypress-golden-{}-{}.toml",
        site.key,
        &show::iso(show::now_ms())[..10]
    );
    Ok(HttpResponse::Ok()
        .content_type("application/toml")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header(ContentDisposition {
            disposition: DispositionType::Attachment,
            parameters: vec![DispositionParam::Filename(name)],
        })
        .body(text))
}

fn question(question: String, turns: Vec<String>, locale: Option<String>, sources: &[Source]) -> GoldenQuestion {
    GoldenQuestion {
        question,
        turns,
        locale,
        sources: sources.iter().map(|source| source.url.clone()).collect(),
        ..GoldenQuestion::default()
    }
}

async fn praised(site: &str, store: &dyn OperatorStore) -> Result<Vec<Answer>, AdminError> {
    let filter = ReviewFilter {
        shown: Shown::Up,
        site: Some(site.to_owned()),
        ..ReviewFilter::default()
    };
    let mut all: Vec<Answer> = Vec::new();
    let mut after = None;
    loop {
        let batch = store.review_after(&filter, after, ROWS_AT_ONCE).await?;
        let is_last = batch.len() < ROWS_AT_ONCE as usize;
        all.extend(batch.into_iter().map(|one| one.answer));
        after = all.last().map(|last| (last.asked_at_ms, last.id.to_string()));
        if is_last || all.len() >= MOST {
            return Ok(all);
        }
    }
}

/// What was asked before it in its conversation.
async fn before(answer: &Answer, store: &dyn OperatorStore) -> Result<Vec<String>, AdminError> {
    let Some(conversation) = store.whole_conversation(answer.conversation).await? else {
        return Ok(Vec::new());
    };
    let asked = conversation.answers.into_iter().map(|one| one.answer);
    let mut before: Vec<String> = asked
        .take_while(|one| one.id != answer.id)
        .map(|one| one.question)
        .collect();
    before.drain(..before.len().saturating_sub(MAX_TURNS));
    Ok(before)
}
