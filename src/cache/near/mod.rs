//! Questions that mean the same as one that was answered before.
//!
//! Everything here is decided in memory, without I/O: which stored questions are near, in which zone, and what visitors and
//! models said of such pairs. The answers themselves stay in the exact cache, under the key that an entry names.

mod apart;
mod phrase;
mod scan;
mod zone;

use std::collections::HashMap;
use std::time::Duration;

use moka::sync::Cache;
use parking_lot::RwLock;

use super::CacheKey;
use crate::embeddings::Vector;

pub use apart::{Difference, apart};
pub use phrase::Phrase;
pub use scan::Vectors;
pub use zone::{Daring, Zone};

/// Entries a scope has at most; a new one then takes the place of an old one.
const MOST_ENTRIES: usize = 100_000;
/// Stored questions that are looked at for one asked.
const LOOKED_AT: usize = 3;
/// Verdicts that are remembered, and for how long.
const VERDICTS: u64 = 100_000;
const VERDICT_LIVES: Duration = Duration::from_secs(7 * 86_400);
/// Of a site, this many rejected pairs are remembered, the latest.
const MOST_REJECTED: usize = 500;
/// Questions so close to a rejected one are of its neighbourhood.
const NEIGHBOURHOOD: f32 = 0.80;
/// By how much the next must be closer there.
const RAISED: f32 = 0.02;

/// Within a scope answers may stand for each other: one site, language, persona and chain of models.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Scope {
    /// The site's key.
    pub site: String,
    /// The BLAKE3 hash of the rest.
    pub rest: [u8; 32],
}

/// A stored answer that may answer the question asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    pub key: CacheKey,
    /// The question that it was given to.
    pub question: String,
    pub similarity: f32,
    /// Never [`Zone::No`].
    pub zone: Zone,
    /// The documents that its question led to, the best first.
    pub leading: Vec<String>,
}

struct Entry {
    key: CacheKey,
    question: String,
    leading: Vec<String>,
}

#[derive(Default)]
struct Entries {
    vectors: Vectors,
    entries: Vec<Entry>,
    /// Whose turn it is to go when the scope is full.
    oldest: usize,
}

/// A pair that a visitor rejected.
struct Rejected {
    asked: String,
    asked_vector: Vector,
    kept_vector: Vector,
    similarity: f32,
}

pub struct NearCache {
    daring: Daring,
    scopes: RwLock<HashMap<Scope, Entries>>,
    verdicts: Cache<[u8; 32], bool>,
    rejected: RwLock<HashMap<String, Vec<Rejected>>>,
}

impl NearCache {
    pub fn new(daring: Daring) -> Self {
        let verdicts = Cache::builder()
            .max_capacity(VERDICTS)
            .time_to_live(VERDICT_LIVES)
            .build();
        Self {
            daring,
            scopes: RwLock::default(),
            verdicts,
            rejected: RwLock::default(),
        }
    }

    pub fn daring(&self) -> Daring {
        self.daring
    }

    /// Lets an answer be found by what its question means. A key that is there already stays as it is.
    pub fn keep(&self, scope: &Scope, key: CacheKey, question: &str, leading: Vec<String>) {
        if self.daring == Daring::Off {
            return;
        }
        let vector = crate::embeddings::embed(question).vector;
        let mut scopes = self.scopes.write();
        let here = scopes.entry(scope.clone()).or_default();
        if vector.is_zero() || here.entries.iter().any(|entry| entry.key == key) {
            return;
        }
        if here.entries.len() >= MOST_ENTRIES {
            here.oldest = (here.oldest + 1) % MOST_ENTRIES;
            here.remove(here.oldest);
        }
        here.vectors.push(&vector);
        here.entries.push(Entry {
            key,
            question: question.to_owned(),
            leading,
        });
    }

