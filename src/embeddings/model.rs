//! The tables of the model, read in place: `model/distil.py` and `model/train.py` describe them.

use std::sync::LazyLock;

use super::DIMENSIONS;

static VECTORS: &[u8] = include_bytes!("model/vectors.bin");
static TOKENS: &[u8] = include_bytes!("model/tokens.bin");
static SEARCH: &[u8] = include_bytes!("model/search.bin");

/// How many tokens there are.
pub(super) const COUNT: usize = VECTORS.len() / DIMENSIONS;
const _: () = assert!(SEARCH.len() == COUNT * (4 + DIMENSIONS));
/// Characters of the longest word that is looked up, as BERT has it.
const LONGEST_WORD: usize = 100;

/// A token's row in the tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token(usize);

impl Token {
    /// `None` when there is no such row.
    pub fn of_row(row: u16) -> Option<Self> {
        (usize::from(row) < COUNT).then_some(Self(usize::from(row)))
    }

    pub fn row(self) -> u16 {
        self.0 as u16
    }
}

/// What the tokens' vectors are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Table {
    /// Telling whether two texts say the same.
    Likeness,
    /// Finding the passage that answers a question: a passage's words are others than the question's, and what words alone find is
    /// found without vectors.
    Search,
}

/// Tells the tokens of a word: the longest that it begins with, then the longest continuation, and so on. Nothing is told
/// of a word that cannot be had so to its end. Says how many there are.
pub(super) fn pieces(word: &str, mut tell: impl FnMut(Token)) -> Option<usize> {
    if word.len() > LONGEST_WORD * 4 || word.chars().count() > LONGEST_WORD {
        return None;
    }
    let mut found = Vec::new();
    let mut rest = word.as_bytes();
    while !rest.is_empty() {
        let (token, length) = longest(if found.is_empty() { b"" } else { b"##" }, rest)?;
        found.push(token);
        rest = &rest[length..];
    }
    found.iter().for_each(|token| tell(*token));
    (!found.is_empty()).then_some(found.len())
}

/// The rows by their texts' hashes: a table with open places, each a row and one, or 0. It is made when it is first needed.
struct Rows {
    places: Box<[u16]>,
    /// Bytes of the longest text.
    longest: usize,
}

/// A power of two, more than twice the rows: so a text that is no token is soon known for none.
const PLACES: usize = 1 << 16;
const _: () = assert!(COUNT * 2 < PLACES && COUNT < u16::MAX as usize);

static ROWS: LazyLock<Rows> = LazyLock::new(|| {
    let mut places = vec![0_u16; PLACES].into_boxed_slice();
    let mut longest = 0;
    for row in 0..COUNT {
        let text = bytes(row);
        longest = longest.max(text.len());
        let mut at = place(text.iter().fold(START, |hash, byte| hashed(hash, *byte)));
        while places[at] != 0 {
            at = (at + 1) % PLACES;
        }
        places[at] = (row + 1) as u16;
    }
    Rows { places, longest }
});

// FNV-1a: a text's hash is had from that of the text one byte shorter, and all beginnings of a word are asked for.
const START: u32 = 0x811c_9dc5;

fn hashed(hash: u32, byte: u8) -> u32 {
    (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
}

fn place(hash: u32) -> usize {
    (hash ^ (hash >> 15)).wrapping_mul(0x2c1b_3c6d) as usize >> 16
}

impl Rows {
    /// The row of `mark` and `text`, whose hash this is.
    fn find(&self, hash: u32, mark: &[u8], text: &[u8]) -> Option<usize> {
        let mut at = place(hash);
        loop {
            let row = usize::from(self.places[at]).checked_sub(1)?;
            if bytes(row).strip_prefix(mark) == Some(text) {
                return Some(row);
            }
            at = (at + 1) % PLACES;
        }
    }
}

/// The longest token that is `mark` and a beginning of `word`, and how much of `word` it takes. A token is whole
/// characters, so what is left is, too.
fn longest(mark: &[u8], word: &[u8]) -> Option<(Token, usize)> {
    let rows = &*ROWS;
    let mut hash = mark.iter().fold(START, |hash, byte| hashed(hash, *byte));
    let mut hashes = [0; LONGEST_WORD];
    let most = word.len().min(rows.longest).min(hashes.len());
    for (held, byte) in hashes.iter_mut().zip(&word[..most]) {
        hash = hashed(hash, *byte);
        *held = hash;
    }
    (1..=most)
        .rev()
        .find_map(|length| Some((Token(rows.find(hashes[length - 1], mark, &word[..length])?), length)))
}

impl Table {
    /// Adds a share of the token's vector.
    pub fn add(self, token: Token, share: f32, sum: &mut [f32; DIMENSIONS]) {
        let (steps, vectors) = match self {
            Self::Likeness => (TOKENS, VECTORS),
            Self::Search => SEARCH.split_at(COUNT * 4),
        };
        let step = share * f32::from_le_bytes(word_at(steps, token.0));
        let row = &vectors[token.0 * DIMENSIONS..][..DIMENSIONS];
        for (sum, value) in sum.iter_mut().zip(row) {
            *sum += step * f32::from(value.cast_signed());
        }
    }
}

/// A token's text, `##` before it when it continues a word.
#[cfg(test)]
pub(super) fn text(token: Token) -> &'static str {
    std::str::from_utf8(bytes(token.0)).unwrap()
}

fn bytes(row: usize) -> &'static [u8] {
    const TEXTS: usize = COUNT * 8;
    let end = |row: usize| u32::from_le_bytes(word_at(TOKENS, COUNT + row)) as usize;
    let start = if row == 0 { 0 } else { end(row - 1) };
    &TOKENS[TEXTS + start..TEXTS + end(row)]
}

/// The four bytes at a place of a table of numbers.
pub(super) fn word_at(numbers: &[u8], place: usize) -> [u8; 4] {
    let at = &numbers[place * 4..][..4];
    [at[0], at[1], at[2], at[3]]
}
