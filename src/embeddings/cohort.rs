//! How close a text comes to texts that it has nothing to do with. Some questions come close to every passage, and passages in some languages to
//! every question: how close the two come to each other says more beside that. Speaker recognition calls it score normalisation by a
//! cohort. `model/cohort.rs` chose the cohorts, one for each encoder, among the lessons.

use std::sync::LazyLock;

use super::{Coarse, DIMENSIONS, Vector};

/// Passages, and questions, in each.
pub const COHORT: usize = 512;
/// So many of the closest are told apart from the others.
const NEAREST: usize = 10;

const ENGLISH: &[u8; COHORT * BOTH] = include_bytes!("model/cohort-english.bin");
const MULTILINGUAL: &[u8; COHORT * BOTH] = include_bytes!("model/cohort-multilingual.bin");
/// The passages come first.
const PASSAGE: usize = DIMENSIONS / 2;
const BOTH: usize = PASSAGE + DIMENSIONS;

/// How close a text comes to a cohort, each from -1 to 1: on average to the ten nearest, and to all.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Usual {
    pub nearest: f32,
    pub average: f32,
}

pub struct Cohort {
    passages: Box<[Coarse]>,
    questions: Box<[Vector]>,
}

static BY_ENGLISH: LazyLock<Cohort> = LazyLock::new(|| Cohort::load(ENGLISH));
static BY_MULTILINGUAL: LazyLock<Cohort> = LazyLock::new(|| Cohort::load(MULTILINGUAL));

impl Cohort {
    /// As the English encoder reads it or the other.
    pub fn of_encoder(in_english: bool) -> &'static Self {
        if in_english { &BY_ENGLISH } else { &BY_MULTILINGUAL }
    }

    fn load(bytes: &[u8]) -> Self {
        let (passages, questions) = bytes.split_at(COHORT * PASSAGE);
        let passage = |bytes: &[u8; PASSAGE]| Coarse::from_bytes(*bytes);
        let question = |bytes: &[u8; DIMENSIONS]| Vector::from_bytes(bytes.map(u8::cast_signed));
        Self {
            passages: passages.as_chunks().0.iter().map(passage).collect(),
            questions: questions.as_chunks().0.iter().map(question).collect(),
        }
    }

    /// How close a question comes to passages of other sites.
    pub fn of_question(&self, asked: &Vector) -> Usual {
        usual(self.passages.iter().map(|told| told.similarity(asked)))
    }

    /// How close a passage comes to questions of other sites.
    pub fn of_passage(&self, told: &Coarse) -> Usual {
        usual(self.questions.iter().map(|asked| told.similarity(asked)))
    }
}

fn usual(close: impl Iterator<Item = f32>) -> Usual {
    let mut all = [0.0; COHORT];
    for (place, close) in all.iter_mut().zip(close) {
        *place = close;
    }
    let average = all.iter().sum::<f32>() / COHORT as f32;
    let (nearest, last, _) = all.select_nth_unstable_by(NEAREST - 1, |a, b| b.total_cmp(a));
    let nearest = (nearest.iter().sum::<f32>() + *last) / NEAREST as f32;
    Usual { nearest, average }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embeddings::{Tokens, encode_passage, encode_question};

    #[test]
    fn the_cohorts_are_what_the_encoders_make_of_the_lessons() {
        let lessons = concat!(env!("CARGO_MANIFEST_DIR"), "/src/embeddings/model/lessons/ar-de.jsonl");
        let lessons = std::fs::read_to_string(lessons).expect("lessons");
        let first: serde_json::Value = serde_json::from_str(lessons.lines().next().expect("a line")).expect("JSON");
        let (told, asked) = (&first["told"]["en"], &first["asked"][0]["en"]);
        let (told, asked) = (told.as_str().expect("a passage"), asked.as_str().expect("a question"));
        for in_english in [true, false] {
            let cohort = Cohort::of_encoder(in_english);
            let told = encode_passage(&Tokens::of_passage(told, in_english).expect("words")).expect("a meaning");
            let asked = encode_question(&Tokens::of_question(asked, in_english).expect("words")).expect("a meaning");
            // Were they another encoder's, they would point anywhere. Processors round differently.
            assert!(cohort.passages[0].similarity(&told) > 0.95);
            assert!(cohort.questions[0].similarity(&asked) > 0.95);
            assert!(cohort.of_question(&asked).nearest > cohort.of_question(&asked).average);
        }
    }

    #[test]
    fn the_nearest_are_told_apart_from_the_others() {
        let close = (0..COHORT).map(|at| if at % 50 == 7 { 0.9 } else { 0.1 });
        let Usual { nearest, average } = usual(close);
        // There are eleven of them.
        assert!((nearest - 0.9).abs() < 1e-4, "{nearest}");
        assert!((average - 0.117).abs() < 1e-3, "{average}");
    }
}
