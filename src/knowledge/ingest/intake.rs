//! One reading of one source: its documents are taken in, its troubles are written down, and what it has no longer goes.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::domain::{DocumentChange, DocumentOutcome, KeptDocument};
use crate::knowledge::{Incoming, IncomingError};
use crate::store::syncs::{Sync, SyncState, Trouble};
use crate::store::{DocumentStore, EncodingStore, StoreError, SyncStore};

/// Documents, and bytes of their texts, that are written at a time.
const STEP: usize = 100;
const STEP_BYTES: usize = 2 * 1_024 * 1_024;
/// How often it is said how far the reading has come.
const TELL: Duration = Duration::from_secs(1);
const LONGEST_NOTE: usize = 300;
/// Characters of a line in the log.
/// Of one reading at most so many lines are told: a hostile sitemap may list millions of addresses that are not read.
const MOST_TROUBLES: usize = 1_000;
const LONGEST_LINE: usize = 500;

/// Where documents, the log of their coming, and what the sentence encoder made of their passages are kept.
#[derive(Clone)]
pub struct Shelves {
    pub documents: Arc<dyn DocumentStore>,
    pub syncs: Arc<dyn SyncStore>,
    pub encodings: Arc<dyn EncodingStore>,
}

/// Somebody who looks on.
pub trait Onlooker: Send {
    fn progress(&mut self, sync: &Sync);
    fn trouble(&mut self, trouble: &Trouble);
}

/// Nobody looks on; the log tells later.
pub struct Nobody;

impl Onlooker for Nobody {
    fn progress(&mut self, _: &Sync) {}
    fn trouble(&mut self, _: &Trouble) {}
}

/// A reading under way.
pub struct Intake {
    shelves: Shelves,
    sync: Sync,
    onlooker: Box<dyn Onlooker>,
    waiting: Vec<KeptDocument>,
    waiting_bytes: usize,
    troubles: Vec<Trouble>,
    /// How many there were in all.
    all_troubles: usize,
    /// The ids of everything that the source has, also of what could not be read.
    had: HashSet<String>,
    told: Instant,
}

impl Intake {
    pub async fn begin(
        shelves: Shelves,
        site: &str,
        source: &str,
        onlooker: Box<dyn Onlooker>,
    ) -> Result<Self, StoreError> {
        let mut sync = Sync {
            site: site.to_owned(),
            source: source.to_owned(),
            began_at_ms: now_ms(),
            seen_at_ms: now_ms(),
            ..Sync::default()
        };
        sync.id = shelves.syncs.note_sync(sync.clone(), Vec::new()).await?;
        Ok(Self {
            shelves,
            sync,
            onlooker,
            waiting: Vec::new(),
            waiting_bytes: 0,
            troubles: Vec::new(),
            all_troubles: 0,
            had: HashSet::new(),
            told: Instant::now(),
        })
    }

    pub fn shelves(&self) -> &Shelves {
        &self.shelves
    }

    pub fn site(&self) -> &str {
        &self.sync.site
    }

    pub fn source(&self) -> &str {
        &self.sync.source
    }

    /// How many documents there will be.
    pub fn expect(&mut self, documents: usize) {
        self.sync.expected = documents as u64;
    }

    /// What it is at.
    pub async fn at(&mut self, what: &str) -> Result<(), StoreError> {
        self.sync.note = cut(what, LONGEST_NOTE);
        self.sync.seen_at_ms = now_ms();
        self.onlooker.progress(&self.sync);
        if self.told.elapsed() >= TELL {
            self.tell().await?;
        }
        Ok(())
    }

    /// A document of the source. Reading its text takes a while, for which no visitor waits.
    pub async fn take(&mut self, incoming: Incoming) -> Result<(), StoreError> {
        let id = incoming.id.clone();
        let read = tokio::task::spawn_blocking(move || incoming.read()).await;
        self.had.insert(id.clone());
        self.sync.seen += 1;
        match read {
            Ok(Ok((document, is_cut))) => {
                if is_cut {
                    self.trouble(&id, "It is so large that its end is left out.");
                }
                self.waiting_bytes += document.markdown.len();
                self.waiting.push(document);
            }
            Ok(Err(IncomingError::Empty)) => self.skipped(&id, &IncomingError::Empty.to_string()),
            Ok(Err(error)) => self.skipped(&id, &error.to_string()),
            Err(_) => self.skipped(&id, "Reading it failed; that is a fault of Pennypress."),
        }
        if self.waiting.len() >= STEP || self.waiting_bytes >= STEP_BYTES {
            self.write().await?;
        }
        Ok(())
    }

    /// The source has this document, as it is kept already.
    pub fn unchanged(&mut self, id: &str) {
        self.had.insert(id.to_owned());
        self.sync.seen += 1;
        self.sync.unchanged += 1;
    }