    /// What may answer, the nearest first.
    pub fn candidates(&self, scope: &Scope, asked: &Phrase) -> Vec<Candidate> {
        let scopes = self.scopes.read();
        let Some(here) = scopes.get(scope) else {
            return Vec::new();
        };
        let near = here.vectors.nearest(&asked.vector, self.daring.floor(), LOOKED_AT);
        let judged = near.into_iter().filter_map(|(similarity, at)| {
            let entry = &here.entries[at];
            let zone = self.judge(&scope.site, asked, &Phrase::of(&entry.question), similarity);
            (zone != Zone::No).then(|| Candidate {
                key: entry.key,
                question: entry.question.clone(),
                similarity,
                zone,
                leading: entry.leading.clone(),
            })
        });
        judged.collect()
    }

    /// The zone of a pair, after what visitors said of pairs like it.
    pub fn judge(&self, site: &str, asked: &Phrase, kept: &Phrase, similarity: f32) -> Zone {
        let rejected = self.rejected.read();
        let mut bar = 0f32;
        for one in rejected.get(site).into_iter().flatten() {
            let near_kept = one.kept_vector.similarity(&kept.vector);
            if near_kept > 0.999 && one.asked_vector.similarity(&asked.vector) > 0.999 {
                return Zone::No;
            }
            if near_kept >= NEIGHBOURHOOD && one.asked_vector.similarity(&asked.vector) >= NEIGHBOURHOOD {
                bar = bar.max(one.similarity + RAISED);
            }
        }
        self.daring.zone(asked, kept, similarity, bar)
    }

    pub fn forget(&self, key: &CacheKey) {
        for here in self.scopes.write().values_mut() {
            if let Some(at) = here.entries.iter().position(|entry| entry.key == *key) {
                here.remove(at);
            }
        }
    }

    /// Takes out what is near a question of a site, in every scope, and says under which keys the answers are kept.
    pub fn forget_around(&self, site: &str, question: &Phrase) -> Vec<CacheKey> {
        let mut gone = Vec::new();
        for (_, here) in self.scopes.write().iter_mut().filter(|(scope, _)| scope.site == site) {
            let floor = Daring::Cautious.floor().min(self.daring.floor());
            let mut places: Vec<usize> = here
                .vectors
                .nearest(&question.vector, floor, 100)
                .iter()
                .map(|one| one.1)
                .collect();
            // From the last on, so that no place moves before its turn.
            places.sort_unstable_by(|one, other| other.cmp(one));
            for at in places {
                gone.push(here.remove(at));
            }
        }
        gone
    }

    /// What a model said of this pair, if it was asked. `answer` is the text that it judged.
    pub fn verdict(&self, asked: &str, kept: &str, answer: &str) -> Option<bool> {
        self.verdicts.get(&pair(asked, kept, answer))
    }

    pub fn remember(&self, asked: &str, kept: &str, answer: &str, answers: bool) {
        self.verdicts.insert(pair(asked, kept, answer), answers);
    }

    /// A visitor says that the answer to `kept` did not answer `asked`: never again, and its neighbours must be closer.
    pub fn reject(&self, site: &str, asked: &str, kept: &str) {
        let (asked_vector, kept_vector) = (
            crate::embeddings::embed(asked).vector,
            crate::embeddings::embed(kept).vector,
        );
        let mut rejected = self.rejected.write();
        let here = rejected.entry(site.to_owned()).or_default();
        if here
            .iter()
            .any(|one| one.asked == asked && one.kept_vector == kept_vector)
        {
            return;
        }
        if here.len() >= MOST_REJECTED {
            here.remove(0);
        }
        here.push(Rejected {
            asked: asked.to_owned(),
            similarity: asked_vector.similarity(&kept_vector),
            asked_vector,
            kept_vector,
        });
    }

    /// How many entries there are in all scopes.
    pub fn len(&self) -> usize {
        self.scopes.read().values().map(|here| here.entries.len()).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Entries {
    fn remove(&mut self, at: usize) -> CacheKey {
        self.vectors.swap_remove(at);
        self.entries.swap_remove(at).key
    }
}

fn pair(asked: &str, kept: &str, answer: &str) -> [u8; 32] {
    let mut hash = blake3::Hasher::new_derive_key("pennypress 2026 near verdict");
    for part in [asked, kept, answer] {
        hash.update(&(part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    *hash.finalize().as_bytes()
}

#[cfg(test)]
mod tests;
