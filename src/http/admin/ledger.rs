//! The ledger: every call to a model, and what calls cost by model and by day.

use actix_web::HttpResponse;
use actix_web::web::{Data, Query};
use askama::Template;
use serde::Deserialize;

use super::demand::Session;
use super::error::AdminError;
use super::overview::{address, aside};
use super::page::{self, Frame};
use super::review::{Entry, any_of, fixed};
use super::show;
use crate::access::Sites;
use crate::domain::Purpose;
use crate::store::LedgerStore;
use crate::store::ledger::{CallFilter, CallSum, Ended, LedgerLine};

const PAGE: u32 = 50;
const DAY_MS: i64 = 86_400_000;
const DAYS: [(&str, &str); 4] = [("1", "Today"), ("7", "7 days"), ("30", "30 days"), ("90", "90 days")];
const ENDED: [(&str, &str, Ended); 5] = [
    ("", "Any", Ended::Any),
    ("ok", "Well", Ended::Ok),
    ("failed", "Failed", Ended::Failed),
    ("cancelled", "Cancelled", Ended::Cancelled),
    ("hedged", "Hedged", Ended::Hedged),
];
const PURPOSES: [(&str, &str); 7] = [
    ("", "Any"),
    ("answer", "Answers"),
    ("shadow", "Shadows"),
    ("verify", "Near matches"),
    ("translate", "Translations"),
    ("embed", "Embeddings"),
    ("evaluate", "Golden sets"),
];

/// The filters as they stand in the address; what is unknown or empty means any.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Choice {
    days: String,
    site: String,
    model: String,
    ended: String,
    purpose: String,
    before: String,
}

impl Choice {
    fn days(&self) -> u32 {
        let known = DAYS.iter().find(|(days, _)| *days == self.days);
        known.and_then(|(days, _)| days.parse().ok()).unwrap_or(7)
    }

    pub(super) fn filter(&self) -> CallFilter {
        let given = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        let ended = ENDED.iter().find(|(name, ..)| *name == self.ended);
        CallFilter {
            since_ms: show::start_of_day(self.days() - 1),
            site: given(&self.site),
            model: given(&self.model),
            purpose: Purpose::parse(&self.purpose),
            ended: ended.map_or(Ended::Any, |(.., ended)| *ended),
        }
    }

    fn address(&self, page: &str, before: &str) -> String {
        let choice = [
            ("site", self.site.as_str()),
            ("model", &self.model),
            ("ended", &self.ended),
            ("purpose", &self.purpose),
            ("before", before),
        ];
        address(page, self.days(), &choice)
    }
}

#[derive(Template)]
#[template(path = "admin/ledger.html")]
struct Page {
    frame: Frame,
    days: Vec<Entry>,
    sites: Vec<Entry>,
    models: Vec<Entry>,
    ended: Vec<Entry>,
    purposes: Vec<Entry>,
    csv: String,
    total: Sum,
    tables: Vec<Table>,
    lines: Vec<Line>,
    /// Some of them have tokens that no provider told.
    counts: bool,
    newest: Option<String>,
    older: Option<String>,
    spared: Option<Spared>,
}

/// What the cache spared programs.
struct Spared {
    answers: String,
    saved: String,
}

struct Table {
    title: &'static str,
    /// What its first column tells.
    of: &'static str,
    rows: Vec<Sum>,
}

/// A row of sums.
struct Sum {
    name: String,
    aside: Option<&'static str>,
    calls: String,
    failed: u64,
    cancelled: u64,
    prompt: String,
    completion: String,
    cost: String,
    /// Of the dearest row, in thousandths.
    width: u64,
}

struct Line {
    ended: String,
    ended_iso: String,
    /// The site's name, or the program's.
    site: String,
    is_program: bool,
    model: String,
    provider: String,
    aside: Option<&'static str>,
    outcome: String,
    is_ok: bool,
    is_cancelled: bool,
    prompt: String,
    completion: String,
    counted: bool,
    cost: String,
    first_token: String,
    total: String,
    /// Where its answer is shown, while that is kept.
    href: Option<String>,
}

