//! A golden set as it is written: a TOML file.

use std::collections::HashSet;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::answering::normalised;

/// Bytes of a file, questions in it, and characters of a question as the service takes them.
const LARGEST: u64 = 10 << 20;
const MAX_QUESTIONS: usize = 10_000;
const LONGEST: usize = 4_000;
/// Questions that come before one in its conversation.
pub const MAX_TURNS: usize = 20;

const HEAD: &str = "# What was answered well, for `pennypress eval`: your own answers, and those with a thumb up.\n\
    # Add what a good answer says (`contains`), and questions that the content does not answer (`answerable = false`).\n\n";

#[derive(Debug, thiserror::Error)]
pub enum GoldenError {
    #[error("{file} cannot be read: {reason}")]
    Unreadable { file: String, reason: String },
    #[error("{file} is larger than {LARGEST} bytes")]
    TooLarge { file: String },
    #[error("{file} is not a golden set: {problem}")]
    Format { file: String, problem: String },
    #[error("{file}, [[questions]] number {number}: {problem}")]
    Question {
        file: String,
        number: usize,
        problem: String,
    },
    #[error("{file}: {problem}")]
    Set { file: String, problem: String },
}

/// Questions, and what share of them must be answered well.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct GoldenSet {
    /// The key of the site that is asked; `None`: the first one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<String>,
    /// The share of the questions that must pass, from 0 to 1.
    #[serde(default = "all")]
    pub pass: f64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub questions: Vec<GoldenQuestion>,
}

/// A question, and what a good answer to it holds.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct GoldenQuestion {
    /// What reports call it; empty: the question itself.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub id: String,
    pub question: String,
    /// Questions that are asked before it in the same conversation.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub turns: Vec<String>,
    /// A language tag; `None`: the site's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// Whether the content holds an answer; where it does not, a good answer says so.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub answerable: bool,
    /// Addresses of pages, or the ends of some from a `/` on. One of them must be cited; with a `#section` that very section.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<String>,
    /// Each of them must stand in the answer; `|` stands between words of which one is enough.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contains: Vec<String>,
    /// None of them may.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub excludes: Vec<String>,
}

fn all() -> f64 {
    1.0
}

fn yes() -> bool {
    true
}

fn is_yes(answerable: &bool) -> bool {
    *answerable
}

impl Default for GoldenQuestion {
    fn default() -> Self {
        Self {
            id: String::new(),
            question: String::new(),
            turns: Vec::new(),
            locale: None,
            answerable: true,
            sources: Vec::new(),
            contains: Vec::new(),
            excludes: Vec::new(),
        }
    }
}

impl GoldenSet {
    /// One to begin with: each question once in each language, all of which must pass.
    pub fn of(site: &str, questions: Vec<GoldenQuestion>) -> Self {
        let mut seen = HashSet::new();
        let mut set = Self {
            site: Some(site.to_owned()),
            pass: all(),
            questions,
        };
        set.questions.retain_mut(|one| {
            let asked: Vec<String> = one
                .turns
                .iter()
                .chain([&one.question])
                .map(|text| normalised(text))
                .collect();
            if let Some(locale) = &one.locale {
                // In another language it would be called the same.
                one.id = format!("{} ({locale})", asked.join(" … "));
            }
            seen.insert((asked, one.locale.clone()))
        });
        set.questions.truncate(MAX_QUESTIONS);
        set
    }

    /// As [`GoldenSet::read`] reads it, with a word on how to go on.
    pub fn written(&self) -> Result<String, toml::ser::Error> {
        Ok(format!("{HEAD}{}", toml::to_string(self)?))
    }

    pub fn read(path: &Path) -> Result<Self, GoldenError> {
        let file = path.display().to_string();
        let unreadable = |error: std::io::Error| GoldenError::Unreadable {
            file: file.clone(),
            reason: error.to_string(),
        };
        if std::fs::metadata(path).map_err(unreadable)?.len() > LARGEST {
            return Err(GoldenError::TooLarge { file });
        }
        let text = std::fs::read_to_string(path).map_err(unreadable)?;
        Self::parse(&file, &text)
    }

    /// `file` is what errors call it.
    pub fn parse(file: &str, text: &str) -> Result<Self, GoldenError> {
        let format = |error: toml::de::Error| GoldenError::Format {
            file: file.to_owned(),
            problem: error.to_string().trim_end().to_owned(),
        };
        let mut set: Self = toml::from_str(text).map_err(format)?;
        let wrong = |problem: &str| GoldenError::Set {
            file: file.to_owned(),
            problem: problem.to_owned(),
        };
        if !(0.0..=1.0).contains(&set.pass) {
            return Err(wrong("`pass` is the share of questions that must pass, from 0 to 1"));
        }
        if set.questions.is_empty() {
            return Err(wrong(
                "it holds no question; each is written below a line [[questions]]",
            ));
        }
        if set.questions.len() > MAX_QUESTIONS {
            return Err(wrong(&format!("it holds more than {MAX_QUESTIONS} questions")));
        }
        let mut ids = HashSet::new();
        for (number, question) in (1..).zip(&mut set.questions) {
            let problem = question.settle().err().or_else(|| {
                let is_new = ids.insert(question.id.clone());
                (!is_new).then(|| {
                    format!(
                        "there is one called `{}` already; give it an `id` of its own",
                        question.id
                    )
                })
            });
            if let Some(problem) = problem {
                return Err(GoldenError::Question {
                    file: file.to_owned(),
                    number,
                    problem,
                });
            }
        }
        Ok(set)
    }
}

impl GoldenQuestion {
    /// Fills in what follows from the rest; says what is wrong.
    fn settle(&mut self) -> Result<(), String> {
        for (name, text) in self
            .turns
            .iter()
            .map(|turn| ("turns", turn))
            .chain([("question", &self.question)])
        {
            if text.trim().is_empty() {
                return Err(format!("`{name}` holds nothing to ask"));
            }
            if text.chars().count() > LONGEST {
                return Err(format!("`{name}` has more than {LONGEST} characters"));
            }
        }
        if self.turns.len() > MAX_TURNS {
            return Err(format!("`turns` has more than {MAX_TURNS} questions"));
        }
        if let Some(empty) = [
            ("sources", &self.sources),
            ("contains", &self.contains),
            ("excludes", &self.excludes),
        ]
        .into_iter()
        .find(|(_, all)| all.iter().any(|one| one.trim().is_empty()))
        {
            return Err(format!("`{}` holds an empty text", empty.0));
        }
        if let Some(source) = self
            .sources
            .iter()
            .find(|one| !one.starts_with('/') && !one.contains("://"))
        {
            return Err(format!(
                "`{source}` in `sources` is neither an address nor the end of one that begins with `/`"
            ));
        }
        let asks_for_words = !self.sources.is_empty() || !self.contains.is_empty();
        if !self.answerable && asks_for_words {
            return Err("with `answerable = false` there is nothing to cite and nothing to say; take `sources` and `contains` away".to_owned());
        }
        if self.id.trim().is_empty() {
            self.id = match self.turns.is_empty() {
                true => self.question.clone(),
                false => format!("{} … {}", self.turns.join(" … "), self.question),
            };
        }
        Ok(())
    }
}
