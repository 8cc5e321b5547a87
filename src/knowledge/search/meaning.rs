//! What a passage means beside what the question means, by the static model in the binary.

use super::Hit;
use crate::knowledge::index::Index;
use crate::knowledge::language::Language;
use crate::knowledge::meaning::meaning;

/// The share of a question's words that the model must know for its judgement to count.
const KNOWN: f32 = 0.6;

/// How close each passage comes to what the question means, from -1 to 1; `None` for those of which the model knows nothing. All are
/// `None` when the model knows too little of the question's words.
pub(super) fn close<'a>(
    index: &Index,
    question: &str,
    language: Language,
    hits: impl Iterator<Item = &'a Hit>,
) -> Vec<Option<f32>> {
    let embedding = meaning(question, language).filter(|meant| meant.known >= KNOWN && !meant.vector.is_zero());
    let of = |hit: &Hit| {
        let meaning = index.stored(hit.passage)?.meaning.as_ref()?;
        embedding.as_ref().map(|meant| meaning.similarity(&meant.vector))
    };
    hits.map(of).collect()
}
