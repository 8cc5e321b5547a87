//! Finding passages: the words of a question, its word pairs, a passage's headings, its best sentence and what it means, added as
//! standard scores.

mod asked;
mod candidates;
mod confidence;
mod look;
mod meaning;
mod reading;
mod several;

use std::collections::HashSet;

use super::Query;
use super::index::{Index, Sequence};
use super::meaning::is_english;
use crate::embeddings::Tokens;
pub(super) use asked::Question;
use look::{Meanings, Seen, look};

/// So many passages with the best words are looked at more closely.
const CANDIDATES: usize = 200;
/// And so many of those that come closest to what it means, where no word of it tells anything.
const CLOSEST: usize = 20;

// What each standard score counts for beside that of the words. Flat optima: halving or doubling one changes little.
const PAIR_WEIGHT: f32 = 0.15;
const NAME_WEIGHT: f32 = 0.4;
const SENTENCE_WEIGHT: f32 = 0.35;
const MEANING_WEIGHT: f32 = 1.0;
/// The same where it is told by translations of the words.
const TRANSLATED_WEIGHT: f32 = 0.5;
/// Where a sentence encoder has read the passages, how close it finds them, in cosines, tells more than all others, and the tables
/// hardly anything. English ones first, then those in other languages.
const READ_IN_ENGLISH_WEIGHT: f32 = 30.0;
const READ_WEIGHT: f32 = 50.0;
const MEANING_WEIGHT_IF_READ: f32 = 0.2;
/// The same of English passages that are asked for in another language, by what a glossary makes of the words.
const TRANSLATED_READ_WEIGHT: f32 = 10.0;
/// What a passage in the question's language is given on a site that has several.
const SAME_LANGUAGE: f32 = 0.5;

/// A passage that was found.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hit {
    pub passage: u32,
    pub score: f32,
    /// What of the question it holds: the share of the words' rarity, from 0 to 1.
    pub covered: f32,
}

/// What was found.
pub(super) struct Found {
    pub question: Question,
    /// The best first.
    pub hits: Vec<Hit>,
    /// See [`super::Retrieved::confidence`].
    pub confidence: f32,
}

/// What of a question the sentence encoders read.
pub(super) fn to_be_read(index: &Index, query: &Query<'_>) -> Vec<Tokens> {
    if !index.is_read() {
        return Vec::new();
    }
    reading::said(index, &asked::asked(index, query))
}

/// The best `limit` passages.
pub(super) fn search(index: &Index, query: &Query<'_>, limit: usize) -> Found {
    let mut question = asked::asked(index, query);
    let asked = question.terms.as_slice();
    let read = reading::read(index, &question);
    let mut candidates = match asked {
        // "Who is this for?" has only words that no passage is found by.
        [] => {
            let closest = meaning::closest(index, query.text, question.spoken, CLOSEST);
            // How much of the question a passage holds says nothing then.
            question.is_judged &= closest.is_empty();
            closest.into_iter().map(|passage| (passage, 0.0)).collect()
        }
        asked => candidates::candidates(index, asked, CANDIDATES),
    };
    if let Some(read) = &read {
        let closest = reading::closest(index, read, CLOSEST).into_iter();
        let known: HashSet<u32> = candidates.iter().map(|(passage, _)| *passage).collect();
        candidates.extend(
            closest
                .filter(|passage| !known.contains(passage))
                .map(|passage| (passage, 0.0)),
        );
    }
    let meanings = Meanings::new(asked);
    let mut sequence = Sequence::default();
    let mut looked: Vec<(Hit, Seen)> = Vec::with_capacity(candidates.len());
    for (passage, words) in candidates {
        let Some(stored) = index.stored(passage) else { continue };
        sequence.read(&stored.sequence);
        let mut seen = look(index, asked, &meanings, &sequence);
        seen.words = words;
        if let Some(read) = &read {
            reading::note(stored, read, &mut seen);
        }
        let hit = Hit {
            passage,
            score: words,
            covered: seen.covered,
        };
        looked.push((hit, seen));
    }
    score(index, query.text, &question, &mut looked);
    if let Some(language) = question.language {
        for (hit, _) in &mut looked {
            let is_same = index
                .stored(hit.passage)
                .is_some_and(|stored| stored.language == language);
            hit.score += if is_same { SAME_LANGUAGE } else { 0.0 };
        }
    }
    looked.sort_by(|(a, _), (b, _)| b.score.total_cmp(&a.score).then(a.passage.cmp(&b.passage)));
    let confidence = confidence::confidence(index, asked, &looked, read.as_ref(), is_english(question.spoken));
    let hits = looked.into_iter().map(|(hit, _)| hit).collect();
    Found {
        question,
        hits: several::chosen(index, hits, limit),
        confidence,
    }
}

