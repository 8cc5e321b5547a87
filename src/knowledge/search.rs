//! Finding passages: the words of a question, its word pairs and a passage's best sentence, added as standard scores.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::index::{Entry, Index};
use super::terms::terms;
use super::thesaurus;

/// BM25's two constants, as Robertson and Zaragoza (2009) recommend.
const K1: f32 = 1.2;
const B: f32 = 0.75;

/// So many passages with the best words are looked at more closely.
const CANDIDATES: usize = 200;

/// A question is read to here; what stands beyond says little that is new and costs time.
const MOST_TERMS: usize = 64;

// What each standard score counts for beside that of the words. Flat optima: halving or doubling one changes little.
const PAIR_WEIGHT: f32 = 0.3;
const NAME_WEIGHT: f32 = 0.8;
const SENTENCE_WEIGHT: f32 = 0.5;

/// A word that may stand for the one asked.
const SYNONYM: f32 = 0.6;

/// What is asked for, term by term.
pub(super) struct Asked {
    /// What may stand for it in a text, each with its weight from 0 to 1.
    readings: Vec<(u32, f32)>,
    rarity: f32,
}

/// A passage that was found.
pub(super) struct Hit<'a> {
    pub entry: &'a Entry,
    pub score: f32,
    /// What of the question it holds: the share of the words' rarity, from 0 to 1.
    pub covered: f32,
    /// How well its headings and names fit.
    named: f32,
    /// How well each of its sentences fits.
    pub sentences: Vec<f32>,
}

/// The question's terms, each once, as far as they tell anything.
pub(super) fn asked(index: &Index, question: &str) -> Vec<Asked> {
    let mut seen = HashSet::new();
    let mut all = Vec::new();
    for term in terms(question).into_iter().take(MOST_TERMS) {
        if !seen.insert(term.stem.clone()) {
            continue;
        }
        let own = index.number(&term.stem);
        let mut readings: Vec<(u32, f32)> = own.map(|number| (number, 1.0)).into_iter().collect();
        let synonyms = thesaurus::beside(&term.stem)
            .iter()
            .filter_map(|stem| index.number(stem));
        readings.extend(synonyms.map(|number| (number, SYNONYM)));
        if readings.is_empty() {
            let slips = index.readings(&term.word);
            readings.extend(
                slips
                    .into_iter()
                    .map(|(number, likeness)| (number, likeness * likeness)),
            );
        }
        // A word that is not there counts as the rarest; one that only others stand for counts as they do.
        let best = own.or(readings
            .iter()
            .max_by(|a, b| a.1.total_cmp(&b.1))
            .map(|(number, _)| *number));
        let rarity = index.rarity(best);
        all.push(Asked { readings, rarity });
    }
    all
}

/// The best `limit` passages, the best first.
pub(super) fn search<'a>(index: &'a Index, asked: &[Asked], limit: usize) -> Vec<Hit<'a>> {
    let mut words: HashMap<u32, f32> = HashMap::new();
    for one in asked {
        let mut best: HashMap<u32, f32> = HashMap::new();
        for (term, weight) in &one.readings {
            for posting in index.postings(*term) {
                let length = index
                    .entries
                    .get(posting.entry as usize)
                    .map_or(0, |entry| entry.terms.len());
                let score =
                    weight * one.rarity * saturated(f32::from(posting.count), length as f32 / index.average_length);
                let held = best.entry(posting.entry).or_default();
                *held = held.max(score);
            }
        }
        for (entry, score) in best {
            *words.entry(entry).or_default() += score;
        }
    }
    let mut candidates: Vec<(u32, f32)> = words.into_iter().collect();
    candidates.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    candidates.truncate(CANDIDATES);
    let close: Vec<Hit<'a>> = candidates
        .iter()
        .filter_map(|(number, _)| Some(look(index, index.entries.get(*number as usize)?, asked)))
        .collect();
    let word_scores = standard(candidates.iter().map(|(_, score)| *score));
    let pair_scores = standard(close.iter().map(|hit| hit.score));
    let best_sentences = close
        .iter()
        .map(|hit| hit.sentences.iter().copied().fold(0.0, f32::max));
    let sentence_scores = standard(best_sentences);
    let named_scores = standard(close.iter().map(|hit| hit.named));
    let mut hits = close;
    for (i, hit) in hits.iter_mut().enumerate() {
        hit.score = word_scores[i]
            + PAIR_WEIGHT * pair_scores[i]
            + SENTENCE_WEIGHT * sentence_scores[i]
            + NAME_WEIGHT * named_scores[i];
    }
    hits.sort_by(|a, b| {
        b.score
            .total_cmp(&a.score)
            .then_with(|| a.entry.passage.url.cmp(&b.entry.passage.url))
    });
    hits.truncate(limit);
    hits
}

/// Looks at one passage closely; the score is that of its word pairs until all are known.
fn look<'a>(index: &Index, entry: &'a Entry, asked: &[Asked]) -> Hit<'a> {
    // For each of the passage's terms, what of the question it stands for.
    let meant = |term: u32| {
        asked.iter().enumerate().find_map(|(i, one)| {
            let (_, weight) = one.readings.iter().find(|(reading, _)| *reading == term)?;
            Some((i, *weight))
        })
    };
    let met: Vec<Option<(usize, f32)>> = entry.terms.iter().map(|term| meant(*term)).collect();
    let mut held = vec![0.0_f32; asked.len()];
    for (i, weight) in met.iter().flatten() {
        held[*i] = held[*i].max(*weight);
    }
    let all: f32 = asked.iter().map(|one| one.rarity).sum();
    let found: f32 = held.iter().zip(asked).map(|(weight, one)| weight * one.rarity).sum();

    let mut pairs = 0.0;
    let mut counted = HashSet::new();
    for (at, two) in met.windows(2).enumerate() {
        if let [Some((a, x)), Some((b, y))] = two
            && *b == a + 1
            && counted.insert(*a)
        {
            pairs += x * y * index.pair_rarity((entry.terms[at], entry.terms[at + 1]));
        }
    }

    let usual = index.average_length / 4.0;
    let fit = |range: &Range<usize>| -> f32 {
        let mut weights = vec![0.0_f32; asked.len()];
        for (i, weight) in met.get(range.clone()).unwrap_or_default().iter().flatten() {
            weights[*i] = weights[*i].max(*weight);
        }
        let length = range.len() as f32 / usual;
        let scores = weights.iter().zip(asked).map(|(weight, one)| weight * one.rarity);
        scores.sum::<f32>() * saturated(1.0, length)
    };
    Hit {
        entry,
        score: pairs,
        covered: if all > 0.0 { found / all } else { 0.0 },
        named: entry.names.iter().map(fit).fold(0.0, f32::max),
        sentences: entry.sentences.iter().map(fit).collect(),
    }
}

fn saturated(count: f32, length: f32) -> f32 {
    count * (K1 + 1.0) / (count + K1 * (1.0 - B + B * length))
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
