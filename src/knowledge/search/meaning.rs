//! What a passage means beside what the question means, by the static model in the binary.

use super::Hit;
use crate::embeddings::Vector;
use crate::knowledge::index::{Index, Stored};
use crate::knowledge::language::Language;
use crate::knowledge::meaning::meaning;

/// The share of a question's words that the model must know for its judgement to count.
const KNOWN: f32 = 0.6;
/// So much of what the whole site is about is left out of a question: general passages come close to every question.
const OF_THE_SITE: f32 = 0.3;

/// To compare one takes a third of a microsecond: so many take no longer than a question may.
const MOST_COMPARED: usize = 20_000;

/// How close each passage comes to what the question means, from -1 to 1; `None` for those of which the model knows nothing. All are
/// `None` when the model knows too little of the question's words.
pub(super) fn close<'a>(
    index: &Index,
    question: &str,
    language: Language,
    hits: impl Iterator<Item = &'a Hit>,
) -> Vec<Option<f32>> {
    let asked = meant(index, question, language);
    let of = |hit: &Hit| {
        let meaning = index.stored(hit.passage)?.meaning.as_ref()?;
        asked.as_ref().map(|asked| meaning.similarity(asked))
    };
    hits.map(of).collect()
}

/// The passages that come closest to what the question means, the closest first; none where there are more than [`MOST_COMPARED`].
pub(super) fn closest(index: &Index, question: &str, language: Language, most: usize) -> Vec<u32> {
    let asked = (index.passages() <= MOST_COMPARED)
        .then(|| meant(index, question, language))
        .flatten();
    let Some(asked) = asked else {
        return Vec::new();
    };
    closest_by(index, most, |stored| Some(stored.meaning.as_ref()?.similarity(&asked)))
}

/// The passages that `close` finds closest, the closest first; those of which it tells nothing are left out.
pub(super) fn closest_by(index: &Index, most: usize, close: impl Fn(&Stored) -> Option<f32>) -> Vec<u32> {
    let close = |passage: u32| Some((passage, close(index.stored(passage)?)?));
    let mut all: Vec<(u32, f32)> = (0..index.numbers() as u32).filter_map(close).collect();
    let order = |a: &(u32, f32), b: &(u32, f32)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
    if all.len() > most {
        all.select_nth_unstable_by(most, order);
        all.truncate(most);
    }
    all.sort_by(order);
    all.into_iter().map(|(passage, _)| passage).collect()
}

/// What the question means beside what all of the site does; `None` when the model knows too little of its words.
fn meant(index: &Index, question: &str, language: Language) -> Option<Vector> {
    let meant = meaning(question, language).filter(|meant| meant.known >= KNOWN && !meant.vector.is_zero())?;
    Some(index.subject.taken_from(&meant.vector, OF_THE_SITE))
}
