//! Mistyped words: the words of the content that look like one that is not in it, and compounds that hold one.

use std::collections::HashMap;

/// At most so many readings of a mistyped word.
const MOST_READINGS: usize = 3;
/// And so many compounds of a word.
const MOST_COMPOUNDS: usize = 8;
/// Shorter words stand in too many others by chance.
const SHORTEST_PART: usize = 4;

/// All words of an index by the trigrams of their letters.
#[derive(Default)]
pub(in crate::knowledge) struct Spelling {
    /// The letters of all words, end to end.
    letters: String,
    /// For each word where it ends, how many letters it has, and its term.
    words: Vec<Word>,
    by_trigram: HashMap<[char; 3], Vec<u32>>,
}

struct Word {
    end: u32,
    letters: u8,
    term: u32,
}

impl Spelling {
    /// Each word once. Pairs of characters and numbers are not kept: they are not mistyped into something alike.
    pub fn add(&mut self, word: &str, term: u32) {
        let letters = word.chars().count();
        if letters < SHORTEST_PART || word.contains(|c: char| c.is_ascii_digit()) {
            return;
        }
        let number = self.words.len() as u32;
        self.letters.push_str(word);
        self.words.push(Word {
            end: self.letters.len() as u32,
            letters: letters.min(255) as u8,
            term,
        });
        let mut all = trigrams(word);
        all.sort_unstable();
        all.dedup();
        for trigram in all {
            self.by_trigram.entry(trigram).or_default().push(number);
        }
    }

    fn word(&self, number: u32) -> Option<(&str, &Word)> {
        let number = number as usize;
        let word = self.words.get(number)?;
        let start = number.checked_sub(1).and_then(|before| self.words.get(before));
        let start = start.map_or(0, |before| before.end);
        Some((self.letters.get(start as usize..word.end as usize)?, word))
    }

    /// Words that share at least so many of these trigrams.
    fn sharing(&self, trigrams: &[[char; 3]], at_least: u8) -> Vec<u32> {
        let mut shared = vec![0_u8; self.words.len()];
        let mut enough = Vec::new();
        for trigram in trigrams {
            for number in self.by_trigram.get(trigram).into_iter().flatten() {
                if let Some(count) = shared.get_mut(*number as usize) {
                    *count = count.saturating_add(1);
                    if *count == at_least {
                        enough.push(*number);
                    }
                }
            }
        }
        enough
    }

    /// Terms whose word may have been meant, the likeliest first, each with a likeness from 0 to 1. `common` says how often a term
    /// stands in the content: of two words alike, the one that is written more is likelier meant.
    pub fn readings(&self, word: &str, common: impl Fn(u32) -> usize) -> Vec<(u32, f32)> {
        let letters: Vec<char> = word.chars().collect();
        if letters.len() < SHORTEST_PART || letters.iter().any(char::is_ascii_digit) {
            return Vec::new();
        }
        let mut all = trigrams(word);
        all.sort_unstable();
        all.dedup();
        // One slip spoils three trigrams, a swap four; two slips may leave little of a short word.
        let most = most_slips(letters.len() + 1);
        let at_least = all.len().saturating_sub(most * 3 + 1).max(1) as u8;
        let mut readings: Vec<(u32, f32)> = Vec::new();
        for number in self.sharing(&all, at_least) {
            let Some((known, held)) = self.word(number) else {
                continue;
            };
            if usize::from(held.letters).abs_diff(letters.len()) > most {
                continue;
            }
            let known: Vec<char> = known.chars().collect();
            if let Some(likeness) = likeness(&letters, &known) {
                readings.push((held.term, likeness));
            }
        }
        let rank = |(term, likeness): (u32, f32)| likeness + 0.01 * (1.0 + common(term) as f32).ln().min(5.0);
        readings.sort_by(|a, b| rank(*b).total_cmp(&rank(*a)).then(a.0.cmp(&b.0)));
        let mut seen = Vec::new();
        readings.retain(|(term, _)| {
            let is_new = !seen.contains(term);
            seen.push(*term);
            is_new
        });
        readings.truncate(MOST_READINGS);
        // A worse reading beside a better one only blurs it.
        let best = readings.iter().map(|(_, likeness)| *likeness).fold(0.0, f32::max);
        readings.retain(|(_, likeness)| *likeness >= best - 0.05);
        readings
    }

