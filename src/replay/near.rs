//! The near cache in a replay: the service's own, with a verifier that is played from the labels.

use std::collections::HashMap;

use super::questions::{Asked, Dice};
use super::{Tokens, nothing};
use crate::cache::CacheKey;
use crate::cache::near::{Candidate, Daring, NearCache, Phrase, Scope, Zone};
use crate::domain::{Tier, Usage};

/// Stored answers that are asked about for one question at most, as in the service.
const ASKED_ABOUT: usize = 2;

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

    fn says(&self, asked: &Asked, stored: &Asked) -> bool {
        let (Some(wanted), Some(got)) = (&asked.category, &stored.category) else {
            return false;
        };
        let errs = Dice::new(self.seed, &format!("{}\n{}", asked.text, stored.text)).unit() < self.error;
        (wanted == got) != errs
    }
}

/// What was found for a question, and what asking about it took.
pub(super) struct Found {
    pub stored: Option<Asked>,
    pub asked_about: Usage,
}

/// Answers that were paid for, by what their questions mean.
pub(super) struct Kept {
    near: NearCache,
    stored: HashMap<[u8; 32], Asked>,
}

impl Default for Kept {
    fn default() -> Self {
        Self {
            near: NearCache::new(Daring::Cautious),
            stored: HashMap::new(),
        }
    }
}

impl Kept {
    pub fn keep(&mut self, tier: Tier, asked: &Asked) {
        let key = *blake3::hash(format!("{tier}\n{}", asked.text).as_bytes()).as_bytes();
        self.near.keep(&scope(tier), CacheKey(key), &asked.text, Vec::new());
        self.stored.insert(key, asked.clone());
    }

    pub fn look_up(&self, tier: Tier, asked: &Asked, verifier: &Verifier, tokens: &Tokens) -> Found {
        let candidates = self.near.candidates(&scope(tier), &Phrase::of(&asked.text));
        let mut asked_about = nothing();
        let mut left = ASKED_ABOUT;
        for candidate in candidates {
            let Some(stored) = self.stored.get(&candidate.key.0) else {
                continue;
            };
            let answers = match candidate.zone {
                Zone::Sure => true,
                Zone::Grey => match self.near.verdict(&asked.text, &stored.text, "") {
                    Some(said) => said,
                    None if left == 0 => break,
                    None => {
                        left -= 1;
                        self.verify(asked, stored, &candidate, (verifier, tokens), &mut asked_about)
                    }
                },
                Zone::No => false,
            };
            if answers {
                return Found {
                    stored: Some(stored.clone()),
                    asked_about,
                };
            }
        }
        Found {
            stored: None,
            asked_about,
        }
    }

    /// Asks, pays, and remembers the verdict.
    fn verify(
        &self,
        asked: &Asked,
        stored: &Asked,
        candidate: &Candidate,
        (verifier, tokens): (&Verifier, &Tokens),
        paid: &mut Usage,
    ) -> bool {
        let took = tokens.verifying(&asked.text, &candidate.question);
        paid.prompt_tokens += took.prompt_tokens;
        paid.completion_tokens += took.completion_tokens;
        let said = verifier.says(asked, stored);
        self.near.remember(&asked.text, &stored.text, "", said);
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
