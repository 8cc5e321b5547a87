//! What an answer may rely on: the passages it was given, and what was known before.

use std::collections::HashSet;

use unicode_segmentation::UnicodeSegmentation;

use super::super::Passage;
use super::super::language::Language;
use super::super::terms::{stem, stems};
use super::super::thesaurus;
use super::claims::Claim;
use super::numbers::numbers_stated;

/// At least this share of a claim's words stands beside a number that is stated in this matter.
const SAME_MATTER: f32 = 0.2;
/// Two words with so many first letters in common, and this share of the longer one, are forms of one.
const COMMON_START: usize = 5;
const COMMON_SHARE: f32 = 0.65;

/// One sentence of the passages.
struct Statement {
    /// Its stems, with those of the sentence before it and of the headings above it.
    matter: HashSet<String>,
    stems: HashSet<String>,
    numbers: HashSet<String>,
}

pub(super) struct Evidence {
    statements: Vec<Statement>,
    stems: HashSet<String>,
    /// Lower case, as written.
    words: HashSet<String>,
    /// Numbers that the question names.
    known_numbers: HashSet<String>,
}

impl Evidence {
    pub fn new(passages: &[Passage], known: &[&str]) -> Self {
        let mut evidence = Self {
            statements: Vec::new(),
            stems: HashSet::new(),
            words: HashSet::new(),
            known_numbers: HashSet::new(),
        };
        for text in known {
            evidence.learn(text);
            evidence.known_numbers.extend(numbers_stated(text));
        }
        for passage in passages {
            evidence.read(passage);
        }
        evidence
    }

    fn learn(&mut self, text: &str) -> HashSet<String> {
        self.words
            .extend(text.to_lowercase().unicode_words().map(str::to_owned));
        let stems: HashSet<String> = stems(text, Language::ENGLISH).into_iter().collect();
        self.stems.extend(stems.iter().cloned());
        stems
    }

    fn read(&mut self, passage: &Passage) {
        let headings = format!("{} {}", passage.title, passage.section);
        let headings_stems = self.learn(&headings);
        let mut before = HashSet::new();
        for line in std::iter::once(headings.as_str()).chain(passage.text.lines()) {
            for sentence in line.unicode_sentences() {
                let stems = self.learn(sentence);
                let matter = &(&stems | &before) | &headings_stems;
                self.statements.push(Statement {
                    matter,
                    numbers: numbers_stated(sentence).into_iter().collect(),
                    stems: stems.clone(),
                });
                before = stems;
            }
        }
    }

    /// The number is stated in a sentence about the same matter.
    pub fn states(&self, number: &str, claim: &Claim) -> bool {
        if self.known_numbers.contains(number) {
            return true;
        }
        let needed = SAME_MATTER * claim.terms.len() as f32;
        self.statements
            .iter()
            .filter(|statement| statement.numbers.contains(number))
            .any(|statement| held(claim, &statement.matter) as f32 >= needed)
    }

    /// The number is stated somewhere.
    pub fn has(&self, number: &str) -> bool {
        let stated = |statement: &Statement| statement.numbers.contains(number);
        self.known_numbers.contains(number) || self.statements.iter().any(stated)
    }

    /// A word of it, or a longer word that holds it, stands there.
    pub fn knows(&self, name: &str) -> bool {
        let lower = name.to_lowercase();
        self.words.contains(&lower)
            || self.stems.contains(&stem(&lower, Language::ENGLISH))
            || (lower.chars().count() >= 3 && self.words.iter().any(|word| is_part(&lower, word)))
    }

    /// Of a claim's words, how many stand in the passages: half for all of them, half for the sentence that holds most.
    pub fn share(&self, claim: &Claim) -> f32 {
        let all = claim.terms.len().max(1) as f32;
        let anywhere = held(claim, &self.stems) as f32 / all;
        let together = self
            .statements
            .iter()
            .map(|statement| held(claim, &statement.stems))
            .max();
        (anywhere + together.unwrap_or(0) as f32 / all) / 2.0
    }
}

/// How many of a claim's words, or words that stand for them, are among `stems`.
fn held(claim: &Claim, stems: &HashSet<String>) -> usize {
    claim.terms.iter().filter(|term| holds(stems, term)).count()
}

fn holds(stems: &HashSet<String>, term: &str) -> bool {
    stems.contains(term)
        || thesaurus::beside(term).iter().any(|other| stems.contains(other))
        || (term.chars().count() > COMMON_START && stems.iter().any(|stem| are_forms(term, stem)))
}

/// `deliver` and `delivery`, `Versandkosten` and `Versand`.
fn are_forms(a: &str, b: &str) -> bool {
    let common = a.chars().zip(b.chars()).take_while(|(x, y)| x == y).count();
    let longer = a.chars().count().max(b.chars().count());
    common >= COMMON_START && common as f32 >= COMMON_SHARE * longer as f32
}

/// `Mon` of `Monday`, `WordPress` of `WordPress.com`; not `art` of `start`.
fn is_part(name: &str, word: &str) -> bool {
    let (short, long) = if name.len() < word.len() {
        (name, word)
    } else {
        (word, name)
    };
    short.chars().count() >= 3 && long.starts_with(short)
}
