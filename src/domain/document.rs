//! A document of a site's content, as it is kept.

/// What a site's content is made of: a page, a post, a product, a question with its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptDocument {
    /// The source's own name for it, unique within the site; 1 to 300 characters.
    pub id: String,
    /// Absolute (`https://…`), or beginning with `/`; empty when it stands nowhere for a visitor to read on.
    pub url: String,
    pub title: String,
    /// A language tag such as `de-AT`; empty when the source did not say.
    pub locale: String,
    /// `post`, `page`, `product`, `qa`, `file`…: what the source calls it.
    pub kind: String,
    /// Who brings it: `plugin`, `upload`, `qa`, or `file:…`, `wxr:…`, `sitemap:…` with what it was read from.
    pub source: String,
    /// The page's own words.
    pub markdown: String,
    /// Unix time in milliseconds, by the source's clock.
    pub modified_ms: i64,
}

impl KeptDocument {
    /// The same for the same words at the same place, whenever they were written.
    pub fn version(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        for part in [&self.title, &self.url, &self.locale, &self.kind, &self.markdown] {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        hasher.finalize().to_hex().as_str()[..16].to_owned()
    }

    /// Words in the text, however the language separates them.
    pub fn words(&self) -> usize {
        use unicode_segmentation::UnicodeSegmentation;
        self.markdown.unicode_words().count()
    }
}

/// A visitor's question that a section of a document answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageQuestion {
    /// The section's fragment; empty for what stands above the first heading.
    pub fragment: String,
    pub question: String,
}

/// What is to be done with a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DocumentChange {
    Put(KeptDocument),
    Delete {
        id: String,
        /// When it went, by the source's clock; without one it goes whenever it was written.
        modified_ms: Option<i64>,
    },
}

impl DocumentChange {
    pub fn id(&self) -> &str {
        match self {
            Self::Put(document) => &document.id,
            Self::Delete { id, .. } => id,
        }
    }
}

/// What came of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DocumentOutcome {
    /// It is kept now, in place of an earlier version if there was one.
    Stored,
    /// These very words were kept already.
    Unchanged,
    /// What is kept, or was deleted, is newer.
    Older,
    Deleted,
    /// There was nothing to delete.
    Absent,
}

impl DocumentOutcome {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stored => "stored",
            Self::Unchanged => "unchanged",
            Self::Older => "older",
            Self::Deleted => "deleted",
            Self::Absent => "absent",
        }
    }
}
