//! Documents in, passages out.
//!
//! Each site has an index of its own; nothing of one site is ever seen from another. A site without content of its own
//! answers from the manual of Pennypress.

mod chunk;
mod compose;
mod documents;
mod extract;
mod incoming;
mod index;
pub mod manual;
mod passage;
mod search;
mod spelling;
pub mod support;
mod terms;
mod thesaurus;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use arc_swap::ArcSwap;
use parking_lot::Mutex;

use index::Index;

pub use chunk::{Heading, Slugs, headings, options};
pub use documents::Library;
pub use incoming::{Incoming, IncomingError, Text, check_id, read_time, write_time};
pub use passage::{Composed, Document, DocumentVersion, Passage, Query, Retrieved};

/// What all sites know. Searching takes no lock and never waits.
pub struct Knowledge {
    manual: Arc<Index>,
    by_site: ArcSwap<HashMap<String, Arc<Index>>>,
    documents: Mutex<HashMap<String, BTreeMap<String, Document>>>,
}

impl Knowledge {
    /// Every site answers from the manual until it has content of its own.
    pub fn with_manual() -> Self {
        Self {
            manual: Arc::new(Index::new(&manual::documents())),
            by_site: ArcSwap::default(),
            documents: Mutex::default(),
        }
    }

    /// Makes these documents the whole content of a site; without any, the site answers from the manual again.
    pub fn replace(&self, site: &str, documents: Vec<Document>) {
        let mut all = self.documents.lock();
        let of_site = documents.into_iter().map(|one| (one.id.clone(), one)).collect();
        all.insert(site.to_owned(), of_site);
        self.build(site, &all[site]);
    }

    /// Adds documents to a site's content, or new versions of those that it has.
    pub fn put(&self, site: &str, documents: Vec<Document>) {
        let mut all = self.documents.lock();
        let of_site = all.entry(site.to_owned()).or_default();
        of_site.extend(documents.into_iter().map(|one| (one.id.clone(), one)));
        self.build(site, of_site);
    }

    /// Takes documents out of a site's content; one that is not there is no error.
    pub fn remove(&self, site: &str, ids: &[String]) {
        let mut all = self.documents.lock();
        if let Some(of_site) = all.get_mut(site) {
            of_site.retain(|id, _| !ids.contains(id));
            self.build(site, of_site);
        }
    }

    fn build(&self, site: &str, documents: &BTreeMap<String, Document>) {
        let all: Vec<Document> = documents.values().cloned().collect();
        let index = (!all.is_empty()).then(|| Arc::new(Index::new(&all)));
        self.by_site.rcu(|sites| {
            let mut sites = HashMap::clone(sites);
            match &index {
                Some(index) => sites.insert(site.to_owned(), index.clone()),
                None => sites.remove(site),
            };
            sites
        });
    }

    /// Whether the site answers from content of its own, not from the manual.
    pub fn has_content(&self, site: &str) -> bool {
        self.by_site.load().contains_key(site)
    }

    /// The version of a document as it is searched now; `None`: the site has no such document.
    pub fn document_version(&self, site: &str, id: &str) -> Option<DocumentVersion> {
        self.of(site).versions.get(id).copied()
    }

    /// The passages that may answer, the best first.
    pub fn search(&self, site: &str, query: &Query<'_>, limit: usize) -> Retrieved {
        let index = self.of(site);
        let asked = search::asked(&index, query.text);
        let hits = search::search(&index, &asked, limit);
        let confidence = hits.first().map_or(0.0, |best| best.covered);
        let passages = hits.into_iter().map(|hit| Passage {
            score: hit.score,
            ..hit.entry.passage.clone()
        });
        Retrieved {
            passages: passages.collect(),
            confidence,
        }
    }

    /// Changes when the site's content does, and only then; the same after a restart.
    pub fn version(&self, site: &str) -> String {
        self.of(site).version.clone()
    }

    /// An answer from the content alone.
    pub fn compose(&self, site: &str, query: &Query<'_>) -> Composed {
        let index = self.of(site);
        let asked = search::asked(&index, query.text);
        compose::compose(&index, &asked)
    }

    fn of(&self, site: &str) -> Arc<Index> {
        self.by_site.load().get(site).unwrap_or(&self.manual).clone()
    }
}

#[cfg(test)]
mod tests;
