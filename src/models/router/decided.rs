//! What was decided lately. The same few questions are asked again and again, and are looked through once.

use std::hash::BuildHasher;

use hashbrown::DefaultHashBuilder;
use parking_lot::Mutex;

use crate::domain::Decision;

/// A question in each place at most; a newer one takes the place of an older.
const PLACES: usize = 256;
/// A longer question is looked through each time, in bytes.
const LONGEST: usize = 256;

pub struct Decided {
    hasher: DefaultHashBuilder,
    places: Box<[Mutex<Option<Remembered>>]>,
}

struct Remembered {
    text: Box<str>,
    decision: Decision,
}

impl Default for Decided {
    fn default() -> Self {
        Self {
            hasher: DefaultHashBuilder::default(),
            places: std::iter::repeat_with(Mutex::default).take(PLACES).collect(),
        }
    }
}

impl Decided {
    /// What `decide` says of the text, or said when it was asked before. It must depend on nothing but the text.
    pub fn decide(&self, text: &str, decide: impl FnOnce() -> Decision) -> Decision {
        if text.len() > LONGEST {
            return decide();
        }
        let place = &self.places[self.hasher.hash_one(text) as usize % PLACES];
        if let Some(remembered) = &*place.lock()
            && *remembered.text == *text
        {
            return remembered.decision.clone();
        }
        let decision = decide();
        *place.lock() = Some(Remembered {
            text: text.into(),
            decision: decision.clone(),
        });
        decision
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Tier;

    fn decision(text: &str) -> Decision {
        Decision {
            tier: Tier::Simple,
            reason: text.into(),
        }
    }

    #[test]
    fn each_text_gets_its_own_and_is_decided_once_in_a_row() {
        let decided = Decided::default();
        let texts: Vec<String> = (0..2_000).map(|n| format!("question {n}")).collect();
        for text in &texts {
            assert_eq!(*decided.decide(text, || decision(text)).reason, **text);
            assert_eq!(*decided.decide(text, || panic!("asked again")).reason, **text);
        }
        let long = "x".repeat(LONGEST + 1);
        decided.decide(&long, || decision("first"));
        assert_eq!(&*decided.decide(&long, || decision("second")).reason, "second");
    }
}
