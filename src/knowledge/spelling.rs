//! Mistyped words: the words of the content that look like one that is not in it.

use std::collections::HashMap;

/// At most so many readings of a mistyped word.
const MOST_READINGS: usize = 3;

/// All words of an index by the trigrams of their letters.
#[derive(Default)]
pub(super) struct Spelling {
    /// A word as it is written, and the number of its term.
    words: Vec<(Box<str>, u32)>,
    by_trigram: HashMap<[char; 3], Vec<u32>>,
}

impl Spelling {
    /// Each word once.
    pub fn add(&mut self, word: &str, term: u32) {
        let number = self.words.len() as u32;
        self.words.push((word.into(), term));
        let mut all = trigrams(word);
        all.sort_unstable();
        all.dedup();
        for trigram in all {
            self.by_trigram.entry(trigram).or_default().push(number);
        }
    }

    /// Terms whose word may have been meant, the likeliest first, each with a likeness from 0 to 1.
    pub fn readings(&self, word: &str) -> Vec<(u32, f32)> {
        let letters: Vec<char> = word.chars().collect();
        if letters.len() < 4 || letters.iter().any(char::is_ascii_digit) {
            return Vec::new();
        }
        let mut shared: HashMap<u32, u32> = HashMap::new();
        for trigram in trigrams(word) {
            for number in self.by_trigram.get(&trigram).into_iter().flatten() {
                *shared.entry(*number).or_default() += 1;
            }
        }
        let mut readings: Vec<(u32, f32)> = Vec::new();
        for number in shared.into_keys() {
            let Some((known, term)) = self.words.get(number as usize) else {
                continue;
            };
            let known: Vec<char> = known.chars().collect();
            if let Some(likeness) = likeness(&letters, &known) {
                readings.push((*term, likeness));
            }
        }
        readings.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        readings.dedup_by_key(|(term, _)| *term);
        readings.truncate(MOST_READINGS);
        // A worse reading beside a better one only blurs it.
        let best = readings.first().map_or(0.0, |(_, likeness)| *likeness);
        readings.retain(|(_, likeness)| *likeness >= best - 0.05);
        readings
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
    let most = match short {
        0..=3 => return None,
        4..=7 => 1,
        8..=11 => 2,
        _ => 3,
    };
    if long - short > most {
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
        let first = |word: &str| spelling.readings(word).first().map(|(term, _)| *term);
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
