//! How likely the answer stands in the content at all: what a logistic regression made of what the search saw. What it was fitted
//! and measured on stands in `tests/bench/README.md`.

use super::Hit;
use super::asked::Asked;
use super::candidates::most;
use super::look::Seen;
use super::reading::Read as Meant;
use crate::knowledge::index::Index;
use crate::knowledge::meaning::has_meaning;

/// So many of the best passages are looked at for the names and the rarest word of the question.
const LEADING: usize = 3;
/// So close to each other what passages mean lies at least: with few passages it may be nearer by chance.
const LEAST_SPREAD: f32 = 0.03;
/// So many passages must have a meaning for it to be told how far the best stands out.
const FEWEST_COMPARED: usize = 4;
/// A question has no more than two pairs worth telling apart.
const MOST_PAIRS: usize = 2;

// What each of these is worth, in the logarithm of the odds.
const ALWAYS: f32 = 3.954;
/// The share of the question that the best passage holds.
const COVERED: f32 = 1.738;
/// The best score by words, as a share of what words can score.
const WORDS: f32 = 5.14;
/// How well the best name fits, as a share of the same.
const NAMED: f32 = 1.879;
/// The rarest word that the leading passages hold, by the rarest that is asked.
const RAREST: f32 = -1.497;
/// Word pairs of the question in the best passage.
const PAIRS: f32 = 0.673;
/// What nothing in the content stands for, and what only other words or slips stand for, as shares of the question.
const MISSING: f32 = -2.319;
const GUESSED: f32 = -1.943;
/// The logarithm of the count of the question's words.
const LENGTH: f32 = 0.5;
/// Where meanings are known: that alone, how close the best passage comes, and by how many standard deviations it stands out.
const MEANT: f32 = -0.764;
const CLOSE: f32 = 0.437;
const STANDS_OUT: f32 = 0.51;
/// The logarithms of the count of passages and of their average length in words: in more text more is found by chance. Fewer
/// or shorter ones count as these.
const PASSAGES: f32 = -0.583;
const PASSAGE_LENGTH: f32 = -0.75;
const FEWEST_PASSAGES: f32 = 16.0;
const SHORTEST: f32 = 12.0;
/// In languages without tables, as Japanese and Thai: pairs of characters meet by chance more often than words do.
const UNTOLD: f32 = -0.7;

/// The same where a sentence encoder has read the passages. How close the closest comes tells nearly all, beside how close the question comes to
/// passages of other sites; of the others only these add to it. `model/gate.py` fitted them, but for `passages`, which is set: with it a site of few
/// passages refuses about as rarely as a large one.
struct Read {
    is_english: bool,
    always: f32,
    covered: f32,
    words: f32,
    missing: f32,
    guessed: f32,
    closest: f32,
    /// How close the question comes to passages of other sites: to the nearest, and on average.
    nearest_elsewhere: f32,
    average_elsewhere: f32,
    passages: f32,
    passage_length: f32,
    fewest_passages: f32,
}

/// English passages and questions.
const IN_ENGLISH: Read = Read {
    is_english: true,
    always: 6.575,
    covered: 0.493,
    words: 2.859,
    missing: -0.389,
    guessed: -0.586,
    closest: 14.098,
    nearest_elsewhere: -6.52,
    average_elsewhere: 1.664,
    passages: -0.8,
    passage_length: -1.604,
    fewest_passages: 25.0,
};

/// Passages in other languages.
const ELSEWHERE: Read = Read {
    is_english: false,
    always: 2.445,
    covered: 0.71,
    words: 0.0,
    missing: -1.625,
    guessed: -1.791,
    closest: 16.111,
    nearest_elsewhere: -9.313,
    average_elsewhere: 1.723,
    passages: -0.6,
    passage_length: -0.541,
    fewest_passages: 16.0,
};
const SHORTEST_READ: f32 = 20.0;

