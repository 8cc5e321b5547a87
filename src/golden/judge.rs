//! Whether an answer is what its golden question asks for.

use std::fmt;

use unicode_normalization::UnicodeNormalization;

use super::GoldenQuestion;
use crate::domain::{Answer, Finish};

/// What is wrong with an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The question was refused, or the answer broke off: in the service's words.
    Broken(String),
    /// The content holds an answer, and the service says that it does not.
    SaysUnanswered,
    /// The reverse.
    Answers,
    /// None of the pages is cited.
    Cites {
        wanted: Vec<String>,
        cited: Vec<String>,
    },
    Lacks(String),
    Holds(String),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Broken(reason) => write!(f, "{reason}"),
            Fault::SaysUnanswered => write!(f, "says that it does not know"),
            Fault::Answers => write!(f, "answers what the content does not hold"),
            Fault::Cites { wanted, cited } if cited.is_empty() => {
                write!(f, "cites nothing, wanted {}", wanted.join(" or "))
            }
            Fault::Cites { wanted, cited } => write!(f, "cites {}, wanted {}", cited.join(", "), wanted.join(" or ")),
            Fault::Lacks(text) => write!(f, "does not say \"{text}\""),
            Fault::Holds(text) => write!(f, "says \"{text}\""),
        }
    }
}

/// What is wrong with this answer; nothing: it passes.
pub fn faults(wanted: &GoldenQuestion, answer: &Answer) -> Vec<Fault> {
    match (answer.finish, wanted.answerable) {
        (Finish::Failed | Finish::Aborted, _) => {
            return vec![Fault::Broken("no provider could give the answer to its end".to_owned())];
        }
        (Finish::Unanswered, true) => return vec![Fault::SaysUnanswered],
        (Finish::Unanswered, false) | (Finish::Stop | Finish::Length, true) => {}
        (Finish::Stop | Finish::Length, false) => return vec![Fault::Answers],
    }
    let mut found = Vec::new();
    let cited: Vec<&str> = answer.sources.iter().map(|source| source.url.as_str()).collect();
    let is_cited = |wanted: &String| cited.iter().any(|url| is_at(url, wanted));
    if !wanted.sources.is_empty() && !wanted.sources.iter().any(is_cited) {
        found.push(Fault::Cites {
            wanted: wanted.sources.clone(),
            cited: cited.iter().map(|&url| url.to_owned()).collect(),
        });
    }
    let said = plain(&answer.text);
    let holds = |text: &str| said.contains(&plain(text));
    let lacked = wanted.contains.iter().filter(|text| !text.split('|').any(holds));
    found.extend(lacked.cloned().map(Fault::Lacks));
    let held = wanted.excludes.iter().filter(|text| holds(text));
    found.extend(held.cloned().map(Fault::Holds));
    found
}

/// Whether an address is the wanted one, or ends with it. Queries and a slash at the end tell nothing apart; a section only where one is
/// wanted.
fn is_at(url: &str, wanted: &str) -> bool {
    let (page, section) = parts(url);
    let (wanted_page, wanted_section) = parts(wanted);
    let is_same_page = match wanted.starts_with('/') {
        true => page.ends_with(wanted_page),
        false => page == wanted_page,
    };
    is_same_page && (wanted_section.is_empty() || section == wanted_section)
}

/// Page and section.
fn parts(url: &str) -> (&str, &str) {
    let (page, section) = url.split_once('#').unwrap_or((url, ""));
    let page = page.split('?').next().unwrap_or_default();
    (page.trim_end_matches('/'), section)
}

/// Text as it is compared: Unicode NFKC, lower case, single spaces, without Markdown's emphasis and the numbers of citations.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        rest = match citation(rest) {
            Some(length) => &rest[length..],
            None => {
                if !matches!(character, '*' | '_' | '`') {
                    plain.push(character);
                }
                &rest[character.len_utf8()..]
            }
        };
    }
    let lower: String = plain.nfkc().flat_map(char::to_lowercase).collect();
    let words: Vec<&str> = lower.split_whitespace().collect();
    // What a citation leaves behind before the end of a sentence.
    words.join(" ").replace(" .", ".").replace(" ,", ",")
}

/// How long the `[12]` is that a text begins with.
fn citation(text: &str) -> Option<usize> {
    let (number, _) = text.strip_prefix('[')?.split_once(']')?;
    let is_number = (1..=3).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then_some(number.len() + 2)
}
