//! Out of whatever format comes in: the page's own words, as Markdown.

mod boilerplate;
mod docx;
mod escape;
mod file;
mod html;
mod inline;
mod markdown;
mod pdf;
mod render;
mod shortcodes;
mod table;
#[cfg(test)]
mod tests;
mod tree;

pub use file::{ExtractError, FileKind, decoded, file};
pub use html::{html, words};
pub use markdown::{markdown, plain};
pub use pdf::{COMMAND as READ_PDF, read_stdin as read_pdf};

/// What a page says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Extracted {
    pub title: Option<String>,
    /// A language tag, where the page says it.
    pub locale: Option<String>,
    pub markdown: String,
    /// The page was so large that its end is left out.
    pub is_cut: bool,
}
