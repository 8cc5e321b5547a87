//! A call as a server-side program makes it, and the ledger as it stands on the disk.

use reqwest::{RequestBuilder, Response};
use serde_json::{Value, json};

use crate::app::{App, PROGRAM_KEY, until};
use crate::events::Events;

/// A line of the ledger.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    pub answer: String,
    pub site: String,
    pub model: String,
    pub prompt_tokens: i64,
    pub completion_tokens: i64,
    pub counted: bool,
    pub cost_pico_usd: i64,
    pub outcome: String,
}

impl App {
    /// A call of the program `rails`.
    pub fn call(&self, path: &str, body: &Value) -> RequestBuilder {
        self.client.post(self.url(path)).bearer_auth(PROGRAM_KEY).json(body)
    }

    pub async fn completion(&self, body: &Value) -> Response {
        let call = self.call("/v1/chat/completions", body);
        call.send().await.expect("an answer")
    }

    /// The whole text of a streamed completion, and all its events.
    pub async fn streamed(&self, mut body: Value) -> (String, Vec<Value>) {
        body["stream"] = json!(true);
        let answer = self.completion(&body).await;
        assert_eq!(answer.status(), 200);
        let told = Events::new(answer).rest().await;
        assert_eq!(
            told.last().map(|event| event.data.as_str()),
            Some("[DONE]"),
            "{told:#?}"
        );
        let events: Vec<Value> = told[..told.len() - 1].iter().map(|event| event.json()).collect();
        (text_of(&events), events)
    }

    /// The ledger, once it has `lines` lines.
    pub async fn ledger(&self, lines: usize) -> Vec<Line> {
        let mut found = Vec::new();
        until(&format!("{lines} lines in the ledger"), async || {
            found = self.lines().await;
            found.len() >= lines
        })
        .await;
        assert_eq!(found.len(), lines, "{found:#?}");
        found
    }
}

/// A question of three words.
pub fn question(model: &str) -> Value {
    json!({"model": model, "messages": [{"role": "user", "content": "one two three"}]})
}

/// The words of the first choice.
pub fn text_of(events: &[Value]) -> String {
    let words = |event: &Value| event["choices"][0]["delta"]["content"].as_str().map(str::to_owned);
    events.iter().filter_map(words).collect()
}

/// The `error` of a refusal.
pub async fn error_of(answer: Response) -> Value {
    assert!(!answer.status().is_success(), "{}", answer.status());
    let body: Value = answer.json().await.expect("JSON");
    body["error"].clone()
}
