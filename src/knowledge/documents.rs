//! The library: documents come in, are kept, and are searchable within a second, whichever process brought them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};

use super::{Document, Knowledge, Passage, Unread};
use crate::domain::{DocumentChange, DocumentOutcome, KeptDocument};
use crate::embeddings::Coarse;
use crate::knowledge::ingest::Shelves;
use crate::store::documents::Followed;
use crate::store::syncs::{Sync as Reading, SyncState, Trouble};
use crate::store::{DocumentStore, EncodingStore, StoreError, SyncStore};

/// How often the store is asked whether another process, such as `pennypress ingest`, changed documents.
const LOOK: Duration = Duration::from_secs(1);
/// How often passages are looked for that are not read, when nothing tells of new ones.
const READ_AGAIN: Duration = Duration::from_secs(10);
/// Documents that go into the index at a time.
const STEP: u32 = 500;
/// Passages that are read at a time, in about half a second; and so many are looked up in the store.
const READ: usize = 8;
const LOOKED_UP: usize = 256;
/// Whoever changes documents waits this long for the index.
const SEARCHABLE_WITHIN: Duration = Duration::from_secs(1);
/// A command that needs all content waits this long.
const CAUGHT_UP_WITHIN: Duration = Duration::from_secs(60);

/// What all sites' content goes through. The index follows the store by the numbers of its changes, so that what is searched is what
/// is kept, after a crash too.
pub struct Library {
    store: Arc<dyn DocumentStore>,
    syncs: Arc<dyn SyncStore>,
    encodings: Arc<dyn EncodingStore>,
    knowledge: Arc<Knowledge>,
    /// Wakes the follower.
    changed: Notify,
    /// The number of the last change that is searchable.
    searchable: watch::Sender<i64>,
}

impl Library {
    /// Begins to follow the store, on this tokio runtime, until the library is dropped. What was kept before is read meanwhile: see
    /// [`Knowledge::settled`].
    pub async fn open(shelves: Shelves, knowledge: Arc<Knowledge>) -> Result<Arc<Self>, StoreError> {
        let (store, syncs, encodings) = (shelves.documents, shelves.syncs, shelves.encodings);
        for site in store.document_sites().await? {
            knowledge.expect(&site);
        }
        let last = store.last_document_change().await?;
        knowledge.set_reading(last > 0);
        let library = Arc::new(Self {
            store,
            syncs,
            encodings,
            knowledge,
            changed: Notify::new(),
            searchable: watch::Sender::new(0),
        });
        let follower = Arc::downgrade(&library);
        tokio::spawn(async move {
            while let Some(library) = follower.upgrade() {
                match library.follow().await {
                    // The store says so itself.
                    Ok(()) | Err(StoreError::Away | StoreError::Closed) => {}
                    Err(error) => tracing::error!(%error, "the index cannot follow the store; it is tried again"),
                }
                // Not held while waiting, so that the library can go.
                let changed = library.clone();
                drop(library);
                // Nothing is lost when the time is over first: the next look finds it.
                let _ = tokio::time::timeout(LOOK, changed.changed.notified()).await;
            }
        });
        let reader = Arc::downgrade(&library);
        tokio::spawn(async move {
            while let Some(library) = reader.upgrade() {
                // Before it looks, so that no change is missed in between.
                let searchable = library.searchable.subscribe();
                let is_done = match library.read_some().await {
                    Ok(is_done) => is_done,
                    // The store says so itself.
                    Err(StoreError::Away | StoreError::Closed) => true,
                    Err(error) => {
                        tracing::error!(%error, "what was read of passages cannot be kept; it is tried again");
                        true
                    }
                };
                // Not held while waiting, so that the library can go.
                drop(library);
                if is_done {
                    until_changed(searchable).await;
                }
            }
        });
        Ok(library)
    }

    /// Waits until everything that is kept is searchable, and what was read of it before is known again.
    pub async fn caught_up(&self) -> Result<(), StoreError> {
        let last = self.store.last_document_change().await?;
        self.until_searchable(last, CAUGHT_UP_WITHIN).await;
        let mut unread = self.knowledge.unread(usize::MAX);
        while !unread.is_empty() {
            let rest = unread.split_off(unread.len().min(LOOKED_UP));
            self.take_kept(unread).await?;
            unread = rest;
        }
        Ok(())
    }

    /// Changes documents of a site, all or none, and waits a moment for them to be searchable. One outcome a change.
    pub async fn change(&self, site: &str, changes: Vec<DocumentChange>) -> Result<Vec<DocumentOutcome>, StoreError> {
        let now = now();
        let outcomes = self.store.change_documents(site, changes, now).await?;
        if outcomes
            .iter()
            .any(|one| matches!(one, DocumentOutcome::Stored | DocumentOutcome::Deleted))
        {
            self.catch_up().await?;
        }
        Ok(outcomes)
    }

    /// Waits a moment for everything that the store holds to be searchable.
    pub async fn catch_up(&self) -> Result<(), StoreError> {
        let last = self.store.last_document_change().await?;
        self.changed.notify_one();
        self.until_searchable(last, SEARCHABLE_WITHIN).await;
        Ok(())
    }

    /// A site is gone, and its documents with it.
    pub fn forget(&self, site: &str) {
        self.knowledge.replace(site, Vec::new());
    }

    pub fn knowledge(&self) -> &Knowledge {
        &self.knowledge
    }

    pub fn store(&self) -> &dyn DocumentStore {
        &*self.store
    }

