//! What a request wishes of its answer's form: several answers, probabilities, JSON, a tool.

use serde_json::{Value, json};

use super::body::{self, ID};
use super::plan::Plan;

pub struct Wish {
    pub answers: u64,
    /// The function to be called.
    pub tool: Option<String>,
    logprobs: bool,
    json: bool,
}

impl Wish {
    pub fn of(asked: &Value) -> Self {
        let latest = asked["messages"].as_array().and_then(|messages| messages.last());
        let was_called = latest.is_some_and(|message| message["role"] == "tool");
        let may_call = asked["tool_choice"] != "none" && !was_called;
        Self {
            answers: asked["n"].as_u64().unwrap_or(1).max(1),
            tool: asked["tools"][0]["function"]["name"]
                .as_str()
                .filter(|_| may_call)
                .map(str::to_owned),
            logprobs: asked["logprobs"] == true,
            json: asked["response_format"]["type"]
                .as_str()
                .is_some_and(|kind| kind.starts_with("json_")),
        }
    }

    /// Words of the planned text, or of JSON that holds it.
    pub fn tokens(&self, plan: &Plan, messages: &Value) -> Vec<String> {
        let tokens = plan.tokens(messages);
        if self.tool.is_none() && !self.json {
            return tokens;
        }
        let object = json!({"text": tokens.concat()}).to_string();
        object.split_inclusive(' ').map(str::to_owned).collect()
    }

    pub fn first(&self, model: &str, index: u64) -> Value {
        let delta = match &self.tool {
            None => json!({"role": "assistant", "content": "", "refusal": null}),
            Some(name) => json!({"role": "assistant", "content": null, "tool_calls": [
                {"index": 0, "id": "call_fake", "type": "function", "function": {"name": name, "arguments": ""}},
            ]}),
        };
        at(index, body::chunk(model, delta, None))
    }

    pub fn token(&self, model: &str, index: u64, token: &str) -> Value {
        let delta = match &self.tool {
            None => json!({"content": token}),
            Some(_) => json!({"tool_calls": [{"index": 0, "function": {"arguments": token}}]}),
        };
        let mut chunk = at(index, body::chunk(model, delta, None));
        if self.logprobs {
            chunk["choices"][0]["logprobs"] = json!({"content": [probability(token)], "refusal": null});
        }
        chunk
    }

    pub fn last(&self, model: &str, index: u64, finish_reason: &str) -> Value {
        at(index, body::chunk(model, json!({}), Some(finish_reason)))
    }

    pub fn completion(&self, model: &str, tokens: &[String], finish_reason: &str, usage: Option<Value>) -> Value {
        let choice = |index: u64| {
            let message = match &self.tool {
                None => json!({"role": "assistant", "content": tokens.concat(), "refusal": null}),
                Some(name) => json!({"role": "assistant", "content": null, "refusal": null, "tool_calls": [
                    {"id": "call_fake", "type": "function", "function": {"name": name, "arguments": tokens.concat()}},
                ]}),
            };
            let probabilities: Vec<Value> = tokens.iter().map(|token| probability(token)).collect();
            let logprobs = self
                .logprobs
                .then(|| json!({"content": probabilities, "refusal": null}));
            json!({"index": index, "message": message, "logprobs": logprobs, "finish_reason": finish_reason})
        };
        let choices: Vec<Value> = (0..self.answers).map(choice).collect();
        let mut completion = json!({
            "id": ID, "object": "chat.completion", "created": 1_790_000_000, "model": model, "choices": choices,
        });
        if let Some(usage) = usage {
            completion["usage"] = usage;
        }
        completion
    }
}

fn at(index: u64, mut chunk: Value) -> Value {
    chunk["choices"][0]["index"] = json!(index);
    chunk
}

fn probability(token: &str) -> Value {
    json!({"token": token, "logprob": -0.5, "bytes": token.as_bytes(), "top_logprobs": []})
}
