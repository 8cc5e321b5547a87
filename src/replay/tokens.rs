//! How many tokens an answer takes, where no model is asked: a model of it, so that two replays can be compared.
//!
//! A prompt is persona and rules (400 tokens), four passages of 230 and the question. An answer's length follows a log-normal
//! distribution, as lengths of texts do, with a median of 110 tokens and 95 of 100 between about 37 and 325; it depends on seed
//! and question alone, so that the same question has the same answer. The figures are round ones, near what the service's own
//! prompts take; with real providers (`--real`) each question has the tokens that were paid.

use std::collections::HashMap;

use super::questions::Dice;
use crate::answering::{normalised, verification};
use crate::domain::Usage;
use crate::models::estimated_tokens;

const PERSONA_AND_RULES: u64 = 400;
const PASSAGES: u64 = 4 * 230;
const MEDIAN: f64 = 110.0;
const SIGMA: f64 = 0.55;
const SHORTEST: u64 = 15;
/// What a chat template puts around a message, about.
const AROUND_A_MESSAGE: u64 = 4;

pub struct Tokens {
    seed: u64,
    longest: u64,
    /// By the question as the exact cache compares it.
    measured: HashMap<String, Usage>,
}

impl Tokens {
    /// `longest`: no answer has more tokens.
    pub fn simulated(seed: u64, longest: u64) -> Self {
        Self {
            seed,
            longest: longest.max(SHORTEST),
            measured: HashMap::new(),
        }
    }

    /// What a question really took.
    pub fn measured(&mut self, question: &str, usage: Usage) {
        self.measured.insert(normalised(question), usage);
    }

    pub fn of(&self, question: &str) -> Usage {
        if !self.measured.is_empty()
            && let Some(usage) = self.measured.get(&normalised(question))
        {
            return *usage;
        }
        Usage {
            prompt_tokens: PERSONA_AND_RULES + PASSAGES + estimated_tokens(question),
            completion_tokens: self.answer(question),
            counted: true,
        }
    }

    fn answer(&self, question: &str) -> u64 {
        let mut dice = Dice::new(self.seed, question);
        // Box and Muller's normal from two uniform ones.
        let radius = (-2.0 * (1.0 - dice.unit()).ln()).sqrt();
        let normal = radius * (std::f64::consts::TAU * dice.unit()).cos();
        let length = (MEDIAN * (SIGMA * normal).exp()).round() as u64;
        length.clamp(SHORTEST, self.longest)
    }

    /// Asking whether the stored answer answers another question, which is answered with one token. The prompt is the service's
    /// own; of the stored answer only the length is known here.
    pub fn verifying(&self, asked: &str, stored: &str) -> Usage {
        let prompt = verification(asked, stored, "");
        let messages = prompt.messages.iter();
        let read: u64 = messages
            .map(|message| AROUND_A_MESSAGE + estimated_tokens(&message.content))
            .sum();
        Usage {
            prompt_tokens: read + self.of(stored).completion_tokens,
            completion_tokens: 1,
            counted: true,
        }
    }
}
