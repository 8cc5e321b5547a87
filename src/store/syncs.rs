//! How content came in, for the operator to see, and what the next time needs to know.

use async_trait::async_trait;

use super::StoreError;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SyncState {
    #[default]
    Running,
    Done,
    /// It could not go on.
    Failed,
}

impl SyncState {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Running, Self::Done, Self::Failed]
            .into_iter()
            .find(|one| one.as_str() == text)
    }
}

/// A reading of a source: under way, or how it ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sync {
    /// 0 until it is written down.
    pub id: i64,
    pub site: String,
    pub source: String,
    pub state: SyncState,
    /// What it is at, or how it ended; at most 300 characters.
    pub note: String,
    pub seen: u64,
    /// How many there will be, as far as is known; 0: unknown.
    pub expected: u64,
    pub stored: u64,
    pub unchanged: u64,
    pub removed: u64,
    pub failed: u64,
    pub began_at_ms: i64,
    pub seen_at_ms: i64,
}

/// Something that went wrong with one document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    pub what: String,
    pub why: String,
}

/// What a web server said of a page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fetched {
    pub url: String,
    /// The document that was made of it; empty: none.
    pub document: String,
    pub etag: String,
    pub last_modified: String,
}

#[async_trait]
pub trait SyncStore: Send + std::marker::Sync {
    /// Writes a sync down, with new troubles; its number.
    async fn note_sync(&self, sync: Sync, troubles: Vec<Trouble>) -> Result<i64, StoreError>;
    /// A site's latest syncs, the newest first.
    async fn syncs(&self, site: &str, limit: u32) -> Result<Vec<Sync>, StoreError>;
    /// The first troubles of a sync.
    async fn troubles(&self, sync: i64, limit: u32) -> Result<Vec<Trouble>, StoreError>;
    async fn fetched(&self, site: &str, url: &str) -> Result<Option<Fetched>, StoreError>;
    async fn note_fetched(&self, site: &str, fetched: Fetched) -> Result<(), StoreError>;
}
