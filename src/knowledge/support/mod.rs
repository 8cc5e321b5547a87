//! Whether what an answer says stands in the passages that it cites: sentence by sentence, after the stream.
//!
//! Scores of retrieval cannot tell a page that holds the answer from one that nearly does, so what a model made of its
//! passages is compared with them afterwards. Three things give an invention away: a number that the passages do not state in
//! this matter, a name that they do not know, and a sentence whose words and meaning they do not hold. The operator is shown
//! what is in doubt; a visitor is not.

mod claims;
mod evidence;
mod numbers;

use super::Passage;
use super::spoken::is_foreign_to;
use crate::domain::{Doubt, DoubtReason as Reason};
use claims::{Claim, claims};
use evidence::Evidence;

/// A sentence with fewer telling words than this says too little to be doubted for its words.
const FEWEST_TERMS: usize = 3;
/// A sentence is doubted when less than this share of its words stands in the passages.
const LEAST_SHARE: f32 = 0.5;
/// Of an answer at most so many sentences are compared.
const MOST_CLAIMS: usize = 200;
/// Characters of the passages that tell their language.
const TELLING: usize = 2_000;

/// The sentences of `answer` (Markdown, with `[n]` for the n-th passage) that its passages do not support. `known` is what
/// need not stand there: the question, the site's name. Without passages nothing can be compared, and nothing is doubted.
pub fn doubts(answer: &str, passages: &[Passage], known: &[&str]) -> Vec<Doubt> {
    if passages.is_empty() {
        return Vec::new();
    }
    let evidence = Evidence::new(passages, known);
    // Another language has other words, and often other names, for the same things; its numbers are the same.
    let is_foreign = is_foreign_to(answer, &beginning(passages));
    let mut found = Vec::new();
    for claim in claims(answer).into_iter().take(MOST_CLAIMS) {
        if let Some((reason, detail)) = doubt(&claim, &evidence, is_foreign) {
            found.push(Doubt {
                sentence: claim.text,
                reason,
                detail,
            });
        }
    }
    found
}

/// What there is to read of the passages, as far as it is needed to tell its language.
fn beginning(passages: &[Passage]) -> String {
    let text = passages.iter().flat_map(|passage| [&*passage.text, "\n"]);
    text.flat_map(str::chars).take(TELLING).collect()
}

fn doubt(claim: &Claim, evidence: &Evidence, is_foreign: bool) -> Option<(Reason, String)> {
    if claim.is_honest {
        return None;
    }
    if is_foreign {
        let invented = claim.numbers.iter().find(|number| !evidence.has(number));
        return invented.map(|number| (Reason::Number, number.clone()));
    }
    if let Some(number) = claim.numbers.iter().find(|number| !evidence.states(number, claim)) {
        return Some((Reason::Number, number.clone()));
    }
    if let Some(name) = claim.names.iter().find(|name| !evidence.knows(name)) {
        return Some((Reason::Name, name.clone()));
    }
    if claim.is_polite || claim.terms.len() < FEWEST_TERMS {
        return None;
    }
    (evidence.share(claim) < LEAST_SHARE).then(|| (Reason::Words, String::new()))
}

#[cfg(test)]
mod tests;
