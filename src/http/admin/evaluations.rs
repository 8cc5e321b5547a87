//! Runs of golden sets: how a site's answers came out, what is wrong with those that failed, and what to do about it.

use std::collections::HashMap;

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use askama::Template;

use super::demand::Session;
use super::error::AdminError;
use super::markdown;
use super::page::{self, Frame};
use super::show;
use crate::access::Sites;
use crate::golden::{Judged, Report};
use crate::store::EvaluationStore;
use crate::store::evaluations::Evaluation;

/// Runs that a site's page lists.
pub(super) const LISTED: u32 = 5;

/// A run on a list.
pub(super) struct Run {
    pub href: String,
    pub site_name: String,
    pub when: String,
    pub passed: String,
    pub questions: String,
    pub failed: u64,
    pub is_good: bool,
    pub cost: String,
}

impl Run {
    pub fn new(run: &Evaluation, sites: &Sites) -> Self {
        let site = sites.find(&run.site);
        Self {
            href: format!("/admin/sites/{}/evaluations/{}", run.site, run.id),
            site_name: site.map_or_else(|| run.site.clone(), |site| site.name.clone()),
            when: show::when(run.began_at_ms),
            passed: show::count(run.passed),
            questions: show::count(run.questions),
            failed: run.questions.saturating_sub(run.passed),
            is_good: run.is_good,
            cost: show::usd(run.cost),
        }
    }
}

/// A question that failed.
struct Failed {
    question: String,
    turns: Vec<String>,
    faults: Vec<String>,
    /// HTML.
    text: String,
    sources: Vec<String>,
    from: &'static str,
    model: String,
    /// It passed in the run before.
    is_new: bool,
    /// What the form for an answer begins with.
    curate: String,
}

#[derive(Template)]
#[template(path = "admin/evaluation.html")]
struct Page {
    frame: Frame,
    key: String,
    run: Run,
    wanted: String,
    failed: Vec<Failed>,
    better: Vec<String>,
    unsupported: String,
    first_word: String,
    whole: String,
    from: Vec<(String, String)>,
}

pub(super) async fn show_run(
    session: Session,
    path: Path<(String, i64)>,
    sites: Data<Sites>,
    store: Data<dyn EvaluationStore>,
) -> Result<HttpResponse, AdminError> {
    let (key, id) = path.into_inner();
    let found = store.evaluation(&key, id).await?;
    let (run, report) = found.ok_or(AdminError::NotFound("evaluation"))?;
    let report = read(&report)?;
    let passed_before = before(&run, &**store).await?;
    let before = |one: &Judged| passed_before.get(&one.id).copied();
    let failed = report.results.iter().filter(|one| !one.passed);
    let better = report
        .results
        .iter()
        .filter(|one| one.passed && before(one) == Some(false));
    let from = report.from.iter();
    page::show(&Page {
        frame: Frame::new(&session, "sites"),
        wanted: format!("{:.0}%", report.pass * 100.0),
        failed: failed
            .map(|one| Failed::new(one, &key, before(one) == Some(true)))
            .collect(),
        better: better.map(|one| one.question.clone()).collect(),
        unsupported: show::count(report.unsupported_sentences as u64),
        first_word: show::milliseconds(report.first_word_ms.median),
        whole: show::milliseconds(report.total_ms.median),
        from: from
            .map(|(from, count)| (from.clone(), show::count(*count as u64)))
            .collect(),
        run: Run::new(&run, &sites),
        key,
    })
}

fn read(report: &str) -> Result<Report, AdminError> {
    serde_json::from_str(report).map_err(|error| AdminError::Inside(format!("a kept report cannot be read: {error}")))
}

/// What passed in the run before this one, by id.
async fn before(run: &Evaluation, store: &dyn EvaluationStore) -> Result<HashMap<String, bool>, AdminError> {
    let all = store.evaluations(&run.site, u32::MAX).await?;
    let Some(earlier) = all.iter().find(|one| one.id < run.id) else {
        return Ok(HashMap::new());
    };
    let Some((_, report)) = store.evaluation(&run.site, earlier.id).await? else {
        return Ok(HashMap::new());
    };
    let results = read(&report)?.results.into_iter();
    Ok(results.map(|one| (one.id, one.passed)).collect())
}

impl Failed {
    fn new(one: &Judged, site: &str, is_new: bool) -> Self {
        let mut curate = url::form_urlencoded::Serializer::new(String::new());
        curate.append_pair("site", site).append_pair("question", &one.question);
        Self {
            question: one.question.clone(),
            turns: one.turns.clone(),
            faults: one.faults.clone(),
            text: markdown::drawn(&one.text),
            sources: one.sources.clone(),
            from: one.from.map_or("", |from| from.as_str()),
            model: one.model.clone().unwrap_or_default(),
            is_new,
            curate: curate.finish(),
        }
    }
}