/// From 0 to 1. What was looked at comes in the order of the scores. What the English encoder reads of a question in another language is words
/// without their grammar, which it was not fitted on.
pub(super) fn confidence(
    index: &Index,
    asked: &[Asked],
    looked: &[(Hit, Seen)],
    meant: Option<&Meant>,
    is_english: bool,
) -> f32 {
    let Some((best, seen)) = looked.first() else { return 0.0 };
    let all: f32 = asked.iter().map(|one| one.rarity).sum();
    let rarest = asked.iter().map(|one| one.rarity).fold(0.0, f32::max);
    if all <= 0.0 {
        return 0.0;
    }
    let highest = |first: usize, value: fn(&Seen) -> f32| {
        let values = looked.iter().take(first).map(|(_, seen)| value(seen));
        values.fold(0.0, f32::max)
    };
    let share = |is_such: &dyn Fn(&Asked) -> bool| {
        let such = asked.iter().filter(|one| is_such(one));
        such.map(|one| one.rarity).sum::<f32>() / all
    };
    let is_guess = |one: &Asked| one.readings.first().is_some_and(|(_, weight)| *weight < 0.99);
    let words = highest(looked.len(), |seen| seen.words) / most(all);
    let missing = share(&|one| one.readings.is_empty());
    let guessed = share(&is_guess);
    let passages = |fewest: f32| (index.passages() as f32).max(fewest).ln();
    let length = |shortest: f32| index.average_length().max(shortest).ln();
    let read = closest(looked).filter(|(read, _)| is_english || !read.is_english);
    let elsewhere = read.as_ref().and_then(|(read, _)| meant?.usual(read.is_english));
    if let (Some((read, closest)), Some(elsewhere)) = (read, elsewhere) {
        tracing::trace!(
            in_english = read.is_english,
            covered = best.covered,
            words,
            missing,
            guessed,
            closest,
            nearest_elsewhere = elsewhere.nearest,
            average_elsewhere = elsewhere.average,
            passages = index.passages(),
            passage_length = index.average_length(),
            "the gate"
        );
        let odds = read.always
            + read.covered * best.covered
            + read.words * words
            + read.missing * missing
            + read.guessed * guessed
            + read.closest * closest
            + read.nearest_elsewhere * elsewhere.nearest
            + read.average_elsewhere * elsewhere.average
            + read.passages * passages(read.fewest_passages)
            + read.passage_length * length(SHORTEST_READ);
        return likelihood(odds);
    }
    let odds = ALWAYS
        + COVERED * best.covered
        + WORDS * words
        + NAMED * highest(LEADING, |seen| seen.named) / most(all)
        + RAREST * highest(LEADING, |seen| seen.rarest) / rarest
        + PAIRS * seen.pairs.len().min(MOST_PAIRS) as f32
        + MISSING * missing
        + GUESSED * guessed
        + LENGTH * (asked.len() as f32).ln()
        + by_meaning(looked)
        + PASSAGES * passages(FEWEST_PASSAGES)
        + PASSAGE_LENGTH * length(SHORTEST)
        + untold(index, best);
    likelihood(odds)
}

/// Pairs of characters alone tell a language that the model knows nothing of.
fn untold(index: &Index, best: &Hit) -> f32 {
    let is_told = index
        .stored(best.passage)
        .is_none_or(|stored| has_meaning(stored.language));
    if is_told { 0.0 } else { UNTOLD }
}

fn likelihood(odds: f32) -> f32 {
    1.0 / (1.0 + (-odds).exp())
}

/// How close the closest passage comes, when the best one is among those that were read, and by which encoder.
fn closest(looked: &[(Hit, Seen)]) -> Option<(Read, f32)> {
    let (_, best) = looked.first()?;
    let (read, value): (Read, fn(&Seen) -> Option<f32>) = match (best.read, best.read_in_english) {
        (Some(_), _) => (ELSEWHERE, |seen| seen.read),
        (None, Some(_)) => (IN_ENGLISH, |seen| seen.read_in_english),
        (None, None) => return None,
    };
    let closest = looked.iter().filter_map(|(_, seen)| value(seen)).reduce(f32::max)?;
    Some((read, closest))
}

fn by_meaning(looked: &[(Hit, Seen)]) -> f32 {
    let known: Vec<f32> = looked.iter().filter_map(|(_, seen)| seen.meant).collect();
    if known.is_empty() {
        return 0.0;
    }
    let Some(best) = looked.first().and_then(|(_, seen)| seen.meant) else {
        return MEANT;
    };
    let count = known.len() as f32;
    let average = known.iter().sum::<f32>() / count;
    let spread = (known.iter().map(|close| (close - average).powi(2)).sum::<f32>() / count).sqrt();
    let stands_out = match known.len() {
        FEWEST_COMPARED.. => (best - average) / (spread + LEAST_SPREAD),
        _ => 0.0,
    };
    MEANT + CLOSE * best + STANDS_OUT * stands_out
}
