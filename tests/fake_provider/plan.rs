//! What a model does when it is asked.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::obey;

const USUAL_ANSWER: &str = "Open Plugins, choose Add New, and upload the zip that you downloaded. \
    Activate it, and enter the address, the key and the secret under Settings.";

/// The JSON of `PUT /control`. README.md tells what each field does.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Plan {
    pub text: Option<String>,
    pub echo: bool,
    pub obeys: Option<String>,
    pub translates: HashMap<String, String>,
    pub pieces: Pieces,
    pub write: Write,
    pub continues: Continues,
    pub first_token_ms: u64,
    pub between_tokens_ms: u64,
    pub hold_after: Option<usize>,
    pub finish_reason: Option<String>,
    pub prompt_tokens: Option<u64>,
    pub completion_tokens: Option<u64>,
    pub no_usage: bool,
    pub refuses: std::collections::BTreeMap<String, String>,
    pub no_done: bool,
    pub crlf: bool,
    pub comments: bool,
    pub fault: Option<Fault>,
    pub fault_times: Option<u32>,
}

/// Into what the text is cut.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pieces {
    #[default]
    Words,
    Chars,
    Whole,
}

/// How the bytes go out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Write {
    #[default]
    Events,
    Bytes,
    AtOnce,
}

/// What it answers when it is asked to go on with its own text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Continues {
    #[default]
    Rest,
    Overlap,
    Again,
}

/// `after` counts the tokens that are sent before it happens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Fault {
    Status {
        status: u16,
        #[serde(default)]
        retry_after: Option<String>,
        #[serde(default)]
        message: Option<String>,
    },
    Refuse,
    Reset {
        #[serde(default)]
        after: Option<usize>,
    },
    Hang,
    Stall {
        #[serde(default)]
        after: usize,
    },
    Cut {
        #[serde(default)]
        after: usize,
    },
    HalfLine {
        #[serde(default)]
        after: usize,
    },
    ErrorEvent {
        #[serde(default)]
        after: usize,
    },
    ContentType {
        content_type: String,
        #[serde(default)]
        body: Option<String>,
    },
}

impl Plan {
    /// The plan that stands in a model's name: words joined by `+`, such as `slow+cut-3`. Other words mean nothing.
    pub fn of_name(name: &str) -> Plan {
        let mut plan = Plan::default();
        for word in name.split('+') {
            let (word, number) = match word.rsplit_once('-') {
                Some((word, digits)) if digits.bytes().all(|b| b.is_ascii_digit()) => {
                    (word, digits.parse().unwrap_or(0))
                }
                _ => (word, 0),
            };
            let after = number;
            match word {
                "echo" => plan.echo = true,
                "slow" => plan.between_tokens_ms = if number == 0 { 50 } else { number as u64 },
                "chars" => plan.pieces = Pieces::Chars,
                "huge" => plan.pieces = Pieces::Whole,
                "bytes" => plan.write = Write::Bytes,
                "at_once" => plan.write = Write::AtOnce,
                "empty" => plan.text = Some(String::new()),
                "length" => plan.finish_reason = Some("length".to_owned()),
                "no_usage" => plan.no_usage = true,
                "no_done" => plan.no_done = true,
                "crlf" => plan.crlf = true,
                "comments" => plan.comments = true,
                "status" => {
                    plan.fault = Some(Fault::Status {
                        status: u16::try_from(number).unwrap_or(500),
                        retry_after: None,
                        message: None,
                    });
                }
                "refuse" => plan.fault = Some(Fault::Refuse),
                "reset" => plan.fault = Some(Fault::Reset { after: Some(after) }),
                "hang" => plan.fault = Some(Fault::Hang),
                "stall" => plan.fault = Some(Fault::Stall { after }),
                "cut" => plan.fault = Some(Fault::Cut { after }),
                "half" => plan.fault = Some(Fault::HalfLine { after }),
                "error" => plan.fault = Some(Fault::ErrorEvent { after }),
                "html" => {
                    plan.fault = Some(Fault::ContentType {
                        content_type: "text/html; charset=utf-8".to_owned(),
                        body: Some("<!doctype html><title>Sign in</title><p>Please sign in.".to_owned()),
                    });
                }
                _ => {}
            }
        }
        plan
    }

    /// What a translator says, when it is asked as one: for a sentence inside `<question>`.
    fn translation(&self, asked: &str) -> Option<String> {
        let (_, inside) = asked.split_once("<question>").filter(|_| !self.translates.is_empty())?;
        let (sentence, _) = inside.split_once("</question>")?;
        let unknown = || format!("nothing known of {sentence}");
        Some(self.translates.get(sentence).cloned().unwrap_or_else(unknown))
    }

    /// The tokens of the answer to `messages`, an array as OpenAI takes it.
    pub fn tokens(&self, messages: &serde_json::Value) -> Vec<String> {
        let messages = messages.as_array().map(Vec::as_slice).unwrap_or_default();
        let latest = |role: &str| {
            let of_role = |message: &&serde_json::Value| message["role"] == role;
            messages
                .iter()
                .rfind(of_role)
                .map(|message| text_of(&message["content"]))
        };
        let ordered = self.obeys.as_ref().filter(|order| obey::is_told(messages, order));
        let translated = latest("user").and_then(|asked| self.translation(&asked));
        let text = match (&self.text, self.echo) {
            _ if translated.is_some() => translated.unwrap_or_default(),
            _ if ordered.is_some() => format!("OBEYED {}", ordered.map_or("", String::as_str)),
            (_, true) => latest("user").unwrap_or_default(),
            (Some(text), _) => text.clone(),
            (None, _) => USUAL_ANSWER.to_owned(),
        };
        // An echo says what the last message says, also when that happens to begin as the answer before it did.
        let begun = latest("assistant").filter(|begun| !self.echo && !begun.is_empty() && begun.len() < text.len());
        let rest = begun.as_deref().and_then(|begun| text.strip_prefix(begun));
        let text = match (rest, begun.as_deref(), self.continues) {
            (Some(rest), _, Continues::Rest) => rest,
            (Some(_), Some(begun), Continues::Overlap) => {
                let words = begun.char_indices().rev().filter(|(_, c)| *c == ' ');
                &text[words.map(|(i, _)| i).nth(2).unwrap_or(0)..]
            }
            _ => &text,
        };
        match self.pieces {
            Pieces::Words => text.split_inclusive(' ').map(str::to_owned).collect(),
            Pieces::Chars => text.chars().map(String::from).collect(),
            Pieces::Whole if text.is_empty() => Vec::new(),
            Pieces::Whole => vec![text.to_owned()],
        }
    }
}

/// The text of a message: a string, or the text parts of a list.
pub fn text_of(content: &serde_json::Value) -> String {
    match content {
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Array(parts) => parts.iter().filter_map(|part| part["text"].as_str()).collect(),
        _ => String::new(),
    }
}
