//! Models that do not take a request as others do, or do not stop when they are told to.

use serde_json::json;

use crate::app::settings;
use crate::calling::{error_of, question};
use crate::provider::Provider;

#[tokio::test]
async fn a_model_is_asked_in_its_own_words_and_that_is_remembered() {
    let provider = Provider::start().await;
    let refuses = json!({
        "max_tokens": "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
        "temperature": "Unsupported value: 'temperature' does not support 0.2 with this model. Only the default (1) value is supported.",
        "stream_options": "Unrecognized request argument supplied: stream_options",
    });
    provider.plan("m", json!({"text": "tiktoken is great!", "refuses": refuses}));
    let app = settings().models(&provider, &["m", "other"]).retries(0).start().await;
    assert_eq!(app.ask("First?").told().await.is_from("model"), "tiktoken is great!");
    let learnt = provider.requests().len();
    assert_eq!(learnt, 4, "three refusals, then the answer");
    assert_eq!(app.ask("Second?").told().await.is_from("model"), "tiktoken is great!");
    let requests = provider.requests_of("m");
    assert_eq!(requests.len(), learnt + 1);
    let asked = &requests[learnt].body;
    assert_eq!(asked["max_completion_tokens"], 1000);
    for left_out in ["max_tokens", "temperature", "stream_options"] {
        assert!(asked[left_out].is_null(), "{asked}");
    }
    // A refusal costs nothing, and is no call of its own.
    for line in app.ledger(2).await {
        assert_eq!(
            (line.outcome.as_str(), line.completion_tokens, line.counted),
            ("ok", 6, true)
        );
    }
}

#[tokio::test]
async fn a_model_that_does_not_stop_is_stopped() {
    let provider = Provider::start().await;
    // An answer may have 20 tokens.
    provider.plan("m", json!({"text": "word ".repeat(10_000), "write": "events"}));
    let app = settings()
        .models(&provider, &["m"])
        .environment("PENNYPRESS__UPSTREAM__MAX_ANSWER_TOKENS", "20")
        .start()
        .await;
    let told = app.ask("Will you stop?").told().await;
    assert_eq!(told.finish(), "length");
    assert!(
        told.text.len() <= 20 * 64 && told.text.starts_with("word word "),
        "{}",
        told.text.len()
    );
    assert_eq!(app.ledger(1).await[0].outcome, "ok");
}

#[tokio::test]
async fn of_an_endless_name_the_beginning_is_told() {
    let provider = Provider::start().await;
    let app = settings().models(&provider, &["m"]).start().await;
    let mut body = question("m");
    body["model"] = json!("m".repeat(1_000_000));
    let refused = app.completion(&body).await;
    assert_eq!(refused.status(), 404);
    let message = error_of(refused).await["message"].as_str().expect("text").to_owned();
    assert!(
        message.contains(&"m".repeat(200)) && message.len() < 400,
        "{} bytes",
        message.len()
    );
}
