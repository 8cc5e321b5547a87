//! Texts as the sentence encoders read them, English by one of its own, which tells most of it, all other languages by another. What the
//! one makes of a text is not compared with what the other does.

use std::sync::{Arc, LazyLock};

use moka::sync::Cache;

use super::running::Pace;
use super::{Vector, encoder, multilingual};

/// Questions whose meaning is remembered: a question is searched for more than once while it is answered.
const REMEMBERED: u64 = 1_000;

static ASKED: LazyLock<Cache<Tokens, Arc<Vector>>> = LazyLock::new(|| Cache::new(REMEMBERED));

/// What is read of a text.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Tokens {
    /// By all-MiniLM-L6-v2.
    English(encoder::Tokens),
    /// By multilingual-e5-small.
    Multilingual(multilingual::Tokens),
}

impl Tokens {
    /// What the English encoder or the other reads of a passage; `None` when it has no word.
    pub fn of_passage(text: &str, in_english: bool) -> Option<Self> {
        match in_english {
            true => Some(Self::English(encoder::Tokens::of(text))),
            false => multilingual::Tokens::of_passage(text).map(Self::Multilingual),
        }
    }

    /// The same of a question, in the encoder's own languages.
    pub fn of_question(text: &str, in_english: bool) -> Option<Self> {
        match in_english {
            true => Some(Self::English(encoder::Tokens::of(text))),
            false => multilingual::Tokens::of_question(text).map(Self::Multilingual),
        }
    }

    fn encode(&self, pace: Pace) -> Option<Vector> {
        match self {
            Self::English(tokens) => encoder::encode(tokens, pace),
            Self::Multilingual(tokens) => multilingual::encode(tokens, pace),
        }
    }
}

/// What a question means; `None` when nothing can be read of it. Some milliseconds, or nothing when it was asked before.
pub fn encode_question(said: &Tokens) -> Option<Arc<Vector>> {
    if let Some(known) = ASKED.get(said) {
        return Some(known);
    }
    let vector = Arc::new(said.encode(Pace::Asking)?);
    ASKED.insert(said.clone(), vector.clone());
    Some(vector)
}

/// Whether [`encode_question`] has its answer at hand.
pub fn is_question_known(said: &Tokens) -> bool {
    ASKED.contains_key(said)
}

/// What a passage means; `None` when nothing can be read of it. Some 50 ms in English, some 100 in other languages, on a thread that gives
/// way to others.
pub fn encode_passage(told: &Tokens) -> Option<Vector> {
    told.encode(Pace::Reading)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_asked_is_remembered() {
        let asked = Tokens::English(encoder::Tokens::of("Which bank lends money for a house?"));
        let meant = encode_question(&asked).expect("a meaning");
        assert!(is_question_known(&asked));
        assert_eq!(encode_question(&asked).as_deref(), Some(&*meant));
    }
}