/// Turns the hits' scores, which are those of their words, into what they are worth together.
fn score(index: &Index, text: &str, question: &Question, looked: &mut [(Hit, Seen)]) {
    let asked = question.terms.as_slice();
    let mut held_by = vec![0_usize; asked.len()];
    for (first, _) in looked.iter().flat_map(|(_, seen)| &seen.pairs) {
        held_by[*first] += 1;
    }
    let pair_worth: Vec<f32> = held_by.iter().map(|found| index.rarity(*found)).collect();
    let pairs = |seen: &Seen| {
        seen.pairs
            .iter()
            .map(|(first, weight)| pair_worth[*first] * weight)
            .sum::<f32>()
    };
    let words = standard(looked.iter().map(|(hit, _)| hit.score));
    let pairs = standard(looked.iter().map(|(_, seen)| pairs(seen)));
    let sentences = standard(looked.iter().map(|(_, seen)| seen.sentence));
    let names = standard(looked.iter().map(|(_, seen)| seen.named));
    let meant = meaning::close(index, text, question.spoken, looked.iter().map(|(hit, _)| hit));
    for ((_, seen), close) in looked.iter_mut().zip(&meant) {
        seen.meant = *close;
    }
    // A passage of which nothing is known is neither near nor far.
    let known = standard(meant.iter().flatten().copied());
    let mut known = known.into_iter();
    let meant = meant
        .iter()
        .map(|close| close.and_then(|_| known.next()).unwrap_or(0.0));
    let meant: Vec<f32> = meant.collect();
    let read = from_average(looked.iter().map(|(_, seen)| seen.read));
    let in_english = from_average(looked.iter().map(|(_, seen)| seen.read_in_english));
    let is_english = is_english(question.spoken);
    let meaning_weight = match is_english {
        _ if read.is_some() || (is_english && in_english.is_some()) => MEANING_WEIGHT_IF_READ,
        true => MEANING_WEIGHT,
        false => TRANSLATED_WEIGHT,
    };
    let in_english_weight = if is_english {
        READ_IN_ENGLISH_WEIGHT
    } else {
        TRANSLATED_READ_WEIGHT
    };
    for (i, (hit, _)) in looked.iter_mut().enumerate() {
        hit.score = words[i]
            + PAIR_WEIGHT * pairs[i]
            + SENTENCE_WEIGHT * sentences[i]
            + NAME_WEIGHT * names[i]
            + meaning_weight * meant[i]
            + read.as_ref().map_or(0.0, |read| READ_WEIGHT * read[i])
            + in_english.as_ref().map_or(0.0, |read| in_english_weight * read[i]);
    }
}

/// How far each value that is known lies above their average, the others at it; `None` when none is.
fn from_average(values: impl Iterator<Item = Option<f32>>) -> Option<Vec<f32>> {
    let values: Vec<Option<f32>> = values.collect();
    let count = values.iter().flatten().count();
    let average = values.iter().flatten().sum::<f32>() / count.max(1) as f32;
    let above = values.iter().map(|value| value.map_or(0.0, |value| value - average));
    (count > 0).then(|| above.collect())
}

/// How many standard deviations each value lies above the average.
fn standard(values: impl Iterator<Item = f32>) -> Vec<f32> {
    let values: Vec<f32> = values.collect();
    let count = values.len().max(1) as f32;
    let average = values.iter().sum::<f32>() / count;
    let deviation = (values.iter().map(|value| (value - average).powi(2)).sum::<f32>() / count).sqrt();
    let scale = if deviation > f32::EPSILON { deviation } else { 1.0 };
    values.iter().map(|value| (value - average) / scale).collect()
}
