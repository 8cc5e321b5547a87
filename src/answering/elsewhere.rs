//! Services that share a cache make an answer once: who comes second waits for what the first one makes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Parts;
use super::run::Run;
use crate::cache::{CacheKey, CachedAnswer, Claim};

/// How long one service may be making an answer before another one begins as well.
const LEASE: Duration = Duration::from_secs(30);
/// How long a visitor waits for another service. After that the answer is made twice.
const PATIENCE: Duration = Duration::from_secs(8);
const LOOK_AGAIN: Duration = Duration::from_millis(100);

pub(super) enum Elsewhere {
    /// Another service made it.
    Made(Arc<CachedAnswer>),
    /// It is to be made here; the claim, if there is one, is to be released.
    Ours(Option<(CacheKey, Claim)>),
}

/// Waits for another service that is making the answer of `run`, or claims it.
pub(super) async fn made(parts: &Parts, run: &Run) -> Elsewhere {
    // Some words were told already, by somebody who broke off: only the models can go on from there.
    let Some(key) = run.key.filter(|_| run.with(|state| state.text.is_empty())) else {
        return Elsewhere::Ours(None);
    };
    let cancel = run.with(|state| state.cancel.clone());
    let due = Instant::now() + PATIENCE;
    let mut has_waited = false;
    let claim = loop {
        if let Some(claim) = parts.cache.claim(&key, LEASE).await {
            break claim;
        }
        has_waited = true;
        let waited = cancel.run_until_cancelled(tokio::time::sleep(LOOK_AGAIN)).await;
        if let Some(told) = parts.cache.get(&key).await {
            return Elsewhere::Made(told);
        }
        if waited.is_none() || Instant::now() >= due {
            return Elsewhere::Ours(None);
        }
    };
    // The other one may have finished between the last look and the claim.
    if has_waited && let Some(told) = parts.cache.get(&key).await {
        parts.cache.release(&key, claim).await;
        return Elsewhere::Made(told);
    }
    Elsewhere::Ours(Some((key, claim)))
}
