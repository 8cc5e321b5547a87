//! The answers that the operator wrote, in memory: they are looked at before everything else, with or without a provider.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use parking_lot::Mutex;

use super::key::normalised;
use super::{Answering, Parts, key, now_ms};
use crate::cache::near::{Phrase, Zone};
use crate::cache::{Basis, CachedAnswer};
use crate::domain::{CuratedAnswer, CuratedId, Finish, From, NearHit, Original, Question, Reuse};
use crate::store::StoreError;

/// How often another service's writes to the same store are looked for.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// All curated answers. Reading takes no lock.
#[derive(Default)]
pub struct Curated {
    by_site: ArcSwap<HashMap<String, Vec<Entry>>>,
    /// The store's revision that is in memory.
    revision: Mutex<Option<i64>>,
}

struct Entry {
    answer: Arc<CuratedAnswer>,
    normalised: String,
    phrase: Phrase,
}

/// A curated answer to a question that was put otherwise.
pub(super) struct NearCurated {
    pub answer: Arc<CuratedAnswer>,
    pub similarity: f32,
    pub zone: Zone,
}

impl Curated {
    fn fill(&self, answers: Vec<CuratedAnswer>) {
        let mut by_site: HashMap<String, Vec<Entry>> = HashMap::new();
        for answer in answers {
            let entry = Entry {
                normalised: normalised(&answer.question),
                phrase: Phrase::of(&answer.question),
                answer: Arc::new(answer),
            };
            by_site.entry(entry.answer.site.clone()).or_default().push(entry);
        }
        self.by_site.store(Arc::new(by_site));
    }

    /// The answer to this very question; of several the latest.
    fn exact(&self, question: &Question) -> Option<Arc<CuratedAnswer>> {
        let sites = self.by_site.load();
        let here = sites.get(&question.site.key)?;
        let text = normalised(&question.text);
        let found = here
            .iter()
            .find(|one| one.normalised == text && speaks(&one.answer, question));
        found.map(|one| one.answer.clone())
    }
}

/// Languages are compared by their first part: `pt-br` is `pt`.
fn speaks(answer: &CuratedAnswer, question: &Question) -> bool {
    let language = |tag: &str| tag.split('-').next().unwrap_or_default().to_owned();
    answer.locale.is_empty() || language(&answer.locale) == language(&question.locale)
}

impl Parts {
    /// Reads the curated answers anew if they changed, also by another service on the same store; drops what they replace.
    pub(super) async fn read_curated(&self) -> Result<(), StoreError> {
        let revision = self.curated_store.curated_revision().await?;
        if *self.curated.revision.lock() == Some(revision) {
            return Ok(());
        }
        let answers = self.curated_store.curated().await?;
        for answer in &answers {
            self.drop_replaced(answer).await;
        }
        self.curated.fill(answers);
        *self.curated.revision.lock() = Some(revision);
        Ok(())
    }

    /// What was cached for the question of a curated answer, and near it, is never told again.
    async fn drop_replaced(&self, answer: &CuratedAnswer) {
        for key in self.near.forget_around(&answer.site, &Phrase::of(&answer.question)) {
            self.cache.remove(&key).await;
        }
    }

    /// What the operator wrote for this question, or for one that is surely the same.
    pub(super) fn curated_answer(&self, question: &Question) -> Option<(Arc<CachedAnswer>, Reuse)> {
        if !question.history.is_empty() {
            return None;
        }
        if let Some(answer) = self.curated.exact(question) {
            return Some((told(&answer), reuse(&answer, None)));
        }
        let near = self.near_curated(question);
        let sure = near.into_iter().find(|one| one.zone == Zone::Sure)?;
        let hit = NearHit {
            question: sure.answer.question.clone(),
            similarity: sure.similarity,
            verified: false,
        };
        Some((told(&sure.answer), reuse(&sure.answer, Some(hit))))
    }

    /// Curated answers in the sure or the grey zone, the nearest first.
    pub(super) fn near_curated(&self, question: &Question) -> Vec<NearCurated> {
        let sites = self.curated.by_site.load();
        let Some(here) = sites.get(&question.site.key).filter(|_| key::stands_alone(question)) else {
            return Vec::new();
        };
        let asked = Phrase::of(&question.text);
        let judged = here
            .iter()
            .filter(|one| speaks(&one.answer, question))
            .filter_map(|one| {
                let similarity = one.phrase.vector.similarity(&asked.vector);
                let zone = self.near.judge(&question.site.key, &asked, &one.phrase, similarity);
                (zone != Zone::No).then(|| NearCurated {
                    answer: one.answer.clone(),
                    similarity,
                    zone,
                })
            });
        let mut near: Vec<NearCurated> = judged.collect();
        near.sort_by(|one, other| other.similarity.total_cmp(&one.similarity));
        near
    }
}

pub(super) fn told(answer: &CuratedAnswer) -> Arc<CachedAnswer> {
    Arc::new(CachedAnswer {
        text: answer.text.as_str().into(),
        sources: answer.sources.as_slice().into(),
        finish: Finish::Stop,
        made_by: From::Curated,
        model: None,
        prompt_tokens: 0,
        completion_tokens: 0,
        made_at_ms: answer.updated_at_ms,
        basis: Basis::default(),
    })
}

pub(super) fn reuse(answer: &CuratedAnswer, near: Option<NearHit>) -> Reuse {
    Reuse {
        of: Original::Curated(answer.id),
        near,
    }
}

/// A curated answer as the operator gives it, checked for its length.
pub struct Draft {
    /// The one to be changed; `None`: a new one.
    pub id: Option<CuratedId>,
    pub site: String,
    pub question: String,
    pub text: String,
    /// Empty: every language.
    pub locale: String,
}

impl Answering {
    /// Writes a curated answer; it counts from now on. One to the same question of the same site and language is changed.
    pub async fn curate(&self, draft: Draft) -> Result<CuratedId, StoreError> {
        let parts = &*self.0;
        let now = now_ms();
        let all = parts.curated_store.curated().await?;
        let question = normalised(&draft.question);
        let same = |one: &&CuratedAnswer| match draft.id {
            Some(id) => one.id == id,
            None => one.site == draft.site && one.locale == draft.locale && normalised(&one.question) == question,
        };
        let old = all.iter().find(same);
        let answer = CuratedAnswer {
            id: old.map_or_else(CuratedId::generate, |old| old.id),
            site: draft.site,
            question: draft.question,
            text: draft.text,
            locale: draft.locale,
            sources: old.map(|old| old.sources.clone()).unwrap_or_default(),
            created_at_ms: old.map_or(now, |old| old.created_at_ms),
            updated_at_ms: now,
        };
        parts.curated_store.put_curated(&answer).await?;
        parts.read_curated().await?;
        Ok(answer.id)
    }

    /// Takes a curated answer back; false when there is none.
    pub async fn uncurate(&self, id: CuratedId) -> Result<bool, StoreError> {
        let was_there = self.0.curated_store.delete_curated(id).await?;
        self.0.read_curated().await?;
        Ok(was_there)
    }

    /// All curated answers, the latest changed first.
    pub async fn curated(&self) -> Result<Vec<CuratedAnswer>, StoreError> {
        self.0.curated_store.curated().await
    }

    /// Follows what other services write to the same store, for as long as the task lives.
    pub async fn follow_curated(self) {
        loop {
            tokio::time::sleep(LOOK_AGAIN).await;
            match self.0.read_curated().await {
                // The store says so itself.
                Ok(()) | Err(StoreError::Away | StoreError::Closed) => {}
                Err(error) => tracing::warn!(%error, "the curated answers cannot be read"),
            }
        }
    }
}
