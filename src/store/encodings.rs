//! What the sentence encoder made of passages, so that a restart does not read them all again.

use async_trait::async_trait;

use super::StoreError;

/// An encoding with more bytes is refused.
pub const LONGEST_ENCODING: usize = 4_096;

/// Encodings by a hash of what was read, whatever site or document it belongs to. Everything that returns `Ok` survives a `kill -9`.
/// Times are Unix times in milliseconds.
#[async_trait]
pub trait EncodingStore: Send + Sync {
    /// One for each hash, in their order; `None`: it is not kept. Those that are found count as used now, to the day.
    async fn encodings(&self, hashes: Vec<[u8; 16]>, now_ms: i64) -> Result<Vec<Option<Vec<u8>>>, StoreError>;

    /// Keeps encodings, each in the place of the one with the same hash, all or none. Forgets those that were not used for 90 days:
    /// a service that runs reads none that it holds in memory, and what is forgotten too early is only made again.
    async fn keep_encodings(&self, encodings: Vec<([u8; 16], Vec<u8>)>, now_ms: i64) -> Result<(), StoreError>;
}
