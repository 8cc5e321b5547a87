//! Questions that mean the same as one that was answered before.
//!
//! Everything here is decided in memory, without I/O: which stored questions are near, in which zone, and what visitors and
//! models said of such pairs. The answers themselves stay in the exact cache, under the key that an entry names.

mod apart;
mod entries;
mod gauge;
mod news;
mod outer;
mod phrase;
mod rarity;
mod rejected;
mod scan;
mod shared;
mod sketch;
mod zone;

use std::collections::HashMap;
use std::time::Duration;

use moka::sync::Cache;
use parking_lot::RwLock;

use super::CacheKey;
use entries::{Entries, Entry};
use outer::Outer;
use rejected::Rejections;

pub use apart::{Difference, apart};
pub use gauge::NearGauge;
pub use news::{Hash, Learned, News, Waiting};
pub use outer::{EXAMPLES, Meaning};
pub use phrase::Phrase;
pub use rarity::Rarity;
pub use scan::Vectors;
pub use shared::share_near;
pub use zone::{Bars, Daring, Zone};

/// Entries a scope has at most; a new one then takes the place of an old one.
const MOST_ENTRIES: usize = 100_000;
/// Scopes, and entries of all of them, at most; then the scope goes to which nothing was added for the longest time.
const MOST_SCOPES: usize = 2_000;
const MOST_IN_ALL: usize = 500_000;
/// Stored questions that are looked at for one asked.
const LOOKED_AT: usize = 5;
/// So close must a question be to one that a model confirmed, to be surely the same.
const SURE_OF_CONFIRMED: f32 = 0.97;
/// Of what a question and a curated one are about, less than this share is named by one of them alone: nobody looks at which page
/// both lead to, and one word more ("in winter") may want another answer. A model is asked about those.
const DIFFERING_OF_CURATED: f32 = 0.1;
/// Bytes of a question that is kept; longer ones seldom come twice.
const LONGEST: usize = 2_000;
/// Verdicts that are remembered, and for how long.
pub const VERDICTS: u32 = 100_000;
pub const VERDICT_LIVES: Duration = Duration::from_secs(7 * 86_400);

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
    /// Of the question asked with that one, or with another one that a model said it answers, too.
    pub similarity: f32,
    /// Never [`Zone::No`].
    pub zone: Zone,
    /// The documents that its question led to, the best first.
    pub leading: Vec<String>,
}

/// What is to be done with a candidate whose answer is at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    Answers {
        /// A model said so.
        verified: bool,
    },
    /// A model is to be asked.
    Ask,
    No,
}

pub struct NearCache {
    daring: Daring,
    /// `None`: nothing is kept.
    bars: Option<Bars>,
    scopes: RwLock<HashMap<Scope, Entries>>,
    verdicts: Cache<[u8; 32], bool>,
    rejected: RwLock<Rejections>,
    listeners: RwLock<Vec<Waiting>>,
    outer: Option<Outer>,
}

impl NearCache {
    pub fn new(daring: Daring) -> Self {
        let verdicts = Cache::builder()
            .max_capacity(u64::from(VERDICTS))
            .time_to_live(VERDICT_LIVES)
            .build();
        Self {
            daring,
            bars: daring.bars(),
            scopes: RwLock::default(),
            verdicts,
            rejected: RwLock::default(),
            listeners: RwLock::default(),
            outer: None,
        }
    }

    /// Other bars than those of its daring, to try them.
    pub fn with_bars(mut self, bars: Bars) -> Self {
        self.bars = Some(bars);
        self
    }

    /// Whatever is learned here from now on.
    pub fn listen(&self) -> Waiting {
        let waiting = Waiting::default();
        self.listeners.write().push(waiting.clone());
        waiting
    }

    fn tell(&self, site: &str, learned: impl Fn() -> Learned) {
        for listener in &*self.listeners.read() {
            let (site, learned) = (site.to_owned(), learned());
            listener.tell(News { site, learned });
        }
    }

    /// Takes over what was learned elsewhere, or before; nobody is told of it again.
    pub fn hear(&self, news: News) {
        match news.learned {
            Learned::Kept {
                scope,
                key,
                question,
                answered,
                leading,
                meaning,
            } => {
                let rest = scope.0;
                let entry = Entry {
                    key: CacheKey(key.0),
                    question: question.into(),
                    answered: answered.map(Into::into),
                    leading: leading.into(),
                };
                self.add(&Scope { site: news.site, rest }, entry, meaning.as_ref());
            }
            Learned::Judged { pair, answers } => self.verdicts.insert(pair.0, answers),
            Learned::Rejected { asked, kept } => {
                self.take_back(&news.site, &asked, &kept);
            }
        }
    }

