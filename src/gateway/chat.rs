//! A chat completion as a program asks for it: what matters on the way is read, everything goes on.

use std::borrow::Cow;
use std::sync::OnceLock;

use bytes::Bytes;
use reqwest::header::HeaderValue;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::fields::Fields;
use super::{Caching, Rejection};
use crate::domain::{Usage, Usd};
use crate::models::passthrough::{Manner, Outgoing};
use crate::models::tokenizer::count_here;
use crate::models::{Message, Model};

/// About what an image or a recording in a message takes, where the provider does not tell.
const TOKENS_OF_A_PART: u64 = 800;
/// What a message takes beside its text, and what the beginning of the answer takes (OpenAI's cookbook, "How to count tokens
/// with tiktoken").
const TOKENS_OF_A_MESSAGE: u64 = 4;
const TOKENS_OF_A_BEGINNING: u64 = 3;
/// What an answer may take when the program sets no bound to it.
const USUAL_ANSWER_TOKENS: u64 = 4_096;

pub struct ChatCall {
    fields: Fields,
    pub model: String,
    pub streams: bool,
    tells_usage: bool,
    answers: u32,
    is_plain: bool,
    has_tools: bool,
    is_deterministic: bool,
    most_tokens: u64,
    prompt_tokens: OnceLock<u64>,
}

#[derive(Deserialize)]
struct Turn<'a> {
    #[serde(borrow)]
    role: Cow<'a, str>,
    #[serde(borrow, default)]
    content: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Part<'a> {
    #[serde(borrow, default)]
    text: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Named<'a> {
    #[serde(borrow)]
    r#type: Cow<'a, str>,
}

#[derive(Deserialize)]
struct StreamOptions {
    #[serde(default)]
    include_usage: Option<bool>,
}

impl ChatCall {
    pub fn read(body: Bytes) -> Result<Self, Rejection> {
        let fields = Fields::parse(body)?;
        let model: Option<String> = fields.read("model", "a string")?;
        let model = model.ok_or_else(|| Rejection::invalid(Some("model"), "You must provide a model parameter."))?;
        let messages: Option<Vec<IgnoredAny>> = fields.read("messages", "an array of messages")?;
        if messages.is_none_or(|messages| messages.is_empty()) {
            let message = "Invalid 'messages': expected an array of at least one message.";
            return Err(Rejection::invalid(Some("messages"), message));
        }
        let streams = fields.read("stream", "a boolean")?.unwrap_or(false);
        let options: Option<StreamOptions> = fields.read("stream_options", "an object")?;
        let answers = fields.read("n", "a whole number")?.unwrap_or(1);
        if !(1..=128).contains(&answers) {
            return Err(Rejection::invalid(Some("n"), "Invalid 'n': allowed is 1 to 128."));
        }
        let temperature: Option<f64> = fields.read("temperature", "a number")?;
        let bounds: [Option<u64>; 2] = [
            fields.read("max_completion_tokens", "a whole number")?,
            fields.read("max_tokens", "a whole number")?,
        ];
        let most_tokens = bounds.into_iter().flatten().next().unwrap_or(USUAL_ANSWER_TOKENS);
        let has_tools = fields.raw("tools").is_some_and(|tools| tools != "[]") || fields.raw("functions").is_some();
        let wants_text = match fields.read::<Named>("response_format", "an object with a type")? {
            None => true,
            Some(format) => format.r#type == "text",
        };
        let others = ["audio", "modalities", "prediction", "web_search_options"];
        let is_plain = answers == 1
            && !has_tools
            && wants_text
            && fields.raw("logprobs").is_none_or(|logprobs| logprobs == "false")
            && others.iter().all(|name| fields.raw(name).is_none());
        Ok(Self {
            model,
            streams,
            tells_usage: options.and_then(|options| options.include_usage).unwrap_or(false),
            answers,
            is_plain,
            has_tools,
            is_deterministic: temperature == Some(0.0),
            most_tokens: most_tokens.saturating_mul(u64::from(answers)),
            prompt_tokens: OnceLock::new(),
            fields,
        })
    }

    /// Whether the answer may be kept, and one that was kept be given.
    pub fn is_cacheable(&self, caching: Caching) -> bool {
        match caching {
            Caching::On => true,
            Caching::Off => false,
            Caching::Unsaid => self.is_deterministic && !self.has_tools,
        }
    }

    pub fn manner(&self, records: bool) -> Manner {
        Manner {
            tells_usage: self.tells_usage,
            is_plain: self.is_plain,
            answers: self.answers,
            records,
        }
    }

    pub fn tells_usage(&self) -> bool {
        self.tells_usage
    }

    pub fn fields(&self) -> &Fields {
        &self.fields
    }

    /// The latest message of the user and the number of turns before it, for the router.
    pub fn conversation(&self) -> (String, usize) {
        let turns: Vec<Turn> = self.turns();
        let spoken = turns
            .iter()
            .filter(|turn| turn.role == "user" || turn.role == "assistant");
        let latest = turns.iter().rev().find(|turn| turn.role == "user");
        let text = latest
            .and_then(|turn| turn.content)
            .map_or_else(String::new, |content| text_of(content.get()).0);
        (text, spoken.count().saturating_sub(1))
    }

    /// In tokens, reckoned from above without reading it: a token has two bytes at least, save in texts that nobody writes.
    fn longest_prompt(&self, model: &Model) -> u64 {
        let sent = ["messages", "tools"].map(|name| self.fields.raw(name).map_or(0, str::len) as u64);
        (sent.iter().sum::<u64>() / 2).min(u64::from(model.context_tokens))
    }

