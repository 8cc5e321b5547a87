//! The JSON that OpenAI's API answers with.

use base64::Engine;
use serde_json::{Value, json};

pub const ID: &str = "chatcmpl-fake";

pub fn chunk(model: &str, delta: Value, finish_reason: Option<&str>) -> Value {
    json!({
        "id": ID, "object": "chat.completion.chunk", "created": 1_790_000_000, "model": model,
        "choices": [{"index": 0, "delta": delta, "logprobs": null, "finish_reason": finish_reason}],
    })
}

pub fn usage_chunk(model: &str, usage: Value) -> Value {
    json!({
        "id": ID, "object": "chat.completion.chunk", "created": 1_790_000_000, "model": model,
        "choices": [], "usage": usage,
    })
}

pub fn usage(prompt_tokens: u64, completion_tokens: u64) -> Value {
    json!({
        "prompt_tokens": prompt_tokens,
        "completion_tokens": completion_tokens,
        "total_tokens": prompt_tokens + completion_tokens,
    })
}

pub fn error(status: u16, message: &str) -> Value {
    let kind = match status {
        429 => "rate_limit_exceeded",
        400..=499 => "invalid_request_error",
        _ => "server_error",
    };
    json!({"error": {"message": message, "type": kind, "param": null, "code": kind}})
}

pub fn models(names: &[String]) -> Value {
    let data: Vec<Value> = names
        .iter()
        .map(|name| json!({"id": name, "object": "model", "created": 1_790_000_000, "owned_by": "fake"}))
        .collect();
    json!({"object": "list", "data": data})
}

/// The same text has always the same vector, of 8 numbers and length 1.
/// With `encoding_format: base64`, which the official clients ask for, as the base64 of its numbers (little-endian, 32 bits).
pub fn embeddings(model: &str, asked: &Value) -> Value {
    let is_base64 = asked["encoding_format"] == "base64";
    let texts: Vec<&str> = match &asked["input"] {
        Value::Array(texts) => texts.iter().filter_map(Value::as_str).collect(),
        other => other.as_str().into_iter().collect(),
    };
    let data: Vec<Value> = texts
        .iter()
        .enumerate()
        .map(|(index, text)| json!({"object": "embedding", "index": index, "embedding": encoded(vector(model, text), is_base64)}))
        .collect();
    let tokens: u64 = texts.iter().map(|text| words(text)).sum();
    json!({
        "object": "list", "data": data, "model": model,
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    })
}

fn encoded(vector: Vec<f32>, is_base64: bool) -> Value {
    if !is_base64 {
        return json!(vector);
    }
    let bytes: Vec<u8> = vector.iter().flat_map(|number| number.to_le_bytes()).collect();
    json!(base64::engine::general_purpose::STANDARD.encode(bytes))
}

/// Beginnings of words that a model called `topic…` takes for one: enough to read pairs of questions with one meaning by.
const SYNONYMS: [(&str, &str); 5] = [
    ("money", "refun"),
    ("suppo", "firef"),
    ("accou", "downl"),
    ("arriv", "shipp"),
    ("nothi", "updat"),
];

/// A model called `topic…` takes texts whose longest words begin alike for one, and all others for entirely different.
fn vector(model: &str, text: &str) -> Vec<f32> {
    let (counts, dimensions) = match model.starts_with("topic") {
        true => (topic(text), 256),
        false => (text.to_owned(), 8),
    };
    let mut bytes = vec![0; dimensions];
    let mut hash = blake3::Hasher::new();
    hash.update(counts.as_bytes()).finalize_xof().fill(&mut bytes);
    let numbers: Vec<f32> = bytes.iter().map(|byte| f32::from(*byte) - 127.5).collect();
    let length = numbers.iter().map(|number| number * number).sum::<f32>().sqrt();
    numbers.iter().map(|number| number / length).collect()
}

fn topic(text: &str) -> String {
    let words = text.split(|c: char| !c.is_alphanumeric());
    let longest = words.max_by_key(|word| word.len()).unwrap_or_default().to_lowercase();
    let start: String = longest.chars().take(5).collect();
    let known = SYNONYMS.iter().find(|(one, _)| *one == start);
    known.map_or(start.clone(), |(_, same)| (*same).to_owned())
}

/// What counts as a token here when nothing else is planned: a word.
pub fn words(text: &str) -> u64 {
    text.split_whitespace().count() as u64
}
