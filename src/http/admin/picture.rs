//! What the overview draws: the days as stacked bars, the sources as one divided line. Numbers for SVG, no scripts.

use super::show;
use crate::domain::From;
use crate::store::operator::Period;

/// Days that the picture shows.
pub(super) const DAYS: u32 = 30;
const DAY_MS: i64 = 86_400_000;
/// Of the picture, in its own units.
const HEIGHT: u64 = 96;
/// Between one bar's left edge and the next one's.
const STEP: u32 = 20;

/// One source's share of the answers.
pub(super) struct Part {
    pub name: &'static str,
    pub what: &'static str,
    pub count: String,
    pub share: String,
    /// In thousandths of the line.
    pub x: u64,
    pub width: u64,
}

/// One day.
pub(super) struct Bar {
    pub x: u32,
    pub title: String,
    pub pieces: Vec<Piece>,
}

/// One source's part of a day.
pub(super) struct Piece {
    pub name: &'static str,
    pub y: u64,
    pub height: u64,
}

/// The days, and what a screen reader is told of them.
pub(super) struct Days {
    pub bars: Vec<Bar>,
    pub told: String,
    pub first: String,
    pub total: u64,
}

pub(super) fn parts(period: &Period) -> Vec<Part> {
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

/// `by_day` counts from `since`, the beginning of the first day.
pub(super) fn days(by_day: &[(u32, From, u64)], since: i64) -> Days {
    let of_day = |day: u32| by_day.iter().filter(move |(one, ..)| *one == day);
    let questions = |day: u32| of_day(day).map(|(.., answers)| answers).sum::<u64>();
    let most = (0..DAYS).map(questions).max().unwrap_or(0);
    let bar = |day: u32| {
        let named = show::day(since + i64::from(day) * DAY_MS + DAY_MS / 2);
        Bar {
            x: day * STEP,
            title: format!("{named}: {}", show::count(questions(day))),
            pieces: pieces(of_day(day).map(|(_, from, answers)| (*from, *answers)), most),
        }
    };
    let total = (0..DAYS).map(questions).sum();
    Days {
        bars: (0..DAYS).map(bar).collect(),
        told: format!(
            "Questions a day in the last {DAYS} days: {} in all, at most {} on one day",
            show::count(total),
            show::count(most)
        ),
        first: show::day(since),
        total,
    }
}

/// From the ground up, in the order of the legend; a day without any shows a line.
fn pieces(answers: impl Iterator<Item = (From, u64)>, most: u64) -> Vec<Piece> {
    let answers: Vec<_> = answers.collect();
    let mut top = HEIGHT;
    let mut pieces = Vec::new();
    for from in From::ALL {
        let count = answers
            .iter()
            .find(|(one, _)| one == from)
            .map_or(0, |(_, count)| *count);
        if count == 0 {
            continue;
        }
        // The smallest part shows at least something.
        let height = (count * HEIGHT / most.max(1)).clamp(2, top.max(2));
        top = top.saturating_sub(height);
        pieces.push(Piece {
            name: from.as_str(),
            y: top,
            height,
        });
    }
    if pieces.is_empty() {
        pieces.push(Piece {
            name: "none",
            y: HEIGHT - 1,
            height: 1,
        });
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_stacked_to_its_height() {
        let by_day = [(0, From::Model, 30), (0, From::Cache, 66), (1, From::Near, 1)];
        let days = days(&by_day, 0);
        assert_eq!(days.total, 97);
        let first = &days.bars[0].pieces;
        assert_eq!(
            first
                .iter()
                .map(|piece| (piece.name, piece.y, piece.height))
                .collect::<Vec<_>>(),
            [("model", 66, 30), ("cache", 0, 66)]
        );
        assert_eq!(days.bars[1].pieces[0].height, 2, "one question can be seen");
        assert_eq!(days.bars[2].pieces[0].name, "none");
        assert!(days.told.contains("97 in all, at most 96"), "{}", days.told);
    }
}
