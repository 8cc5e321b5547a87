//! A closer look at a passage: its word pairs, its names, its best sentence, and how much of the question it holds.

use std::ops::Range;

use super::asked::Asked;
use super::candidates::saturated;
use crate::knowledge::index::{Index, Sequence};

/// What a term of a text stands for in the question.
pub(super) struct Meanings {
    /// Term, place in the question's terms, weight; by term.
    by_term: Vec<(u32, usize, f32)>,
    /// For most terms of a text the answer is no, which a bit tells.
    bits: [u64; 16],
}

impl Meanings {
    pub fn new(asked: &[Asked]) -> Self {
        let mut by_term: Vec<(u32, usize, f32)> = Vec::new();
        for (i, one) in asked.iter().enumerate() {
            by_term.extend(one.readings.iter().map(|(term, weight)| (*term, i, *weight)));
        }
        by_term.sort_by(|a, b| a.0.cmp(&b.0).then(b.2.total_cmp(&a.2)).then(a.1.cmp(&b.1)));
        by_term.dedup_by_key(|(term, ..)| *term);
        let mut bits = [0; 16];
        for (term, ..) in &by_term {
            bits[(*term as usize / 64) % 16] |= 1 << (term % 64);
        }
        Self { by_term, bits }
    }

    #[inline]
    pub fn of(&self, term: u32) -> Option<(usize, f32)> {
        if self.bits[(term as usize / 64) % 16] & (1 << (term % 64)) == 0 {
            return None;
        }
        let at = self.by_term.binary_search_by_key(&term, |(term, ..)| *term).ok()?;
        self.by_term.get(at).map(|(_, i, weight)| (*i, *weight))
    }
}

/// What was seen.
#[derive(Default)]
pub(super) struct Seen {
    /// Word pairs of the question that stand side by side: place of the first, weight.
    pub pairs: Vec<(usize, f32)>,
    /// How well its best name fits, and its best sentence.
    pub named: f32,
    pub sentence: f32,
    /// What of the question it holds: the share of the words' rarity, from 0 to 1.
    pub covered: f32,
    /// The most that one word of the question which it holds tells.
    pub rarest: f32,
    /// Its score by words alone, and how close it comes to what the question means, if that is known.
    pub words: f32,
    pub meant: Option<f32>,
    /// The same as the English encoder read it, or, of a passage in another language, the other one.
    pub read_in_english: Option<f32>,
    pub read: Option<f32>,
}

pub(super) fn look(index: &Index, asked: &[Asked], meanings: &Meanings, sequence: &Sequence) -> Seen {
    let met: Vec<Option<(usize, f32)>> = sequence.terms.iter().map(|term| meanings.of(*term)).collect();
    let all: f32 = asked.iter().map(|one| one.rarity).sum();
    let worth = |held: &[f32]| {
        held.iter()
            .zip(asked)
            .map(|(weight, one)| weight * one.rarity)
            .sum::<f32>()
    };
    let share = |held: &[f32]| {
        let worth = held.iter().zip(asked);
        let worth: f32 = worth
            .map(|(weight, one)| (weight / one.whole).min(1.0) * one.rarity)
            .sum();
        if all > 0.0 { worth / all } else { 0.0 }
    };
    let usual = index.average_length() / 4.0;
    let mut held = vec![0.0_f32; asked.len()];
    let hold = |held: &mut [f32], range: &Range<usize>| {
        for (i, weight) in met.get(range.clone()).unwrap_or_default().iter().flatten() {
            held[*i] = held[*i].max(*weight);
        }
    };
    let fit = |range: &Range<usize>| {
        let mut held = vec![0.0_f32; asked.len()];
        hold(&mut held, range);
        worth(&held) * saturated(1.0, range.len() as f32 / usual)
    };
    let mut seen = Seen::default();
    // Title and headings together, the headings alone, then each other name.
    let headings = sequence.names.iter().take(2).map(|name| name.end).max().unwrap_or(0);
    seen.named = fit(&(0..headings));
    for name in sequence.names.iter().skip(1).filter(|name| !name.is_empty()) {
        seen.named = seen.named.max(fit(name));
    }
    for sentence in &sequence.sentences {
        if !met
            .get(sentence.clone())
            .unwrap_or_default()
            .iter()
            .any(Option::is_some)
        {
            continue;
        }
        seen.sentence = seen.sentence.max(fit(sentence));
    }
    hold(&mut held, &(0..met.len()));
    seen.covered = share(&held);
    let told = held.iter().zip(asked).map(|(weight, one)| weight * one.rarity);
    seen.rarest = told.fold(0.0, f32::max);
    for two in met.windows(2) {
        if let [Some((a, x)), Some((b, y))] = two
            && follows(asked, *a, *b)
            && seen.pairs.iter().all(|(first, _)| first != a)
        {
            seen.pairs.push((*a, x * y));
        }
    }
    seen
}

/// Whether the one stands right before the other in the question.
fn follows(asked: &[Asked], a: usize, b: usize) -> bool {
    let place = |i: usize| asked.get(i).and_then(|one| one.at);
    place(a).zip(place(b)).is_some_and(|(a, b)| b == a + 1)
}
