//! Embeddings and speech: JSON in, of which only the model and what is paid for are read.

use std::borrow::Cow;

use bytes::Bytes;
use reqwest::header::HeaderValue;
use serde_json::value::RawValue;

use super::Rejection;
use super::fields::Fields;
use crate::domain::{Usage, Usd};
use crate::models::passthrough::Outgoing;
use crate::models::tokenizer::count_here;
use crate::models::{Message, Model, most_tokens};

pub struct JsonCall {
    path: &'static str,
    fields: Fields,
    pub model: String,
    /// Tokens of a prompt at most, or characters that are spoken.
    units: u64,
}

impl JsonCall {
    pub fn embeddings(body: Bytes) -> Result<Self, Rejection> {
        let mut call = Self::read("/embeddings", body)?;
        let raw = call.fields.raw("input").unwrap_or_default();
        let wrong = |_| Rejection::invalid(Some("input"), "'input' must be a string or an array.");
        call.units = match raw.starts_with('"') {
            true => most_tokens(raw),
            false => {
                let items: Vec<&RawValue> = serde_json::from_str(raw).map_err(wrong)?;
                items.iter().map(|item| tokens_of(item.get(), most_tokens)).sum()
            }
        };
        Ok(call)
    }

    pub fn speech(body: Bytes) -> Result<Self, Rejection> {
        let mut call = Self::read("/audio/speech", body)?;
        let input: Option<String> = call.fields.read("input", "a string")?;
        let input = input.ok_or_else(|| Rejection::invalid(Some("input"), "You must provide an input parameter."))?;
        call.units = input.chars().count() as u64;
        Ok(call)
    }

    fn read(path: &'static str, body: Bytes) -> Result<Self, Rejection> {
        let fields = Fields::parse(body)?;
        let model: Option<String> = fields.read("model", "a string")?;
        let model = model.ok_or_else(|| Rejection::invalid(Some("model"), "You must provide a model parameter."))?;
        Ok(Self {
            path,
            fields,
            model,
            units: 0,
        })
    }

    pub fn fields(&self) -> &Fields {
        &self.fields
    }

    /// What it uses at most, as far as the request tells; of speech exactly.
    pub fn usage(&self) -> Usage {
        Usage {
            prompt_tokens: self.units,
            completion_tokens: 0,
            counted: true,
        }
    }
}

/// Of one thing that is embedded: a text, a token's number, or a list of those.
fn tokens_of(item: &str, of_text: impl Fn(&str) -> u64) -> u64 {
    match item.as_bytes().first() {
        Some(b'"') => of_text(item),
        Some(b'[') => item.matches(',').count() as u64 + 1,
        _ => 1,
    }
}

impl Outgoing for JsonCall {
    fn path(&self) -> &'static str {
        self.path
    }

    fn content_type(&self) -> HeaderValue {
        HeaderValue::from_static("application/json")
    }

    fn body(&self, model: &str, _: Option<&[Message; 2]>) -> Bytes {
        let model = serde_json::Value::from(model).to_string();
        self.fields.with(&[("model", Cow::Owned(model))])
    }

    fn at_most(&self, model: &Model) -> Usd {
        model.cost(&self.usage())
    }

    fn prompt_tokens(&self) -> u64 {
        let count = |text: &str| {
            let text = serde_json::from_str::<String>(text).unwrap_or_default();
            count_here([text.as_str()])
        };
        let raw = self.fields.raw("input").unwrap_or_default();
        match serde_json::from_str::<Vec<&RawValue>>(raw) {
            Ok(items) => items.iter().map(|item| tokens_of(item.get(), count)).sum(),
            Err(_) => count(raw),
        }
    }
}
