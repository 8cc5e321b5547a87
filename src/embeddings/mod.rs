//! What a text means, as a vector, by models that are part of the binary. No download, no key, no bill.
//!
//! Two sentence encoders ([`encode_question`], [`encode_passage`]) read texts in milliseconds: all-MiniLM-L6-v2 English, multilingual-e5-small
//! all other languages. What was distilled from the first, and for search trained further, takes a few microseconds, and knows words of other languages: a token of the text is looked up
//! in a table of vectors, and the vectors are averaged. The tables are used where the binary has them; only the pages that are touched
//! take memory. `model/` has the scripts that remake all, and the licences.

mod cohort;
mod encoder;
mod glossary;
mod model;
mod multilingual;
mod pieces;
mod reading;
mod running;
mod vector;
mod words;

pub use cohort::{COHORT, Cohort, Usual};
pub use encoder::Tokens as EnglishTokens;
pub use glossary::Glossary;
use model::{Table, Token};
pub use multilingual::NAME as MULTILINGUAL;
pub use reading::{Tokens, encode_passage, encode_question, is_question_known};
pub use vector::{Coarse, Common, DIMENSIONS, Vector};

/// Tokens that are looked at, from the start of a text.
const MOST_TOKENS: usize = 512;

/// What a text means. English is understood best; of most other languages in Latin letters the model knows names and shared
/// words; of the others little more than letters, see [`Embedding::known`].
#[derive(Debug, Clone, PartialEq)]
pub struct Embedding {
    pub vector: Vector,
    /// The share, 0 to 1, of the text's words that are words of the model, whole. Where it is low, texts look alike that
    /// are not.
    pub known: f32,
}

/// The embedding of the first 512 tokens of a text, for telling texts that say the same. A text without any word that the model
/// knows gets the zero vector.
pub fn embed(text: &str) -> Embedding {
    Embedding::of(Table::Likeness, |see| each_token(text, see))
}

/// The same, for finding passages that answer a question: vectors of the one are not compared with those of the other.
pub fn embed_for_search(text: &str) -> Embedding {
    Embedding::of(Table::Search, |see| each_token(text, see))
}

/// The tokens that [`embed_for_search`] averages, as rows of the table and how much each counts.
pub fn bag(text: &str) -> Vec<(u16, f32)> {
    let mut bag = Vec::new();
    each_token(text, &mut |token, share| bag.push((token.row(), share)));
    bag
}

impl Embedding {
    /// Of the tokens that `each` tells, with how much each counts; it says the share of the words that are known.
    fn of(table: Table, each: impl FnOnce(&mut dyn FnMut(Token, f32)) -> f32) -> Self {
        let mut sum = [0f32; DIMENSIONS];
        let known = each(&mut |token, share| table.add(token, share, &mut sum));
        Self {
            vector: Vector::quantised(&sum),
            known,
        }
    }
}

fn each_token(text: &str, see: &mut dyn FnMut(Token, f32)) -> f32 {
    let (mut words, mut known) = (0u32, 0u32);
    let mut tokens = 0;
    for word in words::words(text) {
        let count = model::pieces(&word, |token| {
            if tokens < MOST_TOKENS {
                see(token, 1.0);
                tokens += 1;
            }
        });
        if word.chars().any(char::is_alphanumeric) {
            words += 1;
            known += u32::from(count == Some(1));
        }
        if tokens == MOST_TOKENS {
            break;
        }
    }
    if words == 0 { 0.0 } else { known as f32 / words as f32 }
}

