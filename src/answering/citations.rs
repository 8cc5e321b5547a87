//! Which passages an answer rests on: those whose number it cites.

use crate::domain::Source;
use crate::knowledge::{Passage, excerpt};

/// A quote is about this long, in characters.
const QUOTE: usize = 240;

/// The passages cited in `text` as `[n]`, by number; of those that were `shown` to who wrote it.
pub fn cited(text: &str, passages: &[Passage], shown: &[bool]) -> Vec<Source> {
    let mut named = vec![false; passages.len()];
    for after in text.split('[').skip(1) {
        let Some((inside, _)) = after.split_once(']') else {
            continue;
        };
        // Also `[1, 3]`, which some models write.
        for number in inside.split(',') {
            if let Ok(n @ 1..) = number.trim().parse::<usize>()
                && let Some(named) = named.get_mut(n - 1)
            {
                *named = true;
            }
        }
    }
    let stands = named.iter().zip(shown).map(|(named, shown)| *named && *shown);
    let chosen = passages
        .iter()
        .zip(stands)
        .enumerate()
        .filter(|(_, (_, stands))| *stands);
    chosen.map(|(i, (passage, _))| source(i as u32 + 1, passage)).collect()
}

fn source(n: u32, passage: &Passage) -> Source {
    Source {
        n,
        title: if passage.section.is_empty() {
            passage.title.clone()
        } else {
            format!("{} › {}", passage.title, passage.section)
        },
        url: passage.url.clone(),
        quote: excerpt(&passage.text, QUOTE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::knowledge::DocumentVersion;

    fn passage(title: &str) -> Passage {
        Passage {
            document: title.to_owned(),
            version: DocumentVersion(1),
            title: title.to_owned(),
            section: String::new(),
            url: format!("/{title}"),
            text: "word ".repeat(100).into(),
            score: 1.0,
        }
    }

    #[test]
    fn cited_passages_become_sources() {
        let passages = [passage("a"), passage("b"), passage("c")];
        let numbers = |text: &str| {
            cited(text, &passages, &[true, true, true])
                .into_iter()
                .map(|source| source.n)
                .collect::<Vec<_>>()
        };
        assert_eq!(numbers("So [1], and [3, 2]. [1]"), [1, 2, 3]);
        assert_eq!(numbers("Not [0], [4], [x], [ or [[2]]"), [2]);
        assert!(cited("[1]", &passages, &[true])[0].quote.ends_with("word…"));
        // The second did not fit into what the model was given.
        assert_eq!(cited("[2] and [3]", &passages, &[true, false, true])[0].n, 3);
    }
}
