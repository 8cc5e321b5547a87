//! Mistyped words: the words of the content that look like one that is not in it, and compounds that hold one.

use std::collections::HashMap;

/// At most so many readings of a mistyped word.
const MOST_READINGS: usize = 3;
/// And so many compounds of a word.
const MOST_COMPOUNDS: usize = 12;
/// What stands before a word in a compound has at least so many letters.
const SHORTEST_JOINED: usize = 3;
/// Shorter words stand in too many others by chance.
const SHORTEST_PART: usize = 4;

/// Stems with so many letters in common may be of one word,
const SHORTEST_ALIKE: usize = 5;
/// when no more than so many letters follow in either.
const LONGEST_ENDING: usize = 4;
/// So many of the letters in common may be written otherwise in the words.
const UNSURE: usize = 1;
/// A word has fewer forms; more would be of a content that was made up.
const MOST_FORMS: usize = 40;

/// So many of the words that share most with a mistyped one are compared letter by letter.
const MOST_COMPARED: usize = 150;

/// The words of a lexicon, by its numbers, by the trigrams of their letters.
#[derive(Default)]
pub(in crate::knowledge) struct Spelling {
    /// For each word how many letters it has; 0: it is not looked for.
    lengths: Vec<u8>,
    by_trigram: HashMap<[char; 3], Vec<u32>>,
}

impl Spelling {
    /// Words must come in the order of their numbers. Pairs of characters and numbers are not looked for: they are not mistyped into
    /// something alike.
    pub fn add(&mut self, word: &str) {
        let number = self.lengths.len() as u32;
        let letters = word.chars().count();
        if letters < SHORTEST_PART || word.contains(|c: char| c.is_ascii_digit()) {
            self.lengths.push(0);
            return;
        }
        self.lengths.push(letters.min(255) as u8);
        let mut all = trigrams(word);
        all.sort_unstable();
        all.dedup();
        for trigram in all {
            let list = self.by_trigram.entry(trigram).or_default();
            if list.len() == list.capacity() {
                list.reserve_exact(1 + list.len() / 8);
            }
            list.push(number);
        }
    }

    fn length(&self, number: u32) -> usize {
        self.lengths.get(number as usize).copied().map_or(0, usize::from)
    }

    /// Words that share at least so many of these trigrams, and how many they share.
    fn sharing(&self, trigrams: &[[char; 3]], at_least: u8, fits: impl Fn(usize) -> bool) -> Vec<(u32, u8)> {
        let mut shared = vec![0_u8; self.lengths.len()];
        let mut enough = Vec::new();
        for trigram in trigrams {
            for number in self.by_trigram.get(trigram).into_iter().flatten() {
                if let Some(count) = shared.get_mut(*number as usize) {
                    *count = count.saturating_add(1);
                    if *count == at_least && fits(self.length(*number)) {
                        enough.push((*number, 0));
                    }
                }
            }
        }
        for (number, count) in &mut enough {
            *count = shared.get(*number as usize).copied().unwrap_or(0);
        }
        enough
    }

