//! How a question is recognised by an operator's rule.

use std::fmt;

use regex::{Regex, RegexBuilder};

/// Characters of a regular expression, and bytes that its compiled form may take. Matching takes time in proportion to the
/// question's length, whatever the expression (https://docs.rs/regex/#untrusted-input).
const LONGEST: usize = 500;
const SIZE: usize = 256 << 10;

/// Both kinds look at the question without regard to case.
#[derive(Debug, Clone)]
pub enum Pattern {
    Contains(String),
    Matches(Regex),
}

impl Pattern {
    /// An error says what is wrong with the expression and what is allowed.
    pub fn matches(expression: &str) -> Result<Self, String> {
        if expression.trim().is_empty() || expression.chars().count() > LONGEST {
            return Err(format!("allowed is a regular expression of 1 to {LONGEST} characters"));
        }
        let built = RegexBuilder::new(expression)
            .case_insensitive(true)
            .size_limit(SIZE)
            .build();
        built.map(Pattern::Matches).map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => {
                format!("found `{expression}`, which is too large when compiled; allowed is a smaller one")
            }
            // The last line of a syntax error says what is wrong; those before draw where.
            error => {
                let said = error.to_string();
                let why = said.lines().last().unwrap_or_default().trim();
                format!("found `{expression}`; allowed is a regular expression ({why})")
            }
        })
    }

    pub fn fits(&self, question: &str) -> bool {
        match self {
            Pattern::Contains(words) => question.to_lowercase().contains(&words.to_lowercase()),
            Pattern::Matches(expression) => expression.is_match(question),
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Pattern::Contains(words) => write!(f, "it contains “{words}”"),
            Pattern::Matches(expression) => write!(f, "it matches “{expression}”"),
        }
    }
}
