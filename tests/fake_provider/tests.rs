//! The fake provider fails just as it was told to, and is healthy otherwise.

use std::time::Duration;

use serde_json::{Value, json};

use crate::events::Events;
use crate::provider::Provider;

fn question(model: &str) -> Value {
    json!({
        "model": model, "stream": true, "stream_options": {"include_usage": true},
        "messages": [{"role": "user", "content": "one two three"}],
    })
}

async fn ask(provider: &Provider, body: &Value) -> Result<reqwest::Response, reqwest::Error> {
    let url = format!("{}/chat/completions", provider.base_url());
    // A client of its own, so that no connection of an earlier question is used again.
    reqwest::Client::new().post(url).json(body).send().await
}

/// The text that came, and whether the stream ended properly.
async fn text(provider: &Provider, body: &Value) -> (String, bool) {
    let mut events = Events::new(ask(provider, body).await.expect("a head"));
    let mut text = String::new();
    loop {
        match events.try_next().await {
            Ok(Some(event)) if event.data == "[DONE]" => return (text, true),
            Ok(Some(event)) => {
                text += event.json()["choices"][0]["delta"]["content"]
                    .as_str()
                    .unwrap_or_default()
            }
            Ok(None) | Err(_) => return (text, false),
        }
    }
}

#[tokio::test]
async fn a_healthy_model_streams_its_text_and_its_usage() {
    let provider = Provider::start().await;
    provider.plan("m", json!({"text": "Hello, dear visitor."}));
    let response = ask(&provider, &question("m")).await.expect("an answer");
    assert_eq!(response.headers()["content-type"], "text/event-stream; charset=utf-8");
    let events = Events::new(response).rest().await;
    let data: Vec<Value> = events[..events.len() - 1].iter().map(|event| event.json()).collect();
    let texts: Vec<&str> = data
        .iter()
        .filter_map(|d| d["choices"][0]["delta"]["content"].as_str())
        .collect();
    assert_eq!(texts, ["", "Hello, ", "dear ", "visitor."]);
    assert_eq!(data[4]["choices"][0]["finish_reason"], "stop");
    assert_eq!(
        data[5]["usage"],
        json!({"prompt_tokens": 3, "completion_tokens": 3, "total_tokens": 6})
    );
    assert_eq!(events.last().map(|event| event.data.as_str()), Some("[DONE]"));
    provider.until("the end", |log| log[0].ended_ns.is_some()).await;
    let entry = &provider.requests_of("m")[0];
    assert_eq!((entry.tokens_sent, entry.token_ns.len(), entry.left_ns), (3, 3, None));
    assert!(entry.first_byte_ns <= entry.token_ns.first().copied(), "{entry:?}");
    assert_eq!(entry.body["messages"][0]["content"], "one two three");
    assert_eq!(entry.headers["content-type"], "application/json");
}

#[tokio::test]
async fn it_answers_without_a_stream_too() {
    let provider = Provider::start().await;
    let mut body = question("echo");
    body["stream"] = json!(false);
    let answer: Value = ask(&provider, &body)
        .await
        .expect("an answer")
        .json()
        .await
        .expect("JSON");
    assert_eq!(answer["choices"][0]["message"]["content"], "one two three");
    assert_eq!(answer["usage"]["completion_tokens"], 3);
}

#[tokio::test]
async fn every_way_of_writing_gives_the_same_text() {
    let provider = Provider::start().await;
    let (plain, _) = text(&provider, &question("plain")).await;
    assert!(plain.contains("upload the zip"));
    for model in ["chars", "huge", "bytes", "at_once", "comments", "no_usage"] {
        assert_eq!(
            text(&provider, &question(model)).await,
            (plain.clone(), true),
            "{model}"
        );
    }
    assert_eq!(text(&provider, &question("no_done")).await, (plain, false));
    let crlf = ask(&provider, &question("crlf")).await.expect("an answer");
    let crlf = crlf.text().await.expect("text");
    assert!(crlf.ends_with("data: [DONE]\r\n\r\n") && !crlf.replace("\r\n", "").contains('\n'));
}

#[tokio::test]
async fn faults_come_when_they_are_due() {
    let provider = Provider::start().await;
    for (model, whole) in [("cut-2", false), ("reset-2", false), ("half-2", false), ("empty", true)] {
        let found = text(&provider, &question(model)).await;
        let wanted = if model == "empty" { "" } else { "Open Plugins, " };
        assert_eq!(found, (wanted.to_owned(), whole), "{model}");
    }
    let mut cut = Events::new(ask(&provider, &question("cut-1")).await.expect("a head"));
    while let Ok(event) = cut.try_next().await {
        assert!(event.is_some(), "a cut is no proper end");
    }
    for model in ["refuse", "reset"] {
        // The name alone resets after no token; before the head it does so by plan.
        provider.plan("reset", json!({"fault": {"kind": "reset"}}));
        assert!(ask(&provider, &question(model)).await.is_err(), "{model}");
    }
    let answer = ask(&provider, &question("status-503")).await.expect("an answer");
    assert_eq!(answer.status(), 503);
    let html = ask(&provider, &question("html")).await.expect("an answer");
    assert_eq!(html.headers()["content-type"], "text/html; charset=utf-8");
    let events = Events::new(ask(&provider, &question("error-1")).await.expect("a head"))
        .rest()
        .await;
    assert_eq!(events.last().expect("events").json()["error"]["message"], "overloaded");
}

