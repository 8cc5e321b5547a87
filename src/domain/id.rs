//! Identifiers: a prefix that says what they name, and 32 hexadecimal digits of a UUIDv7 (RFC 9562, section 5.7).
//! They grow with time, so that an index on them grows at its end, and carry 74 random bits, so that nobody guesses one.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The text is not an identifier of the expected kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an identifier: it must be `{prefix}` and 32 lower-case hexadecimal digits")]
pub struct InvalidId {
    prefix: &'static str,
}

macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(into = "String", try_from = "String")]
        pub struct $name(Uuid);

        impl $name {
            /// A new one, never given out before.
            pub fn generate() -> Self {
                Self(Uuid::now_v7())
            }

            /// Reads one that was written by `Display`.
            pub fn parse(text: &str) -> Result<Self, InvalidId> {
                let wrong = InvalidId { prefix: $prefix };
                let digits = text.strip_prefix($prefix).ok_or_else(|| wrong.clone())?;
                let plain = digits.len() == 32 && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
                if !plain {
                    return Err(wrong);
                }
                Uuid::try_parse(digits).map(Self).map_err(|_| wrong)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "{}"), self.0.as_simple())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl std::convert::From<$name> for String {
            fn from(id: $name) -> String {
                id.to_string()
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;
            fn try_from(text: String) -> Result<Self, InvalidId> {
                Self::parse(&text)
            }
        }
    };
}

identifier!(
    /// One answer to one question.
    AnswerId, "a_"
);
identifier!(
    /// Questions and answers that belong together.
    ConversationId, "c_"
);
identifier!(
    /// One answer that the operator wrote.
    CuratedId, "k_"
);
identifier!(
    /// A person with a visitor token; nothing is known of them.
    VisitorId, "v_"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let id = AnswerId::generate();
        assert_eq!(AnswerId::parse(&id.to_string()), Ok(id));
    }

    #[test]
    fn another_kind_and_other_spellings_are_refused() {
        let id = ConversationId::generate().to_string();
        assert!(AnswerId::parse(&id).is_err());
        assert!(ConversationId::parse(&id.to_uppercase()).is_err());
        assert!(ConversationId::parse(&format!("{id}0")).is_err());
        assert!(ConversationId::parse("c_").is_err());
    }
}