    /// Terms of compounds that begin or end with this word: `Versandkosten` for `Kosten`.
    pub fn compounds(&self, word: &str) -> Vec<u32> {
        let length = word.chars().count();
        if length < SHORTEST_PART {
            return Vec::new();
        }
        let letters: Vec<char> = word.chars().collect();
        let mut inner: Vec<[char; 3]> = letters.windows(3).filter_map(|three| three.try_into().ok()).collect();
        inner.sort_unstable();
        inner.dedup();
        let mut found = Vec::new();
        for number in self.sharing(&inner, inner.len().min(255) as u8) {
            let Some((known, held)) = self.word(number) else {
                continue;
            };
            let longer = usize::from(held.letters) >= length + 3;
            if longer && (known.starts_with(word) || known.ends_with(word)) && !found.contains(&held.term) {
                found.push(held.term);
            }
            if found.len() == MOST_COMPOUNDS {
                break;
            }
        }
        found
    }

    pub fn bytes(&self) -> usize {
        let lists = self.by_trigram.values().map(|list| list.capacity() * 4);
        let table = self.by_trigram.capacity() * size_of::<([char; 3], Vec<u32>)>();
        self.letters.capacity() + self.words.capacity() * size_of::<Word>() + lists.sum::<usize>() + table
    }
}

/// So many slips a word of this many letters may have and still be told.
fn most_slips(letters: usize) -> usize {
    match letters {
        0..=3 => 0,
        4..=7 => 1,
        8..=11 => 2,
        _ => 3,
    }
}

fn trigrams(word: &str) -> Vec<[char; 3]> {
    let padded: Vec<char> = std::iter::once('^')
        .chain(word.chars())
        .chain(std::iter::once('$'))
        .collect();
    padded
        .windows(3)
        .filter_map(|three| <[char; 3]>::try_from(three).ok())
        .collect()
}

/// From the number of slips between two words; `None` when there are too many to be slips.
///
/// Short words have many neighbours that are other words (shoes, shows), so that in them only a swapped,
/// a missing and a doubled letter count as a slip, not a different one.
fn likeness(typed: &[char], known: &[char]) -> Option<f32> {
    let (short, long) = (typed.len().min(known.len()), typed.len().max(known.len()));
    let most = most_slips(short);
    if most == 0 || long - short > most {
        return None;
    }
    let slips = slips(typed, known);
    if slips > most || (short <= 5 && (typed.first() != known.first() || (slips == 1 && differs_in_one(typed, known))))
    {
        return None;
    }
    Some(1.0 - slips as f32 / long as f32)
}

fn differs_in_one(a: &[char], b: &[char]) -> bool {
    a.len() == b.len() && a.iter().zip(b).filter(|(x, y)| x != y).count() == 1
}

/// The optimal string alignment distance: insertions, deletions, substitutions, swaps of neighbours.
fn slips(a: &[char], b: &[char]) -> usize {
    let width = b.len() + 1;
    let mut before: Vec<usize> = vec![0; width];
    let mut last: Vec<usize> = (0..width).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1; width];
        for (j, y) in b.iter().enumerate() {
            let mut best = (last[j] + usize::from(x != y)).min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *x == b[j - 1] && a[i - 1] == *y {
                best = best.min(before[j - 1] + 1);
            }
            row[j + 1] = best;
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_mended_and_other_words_left_alone() {
        let mut spelling = Spelling::default();
        for (term, word) in ["wordpress", "shows", "cache", "install", "feedback"]
            .into_iter()
            .enumerate()
        {
            spelling.add(word, term as u32);
        }
        let first = |word: &str| spelling.readings(word, |_| 1).first().map(|(term, _)| *term);
        assert_eq!(first("wrodpress"), Some(0));
        assert_eq!(first("wordpres"), Some(0));
        assert_eq!(first("cahce"), Some(2));
        assert_eq!(first("instal"), Some(3));
        assert_eq!(first("feedbakc"), Some(4));
        assert_eq!(first("shoes"), None);
        assert_eq!(first("capital"), None);
        assert_eq!(first("ins"), None);
    }

    #[test]
    fn every_kind_of_slip_counts_one() {
        let count = |a: &str, b: &str| slips(&a.chars().collect::<Vec<_>>(), &b.chars().collect::<Vec<_>>());
        assert_eq!(count("cache", "cahce"), 1);
        assert_eq!(count("cache", "cach"), 1);
        assert_eq!(count("cache", "caache"), 1);
        assert_eq!(count("cache", "cacke"), 1);
        assert_eq!(count("", "abc"), 3);
    }
}
