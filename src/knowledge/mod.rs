//! Documents in, passages out.
//!
//! Each site has an index of its own; nothing of one site is ever seen from another. A site without content of its own
//! answers from the manual of Pennypress.

mod chunk;
mod compose;
mod index;
pub mod manual;
mod search;
mod spelling;
mod terms;
mod thesaurus;

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::domain::Source;
use index::Index;

pub use chunk::{Document, Heading, Slugs, headings, options};

/// A stretch of a document that may answer a question.
#[derive(Debug, Clone, PartialEq)]
pub struct Passage {
    pub document: String,
    pub title: String,
    /// The heading path below the title, such as `Installing › From a zip`.
    pub section: String,
    /// With the section's fragment when it has one.
    pub url: String,
    /// Markdown, whole paragraphs.
    pub text: String,
    /// Comparable within one search only; the best has the highest.
    pub score: f32,
}

/// An answer put together from passages, without a model.
#[derive(Debug, Clone, PartialEq)]
pub struct Composed {
    /// Markdown, with `[n]` where a source is cited.
    pub text: String,
    pub sources: Vec<Source>,
    /// False: the content does not hold the answer, and the text says so honestly.
    pub found: bool,
}

/// What all sites know. Searching takes no lock and never waits.
pub struct Knowledge {
    manual: Arc<Index>,
    by_site: ArcSwap<HashMap<String, Arc<Index>>>,
}

impl Knowledge {
    /// Every site answers from the manual until it has content of its own.
    pub fn with_manual() -> Self {
        Self {
            manual: Arc::new(Index::new(&manual::documents())),
            by_site: ArcSwap::default(),
        }
    }

    /// Makes these documents the whole content of a site; without any, the site answers from the manual again.
    pub fn replace(&self, site: &str, documents: &[Document]) {
        let index = (!documents.is_empty()).then(|| Arc::new(Index::new(documents)));
        self.by_site.rcu(|sites| {
            let mut sites = HashMap::clone(sites);
            match &index {
                Some(index) => sites.insert(site.to_owned(), index.clone()),
                None => sites.remove(site),
            };
            sites
        });
    }

    /// The passages that may answer, the best first; none when no word of the question stands anywhere.
    pub fn search(&self, site: &str, question: &str, limit: usize) -> Vec<Passage> {
        let index = self.of(site);
        let asked = search::asked(&index, question);
        let hits = search::search(&index, &asked, limit);
        hits.into_iter()
            .map(|hit| Passage {
                score: hit.score,
                ..hit.entry.passage.clone()
            })
            .collect()
    }

    /// Changes when the site's content does, and only then; the same after a restart.
    pub fn version(&self, site: &str) -> String {
        self.of(site).version.clone()
    }

    /// An answer from the content alone.
    pub fn compose(&self, site: &str, question: &str) -> Composed {
        let index = self.of(site);
        let asked = search::asked(&index, question);
        compose::compose(&index, &asked)
    }

    fn of(&self, site: &str) -> Arc<Index> {
        self.by_site.load().get(site).unwrap_or(&self.manual).clone()
    }
}

#[cfg(test)]
mod tests;
