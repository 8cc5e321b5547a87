//! Documents in, passages out.
//!
//! Each site has an index of its own; nothing of one site is ever seen from another. A site without content of its own
//! answers from the manual of Pennypress.

mod chunk;
mod compose;
mod documents;
mod excerpt;
pub mod extract;
pub mod gaps;
mod incoming;
mod index;
pub mod ingest;
mod language;
mod left_out;
pub mod manual;
mod meaning;
mod passage;
mod reading;
mod search;
mod spoken;
pub mod support;
mod terms;
mod thesaurus;
mod wording;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use arc_swap::ArcSwap;
use hashbrown::HashMap;
use parking_lot::{Mutex, RwLock, RwLockWriteGuard};
use tokio::sync::watch;

use index::{Entry, Index, Prepared, prepare};

pub use chunk::{Heading, Slugs, headings, options};
pub use documents::Library;
pub use excerpt::excerpt;
pub use incoming::{Incoming, IncomingError, Text, check_id, read_time, write_time};
pub use passage::{ABSTAIN_BELOW, Composed, Document, DocumentVersion, Passage, Query, Retrieved};
pub use reading::Unread;
pub use spoken::{Spoken, language_name};
pub use wording::not_found;

/// From so many documents on a second thread is worth its start.
const MANY: usize = 16;

/// What all sites know.
pub struct Knowledge {
    /// Read at the first question that needs it, in some 20 ms: a service whose sites have content of their own neither waits for it
    /// nor holds it in memory.
    manual: LazyLock<Arc<Shelf>>,
    by_site: ArcSwap<HashMap<String, Arc<Shelf>>>,
    /// What was kept before the start is still being read.
    is_reading: watch::Sender<bool>,
}

/// One site's index. Searches go on while a document is prepared, and wait only while words of a few of its passages are entered.
#[derive(Default)]
struct Shelf {
    index: RwLock<Index>,
    /// Held by whoever changes the index, for as long as that takes.
    changing: Mutex<()>,
    /// There is content for it, which may still be on its way into the index.
    is_expected: AtomicBool,
}

impl Shelf {
    fn of(documents: Vec<Prepared>) -> Arc<Self> {
        Arc::new(Self {
            index: RwLock::new(Index::of(documents)),
            changing: Mutex::new(()),
            is_expected: AtomicBool::new(false),
        })
    }
}

impl Knowledge {
    /// Every site answers from the manual until it has content of its own.
    pub fn with_manual() -> Self {
        Self {
            manual: LazyLock::new(|| Shelf::of(manual::documents().iter().map(prepare).collect())),
            by_site: ArcSwap::default(),
            is_reading: watch::Sender::new(false),
        }
    }

    /// Makes these documents the whole content of a site; without any, the site answers from the manual again. What the site knew
    /// before is searched until all is ready.
    pub fn replace(&self, site: &str, documents: Vec<Document>) {
        let shelf = Shelf::of(prepared(&documents));
        let is_empty = shelf.index.read().is_empty();
        self.by_site.rcu(|sites| {
            let mut sites = HashMap::clone(sites);
            if is_empty {
                sites.remove(site);
            } else {
                sites.insert(site.to_owned(), shelf.clone());
            }
            sites
        });
    }

    /// Adds documents to a site's content, or new versions of those that it has. They are found when this returns.
    pub fn put(&self, site: &str, documents: Vec<Document>) {
        let shelf = self.shelf_for(site);
        let changing = shelf.changing.lock();
        let mut prepared = prepared(&documents);
        // Before anyone has to wait for it.
        if prepared.iter().map(|one| one.passages.len()).sum::<usize>() <= reading::READ_AT_ONCE {
            // While passages are read nobody waits for the index.
            let (is_worth_it, is_mostly_english) = {
                let index = shelf.index.read();
                (reading::is_worth_reading(&index), index.is_mostly_english())
            };
            if is_worth_it {
                prepared.iter_mut().for_each(|one| one.read(is_mostly_english));
            }
        }
        for prepared in prepared {
            let mut entry = Entry::of(prepared);
            let mut is_in = false;
            while !is_in {
                let mut index = shelf.index.write();
                is_in = index.enter(&mut entry);
                // Searches that wait are served first.
                RwLockWriteGuard::unlock_fair(index);
            }
        }
        compact(&shelf);
        drop(changing);
    }

    /// A site has content that is not read yet: until it is, the site knows nothing, rather than the manual.
    pub fn expect(&self, site: &str) {
        self.shelf_for(site).is_expected.store(true, Ordering::Relaxed);
    }

    /// Says whether what was kept before the start is still being read.
    pub fn set_reading(&self, is_reading: bool) {
        self.is_reading.send_replace(is_reading);
    }

    /// Waits until what the site had before the start is searchable, but no longer than that. A site without content never waits.
    pub async fn settled(&self, site: &str, at_most: Duration) {
        let waits = *self.is_reading.borrow()
            && (self.by_site.load().get(site)).is_some_and(|shelf| shelf.is_expected.load(Ordering::Relaxed));
        if waits {
            let mut is_reading = self.is_reading.subscribe();
            // The sender lives as long as this does; when it takes longer, what is there must do.
            let _ = tokio::time::timeout(at_most, is_reading.wait_for(|reading| !reading)).await;
        }
    }

    /// Takes documents out of a site's content; one that is not there is no error.
    pub fn remove(&self, site: &str, ids: &[String]) {
        let Some(shelf) = self.by_site.load().get(site).cloned() else {
            return;
        };
        let changing = shelf.changing.lock();
        for id in ids {
            shelf.index.write().remove(id);
        }
        compact(&shelf);
        drop(changing);
    }

