//! A document as somebody brings it: checked, and reduced to its own words.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::extract::{self, Extracted};
use crate::domain::KeptDocument;

/// Characters of a document's id.
const LONGEST_ID: usize = 300;
const LONGEST_URL: usize = 2_000;
const LONGEST_TITLE: usize = 500;
/// Of a language tag and a kind.
const LONGEST_NAME: usize = 40;

/// What a document says, in the form in which it came.
#[derive(Debug, Clone)]
pub enum Text {
    Html(String),
    Markdown(String),
    Plain(String),
    /// Of a format that has no text of its own.
    Read(Extracted),
}

#[derive(Debug, Clone)]
pub struct Incoming {
    pub id: String,
    /// Absolute, or beginning with `/`, or empty.
    pub url: String,
    /// Empty: the text's own.
    pub title: String,
    pub text: Text,
    pub locale: String,
    pub kind: String,
    pub source: String,
    pub modified_ms: i64,
}

/// What is wrong with a document; the text is for whoever sent it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IncomingError {
    #[error("`id` must have 1 to {LONGEST_ID} characters, none of them a control character or a space at an end.")]
    Id,
    #[error(
        "`url` must be an address that begins with http://, https:// or /, of at most {LONGEST_URL} characters; it is `{0}`."
    )]
    Url(String),
    #[error("`{0}` is longer than {1} characters.")]
    Long(&'static str, usize),
    #[error("`modified` must be a time such as 2026-11-24T12:05:00Z; it is `{0}`.")]
    Modified(String),
    #[error("Nothing is left of it once menus, scripts and shortcodes are gone, so there is nothing to answer from.")]
    Empty,
}

impl Incoming {
    /// Checks it, and takes out what is not the page's own words. Takes time in proportion to the text.
    /// And whether its end was left out.
    pub fn read(self) -> Result<(KeptDocument, bool), IncomingError> {
        check_id(&self.id)?;
        check_url(&self.url)?;
        for (name, text, longest) in [
            ("title", &self.title, LONGEST_TITLE),
            ("locale", &self.locale, LONGEST_NAME),
            ("kind", &self.kind, LONGEST_NAME),
        ] {
            if text.chars().count() > longest {
                return Err(IncomingError::Long(name, longest));
            }
        }
        let extracted = match self.text {
            Text::Html(html) => extract::html(&html, &self.url),
            Text::Markdown(markdown) => extract::markdown(&markdown),
            Text::Plain(text) => extract::plain(&text),
            Text::Read(extracted) => extracted,
        };
        if extracted.markdown.trim().is_empty() {
            return Err(IncomingError::Empty);
        }
        let given = one_line(&self.title);
        let title = match given.is_empty() {
            true => extracted.title.unwrap_or_default(),
            false => given,
        };
        let document = KeptDocument {
            title: match title.is_empty() {
                true => self.id.rsplit(['/', ':']).next().unwrap_or(&self.id).to_owned(),
                false => title.chars().take(LONGEST_TITLE).collect(),
            },
            locale: match self.locale.is_empty() {
                true => extracted.locale.unwrap_or_default(),
                false => self.locale.replace('_', "-"),
            },
            id: self.id,
            url: self.url,
            kind: self.kind,
            source: self.source,
            markdown: extracted.markdown,
            modified_ms: self.modified_ms,
        };
        Ok((document, extracted.is_cut))
    }
}

pub fn check_id(id: &str) -> Result<(), IncomingError> {
    let fits = (1..=LONGEST_ID).contains(&id.chars().count());
    match fits && id.trim() == id && !id.chars().any(char::is_control) {
        true => Ok(()),
        false => Err(IncomingError::Id),
    }
}

fn check_url(url: &str) -> Result<(), IncomingError> {
    let wrong = || IncomingError::Url(url.chars().take(100).collect());
    if url.is_empty() {
        return Ok(());
    }
    let plain = url.len() <= LONGEST_URL && !url.chars().any(|c| c.is_control() || c == ' ');
    let absolute = url::Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    // `//host` would lead to another host.
    let rooted = url.starts_with('/') && !url.starts_with("//") && !url.starts_with("/\\");
    match plain && (absolute || rooted) {
        true => Ok(()),
        false => Err(wrong()),
    }
}

/// A time as WordPress and others write it: RFC 3339, or without a zone, which then is UTC. In Unix milliseconds.
pub fn read_time(text: &str) -> Result<i64, IncomingError> {
    let text = text.trim();
    let with_zone = text.parse::<Timestamp>();
    let without = || {
        text.parse::<DateTime>()
            .and_then(|time| time.to_zoned_datetime(TimeZone::UTC))
    };
    with_zone
        .or_else(|_| without().map(|time| time.timestamp()))
        .map(Timestamp::as_millisecond)
        .map_err(|_| IncomingError::Modified(text.chars().take(60).collect()))
}

/// As it is sent back: `2026-11-24T12:05:00Z`.
pub fn write_time(ms: i64) -> String {
    Timestamp::from_millisecond(ms).map_or_else(|_| String::new(), |time| time.to_string())
}

/// A title: its words, one space between them.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_wordpress_writes_them() {
        for text in [
            "2026-11-24T12:05:00Z",
            "2026-11-24T12:05:00",
            "2026-11-24 12:05:00",
            "2026-11-24T13:05:00+01:00",
        ] {
            assert_eq!(
                read_time(text).map(write_time).as_deref(),
                Ok("2026-11-24T12:05:00Z"),
                "{text}"
            );
        }
        for text in ["", "yesterday", "0000-00-00 00:00:00", "2026-13-01T00:00:00Z"] {
            assert!(read_time(text).is_err(), "{text}");
        }
    }

    #[test]
    fn only_addresses_that_lead_to_a_page_are_taken() {
        for url in ["", "/a", "https://a.example/b?c#d", "http://a.example"] {
            assert_eq!(check_url(url), Ok(()), "{url}");
        }
        for url in [
            "javascript:alert(1)",
            "//evil.example",
            "/\\evil.example",
            "a/b",
            "https://",
            "https://a b",
            "data:text/html,x",
        ] {
            assert!(check_url(url).is_err(), "{url}");
        }
        assert!(check_id("").is_err() && check_id(" a").is_err() && check_id("a\nb").is_err());
        assert!(check_id(&"x".repeat(301)).is_err() && check_id("post-1").is_ok());
    }
}
