//! One site's passages, ready to be searched: an inverted index in memory that documents come into and leave one by one.
//!
//! It is made from the store at every start, so nothing of it need survive. A document that leaves is only marked as gone; when much
//! is gone, the index is written anew without it ([`Index::compacted`]), while searches go on in the old one.

mod encoded;
mod entry;
mod lexicon;
mod postings;
mod prepare;
mod sequence;
mod spelling;

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use super::language::Language;
use super::meaning::is_english;
use super::reading::is_worth_reading;
use super::{DocumentVersion, Passage};
use crate::embeddings::{Coarse, Common};
use lexicon::Lexicon;
use postings::Postings;

pub(super) use encoded::Encoded;
pub(super) use entry::Entry;
pub(super) use prepare::{Prepared, prepare};
pub(super) use sequence::{Sequence, Writer};
pub(super) use spelling::is_slip_of;

/// When more than this share of the passages is gone, the index is written anew.
const MOST_GONE: f32 = 0.3;
/// The same of an index of at most 1,000 passages.
const SMALL_MOST_GONE: f32 = 0.02;

/// A passage with what searching it needs.
pub(super) struct Stored {
    /// The number of its document.
    document: u32,
    title: Arc<str>,
    section: Box<str>,
    slug: Option<Box<str>>,
    also: Option<Box<str>>,
    pub text: Arc<str>,
    /// See [`Sequence`].
    pub sequence: Box<[u8]>,
    pub language: Language,
    /// What it means; `None` in languages that the model does not know.
    pub meaning: Option<Box<Coarse>>,
    /// What the sentence encoder read in it: a direction of its own, which is compared with no other model's. `None`: not read yet, or
    /// not to be read.
    pub encoded: Option<Box<Encoded>>,
}

impl Stored {
    /// Title, headings, and how else it is called; some may be empty.
    pub fn names(&self) -> [&str; 3] {
        [&self.title, &self.section, self.also.as_deref().unwrap_or_default()]
    }
}

struct Held {
    id: String,
    url: String,
    version: DocumentVersion,
    passages: Range<u32>,
}

#[derive(Default)]
pub(super) struct Index {
    pub lexicon: Lexicon,
    postings: Vec<Postings>,
    /// `None`: gone.
    passages: Vec<Option<Stored>>,
    /// Terms of each passage; 0: gone.
    lengths: Vec<u16>,
    documents: Vec<Option<Held>>,
    by_id: HashMap<String, u32>,
    there: usize,
    /// How many of them a sentence encoder has read.
    encoded: usize,
    /// The lengths of all that are there.
    length: u64,
    languages: HashMap<Language, usize>,
    /// What all passages mean together: what the site is about.
    pub subject: Common,
    /// The sum of all documents' versions, whatever their order.
    version: u64,
    writer: Writer,
}

impl Index {
    pub fn of(documents: Vec<Prepared>) -> Self {
        let mut index = Self::default();
        for document in documents {
            let mut entry = Entry::of(document);
            while !index.enter(&mut entry) {}
        }
        index.shrink();
        index
    }

    fn hold(&mut self, held: Held) {
        self.version = self.version.wrapping_add(held.version.0);
        self.by_id.insert(held.id.clone(), self.documents.len() as u32);
        self.documents.push(Some(held));
    }

    /// Takes a document out; false when it was not there.
    pub fn remove(&mut self, id: &str) -> bool {
        let Some(number) = self.by_id.remove(id) else {
            return false;
        };
        let Some(held) = self.documents.get_mut(number as usize).and_then(Option::take) else {
            return false;
        };
        self.version = self.version.wrapping_sub(held.version.0);
        for number in held.passages {
            let number = number as usize;
            let gone = self.passages.get_mut(number).and_then(Option::take);
            if let (Some(gone), Some(length)) = (gone, self.lengths.get_mut(number)) {
                self.length -= u64::from(std::mem::take(length));
                self.there -= 1;
                self.encoded -= usize::from(gone.encoded.is_some());
                if let Some(count) = self.languages.get_mut(&gone.language) {
                    *count -= 1;
                }
                if let Some(meaning) = &gone.meaning {
                    self.subject.take(meaning);
                }
            }
        }
        true
    }

