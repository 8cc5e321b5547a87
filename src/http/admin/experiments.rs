//! Experiments side by side: what each side cost, how fast it was, how it was liked, and whether that could be chance.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::web::{Data, Query};
use askama::Template;
use rust_decimal::Decimal;
use rust_decimal::prelude::FromPrimitive;
use serde::Deserialize;

use super::demand::Session;
use super::error::AdminError;
use super::markdown;
use super::overview::{Time, address};
use super::page::{self, Frame};
use super::show;
use crate::access::Sites;
use crate::domain::Usd;
use crate::domain::difference::{self, Interval, Sample};
use crate::settings::{Experiment, Mode};
use crate::store::TrialStore;
use crate::store::trials::{Pair, Side, Sides, Times};

/// Answers of a shadow that are shown beside what the visitor got.
const PAIRS: u32 = 5;

/// The experiments of the settings.
pub(super) struct Staged(pub Arc<[Experiment]>);

#[derive(Deserialize)]
pub(super) struct Choice {
    days: Option<u32>,
}

#[derive(Template)]
#[template(path = "admin/experiments.html")]
struct Page {
    frame: Frame,
    choices: Vec<Time>,
    trials: Vec<Trial>,
}

struct Trial {
    name: String,
    /// `live`, `shadow` or `ended`.
    state: &'static str,
    what: String,
    first: &'static str,
    second: &'static str,
    rows: Vec<Row>,
    pairs: Vec<Beside>,
    is_empty: bool,
}

/// Two answers to one question, as HTML.
struct Beside {
    conversation: String,
    question: String,
    shown: String,
    shadow: String,
}

/// A measure of both sides.
struct Row {
    name: &'static str,
    first: String,
    second: String,
    /// Of the larger one, in thousandths; without a bar both are zero.
    first_width: u64,
    second_width: u64,
    verdict: Option<Verdict>,
}

struct Verdict {
    told: String,
    is_chance: bool,
}

pub(super) async fn list(
    session: Session,
    choice: Query<Choice>,
    store: Data<dyn TrialStore>,
    staged: Data<Staged>,
    sites: Data<Sites>,
) -> Result<HttpResponse, AdminError> {
    let days = choice.days.filter(|days| matches!(days, 7 | 30 | 90)).unwrap_or(30);
    let since = show::start_of_day(days - 1);
    let known = store.trial_names().await?;
    let ended = known
        .iter()
        .filter(|name| !staged.0.iter().any(|one| one.name == **name));
    let mut trials = Vec::new();
    for one in staged.0.iter() {
        trials.push(trial(&**store, &one.name, Some(one), &sites, since).await?);
    }
    for name in ended {
        trials.push(trial(&**store, name, None, &sites, since).await?);
    }
    let page = Page {
        frame: Frame::new(&session, "experiments"),
        choices: [(7, "7 days"), (30, "30 days"), (90, "90 days")]
            .map(|(one, name)| Time {
                name,
                href: address("/admin/experiments", one, &[]),
                chosen: one == days,
            })
            .into(),
        trials,
    };
    page::show(&page)
}

async fn trial(
    store: &dyn TrialStore,
    name: &str,
    settings: Option<&Experiment>,
    sites: &Sites,
    since: i64,
) -> Result<Trial, AdminError> {
    let shadows = store.shadow_sides(name, since).await?;
    let is_shadow = match settings {
        Some(one) => one.mode == Mode::Shadow,
        None => shadows.second.answers > 0,
    };
    let sides = match is_shadow {
        true => shadows,
        false => store.live_sides(name, since).await?,
    };
    let (first, second) = match is_shadow {
        true => ("As shown", "Shadow"),
        false => ("Control", "Variant"),
    };
    let pairs = match is_shadow {
        true => store.pairs(name, since, PAIRS).await?,
        false => Vec::new(),
    };
    Ok(Trial {
        name: name.to_owned(),
        state: match settings.map(|one| one.mode) {
            Some(Mode::Live) => "live",
            Some(Mode::Shadow) => "shadow",
            None => "ended",
        },
        what: settings.map_or_else(|| "No longer in the settings.".to_owned(), |one| what(one, sites)),
        first,
        second,
        is_empty: sides.first.answers + sides.second.answers == 0,
        rows: rows(&sides, is_shadow),
        pairs: pairs.into_iter().map(beside).collect(),
    })
}

fn beside(pair: Pair) -> Beside {
    Beside {
        conversation: pair.conversation,
        question: pair.question,
        shown: markdown::drawn(&pair.shown),
        shadow: markdown::drawn(&pair.shadow),
    }
}

