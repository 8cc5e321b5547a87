//! A site: whose visitors ask, and how it is shown to them.

use std::fmt;

use serde::{Deserialize, Serialize};
use url::Url;

/// A web origin (RFC 6454): scheme, host and port, spelled as browsers spell it in `Origin`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Origin(String);

/// The text is not an origin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not an origin: write it like `https://example.com` or `http://127.0.0.1:8080`, without a path and without `*`"
)]
pub struct OriginError(String);

impl Origin {
    pub fn parse(text: &str) -> Result<Self, OriginError> {
        let wrong = || OriginError(text.to_owned());
        let url = Url::parse(text.trim()).map_err(|_| wrong())?;
        // No browser sends a `*`: a pattern would never fit.
        let web = matches!(url.scheme(), "http" | "https") && url.host_str().is_some_and(|host| !host.contains('*'));
        let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
        if !web || !bare {
            return Err(wrong());
        }
        Ok(Self(url.origin().ascii_serialization()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Origin {
    type Error = OriginError;
    fn try_from(text: String) -> Result<Self, OriginError> {
        Self::parse(&text)
    }
}

impl std::convert::From<Origin> for String {
    fn from(origin: Origin) -> String {
        origin.0
    }
}

/// A secret text. It shows itself to nobody by accident: `Debug` and logs print dots.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself; the name is long so that each use is seen in review.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// What the widget shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Appearance {
    pub greeting: String,
    /// Questions to click on; at most 6.
    pub suggestions: Vec<String>,
    /// `#rrggbb`.
    pub accent: String,
    /// The widget's language when the page does not say, a BCP 47 tag.
    pub locale: String,
}

impl Default for Appearance {
    fn default() -> Self {
        Self {
            greeting: "Hello! How can I help you?".to_owned(),
            suggestions: Vec::new(),
            accent: "#1d4ed8".to_owned(),
            locale: "en".to_owned(),
        }
    }
}

impl Appearance {
    /// The name of the first field that cannot be shown, and what is allowed.
    pub fn check(&self) -> Result<(), (&'static str, String)> {
        let hex = self.accent.strip_prefix('#').unwrap_or_default();
        if hex.len() != 6 || !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err((
                "accent",
                format!("found `{}`; allowed is a colour such as `#1d4ed8`", self.accent),
            ));
        }
        if self.suggestions.len() > 6 || self.suggestions.iter().any(|text| text.chars().count() > 120) {
            return Err((
                "suggestions",
                "allowed are at most 6 questions of at most 120 characters".to_owned(),
            ));
        }
        if self.greeting.chars().count() > 500 {
            return Err(("greeting", "allowed are at most 500 characters".to_owned()));
        }
        let tag = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if self.locale.is_empty() || self.locale.len() > 35 || !self.locale.chars().all(tag) {
            return Err((
                "locale",
                format!(
                    "found `{}`; allowed is a language tag such as `en` or `pt-BR`",
                    self.locale
                ),
            ));
        }
        Ok(())
    }

    /// The colours as attributes of the script tag, so that the launcher has them before anything else is fetched.
    pub fn tag_attributes(&self) -> String {
        format!(
            " data-accent=\"{}\" data-on-accent=\"{}\"",
            self.accent,
            self.on_accent()
        )
    }

    /// Black or white, whichever is easier to read on the accent colour (WCAG 2.2, relative luminance).
    pub fn on_accent(&self) -> &'static str {
        let channel = |at: usize| {
            let byte = self
                .accent
                .get(at..at + 2)
                .and_then(|two| u8::from_str_radix(two, 16).ok())
                .unwrap_or(0);
            let c = f64::from(byte) / 255.0;
            if c <= 0.04045 {
                c / 12.92
            } else {
                ((c + 0.055) / 1.055).powf(2.4)
            }
        };
        let luminance = 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5);
        if (1.05 / (luminance + 0.05)) >= ((luminance + 0.05) / 0.05) {
            "#ffffff"
        } else {
            "#000000"
        }
    }
}

/// A site that may ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// Public: it stands in page source.
    pub key: String,
    /// Private: the plugin signs with it. A site without one cannot be used by a plugin.
    pub secret: Option<Secret>,
    pub origins: Vec<Origin>,
    pub name: String,
    /// The start of the system prompt.
    pub persona: String,
    /// How a visitor reaches a person: an e-mail address, a link, a telephone number; empty when there is no way.
    pub contact: String,
    pub appearance: Appearance,
}

impl Site {
    /// Characters that a contact may have.
    pub const LONGEST_CONTACT: usize = 200;

    /// Whether visitors can be told this as the way to a person: short, and on one line.
    pub fn is_contact(text: &str) -> bool {
        text.chars().count() <= Self::LONGEST_CONTACT && !text.chars().any(char::is_control)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_spelled_as_browsers_spell_them() {
        let spelled = |text: &str| Origin::parse(text).map(String::from);
        assert_eq!(
            spelled("https://Example.COM:443/"),
            Ok("https://example.com".to_owned())
        );
        assert_eq!(spelled("http://127.0.0.1:8080"), Ok("http://127.0.0.1:8080".to_owned()));
        assert!(spelled("https://example.com/path").is_err());
        assert!(spelled("null").is_err());
        assert!(spelled("file:///etc").is_err());
    }

    #[test]
    fn a_secret_does_not_print_itself() {
        assert!(!format!("{:?}", Secret::new("hunter2")).contains("hunter2"));
    }
}
