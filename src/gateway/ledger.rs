//! Hands calls to the store in batches, from wherever they end: also from a stream that is dropped, which cannot wait.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::domain::UpstreamCall;
use crate::store::AnswerStore;

/// Calls that are handed over at once at most.
const BATCH: usize = 500;

pub struct Ledger {
    /// As many wait as there are calls under way; the writer's own queue is where more of them would pile up.
    queue: Mutex<Option<mpsc::UnboundedSender<UpstreamCall>>>,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Ledger {
    pub fn open(store: Arc<dyn AnswerStore>, runtime: &Handle) -> Self {
        let (queue, mut calls) = mpsc::unbounded_channel();
        let task = runtime.spawn(async move {
            let mut batch = Vec::new();
            while calls.recv_many(&mut batch, BATCH).await > 0 {
                store.record_calls(std::mem::take(&mut batch)).await;
            }
        });
        Self {
            queue: Mutex::new(Some(queue)),
            task: Mutex::new(Some(task)),
        }
    }

    pub fn write(&self, call: UpstreamCall) {
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

/// Unix time in milliseconds.
pub fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