pub(super) async fn list(
    session: Session,
    choice: Query<Choice>,
    ledger: Data<dyn LedgerStore>,
    sites: Data<Sites>,
) -> Result<HttpResponse, AdminError> {
    let filter = choice.filter();
    let before = choice.before.parse::<i64>().ok();
    let any_model = CallFilter {
        since_ms: filter.since_ms,
        ..CallFilter::default()
    };
    let (by_model, by_day, mut lines, known, callers, (spared, saved)) = tokio::try_join!(
        ledger.sums_by_model(&filter),
        ledger.sums_by_day(&filter),
        ledger.calls(&filter, before, PAGE + 1),
        ledger.sums_by_model(&any_model),
        ledger.costs_by_site(&any_model),
        ledger.savings(&filter),
    )?;
    let all = sites.all();
    let has_older = lines.len() > PAGE as usize;
    lines.truncate(PAGE as usize);
    let mut total = CallSum::default();
    by_model.iter().for_each(|(.., sum)| total.add(sum));
    let mut names: Vec<String> = known.into_iter().map(|(model, ..)| model).collect();
    names.sort();
    names.dedup();
    let of_sites = all.iter().map(|site| (site.key.clone(), site.name.clone()));
    let of_programs = callers.into_iter().filter_map(|(key, _)| {
        let name = program(&key)?.to_owned();
        Some((key, format!("{name} (program)")))
    });
    let older = lines.last().filter(|_| has_older).map(|line| line.number.to_string());
    let page = Page {
        frame: Frame::new(&session, "ledger"),
        days: fixed(&DAYS, &choice.days().to_string()),
        sites: any_of(of_sites.chain(of_programs), &choice.site),
        models: any_of(names.into_iter().map(|name| (name.clone(), name)), &choice.model),
        ended: fixed(&ENDED.map(|(value, name, _)| (value, name)), &choice.ended),
        purposes: fixed(&PURPOSES, &choice.purpose),
        csv: choice.address("/admin/ledger.csv", ""),
        total: sum("All".to_owned(), None, &total, &total),
        tables: vec![
            Table {
                title: "By model",
                of: "Model",
                rows: by_model_rows(&by_model),
            },
            Table {
                title: "By day",
                of: "Day",
                rows: by_day_rows(&by_day, filter.since_ms),
            },
        ],
        counts: lines.iter().any(|line| line.usage.counted),
        lines: lines.into_iter().map(|one| line(one, &sites)).collect(),
        newest: before.map(|_| choice.address("/admin/ledger", "")),
        spared: (spared > 0).then(|| Spared {
            answers: show::count(spared),
            saved: show::usd(saved),
        }),
        older: older.map(|before| choice.address("/admin/ledger", &before)),
    };
    page::show(&page)
}

fn by_model_rows(sums: &[(String, Purpose, CallSum)]) -> Vec<Sum> {
    let most = sums.iter().map(|(.., sum)| sum).max_by_key(|sum| sum.cost);
    let row = |(model, purpose, one): &(String, Purpose, CallSum)| {
        let name = model.clone();
        sum(name, aside(*purpose), one, most.unwrap_or(one))
    };
    sums.iter().map(row).collect()
}

/// The latest day first.
fn by_day_rows(sums: &[(u32, CallSum)], since_ms: i64) -> Vec<Sum> {
    let most = sums.iter().map(|(_, sum)| sum).max_by_key(|sum| sum.cost);
    let row = |(day, one): &(u32, CallSum)| {
        let noon = since_ms + i64::from(*day) * DAY_MS + DAY_MS / 2;
        sum(show::day(noon), None, one, most.unwrap_or(one))
    };
    sums.iter().rev().map(row).collect()
}

fn sum(name: String, aside: Option<&'static str>, sum: &CallSum, most: &CallSum) -> Sum {
    use rust_decimal::prelude::ToPrimitive;
    let share = sum.cost.0 * rust_decimal::Decimal::ONE_THOUSAND;
    let share = share.checked_div(most.cost.0).and_then(|share| share.to_u64());
    Sum {
        name,
        aside,
        calls: show::count(sum.calls),
        failed: sum.failed,
        cancelled: sum.cancelled,
        prompt: show::count(sum.prompt_tokens),
        completion: show::count(sum.completion_tokens),
        cost: show::usd(sum.cost),
        width: share.unwrap_or(0),
    }
}

/// The program's name, where the ledger has one in the place of a site's key.
fn program(key: &str) -> Option<&str> {
    key.strip_prefix("key:")
}

fn line(line: LedgerLine, sites: &Sites) -> Line {
    let site = sites.find(&line.site);
    let answer = line.answer;
    Line {
        ended: show::when(line.ended_at_ms),
        ended_iso: show::iso(line.ended_at_ms),
        is_program: program(&line.site).is_some(),
        site: match (site, program(&line.site)) {
            (Some(site), _) => site.name.clone(),
            (None, Some(program)) => program.to_owned(),
            (None, None) => line.site,
        },
        model: line.model,
        provider: line.provider,
        aside: aside(line.purpose),
        is_ok: line.outcome == "ok",
        is_cancelled: matches!(line.outcome.as_str(), "cancelled" | "hedged"),
        outcome: show::outcome(&line.outcome),
        prompt: show::count(line.usage.prompt_tokens),
        completion: show::count(line.usage.completion_tokens),
        counted: line.usage.counted,
        cost: show::usd(line.cost),
        first_token: show::milliseconds(line.first_token_ms),
        total: show::milliseconds(Some(line.total_ms)),
        href: line
            .conversation
            .map(|conversation| format!("/admin/conversations/{conversation}#{answer}")),
    }
}