    pub fn should_be_compacted(&self) -> bool {
        let all = self.passages.len();
        let gone = (all - self.there) as f32;
        // In a small index each passage that is gone makes its words seem frequent, and writing it anew takes a moment only.
        let most = if all > 1_000 { MOST_GONE } else { SMALL_MOST_GONE };
        gone > all as f32 * most
    }

    /// The same content without what is gone, and without the words that only that had.
    pub fn compacted(&self) -> Self {
        let mut index = Self::default();
        let mut new_terms: Vec<Option<u32>> = vec![None; self.lexicon.terms()];
        let mut used = vec![false; self.lexicon.terms()];
        let mut sequence = Sequence::default();
        for stored in self.passages.iter().flatten() {
            sequence.read(&stored.sequence);
            for term in &sequence.terms {
                used[*term as usize] = true;
            }
        }
        for (code, word, term) in self.lexicon.words() {
            if used.get(term as usize) == Some(&true) {
                let language = Language::of_tag(code).unwrap_or(Language::UNKNOWN);
                new_terms[term as usize] = Some(index.lexicon.read(word, language));
            }
        }
        let mut writer = Writer::default();
        for held in self.documents.iter().flatten() {
            let first = index.passages.len() as u32;
            for stored in held.passages.clone().filter_map(|number| self.stored(number)) {
                sequence.read(&stored.sequence);
                sequence.write(&mut writer, |term| new_terms.get(term as usize).copied().flatten());
                let posted = index.post(&writer);
                let stored = Stored {
                    document: index.documents.len() as u32,
                    title: stored.title.clone(),
                    section: stored.section.clone(),
                    slug: stored.slug.clone(),
                    also: stored.also.clone(),
                    text: stored.text.clone(),
                    sequence: writer.finish(),
                    language: stored.language,
                    meaning: stored.meaning.clone(),
                    encoded: stored.encoded.clone(),
                };
                index.show(posted, stored);
            }
            index.hold(Held {
                id: held.id.clone(),
                url: held.url.clone(),
                version: held.version,
                passages: first..index.passages.len() as u32,
            });
        }
        index.shrink();
        index
    }

    /// Gives back what growing took in reserve.
    fn shrink(&mut self) {
        self.postings.iter_mut().for_each(Postings::shrink);
        self.postings.shrink_to_fit();
        self.passages.shrink_to_fit();
        self.lengths.shrink_to_fit();
    }

    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// Passages have numbers below this.
    pub fn numbers(&self) -> usize {
        self.lengths.len()
    }

    /// How many passages are there.
    pub fn passages(&self) -> usize {
        self.there
    }

    /// Passages that the sentence encoder has still to read.
    pub fn unread(&self) -> impl Iterator<Item = (u32, &Stored)> {
        let numbers = if is_worth_reading(self) {
            self.lengths.len() as u32
        } else {
            0
        };
        let all = (0..numbers).filter_map(|number| Some((number, self.stored(number)?)));
        all.filter(|(_, stored)| {
            let encoded = stored.encoded.as_ref();
            encoded.is_none_or(|encoded| encoded.in_english != self.is_read_in_english(stored.language))
        })
    }

    /// What was read in a passage, if it is still the same.
    pub fn set_encoded(&mut self, number: u32, text: &Arc<str>, encoded: Encoded) {
        let stored = self.passages.get_mut(number as usize).and_then(Option::as_mut);
        let Some(stored) = stored.filter(|stored| Arc::ptr_eq(&stored.text, text)) else {
            return;
        };
        self.encoded -= usize::from(stored.encoded.is_some());
        stored.encoded = Some(Box::new(encoded));
        self.encoded += 1;
    }

    /// Whether the sentence encoders have read most of the passages. Of a part, what was read would stand before what was not; so
    /// would what was read before a site grew too large.
    pub fn is_read(&self) -> bool {
        self.encoded * 2 > self.there && is_worth_reading(self)
    }

    pub fn stored(&self, number: u32) -> Option<&Stored> {
        self.passages.get(number as usize)?.as_ref()
    }

    /// How long a passage is, beside the average; 0 when it is gone.
    #[inline]
    pub fn length(&self, number: u32) -> f32 {
        f32::from(self.lengths.get(number as usize).copied().unwrap_or(0))
    }

    /// Terms a passage, on average; at least 1.
    pub fn average_length(&self) -> f32 {
        (self.length as f32 / self.there.max(1) as f32).max(1.0)
    }

