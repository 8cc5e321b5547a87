//! What a passage means beside what the question means, by the static model in the binary.

use super::Hit;
use crate::embeddings::embed;
use crate::knowledge::index::Index;

/// The share of a question's words that the model must know for its judgement to count; it knows English.
const KNOWN: f32 = 0.6;

/// How close each passage comes to what the question means, from -1 to 1; `None` for those of which the model knows nothing. All are
/// `None` when the model knows too little of the question's words.
pub(super) fn close<'a>(index: &Index, question: &str, hits: impl Iterator<Item = &'a Hit>) -> Vec<Option<f32>> {
    let embedding = embed(question);
    let knows = embedding.known >= KNOWN && !embedding.vector.is_zero();
    let of = |hit: &Hit| {
        let meaning = index.stored(hit.passage)?.meaning.as_ref()?;
        knows.then(|| meaning.similarity(&embedding.vector))
    };
    hits.map(of).collect()
}
