//! Chat completions for programs: what is sent and what comes back is what the provider would have been sent and have sent.

use std::time::Duration;

use reqwest::Response;
use serde_json::{Value, json};

use crate::app::{App, PROGRAM_KEY, PROVIDER_KEY, settings};
use crate::asking::json_of;
use crate::calling::question;
use crate::events::Events;
use crate::provider::Provider;

/// The same call, made to the provider itself.
async fn directly(provider: &Provider, body: &Value) -> String {
    let url = format!("{}/chat/completions", provider.base_url());
    let answer = reqwest::Client::new().post(url).json(body).send().await;
    answer.expect("an answer").text().await.expect("text")
}

fn header<'a>(answer: &'a Response, name: &str) -> Option<&'a str> {
    answer.headers().get(name).map(|value| value.to_str().expect("text"))
}

#[tokio::test]
async fn a_completion_is_told_as_json_whatever_the_provider_calls_it() {
    let provider = Provider::start().await;
    provider.plan(
        "m",
        json!({"fault": {"kind": "content_type", "content_type": "text/html"}}),
    );
    let app = settings().models(&provider, &["m"]).start().await;
    let answer = app.completion(&question("m")).await;
    assert_eq!(header(&answer, "content-type"), Some("application/json"));
    assert!(json_of(answer).await["choices"][0]["message"]["content"].is_string());
}

