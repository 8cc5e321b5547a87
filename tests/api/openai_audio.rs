//! Embeddings, recordings and speech.

use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::app::{App, PROGRAM_KEY, settings};
use crate::asking::json_of;
use crate::calling::error_of;
use crate::provider::Provider;

const MORE: &str = r#"
[[models]]
id = "vectors"
provider = "hush-provider"
kind = "embedding"
input_usd_per_million = 0.5
[[models]]
id = "ears"
provider = "hush-provider"
kind = "transcription"
usd_per_minute = 0.006
[[models]]
id = "mouth"
provider = "hush-provider"
kind = "speech"
input_usd_per_million = 15.0
"#;

async fn started() -> (Provider, App) {
    let provider = Provider::start().await;
    let app = settings().models(&provider, &["m"]).more(MORE).retries(1).start().await;
    (provider, app)
}

#[tokio::test]
async fn embeddings_pass_through_and_are_paid_for() {
    let (provider, app) = started().await;
    let body = json!({"model": "vectors", "input": ["one two", "three"], "encoding_format": "base64", "dimensions": 8});
    let answer = app.call("/v1/embeddings", &body).send().await.expect("an answer");
    assert_eq!(answer.status(), 200);
    // Three tokens at half a dollar a million.
    assert_eq!(answer.headers()["x-pennypress-cost-usd"], "0.0000015");
    let vectors = json_of(answer).await;
    assert!(
        vectors["data"][1]["embedding"].is_string() && vectors["usage"]["prompt_tokens"] == 3,
        "{vectors}"
    );
    assert_eq!(provider.requests_of("vectors")[0].body, body);
    let auto = json!({"model": "auto", "input": "one two"});
    for wanted in ["model", "cache"] {
        let call = app.call("/v1/embeddings", &auto).header("x-pennypress-cache", "on");
        let answer = call.send().await.expect("an answer");
        assert_eq!(answer.headers()["x-pennypress-from"], wanted);
    }
    assert_eq!(provider.requests_of("vectors").len(), 2);
    let ledger = app.ledger(2).await;
    assert_eq!(
        (ledger[0].prompt_tokens, ledger[0].cost_pico_usd, ledger[0].counted),
        (3, 1_500_000, false)
    );
    for (model, status) in [("m", 400), ("nobody", 404)] {
        let wrong = app
            .call("/v1/embeddings", &json!({"model": model, "input": "x"}))
            .send()
            .await;
        assert_eq!(wrong.expect("an answer").status(), status, "{model}");
    }
}

#[tokio::test]
async fn a_failed_embedding_is_tried_again() {
    let (provider, app) = started().await;
    provider.plan(
        "vectors",
        json!({"fault": {"kind": "status", "status": 500}, "fault_times": 1}),
    );
    let answer = app
        .call("/v1/embeddings", &json!({"model": "vectors", "input": "x"}))
        .send()
        .await;
    assert_eq!(answer.expect("an answer").status(), 200);
    assert_eq!(provider.requests_of("vectors").len(), 2);
}

#[tokio::test]
async fn vectors_that_do_not_come_in_time_are_asked_for_again_and_then_refused() {
    for fault in ["hang", "stall"] {
        let provider = Provider::start().await;
        let settings = settings().models(&provider, &["m"]).more(MORE).retries(1);
        let app = settings
            .environment("PENNYPRESS__UPSTREAM__WHOLE_ANSWER_TIMEOUT_MS", "1000")
            .start()
            .await;
        let silent = json!({"kind": fault, "after": 0});
        let call = app.call("/v1/embeddings", &json!({"model": "vectors", "input": "one two three"}));
        provider.plan("vectors", json!({"fault": silent}));
        let refused = call.try_clone().expect("no stream").send().await.expect("an answer");
        assert_eq!(refused.status(), 503, "{fault}");
        assert_eq!(error_of(refused).await["code"], "upstream_unavailable");
        let log = provider
            .until("both calls are hung up on", |log| {
                log.iter().filter(|entry| entry.left_ns.is_some()).count() == 2
            })
            .await;
        assert_eq!(log.len(), 2);
        let lines = app.ledger(2).await;
        assert!(
            lines.iter().all(|line| line.outcome == "first_token_timeout"),
            "{lines:?}"
        );
        // It was silent once only.
        provider.plan("vectors", json!({"fault": silent, "fault_times": 1}));
        assert_eq!(call.send().await.expect("an answer").status(), 200, "{fault}");
        assert_eq!(provider.requests_of("vectors").len(), 4);
    }
}

