//! What a sentence encoder read in a passage.

use crate::embeddings::{Coarse, Cohort, Vector};

/// Of how close a passage usually comes to questions, so much is no merit of its own. Chosen on the questions of `model/tuning.jsonl` and on sections of a
/// manual: half of it finds more on the small sites in every language, but in other languages less in the manual.
const OF_THE_USUAL_IN_ENGLISH: f32 = 0.5;
const OF_THE_USUAL: f32 = 0.25;

#[derive(Clone)]
pub struct Encoded {
    pub meant: Coarse,
    /// How close it comes to questions that it does not answer.
    pub usual: f32,
    /// Which encoder read it: the English one or the other.
    pub in_english: bool,
}

impl Encoded {
    /// Compares it with a cohort of questions, which takes a fifth of a millisecond.
    pub fn new(meant: Coarse, in_english: bool) -> Self {
        Self {
            usual: Cohort::of_encoder(in_english).of_passage(&meant).nearest,
            meant,
            in_english,
        }
    }

    /// How close it comes to what a question means, beside how close it comes to others. A passage of a kind that is asked for
    /// everywhere is close to many questions.
    pub fn closeness(&self, asked: &Vector) -> f32 {
        let of_the_usual = if self.in_english {
            OF_THE_USUAL_IN_ENGLISH
        } else {
            OF_THE_USUAL
        };
        self.meant.similarity(asked) - of_the_usual * self.usual
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embeddings::{Tokens, encode_passage};

    #[test]
    fn a_passage_that_is_close_to_many_questions_must_come_closer() {
        for in_english in [true, false] {
            let read = |text| {
                let meant = encode_passage(&Tokens::of_passage(text, in_english).expect("words"));
                let meant = meant.expect("a meaning");
                (Encoded::new(Coarse::of(&meant), in_english), meant)
            };
            let (general, _) = read(
                "Book by phone or online. You can cancel for free up to two days before; later we keep half of the price.",
            );
            let (own, said) = read("Error 0x80070057 in kxq.dll.");
            assert!(general.usual > own.usual + 0.05, "{} {}", general.usual, own.usual);
            assert!(own.closeness(&said) > general.closeness(&said) + 0.3);
            assert!(own.closeness(&said) < own.meant.similarity(&said));
        }
    }
}
