//! What a passage means beside what the question means, as a sentence encoder reads both: English passages by one, all others by another.

use std::sync::Arc;

use super::Question;
use super::look::Seen;
use super::meaning::closest_by;
use crate::embeddings::{Cohort, Tokens, Usual, Vector, encode_question};
use crate::knowledge::index::{Index, Stored};
use crate::knowledge::meaning::in_english;

/// The share of a question's words that must be known to the English encoder: a few English names in a Japanese one make no English question.
const KNOWN: f32 = 0.5;

/// A passage that none of a question's words leads to must come so close to what it means beside what is usual, as each encoder measures it. To one
/// question in a hundred that a site answers none of its passages comes as close.
const CLOSE_IN_ENGLISH: f32 = 0.0;
const CLOSE: f32 = 0.12;

/// What a question means to each encoder that has read passages of a site.
pub(super) struct Read {
    english: Option<Arc<Vector>>,
    multilingual: Option<Arc<Vector>>,
}

impl Read {
    /// How close the question comes to passages of other sites, as the English encoder or the other measures it.
    pub fn usual(&self, in_english: bool) -> Option<Usual> {
        let asked = if in_english { &self.english } else { &self.multilingual };
        Some(Cohort::of_encoder(in_english).of_question(asked.as_ref()?))
    }
}

/// `None` where no passage is read, or nothing of the question.
pub(super) fn read(index: &Index, question: &Question) -> Option<Read> {
    let mut read = Read {
        english: None,
        multilingual: None,
    };
    for said in said(index, question) {
        let meant = encode_question(&said);
        match said {
            Tokens::English(_) => read.english = meant,
            Tokens::Multilingual(_) => read.multilingual = meant,
        }
    }
    (read.english.is_some() || read.multilingual.is_some()).then_some(read)
}

/// What is read of it.
pub(super) fn said(index: &Index, question: &Question) -> Vec<Tokens> {
    if !index.is_read() {
        return Vec::new();
    }
    let (english, multilingual) = index.encoders();
    let english = english
        .then(|| in_english(&question.said, question.spoken))
        .flatten()
        .filter(|(_, known)| *known >= KNOWN)
        .map(|(tokens, _)| Tokens::English(tokens));
    let multilingual = multilingual
        .then(|| Tokens::of_question(&question.said, false))
        .flatten();
    english.into_iter().chain(multilingual).collect()
}

/// How close a passage comes to what the question means, beside what is usual: to the English encoder or to the other; `None`: it is not read yet.
pub(super) fn note(stored: &Stored, read: &Read, seen: &mut Seen) {
    match close(stored, read) {
        Some((true, close)) => seen.read_in_english = Some(close),
        Some((false, close)) => seen.read = Some(close),
        None => {}
    }
}

/// The passages that come closest to what the question means and close enough, the closest first.
pub(super) fn closest(index: &Index, read: &Read, most: usize) -> Vec<u32> {
    closest_by(index, most, |stored| {
        let (in_english, close) = close(stored, read)?;
        let enough = if in_english { CLOSE_IN_ENGLISH } else { CLOSE };
        (close >= enough).then_some(close)
    })
}

/// Whether the English encoder tells it, and how close.
fn close(stored: &Stored, read: &Read) -> Option<(bool, f32)> {
    let encoded = stored.encoded.as_ref()?;
    let asked = match encoded.in_english {
        true => &read.english,
        false => &read.multilingual,
    };
    Some((encoded.in_english, encoded.closeness(asked.as_ref()?)))
}
