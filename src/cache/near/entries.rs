//! The questions of one scope, and where each is.

use std::time::Instant;

use hashbrown::HashTable;

use super::phrase::Phrase;
use super::rarity::Rarity;
use super::scan::Vectors;
use super::{Candidate, Zone};
use crate::cache::CacheKey;

/// A question under which an answer is found.
pub(super) struct Entry {
    pub key: CacheKey,
    pub question: Box<str>,
    /// The question that the answer was given to, where that is another one: a model said that the answer fits this one, too.
    pub answered: Option<Box<str>>,
    pub leading: Box<[String]>,
}

impl Entry {
    /// The question that the answer was given to.
    pub fn given_to(&self) -> &str {
        self.answered.as_deref().unwrap_or(&self.question)
    }

    pub fn candidate(&self, similarity: f32, zone: Zone) -> Candidate {
        Candidate {
            key: self.key,
            question: self.given_to().to_owned(),
            similarity,
            zone,
            leading: self.leading.to_vec(),
        }
    }
}

/// Entries in places from 0 on; the last takes the place of one that goes.
#[derive(Default)]
pub(super) struct Entries {
    pub vectors: Vectors,
    /// Of a provider's model, for the same places; empty ones where it made none.
    pub outer: Option<Vectors>,
    pub rarity: Rarity,
    entries: Vec<Entry>,
    by_key: HashTable<u32>,
    /// Whose turn it is to go when there is no room.
    oldest: usize,
    /// When the last was added; `None`: none was.
    pub changed: Option<Instant>,
}

impl Entries {
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn at(&self, place: usize) -> &Entry {
        &self.entries[place]
    }

    pub fn has(&self, key: &CacheKey, question: &str) -> bool {
        self.places(key).any(|place| &*self.entries[place].question == question)
    }

    /// Adds one, in the stead of an old one when there are `most`. `outer`: its vector of a provider's model; `None` when there is
    /// no such model.
    pub fn add(&mut self, entry: Entry, phrase: &Phrase, outer: Option<&[i8]>, most: usize) {
        while self.entries.len() >= most.max(1) {
            self.oldest = (self.oldest + 1) % self.entries.len();
            self.remove(self.oldest);
        }
        // Fewer than u32::MAX, as `most` is.
        let place = self.entries.len() as u32;
        let entries = &self.entries;
        self.by_key
            .insert_unique(hash(&entry.key), place, |at| hash(&entries[*at as usize].key));
        self.vectors.push(phrase.vector.as_bytes());
        if let Some(values) = outer {
            self.outer.get_or_insert_default().push(values);
        }
        self.rarity.add(&phrase.content);
        self.entries.push(entry);
        self.changed = Some(Instant::now());
    }

    pub fn remove(&mut self, place: usize) -> CacheKey {
        let last = self.entries.len() - 1;
        self.unlist(place);
        if place != last {
            self.unlist(last);
        }
        self.vectors.swap_remove(place);
        if let Some(outer) = &mut self.outer {
            outer.swap_remove(place);
        }
        let gone = self.entries.swap_remove(place);
        self.rarity.remove(&Phrase::of(&gone.question).content);
        if place != last {
            let entries = &self.entries;
            self.by_key
                .insert_unique(hash(&entries[place].key), place as u32, |at| {
                    hash(&entries[*at as usize].key)
                });
        }
        gone.key
    }

    /// Takes out all questions of an answer.
    pub fn forget(&mut self, key: &CacheKey) {
        loop {
            let first = self.places(key).next();
            let Some(place) = first else { return };
            self.remove(place);
        }
    }

    /// Takes out one question of an answer.
    pub fn forget_question(&mut self, answered: &str, question: &str) {
        let is_it = |entry: &Entry| entry.answered.as_deref() == Some(answered) && &*entry.question == question;
        while let Some(place) = self.entries.iter().position(is_it) {
            self.remove(place);
        }
    }

    fn places(&self, key: &CacheKey) -> impl Iterator<Item = usize> {
        let listed = self.by_key.iter_hash(hash(key)).map(|place| *place as usize);
        listed.filter(move |place| self.entries[*place].key == *key)
    }

    fn unlist(&mut self, place: usize) {
        let hash = hash(&self.entries[place].key);
        if let Ok(listed) = self.by_key.find_entry(hash, |at| *at as usize == place) {
            listed.remove();
        }
    }
}

/// A key is a hash already.
fn hash(key: &CacheKey) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = key.0;
    u64::from_le_bytes([a, b, c, d, e, f, g, h])
}
