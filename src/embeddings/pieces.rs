//! A text as the pieces that the sentence encoder reads: of all ways to cut it into pieces that are known, the likeliest
//! (a unigram model, as SentencePiece has it: <https://arxiv.org/abs/1808.06226>). `model/multilingual.py` describes the table.

use std::ops::Range;
use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization;

use super::model::word_at;

static TABLE: &[u8] = include_bytes!("model/pieces.bin");

/// How many pieces there are.
pub(super) const COUNT: usize = 249_997;
/// Stands before each word in the place of the space.
const SPACE: char = '\u{2581}';
/// Bytes of the longest piece.
const LONGEST: usize = 48;
/// How much less likely what no piece tells is than the unlikeliest piece.
const UNKNOWN_BELOW: f32 = 10.0;

struct Known {
    /// The logarithm of how likely a character is that no piece tells.
    unknown: f32,
    /// Where the pieces that begin with a byte stand.
    by_first: Vec<Range<u32>>,
}

static KNOWN: LazyLock<Known> = LazyLock::new(|| {
    let likely = (0..COUNT).map(likely);
    let first = |byte: u32| {
        let before = |byte: u32| bound(0..COUNT, |piece| u32::from(piece[0]) < byte) as u32;
        before(byte)..before(byte + 1)
    };
    Known {
        unknown: likely.fold(0.0, f32::min) - UNKNOWN_BELOW,
        by_first: (0..256).map(first).collect(),
    }
});

/// The likeliest way to a place in a text: how likely, whence, and by which piece.
type Way = Option<(f32, u32, Option<u32>)>;

/// Tells the pieces of a text in their order, as rows of the table; `None` is a character, or some, that no piece tells. Nothing is told
/// of a text without a word.
pub(super) fn pieces(text: &str, tell: impl FnMut(Option<u32>)) {
    let text = marked(text);
    let bytes = text.as_bytes();
    let mut ways: Vec<Way> = vec![None; bytes.len() + 1];
    ways[0] = Some((0.0, 0, None));
    let take = |ways: &mut [Way], from: usize, to: usize, likely: f32, piece| {
        if ways[to].is_none_or(|(known, ..)| likely > known) {
            ways[to] = Some((likely, from as u32, piece));
        }
    };
    for (from, char) in text.char_indices() {
        let Some((so_far, ..)) = ways[from] else { continue };
        take(&mut ways, from, from + char.len_utf8(), so_far + KNOWN.unknown, None);
        each_beginning(&bytes[from..], |row, length| {
            take(&mut ways, from, from + length, so_far + likely(row), Some(row as u32));
        });
    }
    let mut found = Vec::new();
    let mut at = bytes.len();
    while let Some((_, from, piece)) = ways[at].filter(|_| at > 0) {
        found.push(piece);
        at = from as usize;
    }
    found.into_iter().rev().for_each(tell);
}

/// A text in compatibility form (NFKC), without control characters, a mark before each word.
fn marked(text: &str) -> String {
    let mut marked = String::with_capacity(text.len() + text.len() / 4);
    let mut is_apart = true;
    for c in text.nfkc() {
        match c {
            '\t' | '\n' | '\u{c}' | '\r' | SPACE | '\u{200b}'..='\u{200f}' | '\u{feff}' | '\u{fffd}' => is_apart = true,
            c if c.is_control() => {}
            c if c.is_whitespace() => is_apart = true,
            c => {
                if is_apart {
                    marked.push(SPACE);
                }
                is_apart = false;
                marked.push(c);
            }
        }
    }
    marked
}

/// Tells each piece that a text begins with, and its length. Pieces that begin alike stand together, so each byte leaves fewer.
fn each_beginning(text: &[u8], mut tell: impl FnMut(usize, usize)) {
    let Some(first) = text.first() else { return };
    let all = &KNOWN.by_first[usize::from(*first)];
    let mut all = all.start as usize..all.end as usize;
    for length in 1..=text.len().min(LONGEST) {
        if length > 1 {
            let (at, byte) = (length - 1, text[length - 1]);
            // The shortest stands first and has no such byte.
            let start = bound(all.clone(), |piece| piece.get(at).is_none_or(|own| *own < byte));
            all = start..bound(start..all.end, |piece| piece.get(at).is_some_and(|own| *own == byte));
        }
        if all.is_empty() {
            return;
        }
        if bytes(all.start).len() == length {
            tell(all.start, length);
        }
    }
}

/// The first row that is not `before`; those that are stand in front.
fn bound(mut rows: Range<usize>, before: impl Fn(&[u8]) -> bool) -> usize {
    while !rows.is_empty() {
        let middle = rows.start + rows.len() / 2;
        if before(bytes(middle)) {
            rows.start = middle + 1;
        } else {
            rows.end = middle;
        }
    }
    rows.start
}

fn likely(row: usize) -> f32 {
    f32::from_le_bytes(word_at(TABLE, COUNT + row))
}

fn bytes(row: usize) -> &'static [u8] {
    let end = |row: usize| u32::from_le_bytes(word_at(TABLE, row)) as usize;
    let start = if row == 0 { 0 } else { end(row - 1) };
    &TABLE[COUNT * 8..][start..end(row)]
}

#[cfg(test)]
pub(super) fn text(row: u32) -> &'static str {
    std::str::from_utf8(bytes(row as usize)).unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_whole_and_in_order() {
        let all = (0..COUNT).map(bytes);
        assert!(all.clone().is_sorted() && all.clone().all(|piece| !piece.is_empty()));
        assert_eq!(all.clone().map(<[u8]>::len).max(), Some(LONGEST));
        assert_eq!(COUNT * 8 + all.map(<[u8]>::len).sum::<usize>(), TABLE.len());
    }

    #[test]
    fn every_beginning_is_found() {
        let mut found = Vec::new();
        each_beginning("▁international".as_bytes(), |row, length| {
            found.push((text(row as u32), length))
        });
        assert!(
            found.contains(&("▁", 3)) && found.contains(&("▁international", 16)),
            "{found:?}"
        );
        assert!(
            found
                .iter()
                .all(|(piece, length)| piece.len() == *length && "▁international".starts_with(piece))
        );
    }

    #[test]
    fn any_text_falls_into_pieces() {
        for (text, count) in [("", 0), (" \u{0}\u{200b}\n", 0), ("\u{10ffff}", 2)] {
            let mut told = 0;
            pieces(text, |_| told += 1);
            assert_eq!(told, count, "{text:?}");
        }
    }
}
