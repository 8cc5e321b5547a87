//! What was answered before: the same question, or one that means the same, as long as the pages behind the answer stand.

use std::sync::Arc;

use super::retrieval::Found;
use super::run::Run;
use super::{Parts, curated, key};
use crate::cache::near::{Candidate, Meaning, Phrase, Scope, Word};
use crate::cache::{Basis, CacheKey, CachedAnswer};
use crate::domain::{From, NearHit, Original, Question, Reuse, Source, Tier};
use crate::knowledge::Passage;

/// Passages whose documents an answer rests on although they are not cited.
const LEADING: usize = 2;

/// A stored answer that a model is asked about first.
#[derive(Debug, Clone)]
pub struct Grey {
    pub from: From,
    pub told: Arc<CachedAnswer>,
    pub reuse: Reuse,
    /// The question that it was given to.
    pub question: String,
    /// Where the near cache keeps it; a curated answer is not kept there.
    pub(super) place: Option<(Scope, Candidate)>,
}

impl Grey {
    pub(super) fn of(told: Arc<CachedAnswer>, scope: &Scope, candidate: Candidate) -> Self {
        Self {
            from: From::Near,
            reuse: reuse(&candidate, true),
            question: candidate.question.clone(),
            told,
            place: Some((scope.clone(), candidate)),
        }
    }

    /// Under which the cache keeps it.
    pub(super) fn key(&self) -> Option<CacheKey> {
        self.place.as_ref().map(|(_, candidate)| candidate.key)
    }
}

fn reuse(candidate: &Candidate, verified: bool) -> Reuse {
    Reuse {
        of: Original::Cached(candidate.key.0),
        near: Some(NearHit {
            question: candidate.question.clone(),
            similarity: candidate.similarity,
            verified,
        }),
    }
}

/// What the near cache knows.
pub(super) enum Nearby {
    Answer(From, Arc<CachedAnswer>, Reuse),
    /// Maybe; none: nothing is near.
    Ask(Vec<Grey>),
}

impl Parts {
    /// The cached answer to this very question, if its content is still what it was.
    pub(super) async fn cached(&self, question: &Question, key: &CacheKey) -> Option<(Arc<CachedAnswer>, Reuse)> {
        let told = self.cache.get(key).await?;
        if !self.is_current(question, &told).await {
            self.cache.remove(key).await;
            self.near.forget(key);
            return None;
        }
        let reuse = Reuse {
            of: Original::Cached(key.0),
            near: None,
        };
        Some((told, reuse))
    }

    /// An answer to a question that means the same, or those that a model may be asked about.
    pub(super) async fn nearby(&self, question: &Question, tier: Tier, found: &Found) -> Nearby {
        if !key::stands_alone(question) {
            return Nearby::Ask(Vec::new());
        }
        let mut grey: Vec<Grey> = Vec::new();
        for near in self.near_curated(question).into_iter().take(1) {
            let hit = |verified| NearHit {
                question: near.answer.question.clone(),
                similarity: near.similarity,
                verified,
            };
            let told = curated::told(&near.answer);
            match self.near.verdict(&question.text, &near.answer.question, &told.text) {
                Some(true) => {
                    return Nearby::Answer(From::Curated, told, curated::reuse(&near.answer, Some(hit(true))));
                }
                Some(false) => {}
                None => grey.push(Grey {
                    from: From::Curated,
                    told,
                    reuse: curated::reuse(&near.answer, Some(hit(true))),
                    question: near.answer.question.clone(),
                    place: None,
                }),
            }
        }
        let scope = key::scope(question, self.models(question, tier), self.chain.temperature());
        let asked = Phrase::of(&question.text);
        let mut asked_about = self.near.daring().asked_about();
        for candidate in self.near.candidates(&scope, &asked) {
            let Some(told) = self.stored(question, &candidate).await else {
                continue;
            };
            let alike = leads_alike(&candidate, &found.passages);
            match self.near.word(&question.text, &candidate, &told.text, alike) {
                Word::No => {}
                // A curated answer that is still in doubt goes first.
                Word::Answers { verified } if grey.is_empty() => {
                    return Nearby::Answer(From::Near, told, reuse(&candidate, verified));
                }
                _ if asked_about > 0 => {
                    asked_about -= 1;
                    grey.push(Grey::of(told, &scope, candidate));
                }
                _ => {}
            }
        }
        Nearby::Ask(grey)
    }

    /// The answer of a candidate, if it is still there and its content is what it was.
    pub(super) async fn stored(&self, question: &Question, candidate: &Candidate) -> Option<Arc<CachedAnswer>> {
        let Some(told) = self.cache.get(&candidate.key).await else {
            // A cache that is away has lost nothing.
            if !self.cache.is_away() {
                self.near.forget(&candidate.key);
            }
            return None;
        };
        self.is_current(question, &told).await.then_some(told)
    }

    /// In which company answers to this question may stand for each other: before the content has a say in the tier.
    pub(super) fn near_scope(&self, question: &Question) -> Scope {
        let tier = self.route(question, None).tier;
        key::scope(question, self.models(question, tier), self.chain.temperature())
    }

    /// Keeps an answer for those who ask the same, or the same in other words.
    pub(super) async fn keep(&self, question: &Question, key: &CacheKey, told: CachedAnswer, meaning: Option<Meaning>) {
        if key::stands_alone(question) {
            let scope = self.near_scope(question);
            let leading = told
                .basis
                .documents
                .iter()
                .take(LEADING)
                .map(|(id, _)| id.clone())
                .collect();
            self.near.keep(&scope, *key, &question.text, leading, meaning);
        }
        self.cache.put(key, Arc::new(told)).await;
    }

    /// What an answer rests on: the documents of the leading passages, and those that it cites, as they were when it began.
    pub(super) fn basis(run: &Run, cited: &[Source]) -> Basis {
        let mut documents = Vec::new();
        for (at, passage) in run.passages.iter().enumerate() {
            let is_cited = cited.iter().any(|source| source.url == passage.url);
            let named = (passage.document.clone(), passage.version);
            if (at < LEADING || is_cited) && !documents.contains(&named) {
                documents.push(named);
            }
        }
        Basis {
            documents,
            content_version: run.content_version.clone(),
        }
    }

    /// Whether the documents behind an answer are as they were; and when others changed, whether the question still leads to them.
    pub(super) async fn is_current(&self, question: &Question, told: &CachedAnswer) -> bool {
        let (site, basis) = (&question.site.key, &told.basis);
        if self.knowledge.has_version(site, &basis.content_version) {
            return true;
        }
        let stands = |(id, version): &(String, _)| self.knowledge.document_version(site, id) == Some(*version);
        if !basis.documents.iter().all(stands) {
            return false;
        }
        // A page that is new may hold a better answer: then it leads.
        match self.find_again(question).await.passages.first() {
            Some(first) => basis.documents.iter().any(|(id, _)| *id == first.document),
            None => basis.documents.is_empty(),
        }
    }
}

/// Both questions lead to the same page, or neither to any.
fn leads_alike(candidate: &Candidate, passages: &[Passage]) -> bool {
    match passages.first() {
        Some(first) => candidate.leading.contains(&first.document),
        None => candidate.leading.is_empty(),
    }
}
