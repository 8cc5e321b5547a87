//! A program gets its whole answer, once and in order, whatever the first model does.

use serde_json::{Value, json};

use crate::app::settings;
use crate::asking::json_of;
use crate::calling::{question, text_of};
use crate::events::Events;
use crate::provider::Provider;

const TEXT: &str = "Open Plugins, choose Add New, and upload the zip that you downloaded. Activate it, and enter the \
    address, the key and the secret under Settings.";

/// Milliseconds that a model may be silent: a fault that is silence has to be waited for, with any other a busy machine has time.
fn patience_with(fault: &Value) -> u32 {
    match fault["kind"].as_str() {
        Some("hang" | "stall") => 1_000,
        _ => 5_000,
    }
}

#[tokio::test]
async fn what_fails_before_the_first_word_is_never_seen() {
    for fault in [
        json!({"kind": "status", "status": 429, "retry_after": "60"}),
        json!({"kind": "status", "status": 401}),
        json!({"kind": "status", "status": 500}),
        json!({"kind": "status", "status": 503, "retry_after": "0"}),
        json!({"kind": "refuse"}),
        json!({"kind": "reset"}),
        json!({"kind": "hang"}),
        json!({"kind": "stall"}),
        json!({"kind": "cut"}),
        json!({"kind": "half_line"}),
        json!({"kind": "error_event"}),
        json!({"kind": "content_type", "content_type": "text/html", "body": "<p>Sign in"}),
    ] {
        let provider = Provider::start().await;
        provider.plan("bad", json!({"fault": fault}));
        let app = settings()
            .models(&provider, &["bad", "healthy"])
            .timeout_ms(patience_with(&fault))
            .more("[[models]]\nid = \"unused\"\nprovider = \"hush-provider\"\n")
            .start()
            .await;
        let (text, events) = app.streamed(question("bad")).await;
        assert_eq!(text, TEXT, "{fault}");
        assert!(
            events.iter().all(|event| event["model"] == "healthy"),
            "{fault}: {events:#?}"
        );
        if fault["kind"] == "hang" || fault["kind"] == "stall" {
            // Without a stream these take as long as a whole answer may.
            continue;
        }
        let answer = app.completion(&question("bad")).await;
        assert_eq!(answer.headers()["x-pennypress-model"], "healthy", "{fault}");
        assert_eq!(
            json_of(answer).await["choices"][0]["message"]["content"],
            TEXT,
            "{fault}"
        );
    }
}

#[tokio::test]
async fn a_plain_answer_that_breaks_off_is_continued_under_the_same_id() {
    for fault in [
        json!({"kind": "reset", "after": 4}),
        json!({"kind": "stall", "after": 4}),
        json!({"kind": "cut", "after": 4}),
        json!({"kind": "half_line", "after": 4}),
        json!({"kind": "error_event", "after": 4}),
    ] {
        for how in ["rest", "overlap", "again"] {
            let provider = Provider::start().await;
            provider.plan("bad", json!({"fault": fault, "prompt_tokens": 50}));
            provider.plan("healthy", json!({"continues": how}));
            let app = settings()
                .models(&provider, &["bad", "healthy"])
                .timeout_ms(patience_with(&fault))
                .start()
                .await;
            let mut body = question("bad");
            body["stream_options"] = json!({"include_usage": true});
            let (text, events) = app.streamed(body).await;
            assert_eq!(text, TEXT, "{fault}, {how}");
            assert!(
                events.iter().all(|event| event["model"] == "bad"),
                "one head: {events:#?}"
            );
            assert_eq!(
                events
                    .iter()
                    .filter(|event| event["choices"][0]["finish_reason"] == "stop")
                    .count(),
                1
            );
            let usage = &events.last().expect("events")["usage"];
            let asked = &provider.requests_of("healthy")[0];
            assert_eq!(
                asked.body["messages"][1],
                json!({"role": "assistant", "content": "Open Plugins, choose Add "})
            );
            let ledger = app.ledger(2).await;
            assert_eq!((ledger[0].model.as_str(), ledger[1].model.as_str()), ("bad", "healthy"));
            assert!(
                ledger[0].outcome != "ok" && ledger[0].counted && ledger[1].outcome == "ok",
                "{ledger:#?}"
            );
            assert_eq!(ledger[0].answer, ledger[1].answer);
            assert_eq!(
                usage["completion_tokens"],
                json!(ledger[0].completion_tokens + ledger[1].completion_tokens),
                "what both said: {events:#?}"
            );
        }
    }
}

async fn broken(body: Value) -> (Vec<Value>, usize) {
    let provider = Provider::start().await;
    provider.plan("bad", json!({"fault": {"kind": "cut", "after": 2}}));
    let app = settings().models(&provider, &["bad", "healthy"]).start().await;
    let mut body = body;
    body["stream"] = json!(true);
    let events = Events::new(app.completion(&body).await).rest().await;
    (
        events.iter().map(|event| event.json()).collect(),
        provider.requests_of("healthy").len(),
    )
}

#[tokio::test]
async fn any_other_answer_that_breaks_off_ends_with_an_error() {
    let tool = json!([{"type": "function", "function": {"name": "f"}}]);
    for (field, value) in [
        ("tools", tool),
        ("n", json!(2)),
        ("logprobs", json!(true)),
        ("response_format", json!({"type": "json_object"})),
    ] {
        let mut body = question("bad");
        body[field] = value;
        let (events, others) = broken(body).await;
        let last = events.last().expect("events");
        assert_eq!(last["error"]["code"], "answer_broken", "{field}: {events:#?}");
        assert_eq!(others, 0, "{field}");
    }
}

#[tokio::test]
async fn a_plain_answer_that_nobody_can_go_on_with_ends_with_an_error() {
    let provider = Provider::start().await;
    provider.plan("bad", json!({"fault": {"kind": "cut", "after": 2}}));
    provider.plan("worse", json!({"fault": {"kind": "status", "status": 500}}));
    let app = settings().models(&provider, &["bad", "worse"]).retries(0).start().await;
    let mut body = question("bad");
    body["stream"] = json!(true);
    let events = Events::new(app.completion(&body).await).rest().await;
    let events: Vec<Value> = events.iter().map(|event| event.json()).collect();
    assert_eq!(text_of(&events), "Open Plugins, ");
    assert_eq!(events.last().expect("events")["error"]["type"], "server_error");
}

#[tokio::test]
async fn what_ends_oddly_is_still_a_whole_answer() {
    let provider = Provider::start().await;
    let models = ["no_done", "no_usage", "no_done+no_usage", "bytes+comments", "huge"];
    let app = settings().models(&provider, &models).start().await;
    for (i, model) in models.iter().enumerate() {
        assert_eq!(app.streamed(question(model)).await.0, TEXT, "{model}");
        let ledger = app.ledger(i + 1).await;
        let line = &ledger[i];
        assert_eq!((line.model.as_str(), line.outcome.as_str()), (*model, "ok"));
        assert_eq!(line.counted, model.contains("no_usage"), "{model}: {ledger:#?}");
    }
}

#[tokio::test]
async fn a_model_that_keeps_failing_is_left_alone() {
    let provider = Provider::start().await;
    provider.plan("bad", json!({"fault": {"kind": "status", "status": 500}}));
    let app = settings()
        .models(&provider, &["bad", "healthy"])
        .retries(0)
        .start()
        .await;
    for _ in 0..6 {
        assert_eq!(app.completion(&question("bad")).await.status(), 200);
    }
    let asked = provider.requests_of("bad").len();
    assert!(asked < 6, "asked {asked} times: the breaker never opened");
}