    pub fn syncs(&self) -> &dyn SyncStore {
        &*self.syncs
    }

    /// For a reading of a source.
    pub fn shelves(&self) -> Shelves {
        Shelves {
            documents: self.store.clone(),
            syncs: self.syncs.clone(),
            encodings: self.encodings.clone(),
        }
    }

    /// Writes down which of the documents that a sender sent were refused, for the operator to see.
    pub async fn note_refused(&self, site: &str, source: &str, refused: Vec<Trouble>) -> Result<(), StoreError> {
        let now = now();
        let reading = Reading {
            site: site.to_owned(),
            source: source.to_owned(),
            state: SyncState::Done,
            note: "These were sent and could not be read; the others are kept.".to_owned(),
            seen: refused.len() as u64,
            failed: refused.len() as u64,
            began_at_ms: now,
            seen_at_ms: now,
            ..Reading::default()
        };
        self.syncs.note_sync(reading, refused).await?;
        Ok(())
    }

    /// The passages of a document, as they are searched.
    pub fn passages(&self, document: KeptDocument) -> Vec<Passage> {
        super::passages(&searched(document))
    }

    /// Lets the sentence encoder read passages that it has not read yet; true when there are none. What was read once, in whatever
    /// process, is had from the store.
    async fn read_some(&self) -> Result<bool, StoreError> {
        let unread = self.knowledge.unread(LOOKED_UP);
        if unread.is_empty() {
            return Ok(true);
        }
        let mut unknown = self.take_kept(unread).await?;
        unknown.truncate(READ);
        if unknown.is_empty() {
            return Ok(false);
        }
        let knowledge = self.knowledge.clone();
        let done = tokio::task::spawn_blocking(move || {
            let mut kept = Vec::new();
            knowledge.set_read(unknown.into_iter().map(|one| {
                let meant = one.read();
                kept.push((one.hash(), meant.as_bytes().to_vec()));
                (one, meant)
            }));
            kept
        });
        match done.await {
            Ok(kept) => self.encodings.keep_encodings(kept, now()).await.map(|()| false),
            Err(error) => {
                tracing::error!(%error, "some passages could not be read; they are ranked by their words");
                Ok(true)
            }
        }
    }

    /// What the store has of passages that are not read yet; those that it does not have come back.
    async fn take_kept(&self, unread: Vec<Unread>) -> Result<Vec<Unread>, StoreError> {
        let hashes = unread.iter().map(Unread::hash).collect();
        let kept = self.encodings.encodings(hashes, now()).await?;
        let (mut known, mut unknown) = (Vec::new(), Vec::new());
        for (unread, kept) in unread.into_iter().zip(kept) {
            match kept.and_then(|bytes| bytes.try_into().ok()) {
                Some(bytes) => known.push((unread, Coarse::from_bytes(bytes))),
                None => unknown.push(unread),
            }
        }
        let knowledge = self.knowledge.clone();
        let set = tokio::task::spawn_blocking(move || knowledge.set_read(known));
        if let Err(error) = set.await {
            tracing::error!(%error, "what was read before could not be taken up; passages are ranked by their words");
        }
        Ok(unknown)
    }

    async fn until_searchable(&self, seq: i64, patience: Duration) {
        let mut searchable = self.searchable.subscribe();
        let reached = searchable.wait_for(|reached| *reached >= seq);
        if tokio::time::timeout(patience, reached).await.is_err() {
            tracing::debug!(seq, "the index is still at work");
        }
    }

    /// Takes every change since the last one into the index.
    async fn follow(&self) -> Result<(), StoreError> {
        loop {
            let since = *self.searchable.borrow();
            let known = self.store.last_document_change().await?;
            if known <= since {
                self.knowledge.set_reading(false);
                return Ok(());
            }
            let changes = self.store.documents_after(since, STEP).await?;
            // Without any, the changes up to the one that was known before were to a site that is gone; a later one may come any moment.
            let last = changes.last().map_or(known, |change| change.seq);
            let knowledge = self.knowledge.clone();
            // Indexing takes a while that no visitor should wait for.
            let done = tokio::task::spawn_blocking(move || apply(&knowledge, changes)).await;
            if let Err(error) = done {
                tracing::error!(%error, "some documents could not be indexed; they are left out");
            }
            self.searchable.send_replace(last);
        }
    }
}

fn now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

/// Waits until something new is searchable, or the library is gone; what one look misses the next finds.
async fn until_changed(mut searchable: watch::Receiver<i64>) {
    let _ = tokio::time::timeout(READ_AGAIN, searchable.changed()).await;
}

fn apply(knowledge: &Knowledge, changes: Vec<Followed>) {
    let mut by_site: BTreeMap<String, (Vec<Document>, Vec<String>)> = BTreeMap::new();
    for change in changes {
        let (put, gone) = by_site.entry(change.site).or_default();
        match change.document {
            Some(document) => put.push(Document {
                asked: change.asked,
                ..searched(document)
            }),
            None => gone.push(change.id),
        }
    }
    for (site, (put, gone)) in by_site {
        if !put.is_empty() {
            knowledge.put(&site, put);
        }
        if !gone.is_empty() {
            knowledge.remove(&site, &gone);
        }
    }
}

/// A kept document as it goes into the index.
pub fn searched(document: KeptDocument) -> Document {
    Document {
        id: document.id,
        title: document.title,
        url: document.url,
        markdown: document.markdown,
        locale: Some(document.locale).filter(|locale| !locale.is_empty()),
        asked: Vec::new(),
    }
}
