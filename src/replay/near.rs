//! The near cache in a replay: the service's own, with a verifier that is played from the labels.

use std::collections::HashMap;

use super::questions::{Asked, Dice};
use super::{Tokens, nothing};
use crate::cache::CacheKey;
use crate::cache::near::{Daring, NearCache, Phrase, Scope, Word};
use crate::domain::{Tier, Usage};

/// Plays the model that judges near matches. It knows the labels, and errs now and then; where there is no label it says no,
/// so that an unlabelled list shows the least that near matches save.
pub struct Verifier {
    seed: u64,
    /// From 0 to 1.
    error: f64,
}

impl Verifier {
    pub fn new(seed: u64, error: f64) -> Self {
        Self { seed, error }
    }

    pub fn says(&self, asked: &Asked, stored: &Asked) -> bool {
        let (Some(wanted), Some(got)) = (&asked.category, &stored.category) else {
            return false;
        };
        let errs = Dice::new(self.seed, &format!("{}\n{}", asked.text, stored.text)).unit() < self.error;
        (wanted == got) != errs
    }
}

/// What was found for a question, and what asking about it took.
pub struct Found {
    pub stored: Option<Asked>,
    /// A model was not needed.
    pub is_sure: bool,
    pub asked_about: Usage,
}

/// Answers that were paid for, by what their questions mean.
pub struct Kept {
    near: NearCache,
    stored: HashMap<[u8; 32], Asked>,
}

impl Default for Kept {
    fn default() -> Self {
        Self::new(Daring::Cautious)
    }
}

impl Kept {
    pub fn new(daring: Daring) -> Self {
        Self::within(NearCache::new(daring))
    }

    /// In an empty cache that was made elsewhere.
    pub fn within(near: NearCache) -> Self {
        Self {
            near,
            stored: HashMap::new(),
        }
    }

    pub fn keep(&mut self, tier: Tier, asked: &Asked) {
        let key = *blake3::hash(format!("{tier}\n{}", asked.text).as_bytes()).as_bytes();
        self.near
            .keep(&scope(tier), CacheKey(key), &asked.text, Vec::new(), None);
        self.stored.insert(key, asked.clone());
    }

    /// As the service does it; without a verifier only what is sure is found.
    pub fn look_up(&self, tier: Tier, asked: &Asked, verifier: Option<&Verifier>, tokens: &Tokens) -> Found {
        let scope = scope(tier);
        let mut found = Found {
            stored: None,
            is_sure: false,
            asked_about: nothing(),
        };
        let mut left = verifier.map_or(0, |_| self.near.daring().asked_about());
        for candidate in self.near.candidates(&scope, &Phrase::of(&asked.text)) {
            let Some(stored) = self.stored.get(&candidate.key.0) else {
                continue;
            };
            let answers = match self.near.word(&asked.text, &candidate, "", true) {
                Word::Answers { verified } => {
                    found.is_sure = !verified;
                    true
                }
                Word::Ask if left > 0 => {
                    left -= 1;
                    let pair = (asked, stored);
                    let says =
                        verifier.is_some_and(|verifier| self.verify(pair, verifier, tokens, &mut found.asked_about));
                    if says {
                        self.near.keep_also(&scope, &candidate, &asked.text, None);
                    }
                    says
                }
                Word::Ask | Word::No => false,
            };
            if answers {
                found.stored = Some(stored.clone());
                break;
            }
        }
        found
    }

    /// Asks, pays, and remembers the verdict.
    fn verify(
        &self,
        (asked, stored): (&Asked, &Asked),
        verifier: &Verifier,
        tokens: &Tokens,
        paid: &mut Usage,
    ) -> bool {
        let took = tokens.verifying(&asked.text, &stored.text);
        paid.prompt_tokens += took.prompt_tokens;
        paid.completion_tokens += took.completion_tokens;
        let said = verifier.says(asked, stored);
        self.near.remember("", &asked.text, &stored.text, "", said);
        said
    }
}

/// One site and language; answers of one chain of models stand for each other.
fn scope(tier: Tier) -> Scope {
    Scope {
        site: String::new(),
        rest: [tier as u8; 32],
    }
}
