//! The words of an index, each once, and the terms that they stand for. Strings lie end to end in one buffer: a hundred thousand
//! passages have a quarter of a million words, and an allocation each would cost more than the words.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};

use super::spelling::Spelling;
use crate::knowledge::language::Language;
use crate::knowledge::terms::stem;

/// Strings by number and numbers by string.
#[derive(Default)]
pub(super) struct Strings {
    buffer: String,
    /// Where each ends.
    ends: Vec<u32>,
    numbers: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

impl Strings {
    pub fn get(&self, number: u32) -> &str {
        at(&self.buffer, &self.ends, number)
    }

    pub fn find(&self, text: &str) -> Option<u32> {
        let same = |number: &u32| self.get(*number) == text;
        self.numbers.find(self.hasher.hash_one(text), same).copied()
    }

    /// The number of this string, and whether it is new.
    pub fn intern(&mut self, text: &str) -> (u32, bool) {
        if let Some(number) = self.find(text) {
            return (number, false);
        }
        let number = self.ends.len() as u32;
        self.buffer.push_str(text);
        self.ends.push(self.buffer.len() as u32);
        let (buffer, ends, hasher) = (&self.buffer, &self.ends, &self.hasher);
        let hash = |number: &u32| hasher.hash_one(at(buffer, ends, *number));
        self.numbers.insert_unique(hasher.hash_one(text), number, hash);
        (number, true)
    }

    pub fn len(&self) -> usize {
        self.ends.len()
    }

    pub fn bytes(&self) -> usize {
        self.buffer.capacity() + self.ends.capacity() * 4 + self.numbers.allocation_size()
    }
}

fn at<'a>(buffer: &'a str, ends: &[u32], number: u32) -> &'a str {
    let number = number as usize;
    let start = number
        .checked_sub(1)
        .and_then(|before| ends.get(before))
        .copied()
        .unwrap_or(0);
    let end = ends.get(number).copied().unwrap_or(start);
    buffer.get(start as usize..end as usize).unwrap_or_default()
}

/// A word as one language reads it has one term; several words share one.
#[derive(Default)]
pub(in crate::knowledge) struct Lexicon {
    terms: Strings,
    /// A language's code, a space, and a word of it.
    words: Strings,
    /// For each word its term.
    term_of: Vec<u32>,
    spelling: Spelling,
    key: String,
}

impl Lexicon {
    /// The term of a word, made when it is new.
    pub fn read(&mut self, word: &str, language: Language) -> u32 {
        self.key.clear();
        self.key.push_str(language.code());
        self.key.push(' ');
        self.key.push_str(word);
        let (number, is_new) = self.words.intern(&self.key);
        if is_new {
            let (term, _) = self.terms.intern(&stem(word, language));
            self.term_of.push(term);
            self.spelling.add(word);
        }
        self.term_of.get(number as usize).copied().unwrap_or_default()
    }

    /// The term of a stem that stands somewhere.
    pub fn find(&self, stem: &str) -> Option<u32> {
        self.terms.find(stem)
    }

    fn word(&self, number: u32) -> (&str, u32) {
        let word = self.words.get(number);
        let word = word.split_once(' ').map_or(word, |(_, word)| word);
        (word, self.term_of.get(number as usize).copied().unwrap_or_default())
    }

    /// See [`Spelling::readings`].
    pub fn readings(&self, word: &str, common: impl Fn(u32) -> usize) -> Vec<(u32, f32, &str)> {
        self.spelling.readings(word, |number| self.word(number), common)
    }

    /// See [`Spelling::compounds`].
    pub fn compounds(&self, word: &str) -> Vec<u32> {
        self.spelling.compounds(word, |number| self.word(number))
    }

    /// See [`Spelling::forms`].
    pub fn forms(&self, word: &str, stem: &str) -> Vec<u32> {
        let stem_of = |term| self.terms.get(term);
        self.spelling.forms(word, stem, |number| self.word(number), stem_of)
    }

    /// So many terms have numbers, from 0.
    pub fn terms(&self) -> usize {
        self.terms.len()
    }

    /// All words with their terms: language code, word, term.
    pub fn words(&self) -> impl Iterator<Item = (&str, &str, u32)> {
        let terms = self.term_of.iter().copied();
        (0..).zip(terms).filter_map(|(number, term)| {
            let (code, word) = self.words.get(number).split_once(' ')?;
            Some((code, word, term))
        })
    }

    pub fn bytes(&self) -> usize {
        self.terms.bytes() + self.words.bytes() + self.term_of.capacity() * 4 + self.spelling.bytes()
    }
}