fn recording(model: &str) -> Form {
    let file = Part::bytes(vec![0u8, 1, 2, 13, 10, 255]).file_name("größe \"1\".mp3");
    Form::new()
        .part("file", file.mime_str("audio/mpeg").expect("a type"))
        .text("model", model.to_owned())
        .text("timestamp_granularities[]", "word")
        .text("timestamp_granularities[]", "segment")
}

#[tokio::test]
async fn a_recording_is_written_down_and_paid_for_by_the_minute() {
    let (provider, app) = started().await;
    provider.plan("ears", json!({"text": "Hello there."}));
    let call = |form: Form| {
        let call = app
            .client
            .post(app.url("/v1/audio/transcriptions"))
            .bearer_auth(PROGRAM_KEY);
        call.multipart(form).send()
    };
    let answer = call(recording("auto")).await.expect("an answer");
    // The provider says that it was a minute and a half.
    assert_eq!(answer.headers()["x-pennypress-cost-usd"], "0.009");
    assert_eq!(json_of(answer).await["text"], "Hello there.");
    let sent = &provider.requests_of("ears")[0];
    assert!(sent.headers["content-type"].starts_with("multipart/form-data; boundary="));
    assert_eq!(sent.raw.matches("timestamp_granularities[]").count(), 2, "{}", sent.raw);
    assert!(sent.raw.contains("name=\"model\"\r\n\r\nears\r\n"), "{}", sent.raw);
    let text = call(recording("ears").text("response_format", "text"))
        .await
        .expect("an answer");
    assert_eq!(text.headers()["content-type"], "text/plain; charset=utf-8");
    assert_eq!(text.text().await.expect("text"), "Hello there.\n");
    let ledger = app.ledger(2).await;
    assert_eq!((ledger[0].cost_pico_usd, ledger[0].counted), (9_000_000_000, false));
    assert!(ledger[1].counted, "nobody told how long it is");
    let wrong = call(Form::new().text("model", "ears")).await.expect("an answer");
    assert_eq!(wrong.status(), 400);
    assert_eq!(error_of(wrong).await["param"], "file");
    let long = Form::new()
        .part("file", Part::bytes(vec![0; (26 << 20) + 1]))
        .text("model", "ears");
    assert_eq!(call(long).await.expect("an answer").status(), 413);
}

#[tokio::test]
async fn a_text_is_spoken_as_it_is_made() {
    let (provider, app) = started().await;
    let input = "A sentence that is longer than one piece of speech.";
    let body = json!({"model": "mouth", "input": input, "voice": "alloy", "instructions": "calmly"});
    let answer = app.call("/v1/audio/speech", &body).send().await.expect("an answer");
    assert_eq!(answer.headers()["content-type"], "audio/mpeg");
    // 51 characters at 15 dollars a million.
    assert_eq!(answer.headers()["x-pennypress-cost-usd"], "0.000765");
    assert_eq!(answer.bytes().await.expect("bytes"), format!("ID3{input}"));
    assert_eq!(provider.requests_of("mouth")[0].body, body);
    assert_eq!(app.ledger(1).await[0].cost_pico_usd, 765_000_000);
    provider.plan("mouth", json!({"fault": {"kind": "cut", "after": 2}}));
    let cut = app.call("/v1/audio/speech", &body).send().await.expect("a head");
    assert!(
        cut.bytes().await.is_err(),
        "a recording that is not whole does not end as if it were"
    );
    assert_eq!(app.ledger(2).await[1].outcome, "broken");
    let silent = app
        .call("/v1/audio/speech", &json!({"model": "mouth"}))
        .send()
        .await
        .expect("an answer");
    assert_eq!(error_of(silent).await["param"], Value::from("input"));
}
