//! What content needs of a store.

use async_trait::async_trait;

use super::StoreError;
use crate::domain::{DocumentChange, DocumentOutcome, KeptDocument, PageQuestion};

/// A change to a document as others follow it.
#[derive(Debug, Clone)]
pub struct Followed {
    /// Grows with every change to any document of any site.
    pub seq: i64,
    pub site: String,
    pub id: String,
    /// `None`: it was deleted.
    pub document: Option<KeptDocument>,
    /// The questions that it answers, as the operator said.
    pub asked: Vec<PageQuestion>,
}

/// A document on a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentEntry {
    pub id: String,
    pub url: String,
    pub title: String,
    pub locale: String,
    pub kind: String,
    pub source: String,
    pub version: String,
    pub words: u64,
    pub modified_ms: i64,
    pub updated_at_ms: i64,
}

/// A choice from a site's documents. `None` and an empty text mean any.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DocumentFilter {
    /// Stands in title, address or text, in any capitals.
    pub words: String,
    pub kind: Option<String>,
    /// The source itself, or what it begins with before `:`.
    pub source: Option<String>,
}

/// Documents of a choice, counted.
#[derive(Debug, Clone, Default)]
pub struct DocumentPage {
    pub items: Vec<DocumentEntry>,
    /// How many there are on all pages.
    pub total: u64,
    pub words: u64,
}

/// Everything that returns `Ok` survives a `kill -9`.
#[async_trait]
pub trait DocumentStore: Send + Sync {
    /// Applies changes in their order, all or none; one outcome a change. A document that is older than what is kept, or than its
    /// deletion, changes nothing.
    async fn change_documents(
        &self,
        site: &str,
        changes: Vec<DocumentChange>,
        at_ms: i64,
    ) -> Result<Vec<DocumentOutcome>, StoreError>;

    /// The changes after `seq`, oldest first: at most `limit`, and fewer when their texts have many bytes. A document that changed
    /// twice stands there once.
    async fn documents_after(&self, seq: i64, limit: u32) -> Result<Vec<Followed>, StoreError>;

    /// The number of the last change, by whichever process.
    async fn last_document_change(&self) -> Result<i64, StoreError>;

    /// The sites that have documents.
    async fn document_sites(&self) -> Result<Vec<String>, StoreError>;

    /// A site's documents by id, after `after`; at most `limit`.
    async fn document_entries(
        &self,
        site: &str,
        after: &str,
        source: Option<&str>,
        limit: u32,
    ) -> Result<Vec<DocumentEntry>, StoreError>;

    /// Page `page`, from 0, of `size` documents, the latest change first.
    async fn document_page(
        &self,
        site: &str,
        filter: &DocumentFilter,
        page: u32,
        size: u32,
    ) -> Result<DocumentPage, StoreError>;

    /// The kinds of documents that a site has, by name, with how many of each there are.
    async fn document_kinds(&self, site: &str) -> Result<Vec<(String, u64)>, StoreError>;

    async fn document(&self, site: &str, id: &str) -> Result<Option<KeptDocument>, StoreError>;
}
