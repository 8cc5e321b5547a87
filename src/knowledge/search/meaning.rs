//! What the sentences of a passage mean beside what the question means, by the static model in the binary.

use unicode_segmentation::UnicodeSegmentation;

use crate::embeddings::{Vector, embed};

/// The share of a question's words that the model must know for its judgement to count; it knows English.
const KNOWN: f32 = 0.6;
/// Of a passage so many bytes are read.
const READ: usize = 2_000;

/// The question's meaning; `None` when the model knows too little of its words.
pub(super) fn meaning(question: &str) -> Option<Vector> {
    let embedding = embed(question);
    (embedding.known >= KNOWN && !embedding.vector.is_zero()).then_some(embedding.vector)
}

/// How close the closest sentence of a text is, from -1 to 1.
pub(super) fn closest(meaning: &Vector, headings: &str, text: &str) -> f32 {
    let end = (0..=text.len().min(READ)).rev().find(|end| text.is_char_boundary(*end));
    let sentences = text[..end.unwrap_or(0)]
        .lines()
        .flat_map(|line| line.unicode_sentences());
    let close = sentences
        .chain([headings])
        .map(|sentence| embed(sentence).vector.similarity(meaning));
    close.fold(-1.0, f32::max)
}
