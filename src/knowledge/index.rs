//! One site's passages, ready to be searched. In memory, never changed: a site's new content is a new index.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::Range;

use super::chunk::{Block, Chunk, chunks};
use super::spelling::Spelling;
use super::terms::terms;
use super::{Document, DocumentVersion, Passage};

/// Where a term stands.
pub(super) struct Posting {
    pub entry: u32,
    pub count: u16,
}

/// A passage with what searching it needs.
pub(super) struct Entry {
    pub passage: Passage,
    pub blocks: Vec<Block>,
    /// The numbers of its terms: title and headings first, then sentence by sentence.
    pub terms: Vec<u32>,
    /// Within `terms`: its headings, and each phrase by which visitors call it.
    pub names: Vec<Range<usize>>,
    /// The sentences within `terms`, in the order of the blocks' sentences.
    pub sentences: Vec<Range<usize>>,
}

pub(super) struct Index {
    pub entries: Vec<Entry>,
    numbers: HashMap<Box<str>, u32>,
    postings: Vec<Vec<Posting>>,
    /// In how many passages two terms stand side by side.
    pairs: HashMap<(u32, u32), u32>,
    spelling: Spelling,
    /// Terms a passage, on average.
    pub average_length: f32,
    /// Changes with the content.
    pub version: String,
    pub versions: HashMap<String, DocumentVersion>,
}

impl Index {
    pub fn new(documents: &[Document]) -> Self {
        let mut hasher = blake3::Hasher::new();
        let mut index = Self {
            entries: Vec::new(),
            numbers: HashMap::new(),
            postings: Vec::new(),
            pairs: HashMap::new(),
            spelling: Spelling::default(),
            average_length: 1.0,
            version: String::new(),
            versions: HashMap::new(),
        };
        let mut words = BTreeSet::new();
        for document in documents {
            hasher.update(&document.version().0.to_le_bytes());
            index.versions.insert(document.id.clone(), document.version());
            for chunk in chunks(document) {
                index.add(document, chunk, &mut words);
            }
        }
        for (word, term) in words {
            index.spelling.add(&word, term);
        }
        let all: usize = index.entries.iter().map(|entry| entry.terms.len()).sum();
        index.average_length = (all as f32 / index.entries.len().max(1) as f32).max(1.0);
        index.version = hasher.finalize().to_hex().as_str()[..16].to_owned();
        index
    }

    fn add(&mut self, document: &Document, chunk: Chunk, words: &mut BTreeSet<(String, u32)>) {
        let number = self.entries.len() as u32;
        let mut all = Vec::new();
        let mut read = |index: &mut Self, text: &str| {
            for term in terms(text) {
                let number = index.number_of(term.stem);
                words.insert((term.word, number));
                all.push(number);
            }
            all.len()
        };
        let title = read(self, &chunk.title);
        let mut end = read(self, &chunk.section);
        let whole = 0..end;
        let mut names = vec![whole];
        if title > 0 && title < end {
            names.push(title..end);
        }
        for phrase in chunk.also.iter().flat_map(|also| also.split(',')) {
            let next = read(self, phrase);
            names.push(end..next);
            end = next;
        }
        let mut sentences = Vec::new();
        for sentence in chunk.blocks.iter().flat_map(|block| &block.sentences) {
            let next = read(self, sentence);
            sentences.push(end..next);
            end = next;
        }
        let mut counts: HashMap<u32, u16> = HashMap::new();
        for term in &all {
            let count = counts.entry(*term).or_default();
            *count = count.saturating_add(1);
        }
        for (term, count) in counts {
            if let Some(postings) = self.postings.get_mut(term as usize) {
                postings.push(Posting { entry: number, count });
            }
        }
        let beside: HashSet<(u32, u32)> = all.windows(2).map(|two| (two[0], two[1])).collect();
        for pair in beside {
            *self.pairs.entry(pair).or_default() += 1;
        }
        let text: Vec<&str> = chunk.blocks.iter().map(|block| block.markdown.as_str()).collect();
        let url = match &chunk.slug {
            Some(slug) => format!("{}#{slug}", document.url),
            None => document.url.clone(),
        };
        self.entries.push(Entry {
            passage: Passage {
                document: document.id.clone(),
                version: document.version(),
                title: chunk.title,
                section: chunk.section,
                url,
                text: text.join("\n\n"),
                score: 0.0,
            },
            blocks: chunk.blocks,
            terms: all,
            names,
            sentences,
        });
    }

    fn number_of(&mut self, stem: String) -> u32 {
        let next = self.postings.len() as u32;
        let number = *self.numbers.entry(stem.into_boxed_str()).or_insert(next);
        if number == next {
            self.postings.push(Vec::new());
        }
        number
    }

    pub fn number(&self, stem: &str) -> Option<u32> {
        self.numbers.get(stem).copied()
    }

    pub fn postings(&self, term: u32) -> &[Posting] {
        self.postings.get(term as usize).map_or(&[], Vec::as_slice)
    }

    pub fn readings(&self, word: &str) -> Vec<(u32, f32)> {
        self.spelling.readings(word)
    }

    /// How much a term tells: the rarer, the more (the form that Lucene uses, never negative).
    pub fn rarity(&self, term: Option<u32>) -> f32 {
        let found = term.map_or(0, |term| self.postings(term).len());
        self.rarity_of(found)
    }

    pub fn pair_rarity(&self, pair: (u32, u32)) -> f32 {
        self.rarity_of(self.pairs.get(&pair).copied().unwrap_or(0) as usize)
    }

    fn rarity_of(&self, found: usize) -> f32 {
        let (all, found) = (self.entries.len() as f32, found as f32);
        (1.0 + (all - found + 0.5) / (found + 0.5)).ln()
    }
}
