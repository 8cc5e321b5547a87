//! The first page: what was asked, what it cost, what it saved, what to fix.

use actix_web::HttpResponse;
use actix_web::web::{Data, Query};
use askama::Template;
use serde::Deserialize;

use super::answers::Item;
use super::budgets::{self, Allowed, Standing};
use super::demand::Session;
use super::error::AdminError;
use super::evaluations::Run;
use super::page::{self, Frame};
use super::picture::{self, Days, Part};
use super::review::{Entry, any_of};
use super::{Baseline, show};
use crate::access::Sites;
use crate::domain::{Purpose, Usd};
use crate::store::evaluations::Evaluation;
use crate::store::ledger::{CallFilter, CallSum, ModelErrors};
use crate::store::operator::{Asked, Period, ReviewFilter, Scope, Shown};
use crate::store::{EvaluationStore, LedgerStore, OperatorStore};

const MOST_ASKED: u32 = 7;
const TO_FIX: u32 = 5;
/// Models that are shown; the ledger has them all.
const MODELS: usize = 6;

/// Budgets that are shown, the most used first.
const BUDGETS: usize = 6;

#[derive(Deserialize)]
pub(super) struct Choice {
    days: Option<u32>,
    #[serde(default)]
    site: String,
}

#[derive(Template)]
#[template(path = "admin/overview.html")]
struct Page {
    frame: Frame,
    choices: Vec<Time>,
    days: u32,
    sites: Vec<Entry>,
    has_sites: bool,
    questions: String,
    per_day: Option<String>,
    cost: String,
    per_question: String,
    /// What golden sets cost, and where the ledger shows it.
    evaluated: Option<(String, String)>,
    tokens: String,
    saved: String,
    /// The model beside which that is saved.
    beside: Option<String>,
    /// Answers that programs were given from the cache.
    spared: Option<String>,
    reused: String,
    is_one_reused: bool,
    reused_share: String,
    hit_rate: String,
    open: u64,
    open_down: u64,
    open_unanswered: u64,
    parts: Vec<Part>,
    picture: Days,
    median: String,
    p95: String,
    up: String,
    down: String,
    liked: String,
    unanswered: String,
    failed: u64,
    models: Vec<ModelRow>,
    more_models: usize,
    budgets: Vec<Standing>,
    asked: Vec<Frequent>,
    to_fix: Vec<Item>,
    /// Golden sets of which too few passed the last time.
    evaluations: Vec<Run>,
    is_empty: bool,
}

/// A span of time to choose.
pub(super) struct Time {
    pub name: &'static str,
    pub href: String,
    pub chosen: bool,
}

struct ModelRow {
    name: String,
    href: String,
    calls: String,
    failed: u64,
    failed_share: String,
    why: String,
    cost: String,
    /// What they were for, unless for answers.
    aside: Option<&'static str>,
}

struct Frequent {
    question: String,
    times: String,
    down: u64,
    unanswered: u64,
    conversation: String,
}

/// The rooms of the house that this page looks into.
type Rooms = (
    Data<dyn OperatorStore>,
    Data<dyn LedgerStore>,
    Data<dyn EvaluationStore>,
    Data<Sites>,
    Data<Allowed>,
    Data<Baseline>,
);

pub(super) async fn overview(
    session: Session,
    choice: Query<Choice>,
    (store, ledger, evaluations, sites, allowed, baseline): Rooms,
) -> Result<HttpResponse, AdminError> {
    let days = choice.days.filter(|days| matches!(days, 1 | 7 | 30)).unwrap_or(7);
    let site = Some(choice.site.clone()).filter(|site| !site.is_empty());
    let scope = |days: u32| Scope {
        since_ms: show::start_of_day(days - 1),
        site: site.clone(),
    };
    let calls = CallFilter {
        since_ms: scope(days).since_ms,
        site: site.clone(),
        ..CallFilter::default()
    };
    let (now, picture) = (scope(days), scope(picture::DAYS));
    let (period, by_day, asked, by_model, errors, (down, unanswered), evaluations, budgets, spared) = tokio::try_join!(
        async { Ok::<_, AdminError>(store.period(&now).await?) },
        async { Ok(store.by_day(&picture).await?) },
        async { Ok(store.most_asked(&now, MOST_ASKED).await?) },
        async { Ok(ledger.sums_by_model(&calls).await?) },
        async { Ok(ledger.errors(&calls).await?) },
        to_fix(&**store, site.as_ref()),
        async { Ok(evaluations.latest_evaluations().await?) },
        budgets::standings(&allowed, &**ledger, &sites, site.as_deref()),
        async { Ok(ledger.savings(&calls).await?) },
    )?;
    let (spared, saved_by_programs) = spared;
    let picture = picture::days(&by_day, picture.since_ms);
    let mut bill = CallSum::default();
    by_model.iter().for_each(|(.., sum)| bill.add(sum));
    let evaluated: Usd = by_model
        .iter()
        .filter(|(_, purpose, _)| *purpose == Purpose::Evaluate)
        .map(|(.., sum)| sum.cost)
        .sum();
    let rows = model_rows(&by_model, &errors, days, &choice.site);
    let worst = down.items.into_iter().chain(unanswered.items).take(TO_FIX as usize);
    let of_choice = |run: &&Evaluation| !run.is_good && site.as_ref().is_none_or(|site| *site == run.site);
    let page = Page {
        frame: Frame::new(&session, "overview"),
        choices: times(days, &choice.site),
        days,
        has_sites: sites.all().len() > 1,
        sites: any_of(
            sites.all().iter().map(|site| (site.key.clone(), site.name.clone())),
            &choice.site,
        ),
        questions: show::count(period.questions),
        per_day: (days > 1).then(|| show::count(period.questions.div_ceil(u64::from(days)))),
        cost: show::usd(bill.cost),
        // Of those that visitors asked.
        per_question: show::usd(average(bill.cost - evaluated, period.questions)),
        evaluated: (evaluated > Usd::ZERO).then(|| {
            let choice = [("purpose", Purpose::Evaluate.as_str()), ("site", choice.site.as_str())];
            (show::usd(evaluated), address("/admin/ledger", days, &choice))
        }),
        tokens: show::count(bill.prompt_tokens + bill.completion_tokens),
        saved: show::usd(period.saved() + saved_by_programs),
        spared: (spared > 0).then(|| show::count(spared)),
        beside: baseline.0.clone().filter(|_| period.baseline > Usd::ZERO),
        reused: show::count(period.reused()),
        is_one_reused: period.reused() == 1,
        reused_share: show::percent(period.reused(), period.questions),
        hit_rate: hit_rate(&period),
        open: down.total + unanswered.total,
        open_down: down.total,
        open_unanswered: unanswered.total,
        parts: picture::parts(&period),
        is_empty: period.questions == 0 && picture.total == 0,
        picture,
        median: show::milliseconds(period.first_word_median_ms),
        p95: show::milliseconds(period.first_word_p95_ms),
        up: show::count(period.up),
        down: show::count(period.down),
        liked: show::percent(period.up, period.up + period.down),
        unanswered: show::count(period.unanswered),
        failed: period.failed,
        more_models: rows.len().saturating_sub(MODELS),
        models: rows.into_iter().take(MODELS).collect(),
        budgets: budgets.into_iter().take(BUDGETS).collect(),
        asked: asked.into_iter().map(frequent).collect(),
        evaluations: evaluations
            .iter()
            .filter(of_choice)
            .map(|run| Run::new(run, &sites))
            .collect(),
        to_fix: worst.map(|one| Item::new(one, &sites)).collect(),
    };
    page::show(&page)
}

