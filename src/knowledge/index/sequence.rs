//! A passage's terms in their order, as bytes: its names first, then sentence by sentence.

use std::ops::Range;

use super::postings::{read_number, write_number};

/// Ends a sentence.
const SENTENCE: u32 = 0;
/// Ends a name: the title, the headings, each phrase by which visitors call it.
const NAME: u32 = 1;
/// The number of the first term.
const FIRST: u32 = 2;

#[derive(Default)]
pub(in crate::knowledge) struct Writer {
    bytes: Vec<u8>,
    /// The terms alone.
    pub terms: Vec<u32>,
}

impl Writer {
    pub fn term(&mut self, term: u32) {
        self.terms.push(term);
        write_number(&mut self.bytes, term + FIRST);
    }

    pub fn end_name(&mut self) {
        write_number(&mut self.bytes, NAME);
    }

    pub fn end_sentence(&mut self) {
        write_number(&mut self.bytes, SENTENCE);
    }

    pub fn finish(&self) -> Box<[u8]> {
        self.bytes.as_slice().into()
    }

    pub fn clear(&mut self) {
        self.bytes.clear();
        self.terms.clear();
    }
}

/// A passage's terms, as they are looked at.
#[derive(Default)]
pub(in crate::knowledge) struct Sequence {
    pub terms: Vec<u32>,
    /// Within `terms`: title, headings, other names.
    pub names: Vec<Range<usize>>,
    pub sentences: Vec<Range<usize>>,
}

impl Sequence {
    /// Writes it again with other terms; one that has none is left out.
    pub fn write(&self, writer: &mut Writer, term: impl Fn(u32) -> Option<u32>) {
        writer.clear();
        let parts = self.names.iter().map(|range| (range, true));
        for (range, is_name) in parts.chain(self.sentences.iter().map(|range| (range, false))) {
            let terms = self.terms.get(range.clone()).unwrap_or_default();
            terms
                .iter()
                .filter_map(|old| term(*old))
                .for_each(|new| writer.term(new));
            if is_name {
                writer.end_name();
            } else {
                writer.end_sentence();
            }
        }
    }

    /// Reads into the room that is there already.
    pub fn read(&mut self, bytes: &[u8]) {
        self.terms.clear();
        self.names.clear();
        self.sentences.clear();
        let mut bytes = bytes.iter();
        let mut start = 0;
        while let Some(number) = read_number(&mut bytes) {
            match number {
                SENTENCE => self
                    .sentences
                    .push(std::mem::replace(&mut start, self.terms.len())..self.terms.len()),
                NAME => self
                    .names
                    .push(std::mem::replace(&mut start, self.terms.len())..self.terms.len()),
                term => self.terms.push(term - FIRST),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_sentences_come_back() {
        let mut writer = Writer::default();
        writer.term(0);
        writer.end_name();
        writer.end_name();
        writer.term(300);
        writer.term(7);
        writer.end_sentence();
        writer.term(7);
        writer.end_sentence();
        let mut read = Sequence::default();
        read.read(&writer.finish());
        assert_eq!(read.terms, [0, 300, 7, 7]);
        assert_eq!(read.names, [0..1, 1..1]);
        assert_eq!(read.sentences, [1..3, 3..4]);
    }
}
