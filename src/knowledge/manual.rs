//! The manual of Pennypress itself, embedded: what `/manual` shows, and what the demo site answers from.

use super::Document;

/// A page of the manual.
pub struct Page {
    /// The last part of its address.
    pub name: &'static str,
    pub markdown: &'static str,
}

macro_rules! pages {
    ($($name:literal),+ $(,)?) => {
        &[$(Page { name: $name, markdown: include_str!(concat!("manual/", $name, ".md")) }),+]
    };
}

/// In reading order.
pub const PAGES: &[Page] = pages![
    "overview",
    "quick-start",
    "wordpress",
    "script-tag",
    "providers",
    "routing",
    "experiments",
    "cost",
    "golden-sets",
    "cache",
    "limits",
    "openai-api",
    "content",
    "ingest",
    "review",
    "privacy",
    "settings",
    "troubleshooting",
    "operations",
];

impl Page {
    /// Its heading of the first level.
    pub fn title(&self) -> &'static str {
        let first = self.markdown.lines().next().unwrap_or_default();
        first.trim_start_matches("# ")
    }

    /// Its first paragraph, as plain text.
    pub fn summary(&self) -> String {
        let body = self.markdown.split("\n\n").nth(1).unwrap_or_default();
        body.replace('`', "").split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

/// The pages as documents with root-relative addresses.
pub(super) fn documents() -> Vec<Document> {
    PAGES
        .iter()
        .map(|page| Document {
            id: format!("manual/{}", page.name),
            title: page.title().to_owned(),
            url: format!("/manual/{}", page.name),
            markdown: page.markdown.to_owned(),
            locale: Some("en".to_owned()),
            asked: Vec::new(),
        })
        .collect()
}