    /// Terms whose word may have been meant, the likeliest first, each with a likeness from 0 to 1, and the word. `common` says how often a term
    /// stands in the content: of two words alike, the one that is written more is likelier meant.
    pub fn readings<'a>(
        &self,
        word: &str,
        known: impl Fn(u32) -> (&'a str, u32),
        common: impl Fn(u32) -> usize,
    ) -> Vec<(u32, f32, &'a str)> {
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
        let mut alike = self.sharing(&all, at_least, |length| length.abs_diff(letters.len()) <= most);
        if alike.len() > MOST_COMPARED {
            alike.select_nth_unstable_by(MOST_COMPARED, |a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
            alike.truncate(MOST_COMPARED);
        }
        let mut readings: Vec<(u32, f32, &str)> = Vec::new();
        for (number, _) in alike {
            let (known, term) = known(number);
            let its: Vec<char> = known.chars().collect();
            if let Some(likeness) = likeness(&letters, &its) {
                readings.push((term, likeness, known));
            }
        }
        let rank = |(term, likeness, _): (u32, f32, &str)| likeness + 0.01 * (1.0 + common(term) as f32).ln().min(5.0);
        readings.sort_by(|a, b| rank(*b).total_cmp(&rank(*a)).then(a.0.cmp(&b.0)));
        let mut seen = Vec::new();
        readings.retain(|(term, ..)| {
            let is_new = !seen.contains(term);
            seen.push(*term);
            is_new
        });
        readings.truncate(MOST_READINGS);
        // A worse reading beside a better one only blurs it.
        let best = readings.iter().map(|(_, likeness, _)| *likeness).fold(0.0, f32::max);
        readings.retain(|(_, likeness, _)| *likeness >= best - 0.05);
        readings
    }

    /// Terms of words that begin with this stem, or end with it: `bestellt` and `Bestellung` for `bestell`, `Versandkosten` for `Kosten`. The
    /// shortest first, which are likelier forms of the same word.
    pub fn compounds<'a>(&self, stem: &str, known: impl Fn(u32) -> (&'a str, u32)) -> Vec<u32> {
        let length = stem.chars().count();
        if length < SHORTEST_PART {
            return Vec::new();
        }
        let letters: Vec<char> = stem.chars().collect();
        let mut inner: Vec<[char; 3]> = letters.windows(3).filter_map(|three| three.try_into().ok()).collect();
        inner.sort_unstable();
        inner.dedup();
        let at_least = inner.len().min(255) as u8;
        let mut found: Vec<(usize, u32)> = Vec::new();
        for (number, _) in self.sharing(&inner, at_least, |letters| letters > length) {
            let (known, term) = known(number);
            let is_compound = known.ends_with(stem) && self.length(number) >= length + SHORTEST_JOINED;
            if known.starts_with(stem) || is_compound {
                found.push((self.length(number), term));
            }
        }
        found.sort_unstable();
        let mut terms: Vec<u32> = Vec::new();
        for (_, term) in found {
            if terms.len() < MOST_COMPOUNDS && !terms.contains(&term) {
                terms.push(term);
            }
        }
        terms
    }

    /// Terms of which the stem begins like this word's and soon ends: `установить`, `установка` and `установленный` have three stems.
    /// `stem_of` gives a term's.
    pub fn forms<'a>(
        &self,
        word: &str,
        stem: &str,
        known: impl Fn(u32) -> (&'a str, u32),
        stem_of: impl Fn(u32) -> &'a str,
    ) -> Vec<u32> {
        let letters: Vec<char> = stem.chars().collect();
        if letters.len() < SHORTEST_ALIKE || letters.iter().any(char::is_ascii_digit) {
            return Vec::new();
        }
        let common = SHORTEST_ALIKE.max(letters.len().saturating_sub(LONGEST_ENDING));
        // A stem has lost its accents, and may have changed its last letters.
        let start: String = word.chars().take(common - UNSURE).collect();
        let mut inner = trigrams(&start);
        // The word goes on where this ends.
        inner.pop();
        inner.sort_unstable();
        inner.dedup();
        // In a large content thousands of words begin alike; most are too long to be forms of this one.
        let fits = |length| length >= common && length <= letters.len() + 2 * LONGEST_ENDING;
        let mut found: Vec<(usize, u32)> = Vec::new();
        for (number, _) in self.sharing(&inner, inner.len().min(255) as u8, fits) {
            let (word, term) = known(number);
            if word.starts_with(&start) {
                let other = stem_of(term);
                let shared = other.chars().zip(&letters).take_while(|(a, b)| a == *b).count();
                let ending = other.chars().count() - shared;
                if shared >= common && ending <= LONGEST_ENDING {
                    found.push((letters.len() - shared + ending, term));
                }
            }
        }
        found.sort_unstable();
        found.dedup();
        found.into_iter().take(MOST_FORMS).map(|(_, term)| term).collect()
    }

    pub fn bytes(&self) -> usize {
        let lists = self.by_trigram.values().map(|list| list.capacity() * 4);
        let table = self.by_trigram.capacity() * size_of::<([char; 3], Vec<u32>)>();
        self.lengths.capacity() + lists.sum::<usize>() + table
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

/// Whether a word is surely one of these, mistyped: longer than four letters, as `form` is not `from`, and with the same first one.
pub(in crate::knowledge) fn is_slip_of<'a>(word: &str, mut words: impl Iterator<Item = &'a str>) -> bool {
    let typed: Vec<char> = word.chars().collect();
    if typed.len() <= SHORTEST_PART || typed.iter().any(char::is_ascii_digit) {
        return false;
    }
    words.any(|known| {
        let known: Vec<char> = known.chars().collect();
        known.first() == typed.first() && known.len().abs_diff(typed.len()) <= 1 && slips(&typed, &known) == 1
    })
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
        let words = ["wordpress", "shows", "cache", "install", "feedback"];
        words.into_iter().for_each(|word| spelling.add(word));
        let known = |number: u32| (words[number as usize], number);
        let first = |word: &str| spelling.readings(word, known, |_| 1).first().map(|(term, ..)| *term);
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
    fn forms_have_their_beginning_in_common() {
        let mut spelling = Spelling::default();
        let words = ["установить", "установка", "остановка", "устав", "установленный"];
        let stems = ["установ", "установк", "остановк", "устав", "установлен"];
        words.into_iter().for_each(|word| spelling.add(word));
        let forms = |stem: &str| {
            let mut forms = spelling.forms(
                stem,
                stem,
                |number| (words[number as usize], number),
                |term| stems[term as usize],
            );
            forms.sort_unstable();
            forms
        };
        assert_eq!(forms("установк"), [0, 1, 4]);
        assert_eq!(forms("остановл"), [2]);
        assert!(forms("уста").is_empty() && forms("печат").is_empty());
    }

    #[test]
    fn a_mistyped_word_is_one_of_a_list() {
        let list = || ["something", "because", "from", "other"].into_iter();
        assert!(is_slip_of("somthing", list()) && is_slip_of("becuase", list()));
        assert!(!is_slip_of("form", list()) && !is_slip_of("mother", list()) && !is_slip_of("something", list()));
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