    fn shelf_for(&self, site: &str) -> Arc<Shelf> {
        if let Some(shelf) = self.by_site.load().get(site) {
            return shelf.clone();
        }
        let shelf = Arc::new(Shelf::default());
        self.by_site.rcu(|sites| {
            let mut sites = HashMap::clone(sites);
            sites.entry(site.to_owned()).or_insert_with(|| shelf.clone());
            sites
        });
        self.by_site.load().get(site).unwrap_or(&shelf).clone()
    }

    /// Whether the site answers from content of its own, not from the manual.
    pub fn has_content(&self, site: &str) -> bool {
        let sites = self.by_site.load();
        sites.get(site).is_some_and(|shelf| !shelf.index.read().is_empty())
    }

    /// The version of a document as it is searched now; `None`: the site has no such document.
    pub fn document_version(&self, site: &str, id: &str) -> Option<DocumentVersion> {
        self.of(site).index.read().document_version(id)
    }

    /// The passages that may answer, the best first.
    pub fn search(&self, site: &str, query: &Query<'_>, limit: usize) -> Retrieved {
        let shelf = self.of(site);
        let index = shelf.index.read();
        let found = search::search(&index, query, limit);
        let passages = found
            .hits
            .iter()
            .filter_map(|hit| index.passage(hit.passage, hit.score));
        Retrieved {
            passages: passages.collect(),
            confidence: found.confidence,
            is_judged: found.question.is_judged,
            content_version: index.version(),
        }
    }

    /// Which language a question is in, and whether the site's content is in it too.
    pub fn spoken(&self, site: &str, query: &Query<'_>) -> Spoken {
        spoken::spoken(&self.of(site).index.read(), query)
    }

    /// Every passage of a site, in no order that means anything.
    pub fn passages(&self, site: &str) -> Vec<Passage> {
        let shelf = self.of(site);
        let index = shelf.index.read();
        (0..index.numbers())
            .filter_map(|number| index.passage(number as u32, 0.0))
            .collect()
    }

    /// Changes when the site's content does, and only then; the same after a restart.
    pub fn version(&self, site: &str) -> String {
        self.of(site).index.read().version()
    }

    /// Whether a site's content is what it was when this was its version.
    pub fn has_version(&self, site: &str, version: &str) -> bool {
        self.of(site).index.read().has_version(version)
    }

    /// Bytes that a site's index takes beyond the text of its passages, and how many passages it has.
    pub fn size(&self, site: &str) -> (usize, usize) {
        let shelf = self.of(site);
        let index = shelf.index.read();
        (index.bytes(), index.passages())
    }

    /// An answer from the content alone.
    pub fn compose(&self, site: &str, query: &Query<'_>) -> Composed {
        let shelf = self.of(site);
        let index = shelf.index.read();
        compose::compose(&index, query)
    }

    /// That the content does not hold the answer, and the pages that come nearest.
    pub fn decline(&self, site: &str, query: &Query<'_>) -> Composed {
        let shelf = self.of(site);
        let index = shelf.index.read();
        compose::decline(&index, query)
    }

    fn of(&self, site: &str) -> Arc<Shelf> {
        let sites = self.by_site.load();
        match sites.get(site) {
            Some(shelf) if shelf.is_expected.load(Ordering::Relaxed) || !shelf.index.read().is_empty() => shelf.clone(),
            _ => self.manual.clone(),
        }
    }
}

/// The words of a text in a language (a BCP 47 tag), each with its stem, as an index reads them: for tools that make tables of words.
pub fn words_and_stems(text: &str, tag: &str) -> Vec<(String, String)> {
    let language = language::Language::of_tag(tag).unwrap_or(language::Language::UNKNOWN);
    let mut all = Vec::new();
    terms::each_word(text, language, &mut |word| {
        all.push((word.to_owned(), terms::stem(word, language)))
    });
    all
}

/// What the meaning of a text in a language (a BCP 47 tag) is the average of: rows of the search model's table, and how much each counts.
/// For the tool that trains the table.
pub fn bag_of_meaning(text: &str, tag: &str) -> Vec<(u16, f32)> {
    meaning::bag(
        text,
        language::Language::of_tag(tag).unwrap_or(language::Language::UNKNOWN),
    )
}

/// Prepares documents, many of them on two threads: that is most of the work.
fn prepared(documents: &[Document]) -> Vec<Prepared> {
    if documents.len() < MANY {
        return documents.iter().map(prepare).collect();
    }
    let (first, second) = documents.split_at(documents.len() / 2);
    std::thread::scope(|scope| {
        let second = scope.spawn(|| second.iter().map(prepare).collect::<Vec<_>>());
        let mut all: Vec<Prepared> = first.iter().map(prepare).collect();
        match second.join() {
            Ok(second) => all.extend(second),
            Err(panic) => std::panic::resume_unwind(panic),
        }
        all
    })
}

/// Writes the index anew when much of it is gone. Searches go on in the old one meanwhile.
fn compact(shelf: &Shelf) {
    let compacted = {
        let index = shelf.index.read();
        index.should_be_compacted().then(|| index.compacted())
    };
    if let Some(mut compacted) = compacted {
        // The old one is freed when no one waits for the lock any more.
        std::mem::swap(&mut *shelf.index.write(), &mut compacted);
    }
}

/// The passages that are made of a document.
fn passages(document: &Document) -> Vec<Passage> {
    let index = Index::of(vec![prepare(document)]);
    let all = 0..index.numbers();
    all.filter_map(|number| index.passage(number as u32, 0.0)).collect()
}

#[cfg(test)]
mod tests;
