//! What a text means, each word read in its context, in a hundred languages: the sentence encoder multilingual-e5-small, which
//! `model/teach.py` taught further and `model/multilingual.py` wrote in 8 bits. Of English the other encoder tells more.
//!
//! Its layers are laid out in memory, some 45 MB, when the first text is read; of the table of tokens only what is touched is there.

use std::sync::LazyLock;

use super::running::{Layers, Pace, WIDTH};
use super::{Vector, model, pieces};

static LAYERS: &[u8] = include_bytes!("model/multilingual.rten");
static TABLE: &[u8] = include_bytes!("model/multilingual.bin");

/// As many tokens of a text are read, its start and end marks among them.
const MOST_TOKENS: usize = 256;
/// The marks of start and end and of what no piece tells: the rows after the pieces.
const MARKS: usize = 3;
const START: u32 = pieces::COUNT as u32;
const END: u32 = START + 1;
const UNKNOWN: u32 = END + 1;
/// Numbers of a row that are told in the same steps.
const BLOCK: usize = 32;
/// Bytes of a row: what a step is worth in each block, then four bits a number.
const ROW: usize = WIDTH / BLOCK * 2 + WIDTH / 2;
const ROWS: usize = pieces::COUNT + MARKS;
const _: () = assert!(TABLE.len() == ROWS * ROW + MOST_TOKENS * (4 + WIDTH));
/// Tells what is read by this encoder from what another has read.
pub const NAME: &str = "multilingual-e5-small, taught with lessons";
/// Bytes of a text that are looked at: more than its tokens can have, but for words that nobody writes.
const MOST_BYTES: usize = 4_000;

static ENCODER: LazyLock<Option<Layers>> = LazyLock::new(|| Layers::load(LAYERS));

/// What the encoder reads: pieces of words, as rows of its table.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Tokens(Box<[u32]>);

impl Tokens {
    /// Those of a question, as many as are read; `None` when it has no word.
    pub fn of_question(text: &str) -> Option<Self> {
        Self::of("query: ", text)
    }

    /// Those of a passage.
    pub fn of_passage(text: &str) -> Option<Self> {
        Self::of("passage: ", text)
    }

    /// The encoder is told what a text is.
    fn of(role: &str, text: &str) -> Option<Self> {
        let end = text.floor_char_boundary(MOST_BYTES);
        let mut tokens = Vec::with_capacity(64);
        tokens.push(START);
        let mut parts = 0;
        pieces::pieces(role, |_| parts += 1);
        pieces::pieces(&format!("{role}{}", &text[..end]), |piece| {
            tokens.push(piece.unwrap_or(UNKNOWN))
        });
        if tokens.len() <= parts + 1 {
            return None;
        }
        tokens.truncate(MOST_TOKENS - 1);
        tokens.push(END);
        Some(Self(tokens.into()))
    }
}

/// `None` when nothing can be read of it.
pub(super) fn encode(tokens: &Tokens, pace: Pace) -> Option<Vector> {
    let mut embedded = vec![0.0; tokens.0.len() * WIDTH];
    for (place, (token, sum)) in tokens.0.iter().zip(embedded.chunks_exact_mut(WIDTH)).enumerate() {
        add_token(*token as usize, sum);
        add_place(place, sum);
    }
    ENCODER.as_ref()?.run(embedded, pace)
}

/// Adds a row of the table.
fn add_token(row: usize, sum: &mut [f32]) {
    let row = &TABLE[row * ROW..][..ROW];
    let (worth, steps) = row.split_at(WIDTH / BLOCK * 2);
    let blocks = sum
        .chunks_exact_mut(BLOCK)
        .zip(worth.chunks_exact(2))
        .zip(steps.chunks_exact(BLOCK / 2));
    for ((sum, worth), steps) in blocks {
        let worth = half(u16::from_le_bytes([worth[0], worth[1]]));
        for (two, steps) in sum.chunks_exact_mut(2).zip(steps) {
            two[0] += worth * (f32::from(steps & 0xf) - 8.0);
            two[1] += worth * (f32::from(steps >> 4) - 8.0);
        }
    }
}

/// Adds what it means to stand at a place.
fn add_place(place: usize, sum: &mut [f32]) {
    let (worth, steps) = TABLE[ROWS * ROW..].split_at(MOST_TOKENS * 4);
    let worth = f32::from_le_bytes(model::word_at(worth, place));
    for (sum, step) in sum.iter_mut().zip(&steps[place * WIDTH..][..WIDTH]) {
        *sum += worth * f32::from(step.cast_signed());
    }
}

/// A number of 16 bits as IEEE 754 has it.
fn half(bits: u16) -> f32 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f32::from(bits & 0x3ff) / 1024.0);
    match exponent {
        0 => sign * fraction * 2.0_f32.powi(-14),
        _ => sign * (1.0 + fraction) * 2.0_f32.powi(exponent - 15),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embeddings::DIMENSIONS;

    #[derive(serde::Deserialize)]
    struct Encoded {
        role: String,
        text: String,
        pieces: Vec<String>,
        vector: Vec<f32>,
    }

    #[test]
    fn texts_mean_what_they_mean_in_python_but_for_the_rounding() {
        let encoded: Vec<Encoded> = serde_json::from_str(include_str!("model/multilingual.json")).unwrap();
        for one in encoded {
            let tokens = match one.role.as_str() {
                "query" => Tokens::of_question(&one.text),
                _ => Tokens::of_passage(&one.text),
            };
            let tokens = tokens.expect("a text with words");
            let read = tokens.0[1..tokens.0.len() - 1].iter();
            let read: Vec<&str> = read
                .map(|token| {
                    if *token == UNKNOWN {
                        "<unk>"
                    } else {
                        pieces::text(*token)
                    }
                })
                .collect();
            assert_eq!(read, one.pieces, "{}", one.text);
            let theirs = Vector::quantised(&<[f32; DIMENSIONS]>::try_from(one.vector).unwrap());
            let ours = encode(&tokens, Pace::Reading);
            let same = ours.expect("a meaning").similarity(&theirs);
            assert!(same > 0.95, "{}: {same}", one.text);
        }
    }

    #[test]
    fn a_question_comes_closest_to_what_answers_it_in_whatever_language() {
        let meant = |tokens: Option<Tokens>| encode(&tokens.expect("words"), Pace::Asking).expect("a meaning");
        let asked = meant(Tokens::of_question("Wo kann ich mein Auto parken?"));
        for (answer, other) in [
            (
                "Fahrzeuge stehen im Keller für 12 Euro die Nacht.",
                "Haustiere bleiben kostenlos bei ihren Besitzern.",
            ),
            ("車は地下に停められます。", "パンは毎朝焼かれます。"),
        ] {
            let [answer, other] = [answer, other].map(|text| asked.similarity(&meant(Tokens::of_passage(text))));
            assert!(answer > other + 0.02, "{answer} {other}");
        }
    }

    #[test]
    fn any_text_can_be_read() {
        for text in ["\u{0}\u{feff}\u{200b}", "", "   "] {
            assert!(Tokens::of_passage(text).is_none(), "{text:?}");
        }
        for text in [
            &"x".repeat(100_000),
            &"ab ".repeat(100_000),
            "e\u{301}\u{301}",
            "如何安装插件",
            "\u{10ffff}",
        ] {
            let tokens = Tokens::of_passage(text).expect("something");
            assert!(encode(&tokens, Pace::Reading).is_some());
        }
    }
}
