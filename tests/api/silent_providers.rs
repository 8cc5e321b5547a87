//! Providers that do not say what they used: their tokens are counted by a tokenizer, and marked as counted.

use serde_json::{Value, json};

use crate::app::{App, settings};
use crate::calling::Line;
use crate::events::Events;
use crate::provider::Provider;

/// Six tokens of o200k_base.
const SIX: &str = "tiktoken is great!";

async fn silent(plan: Value) -> (Provider, App) {
    let provider = Provider::start().await;
    let mut plan = plan;
    plan["no_usage"] = json!(true);
    provider.plan("m", plan);
    let app = settings().models(&provider, &["m"]).retries(0).start().await;
    (provider, app)
}

/// What a message of six tokens takes as a prompt: four around it, three for the beginning of the answer.
const PROMPT: i64 = 6 + 4 + 3;

fn asked() -> Value {
    json!({"model": "m", "messages": [{"role": "user", "content": SIX}]})
}

fn is_counted(line: &Line, outcome: &str, completion: i64) {
    assert_eq!((line.outcome.as_str(), line.counted), (outcome, true), "{line:?}");
    assert_eq!(
        (line.prompt_tokens, line.completion_tokens),
        (PROMPT, completion),
        "{line:?}"
    );
    // At 2 and 10 dollars a million.
    assert_eq!(line.cost_pico_usd, (PROMPT * 2 + completion * 10) * 1_000_000);
}

#[tokio::test]
async fn an_answer_to_a_program_is_counted_to_the_token() {
    let (_provider, app) = silent(json!({"text": "hello world"})).await;
    let answer = app.completion(&asked()).await;
    let cost = answer.headers()["x-pennypress-cost-usd"]
        .to_str()
        .expect("text")
        .to_owned();
    assert_eq!(cost, "0.000046");
    is_counted(&app.ledger(1).await[0], "ok", 2);
    assert_eq!(app.streamed(asked()).await.0, "hello world");
    is_counted(&app.ledger(2).await[1], "ok", 2);
}

#[tokio::test]
async fn what_was_said_to_a_program_that_left_is_counted() {
    let text = "antidisestablishmentarianism is a word ";
    let (provider, app) = silent(json!({"text": text, "hold_after": 1})).await;
    let mut body = asked();
    body["stream"] = json!(true);
    let mut events = Events::new(app.completion(&body).await);
    // The role, then the word.
    events.next().await.expect("the role");
    events.next().await.expect("a word");
    drop(events);
    provider
        .until("the upstream is cancelled", |log| log[0].left_ns.is_some())
        .await;
    let line = &app.ledger(1).await[0];
    // Six of the word, and the space behind it.
    is_counted(line, "cancelled", 7);
}

#[tokio::test]
async fn an_answer_to_a_visitor_is_counted_too() {
    let (_provider, app) = silent(json!({"text": SIX})).await;
    assert_eq!(app.ask("Is it great?").told().await.is_from("model"), SIX);
    let line = &app.ledger(1).await[0];
    assert_eq!((line.completion_tokens, line.counted), (6, true), "{line:?}");
    assert!(line.prompt_tokens > 100, "rules and question: {line:?}");
}

#[tokio::test]
async fn a_text_of_one_endless_word_is_counted() {
    let (_provider, app) = silent(json!({"text": "a".repeat(300_000), "pieces": "whole"})).await;
    assert_eq!(app.completion(&asked()).await.status(), 200);
    let line = &app.ledger(1).await[0];
    // Eight letters a token, and the cuts between the pieces.
    assert!((37_500..38_000).contains(&line.completion_tokens), "{line:?}");
}
