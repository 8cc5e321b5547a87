//! Passages are read by the sentence encoder after they are searchable: a page's few at once, those of a whole site in the background.

use std::sync::Arc;

use super::index::{Encoded, Index};
use super::{Knowledge, Query};
use crate::embeddings::{self, Coarse, Tokens};

/// A site with more passages is searched by words and tables alone: it would take an hour of a core to read, and too long to compare
/// with every question.
pub(super) const MOST_READ: usize = 10_000;
/// So many passages of documents that came together are read before they are searchable.
pub(super) const READ_AT_ONCE: usize = 4;
/// What is read of a passage at most, in bytes: more than the encoder takes. And of each of its names, in characters: the text is
/// read, too.
const MOST_BYTES: usize = 4_000;
const MOST_OF_A_NAME: usize = 200;

/// A passage that is not read yet.
pub struct Unread {
    site: String,
    number: u32,
    /// Whether the passage is still there is told by its text.
    passage: Arc<str>,
    /// What the encoder is to read: names and text.
    text: String,
    in_english: bool,
}

impl Unread {
    /// Tells what is read from everything else that is.
    pub fn hash(&self) -> [u8; 16] {
        let mut hash = [0; 16];
        let mut whole = blake3::Hasher::new();
        let encoder = if self.in_english {
            "en"
        } else {
            embeddings::MULTILINGUAL
        };
        whole
            .update(encoder.as_bytes())
            .update(b"\n")
            .update(self.text.as_bytes());
        hash.copy_from_slice(&whole.finalize().as_bytes()[..16]);
        hash
    }

    /// What it means; nothing, when nothing can be read of it. Some 50 to 100 ms.
    pub fn read(&self) -> Coarse {
        encode(&self.text, self.in_english)
    }
}

impl Knowledge {
    /// Passages that are not read yet, at most so many.
    pub fn unread(&self, most: usize) -> Vec<Unread> {
        let mut all = Vec::new();
        for (site, shelf) in self.by_site.load().iter() {
            let index = shelf.index.read();
            for (number, stored) in index.unread().take(most - all.len()) {
                all.push(Unread {
                    site: site.clone(),
                    number,
                    passage: stored.text.clone(),
                    text: readable(stored.names(), &stored.text),
                    in_english: index.is_read_in_english(stored.language),
                });
            }
            if all.len() >= most {
                break;
            }
        }
        all
    }

    /// What was read. A passage that left meanwhile is left out.
    pub fn set_read(&self, read: impl IntoIterator<Item = (Unread, Coarse)>) {
        let sites = self.by_site.load();
        for (unread, meant) in read {
            if let Some(shelf) = sites.get(&unread.site) {
                let encoded = Encoded::new(meant, unread.in_english);
                // While the index is written anew this waits here: a writer that waits for the index holds up every search.
                let _changing = shelf.changing.lock();
                shelf.index.write().set_encoded(unread.number, &unread.passage, encoded);
            }
        }
    }

    /// Reads all that is not read yet, on this thread, which waits.
    pub fn read_all(&self) {
        loop {
            let unread = self.unread(64);
            if unread.is_empty() {
                return;
            }
            self.set_read(unread.into_iter().map(|one| {
                let meant = one.read();
                (one, meant)
            }));
        }
    }

    /// What the encoders must read for a question to be searched, and have not read yet.
    pub fn must_read(&self, site: &str, query: &Query<'_>) -> Vec<Tokens> {
        let shelf = self.of(site);
        let mut said = super::search::to_be_read(&shelf.index.read(), query);
        said.retain(|said| !embeddings::is_question_known(said));
        said
    }
}

/// What is read of a passage that is not searchable yet.
pub(super) fn read_now(names: [&str; 3], text: &str, in_english: bool) -> Coarse {
    encode(&readable(names, text), in_english)
}

fn encode(text: &str, in_english: bool) -> Coarse {
    let meant = Tokens::of_passage(text, in_english).and_then(|tokens| embeddings::encode_passage(&tokens));
    meant.map_or_else(Coarse::nothing, |vector| Coarse::of(&vector))
}

/// Whether the passages of an index are to be read at all.
pub(super) fn is_worth_reading(index: &Index) -> bool {
    index.passages() <= MOST_READ
}

/// Names and text as a person reads them: of a link its words, without the marks of Markdown.
fn readable(names: [&str; 3], markdown: &str) -> String {
    let mut text = String::with_capacity(markdown.len().min(MOST_BYTES) + 64);
    for name in names.into_iter().filter(|name| !name.is_empty()) {
        text.extend(name.chars().take(MOST_OF_A_NAME));
        text.push_str(". ");
    }
    let mut rest = markdown.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\\' | '*' | '`' | '#' | '|' | '[' | '_' => {}
            ']' if rest.peek() == Some(&'(') => while rest.next().is_some_and(|c| c != ')') {},
            ']' => {}
            _ => text.push(c),
        }
        if text.len() > MOST_BYTES {
            break;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_link_the_words_are_read() {
        assert_eq!(
            readable(
                ["Returns", "", "refunds"],
                "Send it **back** to [our shop](https://a.example/x_y), `now`\\!"
            ),
            "Returns. refunds. Send it back to our shop, now!"
        );
        assert!(readable([&"x".repeat(9_000), "", ""], &"é".repeat(100_000)).len() < 5_000);
    }
}
