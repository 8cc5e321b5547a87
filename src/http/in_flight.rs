//! How many requests are being answered, and the end of taking new ones.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Counts requests from their head to the last byte of their answer. Clones count together.
#[derive(Clone, Default)]
pub struct InFlight(Arc<Counters>);

#[derive(Default)]
struct Counters {
    requests: AtomicUsize,
    closed: AtomicBool,
}

impl InFlight {
    pub fn requests(&self) -> usize {
        self.0.requests.load(Ordering::Acquire)
    }

    /// From now on every new request is refused.
    pub fn close(&self) {
        self.0.closed.store(true, Ordering::Release);
    }

    /// Counts a request until the guard is dropped; `None`: no new one is taken.
    pub fn enter(&self) -> Option<Guard> {
        if self.0.closed.load(Ordering::Acquire) {
            return None;
        }
        self.0.requests.fetch_add(1, Ordering::AcqRel);
        Some(Guard(self.clone()))
    }
}

/// A request that is being answered.
pub struct Guard(InFlight);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.0.requests.fetch_sub(1, Ordering::AcqRel);
    }
}