    /// Whether the English encoder reads a passage in a language: where most of a site is English. Elsewhere what looks like English is
    /// mostly a few names or commands, and what the one encoder reads is not compared with what the other does.
    pub fn is_read_in_english(&self, language: Language) -> bool {
        is_english(language) && self.is_mostly_english()
    }

    pub fn is_mostly_english(&self) -> bool {
        self.count(true) * 2 >= self.there
    }

    fn count(&self, english: bool) -> usize {
        let all = self.languages.iter();
        all.filter(|(language, _)| is_english(**language) == english)
            .map(|(_, count)| *count)
            .sum()
    }

    /// Whether there are passages that the English encoder reads, and whether there are others.
    pub fn encoders(&self) -> (bool, bool) {
        let in_english = self.is_mostly_english();
        (in_english, !in_english || self.count(false) > 0)
    }

    /// The languages of its passages, the most frequent first.
    pub fn languages(&self) -> Vec<Language> {
        let mut all: Vec<(Language, usize)> = self
            .languages
            .iter()
            .map(|(language, count)| (*language, *count))
            .collect();
        all.retain(|(_, count)| *count > 0);
        all.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
        all.into_iter().map(|(language, _)| language).collect()
    }

    /// Calls `see` with passage and count, in order; some may be gone.
    pub fn each_posting(&self, term: u32, see: impl FnMut(u32, u32)) {
        if let Some(postings) = self.postings.get(term as usize) {
            postings.each(see);
        }
    }

    /// In how many passages a term stands, those included that are gone and not yet forgotten.
    pub fn found(&self, term: u32) -> usize {
        self.postings
            .get(term as usize)
            .map_or(0, |postings| postings.found as usize)
    }

    /// How much a term tells: the rarer, the more (the form that Lucene uses, never negative).
    pub fn rarity(&self, found: usize) -> f32 {
        let all = self.lengths.len() as f32;
        let found = found as f32;
        (1.0 + (all - found + 0.5).max(0.0) / (found + 0.5)).ln()
    }

    pub fn passage(&self, number: u32, score: f32) -> Option<Passage> {
        let stored = self.stored(number)?;
        let held = self.documents.get(stored.document as usize)?.as_ref()?;
        Some(Passage {
            document: held.id.clone(),
            version: held.version,
            title: stored.title.to_string(),
            section: stored.section.to_string(),
            url: match &stored.slug {
                // What stands nowhere has no sections to lead to either.
                Some(slug) if !held.url.is_empty() => format!("{}#{slug}", held.url),
                _ => held.url.clone(),
            },
            text: stored.text.clone(),
            score,
        })
    }

    /// The number of a passage's document.
    pub fn document_of(&self, number: u32) -> Option<u32> {
        self.stored(number).map(|stored| stored.document)
    }

    pub fn document_version(&self, id: &str) -> Option<DocumentVersion> {
        let number = self.by_id.get(id)?;
        self.documents.get(*number as usize)?.as_ref().map(|held| held.version)
    }

    /// Changes with the content, and only with it.
    pub fn version(&self) -> String {
        format!("{:016x}-{}", self.version, self.by_id.len())
    }

    /// Whether this is what [`Index::version`] says.
    pub fn has_version(&self, text: &str) -> bool {
        text.split_once('-').is_some_and(|(sum, documents)| {
            u64::from_str_radix(sum, 16) == Ok(self.version) && documents.parse() == Ok(self.by_id.len())
        })
    }

    /// Bytes that the index takes beyond the passages' texts, titles, headings and addresses.
    pub fn bytes(&self) -> usize {
        let sequences = self.passages.iter().flatten().map(|stored| stored.sequence.len());
        let meanings = self.passages.iter().flatten().filter(|stored| stored.meaning.is_some());
        sequences.sum::<usize>()
            + meanings.count() * size_of::<Coarse>()
            + self.encoded * size_of::<Encoded>()
            + self.passages.capacity() * size_of::<Option<Stored>>()
            + self.lengths.capacity() * 2
            + self.postings.iter().map(Postings::bytes).sum::<usize>()
            + self.lexicon.bytes()
    }
}

/// Makes room for `more`, and for a sixteenth beyond: a list of a hundred thousand passages that doubles holds as much air as words.
fn reserve_little<T>(list: &mut Vec<T>, more: usize) {
    if list.capacity() - list.len() < more {
        list.reserve_exact(more.max(list.len() / 16));
    }
}