#[tokio::test]
async fn a_fault_can_pass_and_say_when() {
    let provider = Provider::start().await;
    let fault = json!({"kind": "status", "status": 429, "retry_after": "date+30"});
    provider.plan("m", json!({"fault": fault, "fault_times": 1}));
    let refused = ask(&provider, &question("m")).await.expect("an answer");
    assert_eq!(refused.status(), 429);
    let date = refused.headers()["retry-after"].to_str().expect("text");
    let wait = httpdate::parse_http_date(date)
        .expect("a date")
        .elapsed()
        .expect_err("in the future");
    assert!(wait.duration() <= Duration::from_secs(30) && wait.duration() > Duration::from_secs(25));
    assert!(text(&provider, &question("m")).await.1);
}

#[tokio::test]
async fn a_client_that_leaves_is_seen_at_once() {
    let provider = Provider::start().await;
    for model in ["hang", "stall-2", "held"] {
        provider.plan("held", json!({"hold_after": 2}));
        let seen = provider.requests().len();
        {
            let asked = question(model);
            let asking = ask(&provider, &asked);
            tokio::select! {
                response = asking => {
                    let mut events = Events::new(response.expect("a head"));
                    events.next().await;
                    events.next().await;
                    events.next().await;
                }
                _ = provider.until("it is asked", |log| model == "hang" && log.len() > seen) => {}
            }
        }
        let log = provider
            .until("it left", |log| log.len() > seen && log[seen].left_ns.is_some())
            .await;
        assert_eq!(log[seen].ended_ns, None, "{model}");
    }
}

#[tokio::test]
async fn a_held_stream_goes_on_when_it_is_released() {
    let provider = Provider::start().await;
    provider.plan("m", json!({"text": "a b c d", "hold_after": 1}));
    let mut events = Events::new(ask(&provider, &question("m")).await.expect("a head"));
    events.next().await;
    assert_eq!(
        events.next().await.expect("a token").json()["choices"][0]["delta"]["content"],
        "a "
    );
    let nothing = tokio::time::timeout(Duration::from_millis(50), events.try_next()).await;
    assert!(nothing.is_err(), "it is held");
    provider.release("m", 2);
    assert_eq!(
        events.next().await.expect("a token").json()["choices"][0]["delta"]["content"],
        "b "
    );
    provider.release("m", None);
    assert_eq!(events.rest().await.len(), 5);
}

#[tokio::test]
async fn a_broken_answer_is_continued_as_told() {
    let provider = Provider::start().await;
    let whole = "The first, the second, the third and the fourth.";
    let mut body = question("m");
    body["messages"] = json!([
        {"role": "user", "content": "q"},
        {"role": "assistant", "content": "The first, the second, the "},
        {"role": "user", "content": "Go on."},
    ]);
    for (how, wanted) in [
        ("rest", "third and the fourth."),
        ("overlap", " second, the third and the fourth."),
        ("again", whole),
    ] {
        provider.plan("m", json!({"text": whole, "continues": how}));
        assert_eq!(text(&provider, &body).await.0, wanted, "{how}");
    }
}

#[tokio::test]
async fn an_echo_is_whole_though_it_begins_as_the_answer_before_it() {
    let provider = Provider::start().await;
    let mut body = question("echo");
    body["messages"] = json!([
        {"role": "user", "content": "-"},
        {"role": "assistant", "content": "-"},
        {"role": "user", "content": "-."},
    ]);
    assert_eq!(text(&provider, &body).await.0, "-.");
}

#[tokio::test]
async fn models_embeddings_and_control_work_over_http() {
    let provider = Provider::start().await;
    let client = reqwest::Client::new();
    let url = |path: &str| provider.base_url().replace("/v1", path);
    let put = |body: &'static str| client.put(url("/control")).body(body).send();
    assert_eq!(
        put("{\"m\": {\"text\": \"x\"}}").await.expect("an answer").status(),
        200
    );
    assert_eq!(put("{\"m\": {\"txt\": \"x\"}}").await.expect("an answer").status(), 400);
    let models: Value = client
        .get(url("/v1/models"))
        .send()
        .await
        .expect("an answer")
        .json()
        .await
        .expect("JSON");
    assert_eq!(models["data"][0]["id"], "m");
    let vectors = json!({"model": "e", "input": ["a", "b", "a"]});
    let vectors = client
        .post(url("/v1/embeddings"))
        .json(&vectors)
        .send()
        .await
        .expect("an answer");
    let vectors: Value = vectors.json().await.expect("JSON");
    assert_eq!(vectors["data"][0]["embedding"], vectors["data"][2]["embedding"]);
    assert_ne!(vectors["data"][0]["embedding"], vectors["data"][1]["embedding"]);
    assert_eq!(text(&provider, &question("m")).await.0, "x");
    let of_m = url("/control/requests?model=m");
    let log: Value = client
        .get(&of_m)
        .send()
        .await
        .expect("an answer")
        .json()
        .await
        .expect("JSON");
    assert_eq!(log[0]["tokens_sent"], 1);
    let release = json!({"model": "nobody"});
    let release = client
        .post(url("/control/release"))
        .json(&release)
        .send()
        .await
        .expect("an answer");
    assert_eq!(release.status(), 404);
    client.delete(url("/control/requests")).send().await.expect("an answer");
    let log: Value = client
        .get(&of_m)
        .send()
        .await
        .expect("an answer")
        .json()
        .await
        .expect("JSON");
    assert_eq!(log, json!([]));
    assert_eq!(
        client.get(url("/nowhere")).send().await.expect("an answer").status(),
        404
    );
}
