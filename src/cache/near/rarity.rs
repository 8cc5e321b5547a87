//! How rare a word is among the stored questions: what nobody else asks about is what a question is about.

use std::collections::HashMap;

/// Questions that are taken to be there from the beginning, so that the first ones do not count too much.
const PRIOR: f32 = 20.0;

/// In how many stored questions each stem is.
#[derive(Default)]
pub struct Rarity {
    questions: u32,
    /// By a hash of the stem; two stems with one hash only weigh less than they should.
    counts: HashMap<u32, u32>,
}

impl Rarity {
    pub fn add(&mut self, content: &[String]) {
        self.questions += 1;
        for stem in content {
            *self.counts.entry(hash(stem)).or_default() += 1;
        }
    }

    pub fn remove(&mut self, content: &[String]) {
        self.questions = self.questions.saturating_sub(1);
        for stem in content {
            let hash = hash(stem);
            if let Some(count) = self.counts.get_mut(&hash) {
                *count -= 1;
                if *count == 0 {
                    self.counts.remove(&hash);
                }
            }
        }
    }

    /// The share, 0 to 1, of what two questions are about that only one of them names. 1 when neither names anything.
    pub fn differing(&self, one: &[String], other: &[String]) -> f32 {
        let weight = |stems: &[String], without: Option<&[String]>| -> f32 {
            let counted = stems
                .iter()
                .filter(|stem| without.is_none_or(|rest| !rest.contains(stem)));
            counted.map(|stem| self.weight(stem)).sum()
        };
        let alone = weight(one, Some(other)) + weight(other, Some(one));
        let all = weight(one, None) + weight(other, Some(one));
        if all > 0.0 { alone / all } else { 1.0 }
    }

    /// The inverse document frequency, smoothed.
    fn weight(&self, stem: &str) -> f32 {
        let count = self.counts.get(&hash(stem)).copied().unwrap_or(0);
        (1.0 + (self.questions as f32 + PRIOR) / (1.0 + count as f32)).ln()
    }
}

fn hash(stem: &str) -> u32 {
    let [a, b, c, d, ..] = *blake3::hash(stem.as_bytes()).as_bytes();
    u32::from_le_bytes([a, b, c, d])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stems(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn a_rare_word_tells_more_apart_than_a_common_one() {
        let mut rarity = Rarity::default();
        for rest in ["order", "lost", "block", "renew", "limit"] {
            rarity.add(&stems(&format!("card {rest}")));
        }
        let common = rarity.differing(&stems("card lost"), &stems("lost"));
        let rare = rarity.differing(&stems("card lost"), &stems("card"));
        assert!(common < rare, "{common} {rare}");
        assert_eq!(rarity.differing(&stems("card lost"), &stems("card lost")), 0.0);
        assert_eq!(rarity.differing(&[], &[]), 1.0);
    }

    #[test]
    fn what_is_removed_counts_no_more() {
        let (mut rarity, fresh) = (Rarity::default(), Rarity::default());
        rarity.add(&stems("card lost"));
        rarity.remove(&stems("card lost"));
        let pair = (stems("card order"), stems("card"));
        assert_eq!(rarity.differing(&pair.0, &pair.1), fresh.differing(&pair.0, &pair.1));
    }
}
