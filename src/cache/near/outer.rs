//! Better vectors than the built-in ones, from a provider's model. They find more stored answers that a model is then asked about; what
//! is sure is never decided by them, as what their similarities mean differs from model to model.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use parking_lot::RwLock;
use serde::{Deserialize, Serialize};

use super::entries::Entry;
use super::phrase::Phrase;
use super::scan::Vectors;
use super::{Candidate, LOOKED_AT, NearCache, Scope, Zone};
use crate::cache::CacheKey;

/// Dimensions of a vector that is taken.
const MOST_DIMENSIONS: usize = 8_192;
/// Bytes that the vectors of one scope take at most.
pub(super) const MOST_BYTES: usize = 64 << 20;
/// From here between what unrelated questions and what questions with one meaning have, asking a model pays.
const ON_THE_WAY: f32 = 0.75;

/// What tells how a model's similarities are to be read: each two in a row mean the same, and no others do.
pub const EXAMPLES: [&str; 16] = [
    "How can I get my money back?",
    "I want a refund",
    "When does your shop open on Sunday?",
    "What are the opening hours on Sundays?",
    "I forgot my password and cannot sign in",
    "How do I reset my password?",
    "Which browsers are supported?",
    "Does it work in Firefox and Safari?",
    "Where can I download the invoice?",
    "I need an invoice for my accountant",
    "How long does shipping take?",
    "When will my parcel arrive?",
    "Is there a discount for students?",
    "Do students pay less?",
    "The page stays blank after the update",
    "Since I updated, my website shows nothing",
];

/// A text's vector by a provider's model. Vectors of two models are never compared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Meaning {
    /// Which model made it, at which provider.
    pub model: String,
    /// 8 bits a dimension, as base64.
    values: String,
}

impl Meaning {
    /// `None`: it has no direction, or more than 8,192 dimensions.
    pub fn of(model: &str, values: &[f32]) -> Option<Self> {
        let largest = values.iter().fold(0f32, |most, value| most.max(value.abs()));
        if values.len() > MOST_DIMENSIONS || !largest.is_finite() || largest == 0.0 {
            return None;
        }
        let bytes: Vec<u8> = values
            .iter()
            .map(|value| ((value / largest * 127.0).round() as i8).cast_unsigned())
            .collect();
        Some(Self {
            model: model.to_owned(),
            values: BASE64_STANDARD.encode(bytes),
        })
    }

    /// Nothing when it is not what [`Meaning::of`] writes.
    fn values(&self) -> Vec<i8> {
        let bytes = BASE64_STANDARD.decode(&self.values).unwrap_or_default();
        let fits = bytes.len() <= MOST_DIMENSIONS;
        let signed = bytes.into_iter().filter(|_| fits);
        signed.map(u8::cast_signed).collect()
    }
}

/// The model that is asked for better vectors.
pub(super) struct Outer {
    model: String,
    /// From which similarity on asking a model pays; `None`: not known yet.
    floor: RwLock<Option<f32>>,
}

impl Outer {
    pub fn new(model: String) -> Self {
        let floor = RwLock::default();
        Self { model, floor }
    }

    /// The vector, if this model made it; else nothing.
    pub fn values(&self, meaning: Option<&Meaning>) -> Vec<i8> {
        let own = meaning.filter(|meaning| meaning.model == self.model);
        own.map(Meaning::values).unwrap_or_default()
    }
}

impl NearCache {
    /// Better vectors are asked of this model, by a name that says at which provider.
    pub fn with_outer(mut self, model: String) -> Self {
        self.outer = Some(Outer::new(model));
        self
    }

    /// Whether it is known how the model's similarities are to be read.
    pub fn is_calibrated(&self) -> bool {
        self.outer.as_ref().is_some_and(|outer| outer.floor.read().is_some())
    }

    /// Learns that from the vectors of [`EXAMPLES`]. A model that does not tell them apart is never heeded; false then.
    pub fn calibrate(&self, examples: &[Meaning]) -> bool {
        let (Some(outer), true) = (&self.outer, examples.len() == EXAMPLES.len()) else {
            return false;
        };
        let floor = floor_of(examples);
        *outer.floor.write() = Some(floor.unwrap_or(f32::INFINITY));
        floor.is_some()
    }

