//! What was learned of near matches outlives a restart: what models said of them, and what visitors rejected.

use std::time::Duration;

use super::{Answering, Parts, now_ms};
use crate::cache::near::{Hash, Learned, News, VERDICT_LIVES, VERDICTS};
use crate::store::StoreError;

/// How often verdicts are written; so many seconds of them a crash may cost.
const WRITE: Duration = Duration::from_secs(1);
const AT_ONCE: usize = 1_000;
/// Rejected pairs that are recalled at the start.
const REJECTED: u32 = 5_000;

impl Answering {
    /// Reads what earlier runs learned: curated answers, verdicts, and pairs that visitors rejected.
    pub async fn recall(&self) -> Result<(), StoreError> {
        let parts = &*self.0;
        for (site, asked, kept) in parts.curated_store.rejected_pairs(REJECTED).await? {
            let learned = Learned::Rejected { asked, kept };
            parts.near.hear(News { site, learned });
        }
        for (pair, answers) in parts.curated_store.verdicts(oldest_ms(), VERDICTS).await? {
            let (site, pair) = (String::new(), Hash(pair));
            let learned = Learned::Judged { pair, answers };
            parts.near.hear(News { site, learned });
        }
        parts.read_curated().await
    }

    /// Writes verdicts down, for as long as the task lives.
    pub async fn follow_learned(self) {
        loop {
            tokio::time::sleep(WRITE).await;
            self.0.write_learned().await;
        }
    }
}

impl Parts {
    /// Writes the verdicts that wait. Those that cannot be written wait on.
    pub(super) async fn write_learned(&self) {
        loop {
            let news = self.learned.take(AT_ONCE);
            if news.is_empty() {
                return;
            }
            let verdict = |news: &News| match &news.learned {
                Learned::Judged { pair, answers } => Some((pair.0, *answers)),
                // Answers are lost with this process, or in Redis, which keeps what leads to them; what a visitor rejected is written
                // with the thumb.
                Learned::Kept { .. } | Learned::Rejected { .. } => None,
            };
            let verdicts: Vec<_> = news.iter().filter_map(verdict).collect();
            if verdicts.is_empty() {
                continue;
            }
            if let Err(error) = self.curated_store.put_verdicts(verdicts, now_ms(), oldest_ms()).await {
                tracing::warn!(%error, "verdicts on near matches cannot be written");
                self.learned.put_back(news);
                return;
            }
        }
    }
}

fn oldest_ms() -> i64 {
    now_ms() - i64::try_from(VERDICT_LIVES.as_millis()).unwrap_or(i64::MAX)
}
