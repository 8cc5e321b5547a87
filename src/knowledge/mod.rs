//! Documents in, passages out.

use crate::domain::Source;

/// A stretch of a document that may answer a question.
#[derive(Debug, Clone, PartialEq)]
pub struct Passage {
    pub document: String,
    pub title: String,
    /// The heading path below the title, such as `Installing › From a zip`.
    pub section: String,
    /// With the section's fragment when it has one.
    pub url: String,
    pub text: String,
    pub score: f32,
}

/// An answer put together from passages, without a model.
#[derive(Debug, Clone, PartialEq)]
pub struct Composed {
    /// Markdown, with `[n]` where a source is cited.
    pub text: String,
    pub sources: Vec<Source>,
    /// False: the content does not hold the answer, and the text says so honestly.
    pub found: bool,
}