/// Whether a word, in lower case, stands in the model whole.
pub fn is_word(word: &str) -> bool {
    let mut parts = words::words(word);
    matches!((parts.next(), parts.next()), (Some(one), None) if model::pieces(&one, |_| {}) == Some(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Deserialize)]
    struct Agreed {
        text: String,
        tokens: Vec<String>,
        vector: Vec<f32>,
    }

    fn agreed() -> Vec<Agreed> {
        serde_json::from_str(include_str!("model/agreement.json")).unwrap()
    }

    #[test]
    fn texts_fall_into_the_same_tokens_as_in_python() {
        for Agreed { text, tokens, .. } in agreed() {
            let mut ours = Vec::new();
            for word in words::words(&text) {
                model::pieces(&word, |token| ours.push(model::text(token).to_owned()));
            }
            assert_eq!(ours, tokens, "{text}");
        }
    }

    #[test]
    fn vectors_are_those_of_python_but_for_the_rounding() {
        for Agreed { text, vector, .. } in agreed() {
            let ours = embed(&text).vector;
            let theirs = Vector::quantised(&<[f32; DIMENSIONS]>::try_from(vector).unwrap());
            if theirs.is_zero() {
                assert!(ours.is_zero(), "{text}");
            } else {
                let same = ours.similarity(&theirs);
                assert!(same > 0.999, "{text}: {same}");
            }
        }
    }

    #[test]
    fn what_means_the_same_is_closer_than_what_shares_words() {
        let [card, lost, pay] = [
            "My bank card was stolen",
            "somebody took my debit card",
            "My bank card was accepted",
        ]
        .map(|text| embed(text).vector);
        assert!(card.similarity(&lost) > 0.5);
        assert!(card.similarity(&lost) > pay.similarity(&lost));
    }

    #[test]
    fn a_question_is_close_to_its_answer_for_search() {
        let told = [
            "Improving performance: tune the cache and the database for speed",
            "The printer prints nothing: check the cable and that it is switched on",
            "Sending goods back: pack what was damaged, and we return the price",
        ];
        for (at, asked) in [
            "How can I make my site faster?",
            "Why does nothing come out of the printer?",
            "What if an item arrives broken?",
        ]
        .into_iter()
        .enumerate()
        {
            let asked = embed_for_search(asked).vector;
            let near = told.map(|told| asked.similarity(&embed_for_search(told).vector));
            let best = (0..told.len()).max_by(|a, b| near[*a].total_cmp(&near[*b]));
            assert_eq!(best, Some(at), "{near:?}");
        }
    }

    #[test]
    fn words_that_stand_around_every_question_say_little_in_search() {
        let asked = embed_for_search("How do I install a printer?").vector;
        let near = asked.similarity(&embed_for_search("install printer").vector);
        let far = asked.similarity(&embed_for_search("How do I cook an egg?").vector);
        assert!(near > 0.8 && far < 0.4, "{near} {far}");
    }

    #[test]
    fn every_token_has_a_vector_for_search_and_it_is_not_the_other() {
        let vector = |row: u16, table: Table| {
            let mut sum = [0f32; DIMENSIONS];
            table.add(Token::of_row(row)?, 1.0, &mut sum);
            Some(Vector::quantised(&sum))
        };
        let rows = (0..u16::MAX).take_while(|row| Token::of_row(*row).is_some());
        let (mut changed, mut strayed) = (0, 0);
        for row in rows.clone() {
            let one = vector(row, Table::Search).expect("a row");
            let other = vector(row, Table::Likeness).expect("a row");
            assert!(!one.is_zero(), "{row}");
            changed += usize::from(one.similarity(&other) < 0.99);
            strayed += usize::from(one.similarity(&other) < 0.3);
        }
        // Were the rows in another order, nearly all had strayed.
        assert!(changed > rows.clone().count() / 4, "{changed}");
        assert!(strayed < rows.count() / 100, "{strayed}");
    }

    #[test]
    fn little_is_known_of_what_the_model_cannot_read() {
        assert_eq!(embed("how do I install it").known, 1.0);
        assert!(embed("如何安装插件").known < 0.5);
        assert_eq!(embed("").known, 0.0);
    }

    #[test]
    fn any_text_has_an_embedding() {
        for text in [
            "\u{0}\u{feff}\u{200b}",
            &"x".repeat(100_000),
            &"ab ".repeat(100_000),
            "e\u{301}\u{301}",
            "\u{fffd}",
        ] {
            let itself = embed(text).vector;
            assert!(itself.is_zero() || itself.similarity(&itself) > 0.999);
        }
    }
}
