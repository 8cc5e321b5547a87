//! What a passage means beside what the question means, as the sentence encoder reads both.

use std::sync::Arc;

use super::Question;
use crate::embeddings::{self, Tokens, Vector};
use crate::knowledge::index::{Index, Stored};
use crate::knowledge::meaning::tokens;

/// The share of a question's words that must be known: a few English names make no English question.
const KNOWN: f32 = 0.5;

/// A passage that none of a question's words leads to must come so close to what it means.
const CLOSE: f32 = 0.3;

/// What a question means; `None` where no passage is read, or the question is in a language that the encoder does not know.
pub(super) fn read(index: &Index, question: &Question) -> Option<Arc<Vector>> {
    embeddings::encode_question(&said(index, question)?)
}

/// What is read of it.
pub(super) fn said(index: &Index, question: &Question) -> Option<Tokens> {
    let (tokens, known) = index.is_read().then(|| tokens(&question.said, question.spoken))??;
    (known >= KNOWN).then_some(tokens)
}

/// How close a passage comes to what the question means, from -1 to 1; `None`: it is not read yet.
pub(super) fn close(stored: &Stored, asked: &Vector) -> Option<f32> {
    stored.encoded.as_ref().map(|encoded| encoded.similarity(asked))
}

/// The passages that come closest to what the question means and close enough, the closest first.
pub(super) fn closest(index: &Index, asked: &Vector, most: usize) -> Vec<u32> {
    let close = |number: u32| Some((number, close(index.stored(number)?, asked)?));
    let all = (0..index.numbers() as u32).filter_map(close);
    let mut all: Vec<(u32, f32)> = all.filter(|(_, close)| *close >= CLOSE).collect();
    let order = |a: &(u32, f32), b: &(u32, f32)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
    if all.len() > most {
        all.select_nth_unstable_by(most, order);
        all.truncate(most);
    }
    all.sort_by(order);
    all.into_iter().map(|(number, _)| number).collect()
}
