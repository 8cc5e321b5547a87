//! The first page: what was asked, what it cost, what it saved, what to fix.

use actix_web::HttpResponse;
use actix_web::web::{Data, Query};
use askama::Template;
use serde::Deserialize;

use super::answers::Item;
use super::demand::Session;
use super::error::AdminError;
use super::page::{self, Frame};
use super::show;
use crate::access::Sites;
use crate::domain::{From, Usd};
use crate::store::OperatorStore;
use crate::store::operator::{Asked, Period, ReviewFilter, Shown};

/// Days that the picture shows.
const PICTURE_DAYS: u32 = 30;
const DAY_MS: i64 = 86_400_000;
/// Of the picture, in its own units.
const HEIGHT: u64 = 96;
const MOST_ASKED: u32 = 7;
const TO_FIX: u32 = 5;

#[derive(Deserialize)]
pub(super) struct Choice {
    days: Option<u32>,
}

#[derive(Template)]
#[template(path = "admin/overview.html")]
struct Page {
    frame: Frame,
    choices: Vec<(u32, &'static str, bool)>,
    questions: String,
    per_day: Option<String>,
    cost: String,
    per_question: String,
    tokens: String,
    saved: String,
    reused: String,
    reused_share: String,
    open: u64,
    open_down: u64,
    open_unanswered: u64,
    parts: Vec<Part>,
    bars: Vec<Bar>,
    picture: String,
    first_day: String,
    median: String,
    p95: String,
    up: String,
    down: String,
    liked: String,
    unanswered: String,
    failed: u64,
    asked: Vec<Frequent>,
    to_fix: Vec<Item>,
    is_empty: bool,
}

/// One source's share of the answers.
struct Part {
    name: &'static str,
    what: &'static str,
    count: String,
    share: String,
    /// In thousandths of the line.
    x: u64,
    width: u64,
}

struct Bar {
    x: u32,
    y: u64,
    height: u64,
    title: String,
}

struct Frequent {
    question: String,
    times: String,
    down: u64,
    unanswered: u64,
    conversation: String,
}

pub(super) async fn overview(
    session: Session,
    choice: Query<Choice>,
    store: Data<dyn OperatorStore>,
    sites: Data<Sites>,
) -> Result<HttpResponse, AdminError> {
    let days = choice.days.filter(|days| matches!(days, 1 | 7 | 30)).unwrap_or(7);
    let since = show::start_of_day(days - 1);
    let picture_since = show::start_of_day(PICTURE_DAYS - 1);
    let of = |shown| ReviewFilter {
        shown,
        handled: Some(false),
        ..ReviewFilter::default()
    };
    let period = store.period(since).await?;
    let by_day = store.by_day(picture_since).await?;
    let asked = store.most_asked(since, MOST_ASKED).await?;
    let down = store.review(&of(Shown::Down), 0, TO_FIX).await?;
    let unanswered = store.review(&of(Shown::Unanswered), 0, TO_FIX).await?;
    let worst = down.items.into_iter().chain(unanswered.items).take(TO_FIX as usize);
    let (bars, most) = bars(&by_day, picture_since);
    let total: u64 = by_day.iter().map(|(_, questions)| questions).sum();
    let page = Page {
        frame: Frame::new(&session, "overview"),
        choices: [(1, "Today"), (7, "7 days"), (30, "30 days")]
            .map(|(one, name)| (one, name, one == days))
            .into(),
        questions: show::count(period.questions),
        per_day: (days > 1).then(|| show::count(period.questions.div_ceil(u64::from(days)))),
        cost: show::usd(period.cost),
        per_question: show::usd(average(period.cost, period.questions)),
        tokens: show::count(period.prompt_tokens + period.completion_tokens),
        saved: show::usd(period.saved()),
        reused: show::count(period.reused()),
        reused_share: show::percent(period.reused(), period.questions),
        open: down.total + unanswered.total,
        open_down: down.total,
        open_unanswered: unanswered.total,
        parts: parts(&period),
        bars,
        picture: format!(
            "Questions a day in the last {PICTURE_DAYS} days: {} in all, at most {} on one day",
            show::count(total),
            show::count(most)
        ),
        first_day: show::day(picture_since),
        median: show::milliseconds(period.first_word_median_ms),
        p95: show::milliseconds(period.first_word_p95_ms),
        up: show::count(period.up),
        down: show::count(period.down),
        liked: show::percent(period.up, period.up + period.down),
        unanswered: show::count(period.unanswered),
        failed: period.failed,
        asked: asked.into_iter().map(frequent).collect(),
        to_fix: worst.map(|one| Item::new(one, &sites)).collect(),
        is_empty: period.questions == 0 && total == 0,
    };
    page::show(&page)
}

fn average(cost: Usd, questions: u64) -> Usd {
    match questions {
        0 => Usd::ZERO,
        questions => Usd(cost.0 / rust_decimal::Decimal::from(questions)),
    }
}

fn parts(period: &Period) -> Vec<Part> {
    let mut x = 0;
    let all = From::ALL.iter().filter(|from| period.of(**from) > 0);
    all.map(|from| {
        let count = period.of(*from);
        let width = count * 1_000 / period.questions.max(1);
        let part = Part {
            name: from.as_str(),
            what: what(*from),
            count: show::count(count),
            share: show::percent(count, period.questions),
            x,
            width,
        };
        x += width;
        part
    })
    .collect()
}

pub(super) fn what(from: From) -> &'static str {
    match from {
        From::Model => "a model wrote it",
        From::Cache => "the same question, answered before",
        From::Near => "a question that means the same",
        From::Curated => "you wrote it",
        From::Content => "put together from your content, no model",
    }
}

fn bars(by_day: &[(u32, u64)], since: i64) -> (Vec<Bar>, u64) {
    let most = by_day.iter().map(|(_, questions)| *questions).max().unwrap_or(0);
    let bar = |day: u32| {
        let found = by_day.iter().find(|(one, _)| *one == day);
        let questions = found.map_or(0, |(_, questions)| *questions);
        // A day with a question shows at least something; one without shows a line.
        let height = (questions * HEIGHT / most.max(1)).max(if questions > 0 { 3 } else { 1 });
        Bar {
            x: day * 20,
            y: HEIGHT - height,
            height,
            title: format!(
                "{}: {}",
                show::day(since + i64::from(day) * DAY_MS + DAY_MS / 2),
                show::count(questions)
            ),
        }
    };
    ((0..PICTURE_DAYS).map(bar).collect(), most)
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