/// Requests of every kind that the provider understands.
fn kinds(model: &str) -> Vec<Value> {
    let with = |more: Value| {
        let mut body = question(model);
        for (name, value) in more.as_object().expect("an object") {
            body[name] = value.clone();
        }
        body
    };
    let tool = json!({"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}});
    vec![
        with(json!({})),
        with(json!({"tools": [tool], "tool_choice": "auto", "parallel_tool_calls": false})),
        with(json!({"response_format": {"type": "json_object"}})),
        with(json!({"n": 3, "seed": 7, "logprobs": true, "top_logprobs": 0})),
    ]
}

#[tokio::test]
async fn a_completion_comes_back_byte_for_byte() {
    let provider = Provider::start().await;
    let app = settings().models(&provider, &["m"]).start().await;
    for body in kinds("m") {
        let wanted = directly(&provider, &body).await;
        let answer = app.completion(&body).await;
        assert_eq!(answer.status(), 200);
        assert_eq!(header(&answer, "content-type"), Some("application/json"));
        assert_eq!(header(&answer, "x-pennypress-from"), Some("model"));
        assert_eq!(header(&answer, "x-pennypress-model"), Some("m"));
        assert!(header(&answer, "x-request-id").is_some());
        assert_eq!(answer.text().await.expect("text"), wanted, "{body}");
    }
}

#[tokio::test]
async fn a_stream_comes_back_byte_for_byte() {
    let provider = Provider::start().await;
    let app = settings()
        .models(&provider, &["m", "bytes", "crlf", "at_once", "huge"])
        .start()
        .await;
    for model in ["m", "bytes", "crlf", "at_once", "huge"] {
        for mut body in kinds(model) {
            body["stream"] = json!(true);
            let plain = directly(&provider, &body).await;
            let answer = app.completion(&body).await;
            assert_eq!(
                header(&answer, "content-type"),
                Some("text/event-stream; charset=utf-8")
            );
            assert_eq!(header(&answer, "x-pennypress-model"), Some(model));
            let told = answer.text().await.expect("text");
            assert_eq!(told, plain, "{body}: the usage that only we asked for is not told");
            body["stream_options"] = json!({"include_usage": true});
            let with_usage = directly(&provider, &body).await;
            assert_ne!(plain, with_usage);
            assert_eq!(
                app.completion(&body).await.text().await.expect("text"),
                with_usage,
                "{body}"
            );
        }
    }
}

#[tokio::test]
async fn the_provider_gets_every_field_as_it_was_written() {
    let provider = Provider::start().await;
    let app = settings().models(&provider, &["m"]).start().await;
    let rest = r#""messages": [ {"role":"user","content":[{"type":"text","text":"\u00e9 \"x\""},{"type":"image_url","image_url":{"url":"data:image/png;base64,AA=="}}]} ],"a_field_of_tomorrow":{"deep":[1.50,2E1,null,true]},"temperature":0.70,"metadata":{"a":"b"}}"#;
    let send = |body: String| {
        let call = app
            .client
            .post(app.url("/v1/chat/completions"))
            .bearer_auth(PROGRAM_KEY);
        call.body(body).send()
    };
    assert_eq!(
        send(format!(r#"{{"model":"auto",{rest}"#))
            .await
            .expect("an answer")
            .status(),
        200
    );
    let sent = format!(r#"{{"model" : "m", "stream":true,"stream_options":{{"x":1}},{rest}"#);
    send(sent).await.expect("an answer").bytes().await.expect("an end");
    let log = provider.requests_of("m");
    let rest = rest.replacen("\"messages\": ", "\"messages\":", 1);
    assert_eq!(log[0].raw, format!(r#"{{"model":"m",{rest}"#));
    let wanted = format!(r#"{{"model":"m","stream":true,"stream_options":{{"x":1,"include_usage":true}},{rest}"#);
    assert_eq!(log[1].raw, wanted);
    assert_eq!(log[0].headers["authorization"], format!("Bearer {PROVIDER_KEY}"));
    assert_eq!(log[0].path, "/v1/chat/completions");
}

#[tokio::test]
async fn auto_goes_where_the_router_sends_it() {
    let provider = Provider::start().await;
    let app = settings().models(&provider, &["large"]).simple("small").start().await;
    let long = "Please weigh this up. ".repeat(60);
    for (model, text, wanted) in [
        ("auto", "When do you open?", "small"),
        ("auto", &*long, "large"),
        ("auto:simple", &*long, "small"),
        ("auto:standard", "Hi", "large"),
        ("auto:complex", "Hi", "large"),
        ("small", &*long, "small"),
    ] {
        let body = json!({"model": model, "messages": [{"role": "user", "content": text}]});
        let answer = app.completion(&body).await;
        assert_eq!(header(&answer, "x-pennypress-model"), Some(wanted), "{model}: {text}");
        assert_eq!(json_of(answer).await["model"], wanted);
    }
}

#[tokio::test]
async fn models_are_listed_and_found() {
    let provider = Provider::start().await;
    let app = settings().models(&provider, &["maker/m-1", "other"]).start().await;
    let get = |path: &str| app.client.get(app.url(path)).bearer_auth(PROGRAM_KEY).send();
    let list = json_of(get("/v1/models").await.expect("an answer")).await;
    let ids: Vec<_> = list["data"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|model| &model["id"])
        .collect();
    assert_eq!(
        ids,
        [
            "auto",
            "auto:simple",
            "auto:standard",
            "auto:complex",
            "maker/m-1",
            "other"
        ]
    );
    for id in ["maker/m-1", "maker%2Fm-1"] {
        let one = json_of(get(&format!("/v1/models/{id}")).await.expect("an answer")).await;
        assert_eq!((&one["id"], &one["object"]), (&json!("maker/m-1"), &json!("model")));
    }
    assert_eq!(get("/v1/models/nobody").await.expect("an answer").status(), 404);
}

async fn held(provider: &Provider, streams: bool) -> (App, tokio::task::JoinHandle<()>) {
    provider.plan("m", json!({"text": "eins zwei drei vier fünf", "hold_after": 3}));
    let app = settings()
        .models(provider, &["m", "healthy"])
        .timeout_ms(15_000)
        .start()
        .await;
    let mut body = question("m");
    body["stream"] = json!(streams);
    let asking = app.call("/v1/chat/completions", &body);
    let task = tokio::spawn(async move {
        let mut events = Events::new(asking.send().await.expect("a head"));
        while events.next().await.is_some() {}
    });
    (app, task)
}

#[tokio::test]
async fn a_program_that_leaves_stops_the_upstream_and_pays_for_what_was_said() {
    for streams in [true, false] {
        let provider = Provider::start().await;
        let (app, asking) = held(&provider, streams).await;
        provider
            .until("it is held", |log| {
                log.first().is_some_and(|entry| !streams || entry.tokens_sent == 3)
            })
            .await;
        if streams {
            app.until_metric("pennypress_running_streams", 1.0).await;
        }
        asking.abort();
        let left = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .expect("after 1970");
        let log = provider.until("it is cancelled", |log| log[0].left_ns.is_some()).await;
        let took = Duration::from_nanos(log[0].left_ns.expect("left")).saturating_sub(left);
        assert!(took < Duration::from_secs(1), "{took:?}");
        let ledger = app.ledger(1).await;
        assert_eq!(
            (ledger[0].outcome.as_str(), ledger[0].site.as_str()),
            ("cancelled", "key:rails")
        );
        if streams {
            assert!(
                ledger[0].counted && ledger[0].completion_tokens >= 3 && ledger[0].prompt_tokens >= 3,
                "{ledger:?}"
            );
            app.until_metric("pennypress_running_streams", 0.0).await;
        }
        assert!(provider.requests_of("healthy").is_empty());
    }
}
