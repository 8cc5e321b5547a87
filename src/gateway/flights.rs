//! One at a time of the calls that ask the same: who comes second waits, and finds the answer in the cache.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use tokio::sync::OwnedMutexGuard;

use crate::cache::CacheKey;

/// From so many on, those that ended are swept out.
const MANY: usize = 1_024;

type Turns = HashMap<CacheKey, Weak<tokio::sync::Mutex<()>>>;

#[derive(Default)]
pub struct Flights(Mutex<Turns>);

impl Flights {
    /// Waits until nobody else asks for this. When the one before failed, the next one asks.
    pub async fn turn(&self, key: CacheKey) -> OwnedMutexGuard<()> {
        let turn = {
            let mut turns = self.0.lock();
            match turns.get(&key).and_then(Weak::upgrade) {
                Some(turn) => turn,
                None => {
                    if turns.len() >= MANY {
                        turns.retain(|_, turn| turn.strong_count() > 0);
                    }
                    let turn = Arc::default();
                    turns.insert(key, Arc::downgrade(&turn));
                    turn
                }
            }
        };
        turn.lock_owned().await
    }
}
