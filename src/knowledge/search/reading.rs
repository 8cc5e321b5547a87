//! What a passage means beside what the question means, as the sentence encoder reads both.

use std::sync::Arc;

use super::Question;
use super::meaning::closest_by;
use crate::embeddings::{self, Tokens, Vector};
use crate::knowledge::index::{Index, Stored};
use crate::knowledge::meaning::tokens;

/// The share of a question's words that must be known: a few English names make no English question.
const KNOWN: f32 = 0.5;

/// A passage that none of a question's words leads to must come so close to what it means.
const CLOSE: f32 = 0.3;

/// What a question means; `None` where no passage is read, or the question is in a language that the encoder does not know.
pub(super) fn read(index: &Index, question: &Question) -> Option<Arc<Vector>> {
    index.is_read().then(|| embeddings::encode_question(&said(question)?))?
}

/// What is read of it.
pub(super) fn said(question: &Question) -> Option<Tokens> {
    let (tokens, known) = tokens(&question.said, question.spoken)?;
    (known >= KNOWN).then_some(tokens)
}

/// How close a passage comes to what the question means, from -1 to 1; `None`: it is not read yet.
pub(super) fn close(stored: &Stored, asked: &Vector) -> Option<f32> {
    stored.encoded.as_ref().map(|encoded| encoded.similarity(asked))
}

/// The passages that come closest to what the question means and close enough, the closest first.
pub(super) fn closest(index: &Index, asked: &Vector, most: usize) -> Vec<u32> {
    closest_by(index, most, |stored| {
        close(stored, asked).filter(|close| *close >= CLOSE)
    })
}