fn what(one: &Experiment, sites: &Sites) -> String {
    let site = match &one.site {
        Some(key) => sites.find(key).map_or_else(|| key.clone(), |site| site.name.clone()),
        None => "all sites".to_owned(),
    };
    let tried = match (one.models.is_empty(), &one.persona) {
        (true, _) => "another persona".to_owned(),
        (false, None) => one.models.join(", then "),
        (false, Some(_)) => format!("{} with another persona", one.models.join(", then ")),
    };
    format!("{}% of the visitors of {site}: {tried}", one.share)
}

fn rows(sides: &Sides, is_shadow: bool) -> Vec<Row> {
    let (a, b) = (&sides.first, &sides.second);
    let mut rows = vec![
        plain("Answers", show::count(a.answers), show::count(b.answers)),
        plain("Written by a model", show::count(a.written), show::count(b.written)),
        plain("Spent", show::usd(a.cost), show::usd(b.cost)),
        measured("Cost of one", (&a.cost_each, &b.cost_each), millionths),
        plain(
            "First word, half within",
            time(a.first_word, false),
            time(b.first_word, false),
        ),
        plain(
            "First word, 95 of 100 within",
            time(a.first_word, true),
            time(b.first_word, true),
        ),
        plain(
            "Last word, half within",
            time(a.last_word, false),
            time(b.last_word, false),
        ),
        plain(
            "Last word, 95 of 100 within",
            time(a.last_word, true),
            time(b.last_word, true),
        ),
        measured(
            "Last word, on average",
            (&a.last_word_each, &b.last_word_each),
            milliseconds,
        ),
        plain("Failed", show::count(a.failed), show::count(b.failed)),
    ];
    if !is_shadow {
        rows.push(thumbs(a, b));
    }
    rows
}

fn plain(name: &'static str, first: String, second: String) -> Row {
    Row {
        name,
        first,
        second,
        first_width: 0,
        second_width: 0,
        verdict: None,
    }
}

/// A measure with its average, bars, and what can be said of the difference.
fn measured(name: &'static str, (a, b): (&Sample, &Sample), shown: fn(f64) -> String) -> Row {
    let (first, second) = (a.mean(), b.mean());
    let most = first.unwrap_or(0.0).max(second.unwrap_or(0.0));
    let width = |mean: Option<f64>| match mean {
        Some(mean) if most > 0.0 => (mean / most * 1_000.0) as u64,
        _ => 0,
    };
    let told = |mean: Option<f64>| mean.map_or_else(|| "–".to_owned(), shown);
    Row {
        name,
        first: told(first),
        second: told(second),
        first_width: width(first),
        second_width: width(second),
        verdict: Some(verdict(difference::of_means(a, b), first.unwrap_or(0.0))),
    }
}

fn thumbs(a: &Side, b: &Side) -> Row {
    let liked = |side: &Side| {
        let all = side.up + side.down;
        format!("{} ({} up, {} down)", show::percent(side.up, all), side.up, side.down)
    };
    let width = |side: &Side| (side.up * 1_000).checked_div(side.up + side.down).unwrap_or(0);
    let found = difference::of_shares((a.up, a.up + a.down), (b.up, b.up + b.down));
    Row {
        name: "Liked",
        first: liked(a),
        second: liked(b),
        first_width: width(a),
        second_width: width(b),
        verdict: Some(verdict_of_points(found)),
    }
}

const TOO_FEW: &str = "too few to tell";

/// The difference as a share of what the first side has.
fn verdict(found: Option<Interval>, base: f64) -> Verdict {
    match found {
        Some(found) if base > 0.0 => {
            let percent = |value: f64| format!("{:+.0}%", value / base * 100.0);
            conclusion(&found, &percent(found.low), &percent(found.high))
        }
        _ => chance(TOO_FEW.to_owned()),
    }
}

/// The difference of two shares, in percentage points.
fn verdict_of_points(found: Option<Interval>) -> Verdict {
    match found {
        Some(found) => {
            let points = |value: f64| format!("{:+.0}", value * 100.0);
            conclusion(&found, &points(found.low), &format!("{} points", points(found.high)))
        }
        None => chance(TOO_FEW.to_owned()),
    }
}

fn conclusion(found: &Interval, low: &str, high: &str) -> Verdict {
    let word = match found.could_be_chance() {
        true => "could be chance",
        false => "hardly chance",
    };
    Verdict {
        told: format!("{word}: {low} to {high}"),
        is_chance: found.could_be_chance(),
    }
}

fn chance(told: String) -> Verdict {
    Verdict { told, is_chance: true }
}

fn time(times: Times, p95: bool) -> String {
    show::milliseconds(if p95 { times.p95 } else { times.median })
}

fn millionths(amount: f64) -> String {
    let amount = Decimal::from_f64(amount / 1e6).unwrap_or_default();
    show::usd(Usd(amount))
}

fn milliseconds(time: f64) -> String {
    show::milliseconds(Some(time as u32))
}
