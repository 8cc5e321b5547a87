//! The passages worth a closer look: BM25 over the words.

use super::asked::Asked;
use crate::knowledge::index::Index;

/// BM25's two constants, as Robertson and Zaragoza (2009) recommend.
const K1: f32 = 1.2;
const B: f32 = 0.75;

/// The best passages by their words, the best first: number and score.
pub(super) fn candidates(index: &Index, asked: &[Asked], most: usize) -> Vec<(u32, f32)> {
    let mut scores = vec![0.0_f32; index.numbers()];
    let mut touched: Vec<u32> = Vec::new();
    let average = index.average_length();
    let score = |passage: u32, count: u32, weight: f32| {
        let length = index.length(passage);
        if length > 0.0 {
            weight * saturated(count as f32, length / average)
        } else {
            0.0
        }
    };
    // Of several readings of a word a passage is given the best, which needs a second column.
    let mut best: Vec<f32> = Vec::new();
    let mut met: Vec<u32> = Vec::new();
    for one in asked {
        if let [(term, weight)] = one.readings.as_slice() {
            let weight = weight * one.rarity;
            index.each_posting(*term, |passage, count| {
                add(&mut scores, &mut touched, passage, score(passage, count, weight));
            });
            continue;
        }
        best.resize(scores.len(), 0.0);
        for (term, weight) in &one.readings {
            let weight = weight * one.rarity;
            index.each_posting(*term, |passage, count| {
                let new = score(passage, count, weight);
                if let Some(held) = best.get_mut(passage as usize) {
                    if *held == 0.0 && new > 0.0 {
                        met.push(passage);
                    }
                    *held = held.max(new);
                }
            });
        }
        for passage in met.drain(..) {
            let new = std::mem::take(&mut best[passage as usize]);
            add(&mut scores, &mut touched, passage, new);
        }
    }
    let mut all: Vec<(u32, f32)> = touched
        .into_iter()
        .map(|passage| (passage, scores[passage as usize]))
        .collect();
    let order = |a: &(u32, f32), b: &(u32, f32)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
    if all.len() > most {
        all.select_nth_unstable_by(most, order);
        all.truncate(most);
    }
    all.sort_by(order);
    all
}

#[inline]
fn add(scores: &mut [f32], touched: &mut Vec<u32>, passage: u32, new: f32) {
    if let Some(held) = scores.get_mut(passage as usize)
        && new > 0.0
    {
        if *held == 0.0 {
            touched.push(passage);
        }
        *held += new;
    }
}

/// What words that tell so much together can count for at most.
pub(super) fn most(rarity: f32) -> f32 {
    rarity * (K1 + 1.0)
}

/// What a term counts for that stands `count` times in a text of `length` times the average.
#[inline]
pub(super) fn saturated(count: f32, length: f32) -> f32 {
    count * (K1 + 1.0) / (count + K1 * (1.0 - B + B * length))
}
