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

    /// Counts a request until it leaves; false: no new one is taken.
    #[must_use]
    pub fn enter(&self) -> bool {
        let is_open = !self.0.closed.load(Ordering::Acquire);
        if is_open {
            self.0.requests.fetch_add(1, Ordering::AcqRel);
        }
        is_open
    }

    /// One that entered has been answered.
    pub fn leave(&self) {
        self.0.requests.fetch_sub(1, Ordering::AcqRel);
    }
}
