//! The index follows the store, whatever comes in between.

use std::sync::Mutex;

use async_trait::async_trait;

use super::*;
use crate::domain::{DocumentChange, DocumentOutcome, KeptDocument};
use crate::knowledge::ingest::Shelves;
use crate::store::documents::{DocumentEntry, DocumentFilter, DocumentPage, Followed};
use crate::store::{self, DocumentStore, StoreError};

/// Its first change was to a site that is gone. Another process writes the second one right after the store was asked what came.
struct Late(Mutex<Option<Followed>>);

#[async_trait]
impl DocumentStore for Late {
    async fn documents_after(&self, seq: i64, _: u32) -> Result<Vec<Followed>, StoreError> {
        let mut second = self.0.lock().expect("no panic");
        let found = second.iter().filter(|change| change.seq > seq).cloned().collect();
        second.get_or_insert_with(|| Followed {
            seq: 2,
            site: "a".to_owned(),
            id: "otters".to_owned(),
            document: Some(KeptDocument {
                id: "otters".to_owned(),
                url: String::new(),
                title: "Otters".to_owned(),
                locale: String::new(),
                kind: "page".to_owned(),
                source: "upload".to_owned(),
                markdown: "They live here.".to_owned(),
                modified_ms: 0,
            }),
            asked: Vec::new(),
        });
        Ok(found)
    }

    async fn last_document_change(&self) -> Result<i64, StoreError> {
        Ok(self.0.lock().expect("no panic").as_ref().map_or(1, |second| second.seq))
    }

    async fn change_documents(
        &self,
        _: &str,
        _: Vec<DocumentChange>,
        _: i64,
    ) -> Result<Vec<DocumentOutcome>, StoreError> {
        Ok(Vec::new())
    }

    async fn document_sites(&self) -> Result<Vec<String>, StoreError> {
        Ok(Vec::new())
    }

    async fn document_entries(
        &self,
        _: &str,
        _: &str,
        _: Option<&str>,
        _: u32,
    ) -> Result<Vec<DocumentEntry>, StoreError> {
        Ok(Vec::new())
    }

    async fn document_page(&self, _: &str, _: &DocumentFilter, _: u32, _: u32) -> Result<DocumentPage, StoreError> {
        Ok(DocumentPage::default())
    }

    async fn document_kinds(&self, _: &str) -> Result<Vec<(String, u64)>, StoreError> {
        Ok(Vec::new())
    }

    async fn document(&self, _: &str, _: &str) -> Result<Option<KeptDocument>, StoreError> {
        Ok(None)
    }
}

#[tokio::test]
async fn a_change_that_comes_while_the_store_is_asked_is_not_skipped() {
    let store = store::open("sqlite::memory:").await.expect("a store");
    let late = Arc::new(Late(Mutex::default()));
    let shelves = Shelves {
        documents: late.clone(),
        syncs: store.clone(),
        encodings: store,
    };
    let knowledge = Arc::new(Knowledge::with_manual());
    let library = Library::open(shelves, knowledge.clone()).await.expect("a library");
    while late.0.lock().expect("no panic").is_none() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    library.caught_up().await.expect("to catch up");
    assert!(knowledge.has_content("a"));
}