    pub fn daring(&self) -> Daring {
        self.daring
    }

    /// Lets an answer be found by what its question means. What is there already stays as it is; questions of more than
    /// 2,000 bytes are left out. `meaning` is its vector by a provider's model, if one was asked.
    pub fn keep(&self, scope: &Scope, key: CacheKey, question: &str, leading: Vec<String>, meaning: Option<Meaning>) {
        let entry = Entry {
            key,
            question: question.into(),
            answered: None,
            leading: leading.into(),
        };
        self.add_and_tell(scope, entry, meaning);
    }

    /// Lets an answer be found by a question that a model said it answers, too.
    pub fn keep_also(&self, scope: &Scope, candidate: &Candidate, asked: &str, meaning: Option<Meaning>) {
        let entry = Entry {
            key: candidate.key,
            question: asked.into(),
            answered: Some(candidate.question.as_str().into()),
            leading: candidate.leading.clone().into(),
        };
        self.add_and_tell(scope, entry, meaning);
    }

    fn add_and_tell(&self, scope: &Scope, entry: Entry, meaning: Option<Meaning>) {
        let (key, question, answered) = (entry.key, entry.question.clone(), entry.answered.clone());
        let leading = entry.leading.clone();
        if self.add(scope, entry, meaning.as_ref()) {
            self.tell(&scope.site, || Learned::Kept {
                scope: Hash(scope.rest),
                key: key.into(),
                question: question.to_string(),
                answered: answered.as_deref().map(str::to_owned),
                leading: leading.to_vec(),
                meaning: meaning.clone(),
            });
        }
    }

    /// False: it was there, or cannot be kept.
    fn add(&self, scope: &Scope, entry: Entry, meaning: Option<&Meaning>) -> bool {
        if self.bars.is_none() || entry.question.len() > LONGEST {
            return false;
        }
        let phrase = Phrase::of(&entry.question);
        if phrase.vector.is_zero() {
            return false;
        }
        let mut scopes = self.scopes.write();
        make_room(&mut scopes, scope);
        let here = scopes.entry(scope.clone()).or_default();
        if here.has(&entry.key, &entry.question) {
            return false;
        }
        let outer = self.outer.as_ref().map(|outer| outer.values(meaning));
        let dimensions = outer.as_ref().map_or(0, Vec::len);
        let most = MOST_ENTRIES.min(outer::MOST_BYTES / dimensions.max(1));
        here.add(entry, &phrase, outer.as_deref(), most);
        true
    }

    /// What may answer: what is sure first, then the nearest. Each answer once.
    pub fn candidates(&self, scope: &Scope, asked: &Phrase) -> Vec<Candidate> {
        let scopes = self.scopes.read();
        let (Some(here), Some(bars)) = (scopes.get(scope), self.bars) else {
            return Vec::new();
        };
        let near = here.vectors.nearest(asked.vector.as_bytes(), bars.grey, LOOKED_AT);
        let judged = near.into_iter().filter_map(|(similarity, at)| {
            let entry = here.at(at);
            let kept = Phrase::of(&entry.question);
            let bar = self.bar(&scope.site, asked, &kept, entry.answered.as_deref())?;
            let differing = here.rarity.differing(&asked.content, &kept.content);
            // A model may have erred when it said that the answer fits this question, too; that must not spread.
            let bar = if entry.answered.is_some() {
                bar.max(SURE_OF_CONFIRMED)
            } else {
                bar
            };
            let zone = bars.zone(asked, &kept, similarity, differing, bar);
            (zone != Zone::No).then_some((zone, similarity, entry))
        });
        let mut judged: Vec<(Zone, f32, &Entry)> = judged.collect();
        // Stable: the nearest stay first in each zone.
        judged.sort_by_key(|(zone, ..)| *zone != Zone::Sure);
        let mut found: Vec<Candidate> = Vec::new();
        for (zone, similarity, entry) in judged {
            if found.iter().all(|one| one.key != entry.key) {
                found.push(entry.candidate(similarity, zone));
            }
        }
        found
    }