    /// The source has this document, but it cannot be read; what is kept of it stays.
    pub fn failed(&mut self, id: &str, what: &str, why: &str) {
        self.had.insert(id.to_owned());
        self.sync.seen += 1;
        self.skipped(what, why);
    }

    /// Something that is worth a line, and is no document.
    pub fn trouble(&mut self, what: &str, why: &str) {
        self.all_troubles += 1;
        let (what, why) = match self.all_troubles {
            ..MOST_TROUBLES => (what, why),
            MOST_TROUBLES => ("…", "More went wrong than is told here."),
            _ => return,
        };
        let trouble = Trouble {
            what: cut(what, LONGEST_LINE),
            why: cut(why, LONGEST_LINE),
        };
        self.onlooker.trouble(&trouble);
        self.troubles.push(trouble);
    }

    fn skipped(&mut self, what: &str, why: &str) {
        self.sync.failed += 1;
        self.trouble(what, why);
    }

    /// Writes down what was taken so far.
    pub async fn write(&mut self) -> Result<(), StoreError> {
        self.waiting_bytes = 0;
        let documents = std::mem::take(&mut self.waiting);
        let mut changes = Vec::with_capacity(documents.len());
        let mut ids = Vec::with_capacity(documents.len());
        for mut document in documents {
            let kept = self.shelves.documents.document(&self.sync.site, &document.id).await?;
            ids.push((document.id.clone(), kept.is_some()));
            // What the source has now counts, even if its clock was put back, if an older copy was put in its place, or if it does not
            // tell the time. Between two sources the newer one counts.
            if let Some(kept) = kept.filter(|kept| kept.source == document.source || document.modified_ms == 0) {
                document.modified_ms = document.modified_ms.max(kept.modified_ms);
            }
            changes.push(DocumentChange::Put(document));
        }
        let outcomes = self
            .shelves
            .documents
            .change_documents(&self.sync.site, changes, now_ms())
            .await?;
        for ((id, is_kept), outcome) in ids.iter().zip(outcomes) {
            match outcome {
                DocumentOutcome::Stored => self.sync.stored += 1,
                DocumentOutcome::Older if *is_kept => {
                    self.sync.unchanged += 1;
                    self.trouble(
                        id,
                        "A newer version of it from another source is kept; this one was left out.",
                    );
                }
                DocumentOutcome::Older => {
                    self.skipped(
                        id,
                        "It was deleted at a later time than it was changed here; change it to bring it back.",
                    );
                }
                _ => self.sync.unchanged += 1,
            }
        }
        self.tell().await
    }

    async fn tell(&mut self) -> Result<(), StoreError> {
        self.told = Instant::now();
        self.sync.seen_at_ms = now_ms();
        self.onlooker.progress(&self.sync);
        let troubles = std::mem::take(&mut self.troubles);
        self.shelves.syncs.note_sync(self.sync.clone(), troubles).await?;
        Ok(())
    }

    /// Everything was read: what the source has no longer goes.
    pub async fn finish(mut self, note: &str) -> Result<Sync, StoreError> {
        self.write().await?;
        let mut gone = Vec::new();
        let mut after = String::new();
        loop {
            let documents = &self.shelves.documents;
            let kept = documents
                .document_entries(&self.sync.site, &after, Some(&self.sync.source), 1_000)
                .await?;
            let Some(last) = kept.last() else { break };
            after.clone_from(&last.id);
            gone.extend(
                kept.into_iter()
                    .map(|entry| entry.id)
                    .filter(|id| !self.had.contains(id)),
            );
        }
        let changes = gone
            .into_iter()
            .map(|id| DocumentChange::Delete { id, modified_ms: None });
        let changes: Vec<_> = changes.collect();
        let outcomes = self
            .shelves
            .documents
            .change_documents(&self.sync.site, changes, now_ms())
            .await?;
        self.sync.removed = outcomes.iter().filter(|one| **one == DocumentOutcome::Deleted).count() as u64;
        self.end(SyncState::Done, note).await
    }

    /// What was read was not all that the source has: nothing is removed.
    pub async fn close(mut self, note: &str) -> Result<Sync, StoreError> {
        self.write().await?;
        self.end(SyncState::Done, note).await
    }

    /// It could not be read to its end; what was read is kept, and nothing is removed.
    pub async fn give_up(mut self, why: &str) -> Result<Sync, StoreError> {
        self.write().await?;
        self.end(SyncState::Failed, why).await
    }

    async fn end(mut self, state: SyncState, note: &str) -> Result<Sync, StoreError> {
        self.sync.state = state;
        self.sync.note = cut(note, LONGEST_NOTE);
        self.tell().await?;
        Ok(self.sync)
    }
}

fn cut(text: &str, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

fn now_ms() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}
