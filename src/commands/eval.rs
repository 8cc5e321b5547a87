//! `pennypress eval`: a golden set through the whole way of a question, and how many of its answers are good.

use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use futures_util::{StreamExt, TryStreamExt, stream};

use super::ask::chosen;
use super::{Outcome, bar};
use crate::answering::{AskError, Asked, End, Reply};
use crate::domain::{Answer, Site, Usd, VisitorId};
use crate::golden::{self, Fault, GoldenQuestion, GoldenSet, Report, ReportError};
use crate::settings::Settings;
use crate::startup::Engine;
use crate::store::evaluations::Evaluation;

/// How a golden set is played.
#[derive(Debug, Clone)]
pub struct EvalOptions {
    /// The key of the site that is asked; `None`: that of the set, or the first one.
    pub site: Option<String>,
    /// Where the report is written as JSON.
    pub report: Option<PathBuf>,
    /// An earlier report, to tell what changed.
    pub against: Option<PathBuf>,
    /// Keeps the run for the operator's page of the site.
    pub keep: bool,
    /// Questions that are asked at the same time, at least one.
    pub at_once: usize,
}

pub async fn eval(settings: &Settings, file: &Path, options: EvalOptions) -> Outcome {
    let set = GoldenSet::read(file)?;
    // Before anything is paid for; it may be the file that the new report is written to.
    let before = earlier(&options)?;
    let engine = Engine::start_apart(settings).await?;
    let outcome = play(&engine, settings, &set, &options).await;
    let kept = match &outcome {
        Ok(report) if options.keep => keep(&engine, report).await,
        _ => Ok(()),
    };
    engine.stop().await;
    let report = outcome?;
    let changes = before.map(|before| golden::changes(&before, &report));
    golden::print(&report, changes.as_deref());
    if let Some(path) = &options.report {
        report.write(path)?;
    }
    kept?;
    Ok(match report.is_good() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

async fn keep(engine: &Engine, report: &Report) -> Result<(), Box<dyn std::error::Error>> {
    let began_at: jiff::Timestamp = report.began_at.parse()?;
    let run = Evaluation {
        id: 0,
        site: report.site.clone(),
        began_at_ms: began_at.as_millisecond(),
        questions: report.questions as u64,
        passed: report.passed as u64,
        is_good: report.is_good(),
        cost: report.cost_usd,
    };
    engine
        .content
        .keep_evaluation(run, serde_json::to_string(report)?)
        .await?;
    Ok(())
}

/// The report that is compared with. The first night there is none yet where the new one will be.
fn earlier(options: &EvalOptions) -> Result<Option<Report>, ReportError> {
    match &options.against {
        Some(path) if options.report.as_ref() == Some(path) && !path.exists() => Ok(None),
        Some(path) => Report::read(path).map(Some),
        None => Ok(None),
    }
}

async fn play(
    engine: &Engine,
    settings: &Settings,
    set: &GoldenSet,
    options: &EvalOptions,
) -> Result<Report, Box<dyn std::error::Error>> {
    engine.library.caught_up().await?;
    let named = options.site.as_deref().or(set.site.as_deref());
    let site = chosen(engine, settings, named)?;
    let began_at = jiff::Timestamp::now();
    let progress = bar("asked", set.questions.len())?;
    let results = stream::iter(&set.questions).map(async |question| {
        let result = result(engine, &site, question).await;
        progress.inc(1);
        result
    });
    let results = results.buffered(options.at_once.max(1)).try_collect().await;
    progress.finish_and_clear();
    let results = results?;
    // Written behind everything that waits to be written, so that no call is missing.
    engine.store.ready().await?;
    let costs = engine.store.costs_since(0).await?;
    let cost: Usd = costs.into_iter().map(|(_, cost)| cost).sum();
    Ok(Report::new(&site.key, set.pass, began_at, cost, results))
}

/// Asks one question, after those that come before it in its conversation.
async fn result(
    engine: &Engine,
    site: &Arc<Site>,
    question: &GoldenQuestion,
) -> Result<golden::Judged, Box<dyn std::error::Error>> {
    let visitor = VisitorId::generate();
    let mut conversation = None;
    let mut last = None;
    for text in question.turns.iter().chain([&question.question]) {
        let asked = Asked {
            message: text.clone(),
            conversation,
            visitor: Some(visitor),
            user: None,
            address: IpAddr::V4(Ipv4Addr::LOCALHOST),
            page: None,
            locale: question
                .locale
                .as_ref()
                .unwrap_or(&site.appearance.locale)
                .to_ascii_lowercase(),
            began: Instant::now(),
            site: site.clone(),
        };
        match told(engine, asked).await? {
            Ok(answer) => {
                conversation = Some(answer.conversation);
                last = Some(answer);
            }
            Err(reason) => {
                let broken = [Fault::Broken(reason)];
                return Ok(golden::Judged::of(question, &broken, None));
            }
        }
    }
    let faults = last.as_ref().map(|answer| golden::faults(question, answer));
    Ok(golden::Judged::of(question, &faults.unwrap_or_default(), last.as_ref()))
}

/// The answer as it was written down; or why there is none.
async fn told(engine: &Engine, asked: Asked) -> Result<Result<Answer, String>, Box<dyn std::error::Error>> {
    let id = match engine.answering.ask(asked).await {
        Ok(Reply::Whole(whole)) => whole.answer,
        Ok(Reply::Running(mut reader)) => {
            if reader.ended().await == End::CutOff {
                return Ok(Err(
                    "the answer broke off, and no provider could go on with it".to_owned()
                ));
            }
            reader.run().answer
        }
        Err(AskError::Refused(refused)) => {
            return Ok(Err(format!(
                "a limit of the settings refused the question ({:?})",
                refused.by
            )));
        }
        Err(error) => return Err(error.into()),
    };
    Ok(Ok(engine
        .store
        .answer(id)
        .await?
        .ok_or("an answer was not written down")?))
}
