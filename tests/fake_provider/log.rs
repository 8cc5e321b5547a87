//! What the fake provider was asked, and what became of it. Times are nanoseconds of Unix time.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use parking_lot::Mutex;
use serde::Serialize;
use serde_json::Value;
use tokio::sync::watch;

use super::http::Request;

/// More requests than these are not remembered, nor more times of one request's tokens.
const MOST_ENTRIES: usize = 10_000;
const MOST_TIMES: usize = 10_000;
const MOST_OF_A_BODY: usize = 64 << 10;

/// One request for an answer.
#[derive(Debug, Clone, Serialize)]
pub struct Entry {
    pub number: u64,
    pub path: String,
    /// Names in lower case.
    pub headers: BTreeMap<String, String>,
    pub model: String,
    pub body: Value,
    /// The body byte for byte, as far as it is text; of a long one the beginning.
    pub raw: String,
    pub received_ns: u64,
    /// When the first byte of the answer was handed to the system.
    pub first_byte_ns: Option<u64>,
    pub tokens_sent: usize,
    /// When each token was handed to the system.
    pub token_ns: Vec<u64>,
    /// When the answer's last byte, or its fault, was played to the end.
    pub ended_ns: Option<u64>,
    /// When the client was seen to have left before that.
    pub left_ns: Option<u64>,
}

/// Clones share the entries.
#[derive(Clone)]
pub struct Log {
    entries: Arc<Mutex<Entries>>,
    /// Counts the changes, so that somebody can wait for one.
    pub changes: watch::Sender<u64>,
}

#[derive(Default)]
struct Entries {
    first: u64,
    all: Vec<Entry>,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            entries: Arc::default(),
            changes: watch::Sender::new(0),
        }
    }
}

impl Log {
    pub fn all(&self) -> Vec<Entry> {
        self.entries.lock().all.clone()
    }

    pub fn forget(&self) {
        let mut entries = self.entries.lock();
        entries.first += entries.all.len() as u64;
        entries.all.clear();
    }

    pub(super) fn begin(&self, request: Request, model: &str, body: Value) -> u64 {
        let length = request.body.len().min(MOST_OF_A_BODY);
        let mut entries = self.entries.lock();
        let number = entries.first + entries.all.len() as u64;
        if entries.all.len() < MOST_ENTRIES {
            entries.all.push(Entry {
                number,
                path: request.path,
                headers: request.headers,
                model: model.to_owned(),
                body,
                raw: String::from_utf8_lossy(&request.body[..length]).into_owned(),
                received_ns: now_ns(),
                first_byte_ns: None,
                tokens_sent: 0,
                token_ns: Vec::new(),
                ended_ns: None,
                left_ns: None,
            });
        }
        drop(entries);
        self.changed();
        number
    }

    pub(super) fn first_byte(&self, number: u64) {
        self.change(number, |entry| {
            entry.first_byte_ns.get_or_insert_with(now_ns);
        });
    }

    pub(super) fn token(&self, number: u64) {
        self.change(number, |entry| {
            entry.tokens_sent += 1;
            if entry.token_ns.len() < MOST_TIMES {
                entry.token_ns.push(now_ns());
            }
        });
    }

    pub(super) fn ended(&self, number: u64) {
        self.change(number, |entry| entry.ended_ns = Some(now_ns()));
    }

    pub(super) fn left(&self, number: u64) {
        self.change(number, |entry| entry.left_ns = Some(now_ns()));
    }

    fn change(&self, number: u64, change: impl FnOnce(&mut Entry)) {
        let mut entries = self.entries.lock();
        let at = number.checked_sub(entries.first);
        if let Some(entry) = at.and_then(|at| entries.all.get_mut(at as usize)) {
            change(entry);
        }
        drop(entries);
        self.changed();
    }

    fn changed(&self) {
        self.changes.send_modify(|count| *count += 1);
    }
}

fn now_ns() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_nanos() as u64)
}
