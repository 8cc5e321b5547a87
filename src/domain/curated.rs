//! What the operator wrote, and how an answer that was had before came to be given again.

use serde::{Deserialize, Serialize};

use super::{CuratedId, InvalidId, Source};

/// An answer that the operator wrote; it wins over every other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CuratedAnswer {
    pub id: CuratedId,
    /// The site's key.
    pub site: String,
    /// 1 to 4,000 characters.
    pub question: String,
    /// Markdown, 1 to 20,000 characters.
    pub text: String,
    /// A BCP 47 tag, lower case; empty: for visitors of every language.
    pub locale: String,
    pub sources: Vec<Source>,
    /// Unix time in milliseconds.
    pub created_at_ms: i64,
    /// Unix time in milliseconds.
    pub updated_at_ms: i64,
}

/// Where an answer lies that was, or may be, given again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reuse {
    pub of: Original,
    /// How it was found, when it was found by its meaning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub near: Option<NearHit>,
}

/// An answer that others were given again. Written as the cache's key in hexadecimal digits, or as the id of a curated answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Original {
    Cached([u8; 32]),
    Curated(CuratedId),
}

impl std::convert::From<Original> for String {
    fn from(original: Original) -> String {
        match original {
            Original::Cached(key) => blake3::Hash::from(key).to_hex().to_string(),
            Original::Curated(id) => id.to_string(),
        }
    }
}

impl TryFrom<String> for Original {
    type Error = InvalidId;
    fn try_from(text: String) -> Result<Self, InvalidId> {
        match blake3::Hash::from_hex(&text) {
            Ok(key) => Ok(Self::Cached(key.into())),
            Err(_) => CuratedId::parse(&text).map(Self::Curated),
        }
    }
}

/// Why an answer to another question was given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NearHit {
    /// The question that it was first given to.
    pub question: String,
    /// The cosine of the two questions, 0 to 1.
    pub similarity: f32,
    /// A model confirmed it; otherwise it was sure by itself.
    pub verified: bool,
}
