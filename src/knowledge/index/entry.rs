//! How a document comes in: its words a few passages at a time, so that no search waits long; then, at once, all that is found by them.

use std::sync::Arc;

use super::sequence::Writer;
use super::{Held, Index, Postings, Prepared, Stored, reserve_little};
use crate::knowledge::DocumentVersion;
use crate::knowledge::index::prepare::PreparedPassage;

/// Passages whose words are entered at a time, in about three milliseconds.
const STEP: usize = 8;

/// A document on its way in.
pub(in crate::knowledge) struct Entry {
    id: String,
    url: String,
    version: DocumentVersion,
    waiting: std::vec::IntoIter<PreparedPassage>,
    title: Option<Arc<str>>,
    /// Those whose words are entered; their numbers follow each other.
    entered: Vec<(Posted, Stored)>,
}

/// A passage whose words are entered, and which is not there yet.
pub(super) struct Posted {
    number: u32,
    length: u16,
}

impl Entry {
    pub fn of(document: Prepared) -> Self {
        Self {
            id: document.id,
            url: document.url,
            version: document.version,
            entered: Vec::with_capacity(document.passages.len()),
            waiting: document.passages.into_iter(),
            title: None,
        }
    }

    /// Most passages of a document have one title.
    fn title(&mut self, title: &str) -> Arc<str> {
        match &self.title {
            Some(known) if **known == *title => known.clone(),
            _ => self.title.insert(title.into()).clone(),
        }
    }
}

impl Index {
    /// Enters some passages more; true when all are, and the document is there, in place of the one with its id. Until then the index
    /// is searched as before. Nothing else may come in meanwhile.
    pub fn enter(&mut self, entry: &mut Entry) -> bool {
        let mut writer = std::mem::take(&mut self.writer);
        for _ in 0..STEP {
            let Some(passage) = entry.waiting.next() else { break };
            writer.clear();
            passage
                .words
                .each(&mut writer, &mut |word| self.lexicon.read(word, passage.language));
            let stored = Stored {
                document: self.documents.len() as u32,
                title: entry.title(&passage.title),
                section: passage.section.into(),
                slug: passage.slug.map(Into::into),
                also: passage.also,
                text: passage.text.into(),
                sequence: writer.finish(),
                language: passage.language,
                meaning: passage.meaning,
                encoded: passage.encoded,
            };
            entry.entered.push((self.post(&writer), stored));
        }
        self.writer = writer;
        if entry.waiting.len() > 0 {
            return false;
        }
        self.remove(&entry.id);
        let end = self.passages.len() as u32;
        let first = end - entry.entered.len() as u32;
        for (posted, stored) in entry.entered.drain(..) {
            self.show(posted, stored);
        }
        self.hold(Held {
            id: std::mem::take(&mut entry.id),
            url: std::mem::take(&mut entry.url),
            version: entry.version,
            passages: first..end,
        });
        true
    }

    /// Enters the words of a passage, which has a number from now on, as one that is gone has.
    pub(super) fn post(&mut self, writer: &Writer) -> Posted {
        let number = self.passages.len() as u32;
        let more = self.lexicon.terms() - self.postings.len();
        reserve_little(&mut self.postings, more);
        self.postings.resize_with(self.lexicon.terms(), Postings::default);
        let mut sorted = writer.terms.clone();
        sorted.sort_unstable();
        for same in sorted.chunk_by(|a, b| a == b) {
            if let Some(postings) = self.postings.get_mut(same[0] as usize) {
                postings.push(number, same.len() as u32);
            }
        }
        self.lengths.push(0);
        reserve_little(&mut self.passages, 1);
        self.passages.push(None);
        Posted {
            number,
            length: sorted.len().clamp(1, usize::from(u16::MAX)) as u16,
        }
    }

    /// From now on it is found.
    pub(super) fn show(&mut self, posted: Posted, stored: Stored) {
        let number = posted.number as usize;
        if let (Some(length), Some(passage)) = (self.lengths.get_mut(number), self.passages.get_mut(number)) {
            *length = posted.length;
            self.length += u64::from(posted.length);
            self.there += 1;
            *self.languages.entry(stored.language).or_default() += 1;
            if let Some(meaning) = &stored.meaning {
                self.subject.add(meaning);
            }
            self.encoded += usize::from(stored.encoded.is_some());
            *passage = Some(stored);
        }
    }
}
