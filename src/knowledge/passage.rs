//! What goes into an index and what comes out of it.

use std::sync::Arc;

pub use crate::domain::DocumentVersion;
use crate::domain::{PageQuestion, Question, Source, Turn};

/// A page of a site's content.
#[derive(Debug, Clone, Default)]
pub struct Document {
    /// The site's own name for it.
    pub id: String,
    /// Used when the text has no heading of the first level.
    pub title: String,
    pub url: String,
    pub markdown: String,
    /// Its language as a BCP 47 tag; `None`: told from its words.
    pub locale: Option<String>,
    /// Questions that it answers, as the operator said.
    pub asked: Vec<PageQuestion>,
}

impl Document {
    /// The version of what it says now.
    pub fn version(&self) -> DocumentVersion {
        let mut hash = blake3::Hasher::new();
        let locale = self.locale.as_deref().unwrap_or_default();
        for part in [&self.id, &self.title, &self.url, &self.markdown, locale] {
            hash.update(&(part.len() as u64).to_le_bytes());
            hash.update(part.as_bytes());
        }
        for asked in &self.asked {
            hash.update(asked.fragment.as_bytes());
            hash.update(&[0]);
            hash.update(asked.question.as_bytes());
            hash.update(&[0]);
        }
        let mut first = [0; 8];
        hash.finalize_xof().fill(&mut first);
        DocumentVersion(u64::from_le_bytes(first))
    }
}

/// A stretch of a document that may answer a question.
#[derive(Debug, Clone, PartialEq)]
pub struct Passage {
    /// The id of its document.
    pub document: String,
    pub version: DocumentVersion,
    pub title: String,
    /// The heading path below the title, such as `Installing › From a zip`.
    pub section: String,
    /// With the section's fragment when it has one.
    pub url: String,
    /// Markdown, whole paragraphs; one with the index's own, since many visitors hold on to it at once.
    pub text: Arc<str>,
    /// Comparable within one search only; the best has the highest.
    pub score: f32,
}

/// What is looked for.
#[derive(Debug, Clone, Copy)]
pub struct Query<'a> {
    pub text: &'a str,
    /// What was said before, oldest first; a question that leans on it is read with it.
    pub turns: &'a [Turn],
    /// The visitor's language, a BCP 47 tag; of several languages its pages are preferred. Empty: unknown.
    pub locale: &'a str,
    /// The language of what is said beside quotations (ISO 639-1). Empty: that of the locale.
    pub speaks: &'a str,
}

impl<'a> Query<'a> {
    /// A question that stands alone, in whatever language its words are.
    pub fn of(text: &'a str) -> Self {
        Self {
            text,
            turns: &[],
            locale: "",
            speaks: "",
        }
    }
}

impl<'a> From<&'a Question> for Query<'a> {
    fn from(question: &'a Question) -> Self {
        let as_asked = Self {
            text: &question.text,
            turns: &question.history,
            locale: &question.locale,
            speaks: &question.language,
        };
        match &question.translation {
            None => as_asked,
            // It names what the question leans on, and is in the language of the content.
            Some(text) => Self {
                text,
                turns: &[],
                locale: "",
                ..as_asked
            },
        }
    }
}

/// Below this confidence a question is held to have no answer in the content.
pub const ABSTAIN_BELOW: f32 = 0.15;

/// What a search brings.
#[derive(Debug, Clone, Default)]
pub struct Retrieved {
    /// The best first; none when no word of the question stands anywhere.
    pub passages: Vec<Passage>,
    /// How likely the answer stands in the content, from 0 to 1, if as many questions had an answer there as had none. It tells a
    /// foreign subject from one that the content treats, not whether the passages state what was asked.
    pub confidence: f32,
    /// False: the confidence says nothing, as the question is small talk, leans on what was said before, or is in a language that
    /// the content is not in.
    pub is_judged: bool,
    /// The version of the content that was searched.
    pub content_version: String,
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