    /// Messages that cannot be read are the provider's to refuse.
    fn turns(&self) -> Vec<Turn<'_>> {
        let messages = self.fields.raw("messages").unwrap_or("[]");
        serde_json::from_str(messages).unwrap_or_default()
    }
}

impl Outgoing for ChatCall {
    fn path(&self) -> &'static str {
        "/chat/completions"
    }

    fn content_type(&self) -> HeaderValue {
        HeaderValue::from_static("application/json")
    }

    fn body(&self, model: &str, turns: Option<&[Message; 2]>) -> Bytes {
        let mut replaced = vec![("model", Cow::Owned(serde_json::Value::from(model).to_string()))];
        if self.streams {
            replaced.push(("stream_options", with_usage(self.fields.raw("stream_options"))));
        }
        if let Some(turns) = turns {
            let messages = self.fields.raw("messages").unwrap_or("[]").trim_end();
            let added = serde_json::to_string(turns).unwrap_or_default();
            // Both are arrays with something in them: the end of one and the start of the other become a comma.
            let joined = format!("{},{}", messages.strip_suffix(']').unwrap_or(messages), &added[1..]);
            replaced.push(("messages", Cow::Owned(joined)));
        }
        self.fields.with(&replaced)
    }

    fn at_most(&self, model: &Model) -> Usd {
        model.cost(&Usage {
            prompt_tokens: self.longest_prompt(model),
            completion_tokens: self.most_tokens.min(u64::from(model.context_tokens)),
            counted: true,
        })
    }

    fn unanswered(&self, model: &Model) -> Usd {
        model.cost(&Usage {
            prompt_tokens: self.longest_prompt(model),
            completion_tokens: 0,
            counted: true,
        })
    }

    fn prompt_tokens(&self) -> u64 {
        *self.prompt_tokens.get_or_init(|| {
            let tokens = |turn: &Turn| {
                let (text, others) = turn
                    .content
                    .map_or_else(Default::default, |content| text_of(content.get()));
                count_here([text.as_str()]) + others * TOKENS_OF_A_PART + TOKENS_OF_A_MESSAGE
            };
            // As JSON, which is more than the model is told.
            let tools = count_here(self.fields.raw("tools"));
            self.turns().iter().map(tokens).sum::<u64>() + tools + TOKENS_OF_A_BEGINNING
        })
    }
}

/// The usage is asked for always, for the ledger.
fn with_usage(options: Option<&str>) -> Cow<'static, str> {
    let given = options.and_then(|options| Fields::parse(Bytes::copy_from_slice(options.as_bytes())).ok());
    let merged = given.map(|fields| fields.with(&[("include_usage", "true".into())]));
    match merged.and_then(|bytes| String::from_utf8(bytes.into()).ok()) {
        Some(merged) => Cow::Owned(merged),
        None => Cow::Borrowed("{\"include_usage\":true}"),
    }
}

/// The words of a message's content, a string or parts, and how many parts are something else.
fn text_of(content: &str) -> (String, u64) {
    if let Ok(text) = serde_json::from_str::<String>(content) {
        return (text, 0);
    }
    let (mut text, mut others) = (String::new(), 0);
    for part in serde_json::from_str::<Vec<Part>>(content).unwrap_or_default() {
        match part.text {
            Some(words) => text.push_str(&words),
            None => others += 1,
        }
    }
    (text, others)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(text: &str) -> ChatCall {
        ChatCall::read(Bytes::copy_from_slice(text.as_bytes())).expect("a call")
    }

    #[test]
    fn the_conversation_goes_on_behind_the_messages() {
        let call = call(
            r#"{"messages":[{"role":"user","content":"a ]"} ] ,"model":"auto","stream":true,"stream_options":{"x":1}}"#,
        );
        let turns = ["assistant", "user"].map(|role| Message {
            role,
            content: "é\"".to_owned(),
        });
        let body: serde_json::Value = serde_json::from_slice(&call.body("m", Some(&turns))).expect("JSON");
        assert_eq!(body["messages"].as_array().map(Vec::len), Some(3));
        assert_eq!(body["messages"][0]["content"], "a ]");
        assert_eq!(body["messages"][2]["content"], "é\"");
        assert_eq!(
            body["stream_options"],
            serde_json::json!({"x": 1, "include_usage": true})
        );
        assert_eq!(body["model"], "m");
    }

    #[test]
    fn only_plain_text_can_be_gone_on_with() {
        let plain = |more: &str| call(&format!(r#"{{"model":"m","messages":[{{}}]{more}}}"#)).is_plain;
        for fine in [
            "",
            r#","tools":[]"#,
            r#","n":1"#,
            r#","logprobs":false"#,
            r#","response_format":{"type":"text"}"#,
        ] {
            assert!(plain(fine), "{fine}");
        }
        for not in [
            r#","tools":[{}]"#,
            r#","n":2"#,
            r#","logprobs":true"#,
            r#","response_format":{"type":"json_object"}"#,
            r#","modalities":["text","audio"]"#,
        ] {
            assert!(!plain(not), "{not}");
        }
    }

    #[test]
    fn the_router_sees_the_latest_question_and_the_turns_before_it() {
        let call = call(
            r#"{"model":"auto","messages":[{"role":"system","content":"s"},{"role":"user","content":"a"},
            {"role":"assistant","content":null},{"role":"user","content":[{"type":"text","text":"b"},{"type":"image_url"}]}]}"#,
        );
        assert_eq!(call.conversation(), ("b".to_owned(), 2));
        assert!(call.prompt_tokens() >= TOKENS_OF_A_PART);
    }
}
