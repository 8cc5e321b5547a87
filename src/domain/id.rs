//! Identifiers: a prefix that says what they name, and 32 hexadecimal digits of a UUIDv7 (RFC 9562, section 5.7).
//! They grow with time (those of one thread always, others to the millisecond), so that an index on them grows at its end, and carry 74 random bits, so that nobody guesses one.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize, Serializer};
use uuid::fmt::Simple;
use uuid::timestamp::context::ThreadLocalContext;
use uuid::{ContextV7, Timestamp, Uuid};

thread_local! {
    /// What lets the identifiers of one millisecond grow. One for all threads would be a lock that every question waits for.
    static OF_THIS_THREAD: ContextV7 = const { ContextV7::new() };
}
static CONTEXT: ThreadLocalContext<ContextV7> = ThreadLocalContext::new(&OF_THIS_THREAD);

/// The text is not an identifier of the expected kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an identifier: it must be `{prefix}` and 32 lower-case hexadecimal digits")]
pub struct InvalidId {
    prefix: &'static str,
}

macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
        #[serde(try_from = "String")]
        pub struct $name(Uuid);

        impl $name {
            /// A new one, never given out before.
            pub fn generate() -> Self {
                Self(Uuid::new_v7(Timestamp::now(&CONTEXT)))
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

        impl $name {
            /// What `Display` writes, in `room`.
            fn written<'r>(&self, room: &'r mut [u8; $prefix.len() + Simple::LENGTH]) -> &'r str {
                let (prefix, digits) = room.split_at_mut($prefix.len());
                prefix.copy_from_slice($prefix.as_bytes());
                self.0.as_simple().encode_lower(digits);
                // Letters and digits are UTF-8.
                std::str::from_utf8(room).unwrap_or_default()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.written(&mut [0; _]))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.written(&mut [0; _]))
            }
        }

        impl std::convert::From<$name> for Arc<str> {
            fn from(id: $name) -> Arc<str> {
                id.written(&mut [0; _]).into()
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