/// What waits for the operator: thumbs down, then what the content does not answer.
async fn to_fix(
    store: &dyn OperatorStore,
    site: Option<&String>,
) -> Result<(crate::store::operator::ReviewPage, crate::store::operator::ReviewPage), AdminError> {
    let of = |shown| ReviewFilter {
        shown,
        site: site.cloned(),
        handled: Some(false),
        ..ReviewFilter::default()
    };
    let down = store.review(&of(Shown::Down), 0, TO_FIX).await?;
    let unanswered = store.review(&of(Shown::Unanswered), 0, TO_FIX).await?;
    Ok((down, unanswered))
}

fn times(chosen: u32, site: &str) -> Vec<Time> {
    [(1, "Today"), (7, "7 days"), (30, "30 days")]
        .map(|(days, name)| Time {
            name,
            href: address("/admin", days, &[("site", site)]),
            chosen: days == chosen,
        })
        .into()
}

/// A page's address with a choice; what is empty is left out.
pub(super) fn address(page: &str, days: u32, choice: &[(&str, &str)]) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("days", &days.to_string());
    query.extend_pairs(choice.iter().filter(|(_, value)| !value.is_empty()));
    format!("{page}?{}", query.finish())
}

/// The share of questions that the caches or the operator's own answers served, of those that needed no content search.
fn hit_rate(period: &Period) -> String {
    show::percent(period.reused(), period.reused() + period.of(crate::domain::From::Model))
}

fn average(cost: Usd, questions: u64) -> Usd {
    match questions {
        0 => Usd::ZERO,
        questions => Usd(cost.0 / rust_decimal::Decimal::from(questions)),
    }
}

fn model_rows(sums: &[(String, Purpose, CallSum)], errors: &[ModelErrors], days: u32, site: &str) -> Vec<ModelRow> {
    let row = |(model, purpose, sum): &(String, Purpose, CallSum)| {
        let why: Vec<String> = errors
            .iter()
            .filter(|error| error.model == *model && error.purpose == *purpose)
            .map(|error| format!("{}× {}", show::count(error.times), show::outcome(&error.outcome)))
            .collect();
        ModelRow {
            name: model.clone(),
            href: address("/admin/ledger", days, &[("model", model), ("site", site)]),
            calls: show::count(sum.calls),
            failed: sum.failed,
            failed_share: show::percent(sum.failed, sum.calls),
            why: if sum.failed > 0 { why.join(", ") } else { String::new() },
            cost: show::usd(sum.cost),
            aside: aside(*purpose),
        }
    };
    sums.iter().map(row).collect()
}

/// What a call was for, unless for an answer that a visitor saw.
pub(super) fn aside(purpose: Purpose) -> Option<&'static str> {
    match purpose {
        Purpose::Answer => None,
        Purpose::Shadow => Some("shadow"),
        Purpose::Verify => Some("verifies near matches"),
        Purpose::Translate => Some("translates questions"),
        Purpose::Embed => Some("finds near matches"),
        Purpose::Evaluate => Some("golden sets"),
    }
}

fn frequent(asked: Asked) -> Frequent {
    Frequent {
        question: asked.question,
        times: show::count(asked.times),
        down: asked.down,
        unanswered: asked.unanswered,
        conversation: asked.conversation.to_string(),
    }
}
