//! What one event of a chat completion says, as far as it matters on the way.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::domain::Usage;
use crate::models::error::CallError;

#[derive(Deserialize)]
pub struct Chunk<'a> {
    #[serde(borrow, default)]
    choices: Option<Vec<Choice<'a>>>,
    #[serde(default)]
    usage: Option<UsageFields>,
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Choice<'a> {
    #[serde(borrow, default)]
    delta: Option<Delta<'a>>,
    #[serde(borrow, default)]
    finish_reason: Option<Cow<'a, str>>,
}

/// As providers send it, where a count may be missing or null.
#[derive(Deserialize, Clone, Copy)]
pub struct UsageFields {
    #[serde(default)]
    pub prompt_tokens: Option<u64>,
    #[serde(default)]
    pub completion_tokens: Option<u64>,
}

impl UsageFields {
    pub fn usage(self) -> Usage {
        Usage {
            prompt_tokens: self.prompt_tokens.unwrap_or(0),
            completion_tokens: self.completion_tokens.unwrap_or(0),
            counted: false,
        }
    }
}

/// What an event says.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// Something that a reader waits for came: words, a tool call, audio.
    pub is_token: bool,
    /// Choices that ended with it.
    pub finishes: u32,
    /// How, the first of them.
    pub finish_reason: Option<String>,
    pub usage: Option<Usage>,
    /// It tells the usage and nothing else.
    pub only_usage: bool,
}

/// Reads an event's data; its words, and what else would be paid for, are added to `text`.
pub fn read(data: &[u8], text: &mut String) -> Result<Said, CallError> {
    let chunk: Chunk = serde_json::from_slice(data).map_err(|error| CallError::Unreadable(error.to_string()))?;
    if let Some(error) = chunk.error {
        return Err(CallError::Reported(message_of(error.get())));
    }
    let choices = chunk.choices.unwrap_or_default();
    let usage = chunk.usage.map(UsageFields::usage);
    let mut said = Said {
        only_usage: choices.is_empty() && usage.is_some(),
        usage,
        ..Said::default()
    };
    for choice in choices {
        if let Some(delta) = choice.delta {
            for words in [delta.content, delta.refusal].into_iter().flatten() {
                said.is_token |= !words.is_empty();
                text.push_str(&words);
            }
            for other in delta.others {
                said.is_token = true;
                text.push_str(other);
            }
        }
        if let Some(reason) = choice.finish_reason {
            said.finishes += 1;
            said.finish_reason.get_or_insert_with(|| reason.into_owned());
        }
    }
    Ok(said)
}

/// The `message` of an error, or the start of what came instead.
pub fn message_of(error: &str) -> String {
    #[derive(Deserialize)]
    struct Inner {
        message: String,
    }
    let text = serde_json::from_str::<Inner>(error).map_or_else(|_| error.to_owned(), |inner| inner.message);
    text.chars().take(300).collect()
}

#[derive(Default)]
struct Delta<'a> {
    content: Option<Cow<'a, str>>,
    refusal: Option<Cow<'a, str>>,
    /// Tool calls, audio, reasoning: whatever else is there and not empty.
    others: Vec<&'a str>,
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "lowercase")]
enum Member {
    Role,
    Content,
    Refusal,
    #[serde(other)]
    Other,
}

impl<'de: 'a, 'a> Deserialize<'de> for Delta<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Delta<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a delta")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Delta<'de>, M::Error> {
                let mut delta = Delta::default();
                while let Some(name) = map.next_key()? {
                    match name {
                        Member::Role => {
                            map.next_value::<IgnoredAny>()?;
                        }
                        Member::Content => delta.content = map.next_value()?,
                        Member::Refusal => delta.refusal = map.next_value()?,
                        Member::Other => {
                            let value = map.next_value::<&'de RawValue>()?.get();
                            if !matches!(value, "null" | "\"\"" | "[]" | "{}") {
                                delta.others.push(value);
                            }
                        }
                    }
                }
                Ok(delta)
            }
        }

        deserializer.deserialize_map(Members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(data: &str) -> (Said, String) {
        let mut text = String::new();
        (read(data.as_bytes(), &mut text).unwrap(), text)
    }

    #[test]
    fn words_tools_ends_and_usage_are_told_apart() {
        let (role, text) =
            said(r#"{"choices":[{"index":0,"delta":{"role":"assistant","content":"","refusal":null}}],"usage":null}"#);
        assert_eq!((role, text.as_str()), (Said::default(), ""));
        let (word, text) = said(r#"{"choices":[{"delta":{"content":"gr\u00fcn \"x\""},"finish_reason":null}]}"#);
        assert!(word.is_token && text == "grün \"x\"", "{text}");
        let (tool, text) = said(r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{"}}]}}]}"#);
        assert!(tool.is_token && text.contains("arguments"));
        let (end, _) = said(r#"{"choices":[{"delta":{},"finish_reason":"stop"},{"finish_reason":"length"}]}"#);
        assert_eq!(
            (end.finishes, end.finish_reason.as_deref(), end.is_token),
            (2, Some("stop"), false)
        );
        let (usage, _) = said(r#"{"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":null}}"#);
        assert!(usage.only_usage && usage.usage.unwrap().prompt_tokens == 3);
    }

    #[test]
    fn an_error_inside_the_stream_is_one() {
        let error = read(br#"{"error":{"message":"overloaded","code":1}}"#, &mut String::new());
        assert!(matches!(error, Err(CallError::Reported(text)) if text == "overloaded"));
        assert!(matches!(
            read(b"{\"choices\":[", &mut String::new()),
            Err(CallError::Unreadable(_))
        ));
    }
}
