//! Hands calls to the store in batches, from wherever they end: also from a stream that is dropped, which cannot wait.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::domain::{Saving, UpstreamCall};
use crate::models::tokenizer;
use crate::store::AnswerStore;

/// Calls that are handed over at once at most.
const BATCH: usize = 500;

/// How long the first call of a batch waits for company, so that a flood does not wake this task for each.
const GATHER: Duration = Duration::from_millis(10);

/// A call whose tokens have still to be counted.
type Counting = Box<dyn FnOnce() -> UpstreamCall + Send>;

enum Entry {
    Call(Box<UpstreamCall>),
    Counting(Counting),
    Saving(Saving),
}

pub struct Ledger {
    /// As many wait as there are calls under way; the writer's own queue is where more of them would pile up.
    queue: Mutex<Option<mpsc::UnboundedSender<Entry>>>,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Ledger {
    pub fn open(store: Arc<dyn AnswerStore>, runtime: &Handle) -> Self {
        let (queue, mut calls) = mpsc::unbounded_channel();
        let task = runtime.spawn(async move {
            let mut batch = Vec::new();
            while calls.recv_many(&mut batch, BATCH).await > 0 {
                if batch.len() < BATCH && !calls.is_closed() {
                    tokio::time::sleep(GATHER).await;
                    while let Some(more) = calls.try_recv().ok().filter(|_| batch.len() < BATCH) {
                        batch.push(more);
                    }
                }
                let (calls, savings) = sorted(batch.drain(..)).await;
                if !calls.is_empty() {
                    store.record_calls(calls).await;
                }
                if !savings.is_empty() {
                    store.record_savings(savings).await;
                }
            }
        });
        Self {
            queue: Mutex::new(Some(queue)),
            task: Mutex::new(Some(task)),
        }
    }

    pub fn write(&self, call: UpstreamCall) {
        self.send(Entry::Call(Box::new(call)));
    }

    /// The same for a call whose tokens are counted first, on a thread that may block.
    pub fn write_counted(&self, counting: impl FnOnce() -> UpstreamCall + Send + 'static) {
        self.send(Entry::Counting(Box::new(counting)));
    }

    /// A program was given an answer from the cache.
    pub fn write_saving(&self, saving: Saving) {
        self.send(Entry::Saving(saving));
    }

    fn send(&self, call: Entry) {
        let sent = self.queue.lock().as_ref().is_some_and(|queue| queue.send(call).is_ok());
        if !sent {
            tracing::error!("a call ended after the ledger was closed, and is not in it");
        }
    }

    /// Hands over what waits.
    pub async fn close(&self) {
        self.queue.lock().take();
        let task = self.task.lock().take();
        if let Some(Err(error)) = match task {
            Some(task) => Some(task.await),
            None => None,
        } {
            tracing::error!(%error, "the ledger's task did not end by itself");
        }
    }
}

async fn sorted(entries: impl Iterator<Item = Entry>) -> (Vec<UpstreamCall>, Vec<Saving>) {
    let (mut calls, mut savings, mut uncounted) = (Vec::new(), Vec::new(), Vec::<Counting>::new());
    for entry in entries {
        match entry {
            Entry::Call(call) => calls.push(*call),
            Entry::Counting(counting) => uncounted.push(counting),
            Entry::Saving(saving) => savings.push(saving),
        }
    }
    if !uncounted.is_empty() {
        let counting = tokenizer::count(move || uncounted.into_iter().map(|counting| counting()).collect::<Vec<_>>());
        calls.extend(counting.await.unwrap_or_default());
    }
    (calls, savings)
}

/// Unix time in milliseconds.
pub fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
