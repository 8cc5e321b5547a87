//! Questions that mean the same, gathered, so that one answer of the operator closes many gaps.

use crate::embeddings::{Embedding, embed};

use super::language::Language;
use super::terms::stems;

/// Two questions whose meanings are at least so close, as a cosine, are gathered; a little closer is asked of short ones
/// that share no word.
const SAME: f32 = 0.62;
const SAME_WITHOUT_A_WORD: f32 = 0.8;
/// Where the model knows fewer of the words than this share, words alone decide.
const KNOWN: f32 = 0.5;
/// The share of words that two questions of an unknown language have in common.
const SAME_WORDS: f32 = 0.6;

struct Meant {
    embedding: Embedding,
    stems: Vec<String>,
    plain: String,
}

/// Gathers questions, named by their places, into groups: the largest first, in each the most typical question first.
/// At most a few thousand at once: the time grows with the number of questions times that of groups.
pub fn gather(questions: &[&str]) -> Vec<Vec<usize>> {
    let meant: Vec<Meant> = questions.iter().map(|question| read(question)).collect();
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (at, one) in meant.iter().enumerate() {
        let closest = groups
            .iter()
            .enumerate()
            .map(|(group, members)| (group, closeness(one, &meant[members[0]])))
            .filter(|(_, closeness)| *closeness > 0.0)
            .max_by(|a, b| a.1.total_cmp(&b.1));
        match closest {
            Some((group, _)) => groups[group].push(at),
            None => groups.push(vec![at]),
        }
    }
    for group in &mut groups {
        let typical = most_typical(group, &meant);
        group.retain(|at| *at != typical);
        group.insert(0, typical);
    }
    groups.sort_by(|a, b| b.len().cmp(&a.len()).then(a[0].cmp(&b[0])));
    groups
}

fn read(question: &str) -> Meant {
    let mut stems: Vec<String> = stems(question, Language::of_text(question).unwrap_or(Language::ENGLISH));
    stems.sort_unstable();
    stems.dedup();
    Meant {
        embedding: embed(question),
        stems,
        plain: question.to_lowercase().split(|c: char| !c.is_alphanumeric()).collect(),
    }
}

/// 0: they do not belong together; otherwise the more, the closer.
fn closeness(a: &Meant, b: &Meant) -> f32 {
    if a.plain == b.plain {
        return 2.0;
    }
    let shared = a.stems.iter().filter(|stem| b.stems.contains(stem)).count();
    if a.embedding.known.min(b.embedding.known) < KNOWN {
        let all = a.stems.len() + b.stems.len() - shared;
        let share = if all == 0 { 0.0 } else { shared as f32 / all as f32 };
        return if share >= SAME_WORDS { share } else { 0.0 };
    }
    let closeness = a.embedding.vector.similarity(&b.embedding.vector);
    let needed = if shared > 0 { SAME } else { SAME_WITHOUT_A_WORD };
    if closeness >= needed { closeness } else { 0.0 }
}

/// The one that is closest to the others; the first of those that are equally close.
fn most_typical(group: &[usize], meant: &[Meant]) -> usize {
    const ENOUGH: usize = 50;
    let sample = &group[..group.len().min(ENOUGH)];
    let sum = |at: usize| -> f32 {
        let own = &meant[at].embedding.vector;
        sample
            .iter()
            .map(|other| own.similarity(&meant[*other].embedding.vector))
            .sum()
    };
    let mut best = (group[0], f32::MIN);
    for at in sample {
        let sum = sum(*at);
        if sum > best.1 + 1e-4 {
            best = (*at, sum);
        }
    }
    best.0
}

#[cfg(test)]
mod tests {
    use super::gather;

    #[test]
    fn questions_that_mean_the_same_are_gathered() {
        let questions = [
            "Do you ship to Norway?",
            "Can I pay with Bitcoin?",
            "do you deliver to norway",
            "Is shipping to Norway possible?",
            "Do you accept bitcoin payments?",
            "When is the next beginners' course?",
            "DO YOU SHIP TO NORWAY",
            "Habt ihr auch vegane Schuhe?",
            "habt ihr vegane Schuhe",
            "配送到挪威吗",
        ];
        let groups = gather(&questions);
        let texts: Vec<Vec<&str>> = groups
            .iter()
            .map(|group| group.iter().map(|at| questions[*at]).collect())
            .collect();
        assert_eq!(
            groups.iter().map(Vec::len).collect::<Vec<_>>(),
            [4, 2, 2, 1, 1],
            "{texts:#?}"
        );
        assert!(
            texts[0].iter().all(|text| text.to_lowercase().contains("norway")),
            "{texts:#?}"
        );
        assert!(
            texts[1].iter().all(|text| text.to_lowercase().contains("bitcoin")),
            "{texts:#?}"
        );
    }
}
