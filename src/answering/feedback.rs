//! What a visitor's thumb does to the answers that are kept.

use super::{Answering, now_ms};
use crate::cache::CacheKey;
use crate::domain::{Answer, Original, Rating};
use crate::store::{Feedback, StoreError};

impl Answering {
    /// Writes a thumb down. A thumb down takes the answer out of the cache; when it was an answer to another question, only
    /// that pairing ends, and in its neighbourhood questions must be closer from now on. False when there is no such answer.
    pub async fn rate(&self, feedback: Feedback) -> Result<bool, StoreError> {
        let parts = &*self.0;
        let (id, rating, site) = (feedback.answer, feedback.rating, feedback.site.clone());
        if !parts.store.feedback(feedback).await? {
            return Ok(false);
        }
        if rating == Rating::Down
            && let Some(answer) = parts.store.answer(id).await?
        {
            self.unlearn(&site, &answer).await?;
        }
        Ok(true)
    }

    async fn unlearn(&self, site: &str, answer: &Answer) -> Result<(), StoreError> {
        let parts = &*self.0;
        let Some(reuse) = &answer.reuse else { return Ok(()) };
        match &reuse.near {
            Some(hit) => {
                parts.near.reject(site, &answer.question, &hit.question);
                let (asked, kept) = (&answer.question, &hit.question);
                parts.curated_store.reject_pair(site, asked, kept, now_ms()).await?;
            }
            // What the operator wrote stays until the operator changes it.
            None => {
                if let Original::Cached(key) = reuse.of {
                    let key = CacheKey(key);
                    // One that was made since is not what the visitor saw.
                    let kept = parts.cache.get_stale(&key).await;
                    if kept.is_none_or(|kept| kept.text == answer.text) {
                        parts.near.forget(&key);
                        parts.cache.remove(&key).await;
                    }
                }
            }
        }
        Ok(())
    }
}
