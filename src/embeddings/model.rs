//! The tables of the model, read in place: `model/distil.py` describes them.

use super::DIMENSIONS;

static VECTORS: &[u8] = include_bytes!("model/vectors.bin");
static TOKENS: &[u8] = include_bytes!("model/tokens.bin");

/// How many tokens there are.
const COUNT: usize = VECTORS.len() / DIMENSIONS;
/// Characters of the longest word that is looked up, as BERT has it.
const LONGEST_WORD: usize = 100;

/// A token's row in the tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token(usize);

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

/// The longest token that is `mark` and a beginning of `word`, and how much of `word` it takes. A token is whole
/// characters, so what is left is, too.
fn longest(mark: &[u8], word: &[u8]) -> Option<(Token, usize)> {
    // The rows whose tokens begin with what was read so far.
    let (mut low, mut high) = (0, COUNT);
    let mut best = None;
    for (at, byte) in mark.iter().chain(word).enumerate() {
        let next = |row: usize| bytes(row).get(at).copied();
        low = first(low, high, |row| next(row) >= Some(*byte));
        high = first(low, high, |row| next(row) > Some(*byte));
        if low == high {
            break;
        }
        // The shortest of them comes first, in the order of bytes.
        if at >= mark.len() && bytes(low).len() == at + 1 {
            best = Some((Token(low), at + 1 - mark.len()));
        }
    }
    best
}

/// The first row from `low` before `high` for which something is so, when it is so for all after it; `high` when for none.
fn first(mut low: usize, mut high: usize, is_so: impl Fn(usize) -> bool) -> usize {
    while low < high {
        let middle = low.midpoint(high);
        if is_so(middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    low
}

/// Adds the token's vector.
pub(super) fn add(token: Token, sum: &mut [f32; DIMENSIONS]) {
    let step = f32::from_le_bytes(word_at(token.0));
    let row = &VECTORS[token.0 * DIMENSIONS..][..DIMENSIONS];
    for (sum, value) in sum.iter_mut().zip(row) {
        *sum += step * f32::from(value.cast_signed());
    }
}

/// A token's text, `##` before it when it continues a word.
#[cfg(test)]
pub(super) fn text(token: Token) -> &'static str {
    std::str::from_utf8(bytes(token.0)).unwrap()
}

fn bytes(row: usize) -> &'static [u8] {
    const TEXTS: usize = COUNT * 8;
    let end = |row: usize| u32::from_le_bytes(word_at(COUNT + row)) as usize;
    let start = if row == 0 { 0 } else { end(row - 1) };
    &TOKENS[TEXTS + start..TEXTS + end(row)]
}

/// The four bytes at a place of the tables of numbers.
fn word_at(place: usize) -> [u8; 4] {
    let at = &TOKENS[place * 4..][..4];
    [at[0], at[1], at[2], at[3]]
}
