//! What an English text means, each word read in its context: the sentence encoder that the tables were distilled from, in 8 bits. It takes
//! milliseconds where a table takes microseconds, and tells far better which passage answers a question. `model/encoder.py` made it.
//!
//! It is laid out in memory, some 25 MB, when the first text is read.

use std::sync::LazyLock;

use super::model::{self, Token};
use super::running::{Layers, Pace, WIDTH};
use super::{Vector, words};

static LAYERS: &[u8] = include_bytes!("model/encoder.rten");
static TABLE: &[u8] = include_bytes!("model/encoder.bin");

/// As many tokens of a text are read, its start and end marks among them.
const MOST_TOKENS: usize = 192;
/// A word that cannot be had of known pieces, and the marks of start and end: the rows after the tokens.
const MARKS: usize = 3;
const START: usize = model::COUNT;
const END: usize = START + 1;
const UNKNOWN: usize = END + 1;
const ROWS: usize = model::COUNT + MARKS + MOST_TOKENS;
const _: () = assert!(TABLE.len() == ROWS * (4 + WIDTH));

static ENCODER: LazyLock<Option<Layers>> = LazyLock::new(|| Layers::load(LAYERS));

/// What the encoder reads: for each word or piece of a word the English tokens that it may be, as rows of the model's tables, and how
/// likely each is, of 255.
#[derive(Debug, Default, Clone, PartialEq, Eq, Hash)]
pub struct Tokens(Vec<Vec<(u16, u8)>>);

impl Tokens {
    /// Those of an English text, as many as are read.
    pub fn of(text: &str) -> Self {
        let mut tokens = Self::default();
        for word in words::words(text) {
            if model::pieces(&word, |token: Token| tokens.push(&[(token, 1.0)])).is_none() {
                tokens.0.push(vec![(UNKNOWN as u16, u8::MAX)]);
            }
            if tokens.are_enough() {
                break;
            }
        }
        tokens
    }

    /// Adds what one word may be; shares count beside one another.
    pub(super) fn push(&mut self, likely: &[(Token, f32)]) {
        let all: f32 = likely.iter().map(|(_, share)| share).sum();
        if all > 0.0 {
            let of_255 = |share: f32| (share / all * 255.0).round() as u8;
            self.0.push(
                likely
                    .iter()
                    .map(|(token, share)| (token.row(), of_255(*share)))
                    .collect(),
            );
        }
    }

    pub(super) fn are_enough(&self) -> bool {
        self.0.len() >= MOST_TOKENS - 2
    }

    pub(super) fn count(&self) -> usize {
        self.0.len()
    }
}

/// `None` when nothing can be read of it.
pub(super) fn encode(tokens: &Tokens, pace: Pace) -> Option<Vector> {
    if tokens.0.is_empty() {
        return None;
    }
    let read = &tokens.0[..tokens.0.len().min(MOST_TOKENS - 2)];
    let count = read.len() + 2;
    let mut embedded = vec![0.0; count * WIDTH];
    for (at, token) in embedded.chunks_exact_mut(WIDTH).enumerate() {
        add(model::COUNT + MARKS + at, 1.0, token);
        match at.checked_sub(1).map(|before| read.get(before)) {
            None => add(START, 1.0, token),
            Some(None) => add(END, 1.0, token),
            Some(Some(likely)) => {
                for (row, share) in likely {
                    add(usize::from(*row), f32::from(*share) / 255.0, token);
                }
            }
        }
    }
    ENCODER.as_ref()?.run(embedded, pace)
}

/// Adds a share of a row of the table.
fn add(row: usize, share: f32, sum: &mut [f32]) {
    let (steps, values) = TABLE.split_at(ROWS * 4);
    let step = share * f32::from_le_bytes(model::word_at(steps, row));
    for (sum, value) in sum.iter_mut().zip(&values[row * WIDTH..][..WIDTH]) {
        *sum += step * f32::from(value.cast_signed());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embeddings::DIMENSIONS;

    fn passage(text: &str) -> Option<Vector> {
        encode(&Tokens::of(text), Pace::Reading)
    }

    #[derive(serde::Deserialize)]
    struct Encoded {
        text: String,
        vector: Vec<f32>,
    }

    #[test]
    fn texts_mean_what_they_mean_in_python_but_for_the_rounding() {
        let encoded: Vec<Encoded> = serde_json::from_str(include_str!("model/encoded.json")).unwrap();
        for Encoded { text, vector } in encoded {
            let theirs = Vector::quantised(&<[f32; DIMENSIONS]>::try_from(vector).unwrap());
            let ours = passage(&text).expect("a meaning");
            let same = ours.similarity(&theirs);
            assert!(same > 0.95, "{text}: {same}");
        }
    }

    #[test]
    fn a_word_is_read_in_its_context() {
        let meant = passage("Which bank lends money for a house?").expect("a meaning");
        let [money, river] = [
            "Our bank offers mortgages from three per cent.",
            "The boat lay at the bank below the house.",
        ]
        .map(|text| passage(text).expect("a meaning"));
        assert!(meant.similarity(&money) > meant.similarity(&river) + 0.2);
    }

    #[test]
    fn any_text_can_be_read() {
        for text in ["\u{0}\u{feff}\u{200b}", "", "   "] {
            assert!(passage(text).is_none(), "{text:?}");
        }
        for text in [
            &"x".repeat(100_000),
            &"ab ".repeat(100_000),
            "e\u{301}\u{301}",
            "如何安装插件",
        ] {
            assert!(passage(text).is_some());
        }
    }
}
