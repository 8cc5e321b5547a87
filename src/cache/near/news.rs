//! What one service learned, for others to hear and for the store to keep.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use super::outer::Meaning;
use crate::cache::CacheKey;

/// News that wait for one listener; older ones are dropped.
const MOST_WAITING: usize = 10_000;

/// One thing learned at a site.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct News {
    /// The site's key.
    pub site: String,
    pub learned: Learned,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Learned {
    /// An answer is found by a question.
    Kept {
        scope: Hash,
        key: Hash,
        question: String,
        /// The question that the answer was given to, where that is another one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        answered: Option<String>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        leading: Vec<String>,
        /// Its vector by a provider's model.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        meaning: Option<Meaning>,
    },
    /// A model judged a pair of questions and an answer, by their hash.
    Judged { pair: Hash, answers: bool },
    /// A visitor rejected the answer to `kept` for `asked`.
    Rejected { asked: String, kept: String },
}

/// 32 bytes, written as 64 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Hash(pub [u8; 32]);

impl From<Hash> for String {
    fn from(hash: Hash) -> Self {
        blake3::Hash::from(hash.0).to_hex().to_string()
    }
}

impl TryFrom<String> for Hash {
    type Error = blake3::HexError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        blake3::Hash::from_hex(text).map(|hash| Self(*hash.as_bytes()))
    }
}

impl From<CacheKey> for Hash {
    fn from(key: CacheKey) -> Self {
        Self(key.0)
    }
}

/// News that wait to be taken. Clones are one.
#[derive(Clone, Default)]
pub struct Waiting(Arc<Mutex<VecDeque<News>>>);

impl Waiting {
    pub(super) fn tell(&self, news: News) {
        let mut waiting = self.0.lock();
        if waiting.len() >= MOST_WAITING {
            waiting.pop_front();
        }
        waiting.push_back(news);
    }

    /// The oldest, at most so many.
    pub fn take(&self, most: usize) -> Vec<News> {
        let mut waiting = self.0.lock();
        let count = waiting.len().min(most);
        waiting.drain(..count).collect()
    }

    /// What could not be told waits again, before what came since.
    pub fn put_back(&self, news: Vec<News>) {
        let mut waiting = self.0.lock();
        let room = MOST_WAITING.saturating_sub(waiting.len());
        let skipped = news.len().saturating_sub(room);
        for one in news.into_iter().skip(skipped).rev() {
            waiting.push_front(one);
        }
    }
}
