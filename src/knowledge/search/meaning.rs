//! What a passage means beside what the question means, by the static model in the binary.

use super::Hit;
use crate::knowledge::index::Index;
use crate::knowledge::language::Language;
use crate::knowledge::meaning::meaning;

/// The share of a question's words that the model must know for its judgement to count.
const KNOWN: f32 = 0.6;
/// So much of what the whole site is about is left out of a question: general passages come close to every question.
const OF_THE_SITE: f32 = 0.3;

/// How close each passage comes to what the question means, from -1 to 1; `None` for those of which the model knows nothing. All are
/// `None` when the model knows too little of the question's words.
pub(super) fn close<'a>(
    index: &Index,
    question: &str,
    language: Language,
    hits: impl Iterator<Item = &'a Hit>,
) -> Vec<Option<f32>> {
    let meant = meaning(question, language).filter(|meant| meant.known >= KNOWN && !meant.vector.is_zero());
    let asked = meant.map(|meant| index.subject.taken_from(&meant.vector, OF_THE_SITE));
    let of = |hit: &Hit| {
        let meaning = index.stored(hit.passage)?.meaning.as_ref()?;
        asked.as_ref().map(|asked| meaning.similarity(asked))
    };
    hits.map(of).collect()
}