    /// What a model may be asked about, the nearest first; `but` are those that it was asked about already.
    pub fn candidates_by_meaning(
        &self,
        scope: &Scope,
        asked: &Phrase,
        meaning: &Meaning,
        but: &[CacheKey],
    ) -> Vec<Candidate> {
        let Some(outer) = &self.outer else { return Vec::new() };
        let Some(floor) = *outer.floor.read() else {
            return Vec::new();
        };
        let scopes = self.scopes.read();
        let Some(vectors) = scopes
            .get(scope)
            .and_then(|here| here.outer.as_ref().map(|outer| (here, outer)))
        else {
            return Vec::new();
        };
        let (here, vectors) = vectors;
        let mut found: Vec<Candidate> = Vec::new();
        for (similarity, at) in vectors.nearest(&outer.values(Some(meaning)), floor, LOOKED_AT) {
            let entry: &Entry = here.at(at);
            let kept = Phrase::of(&entry.question);
            let is_new = !but.contains(&entry.key) && found.iter().all(|one| one.key != entry.key);
            let is_rejected = self.bar(&scope.site, asked, &kept, entry.answered.as_deref()).is_none();
            // Another number wants another answer, whatever a vector says.
            if is_new && !is_rejected && asked.numbers == kept.numbers {
                found.push(entry.candidate(similarity, Zone::Grey));
            }
        }
        found
    }
}

fn floor_of(examples: &[Meaning]) -> Option<f32> {
    let mut vectors = Vectors::default();
    let values: Vec<Vec<i8>> = examples.iter().map(Meaning::values).collect();
    values.iter().for_each(|values| vectors.push(values));
    let (mut same, mut other) = ((0f32, 0u32), (0f32, 0u32));
    for (at, values) in values.iter().enumerate() {
        for (similarity, place) in vectors.nearest(values, -1.0, examples.len()) {
            let sum = if place == at {
                continue;
            } else if place / 2 == at / 2 {
                &mut same
            } else {
                &mut other
            };
            *sum = (sum.0 + similarity, sum.1 + 1);
        }
    }
    if same.1 == 0 || other.1 == 0 {
        return None;
    }
    let (same, other) = (same.0 / same.1 as f32, other.0 / other.1 as f32);
    (same > other + 0.1).then_some(other + ON_THE_WAY * (same - other))
}

#[cfg(test)]
mod tests {
    use super::super::Daring;
    use super::*;

    fn meaning(model: &str, at: usize) -> Meaning {
        let mut values = [0.01f32; 100];
        values[at % 100] = 1.0;
        Meaning::of(model, &values).unwrap()
    }

    fn scope() -> Scope {
        Scope {
            site: "site_a".to_owned(),
            rest: [0; 32],
        }
    }

    #[test]
    fn another_model_s_vectors_are_never_compared_and_similar_ones_are_only_asked_about() {
        let near = NearCache::new(Daring::Cautious).with_outer("m".to_owned());
        let (asked, other) = ("How do I install the plugin?", "Where are my invoices?");
        near.keep(&scope(), CacheKey([1; 32]), asked, vec![], Some(meaning("m", 1)));
        near.keep(&scope(), CacheKey([2; 32]), other, vec![], Some(meaning("another", 1)));
        near.keep(&scope(), CacheKey([3; 32]), "Do you ship to Norway?", vec![], None);
        let find =
            |text: &str, meaning: &Meaning| near.candidates_by_meaning(&scope(), &Phrase::of(text), meaning, &[]);
        assert!(find("Set it up", &meaning("m", 1)).is_empty(), "not calibrated");
        let examples: Vec<Meaning> = (0..EXAMPLES.len()).map(|at| meaning("m", at / 2)).collect();
        assert!(near.calibrate(&examples) && near.is_calibrated());
        let found = find("Set it up", &meaning("m", 1));
        assert_eq!(
            (found.len(), found[0].key, found[0].zone),
            (1, CacheKey([1; 32]), Zone::Grey)
        );
        assert!(find("Set up version 2", &meaning("m", 1)).is_empty());
        assert!(find("Set it up", &meaning("m", 50)).is_empty());
        assert!(find("Set it up", &meaning("another", 1)).is_empty());
    }

    #[test]
    fn a_model_that_tells_nothing_apart_is_not_heeded() {
        let near = NearCache::new(Daring::Cautious).with_outer("m".to_owned());
        near.keep(
            &scope(),
            CacheKey([1; 32]),
            "How do I install it?",
            vec![],
            Some(meaning("m", 1)),
        );
        let examples: Vec<Meaning> = (0..EXAMPLES.len()).map(|_| meaning("m", 1)).collect();
        assert!(!near.calibrate(&examples));
        assert!(
            near.candidates_by_meaning(&scope(), &Phrase::of("x"), &meaning("m", 1), &[])
                .is_empty()
        );
        assert_eq!(Meaning::of("m", &[0.0; 4]), None);
        assert_eq!(Meaning::of("m", &[f32::NAN; 4]), None);
    }
}