    /// What is to be done with a candidate whose answer is this text. `leads_alike`: both questions led to the same content.
    pub fn word(&self, asked: &str, candidate: &Candidate, answer: &str, leads_alike: bool) -> Word {
        match self.verdict(asked, &candidate.question, answer) {
            Some(true) => Word::Answers { verified: true },
            Some(false) => Word::No,
            None if candidate.zone == Zone::Sure && leads_alike => Word::Answers { verified: false },
            None => Word::Ask,
        }
    }

    /// The zone of a pair that is in no scope, after what visitors said of pairs like it.
    pub fn judge(&self, site: &str, asked: &Phrase, kept: &Phrase, similarity: f32) -> Zone {
        let (Some(bars), Some(bar)) = (self.bars, self.bar(site, asked, kept, None)) else {
            return Zone::No;
        };
        let differing = Rarity::default().differing(&asked.content, &kept.content);
        let bars = Bars {
            differing: DIFFERING_OF_CURATED.min(bars.differing),
            ..bars
        };
        bars.zone(asked, kept, similarity, differing, bar)
    }

    /// See [`Rejections::bar`]. What was rejected is an answer, so it counts what question that was given to.
    fn bar(&self, site: &str, asked: &Phrase, kept: &Phrase, answered: Option<&str>) -> Option<f32> {
        let rejected = self.rejected.read();
        if rejected.is_empty(site) {
            return Some(0.0);
        }
        match answered {
            None => rejected.bar(site, asked, &kept.vector),
            Some(answered) => rejected.bar(site, asked, &crate::embeddings::embed(answered).vector),
        }
    }

    pub fn forget(&self, key: &CacheKey) {
        for here in self.scopes.write().values_mut() {
            here.forget(key);
        }
    }

    /// Takes out what is near a question of a site, in every scope, and says under which keys the answers are kept.
    pub fn forget_around(&self, site: &str, question: &Phrase) -> Vec<CacheKey> {
        let mut gone = Vec::new();
        let cautious = Daring::Cautious.bars();
        let floors = self.bars.into_iter().chain(cautious).map(|bars| bars.grey);
        let floor = floors.fold(f32::INFINITY, f32::min);
        for (_, here) in self.scopes.write().iter_mut().filter(|(scope, _)| scope.site == site) {
            let near = here.vectors.nearest(question.vector.as_bytes(), floor, 100);
            let keys: Vec<CacheKey> = near.iter().map(|(_, place)| here.at(*place).key).collect();
            keys.iter().for_each(|key| here.forget(key));
            gone.extend(keys);
        }
        gone
    }

    /// What a model said of this pair, if it was asked. `answer` is the text that it judged.
    pub fn verdict(&self, asked: &str, kept: &str, answer: &str) -> Option<bool> {
        self.verdicts.get(&pair(asked, kept, answer))
    }

    pub fn remember(&self, site: &str, asked: &str, kept: &str, answer: &str, answers: bool) {
        let pair = pair(asked, kept, answer);
        self.verdicts.insert(pair, answers);
        let pair = Hash(pair);
        self.tell(site, || Learned::Judged { pair, answers });
    }

    /// A visitor says that the answer to `kept` did not answer `asked`: never again, and its neighbours must be closer.
    pub fn reject(&self, site: &str, asked: &str, kept: &str) {
        if self.take_back(site, asked, kept) {
            self.tell(site, || Learned::Rejected {
                asked: asked.to_owned(),
                kept: kept.to_owned(),
            });
        }
    }

    /// False: it was known.
    fn take_back(&self, site: &str, asked: &str, kept: &str) -> bool {
        if !self.rejected.write().add(site, asked, kept) {
            return false;
        }
        for (_, here) in self.scopes.write().iter_mut().filter(|(scope, _)| scope.site == site) {
            here.forget_question(kept, asked);
        }
        true
    }

    /// How many entries there are in all scopes.
    pub fn len(&self) -> usize {
        self.scopes.read().values().map(Entries::len).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Scopes can be made by whoever asks (a language is part of one), so there are not more than so many.
fn make_room(scopes: &mut HashMap<Scope, Entries>, wanted: &Scope) {
    let entries = |scopes: &HashMap<Scope, Entries>| scopes.values().map(Entries::len).sum::<usize>();
    while (scopes.len() >= MOST_SCOPES && !scopes.contains_key(wanted)) || entries(scopes) >= MOST_IN_ALL {
        let idle = scopes.iter().min_by_key(|(_, here)| here.changed);
        let Some(idle) = idle.map(|(scope, _)| scope.clone()) else {
            return;
        };
        scopes.remove(&idle);
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
