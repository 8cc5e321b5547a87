//! What calls of programs cost, what they may cost, and what the cache saves.

use serde_json::{Value, json};

use crate::app::{App, settings};
use crate::calling::{error_of, question};
use crate::provider::Provider;

async fn priced(model: Value, more: &str) -> (Provider, App) {
    let provider = Provider::start().await;
    provider.plan("m", model);
    let app = settings().models(&provider, &["m"]).more(more).start().await;
    (provider, app)
}

/// From where an answer came, and what it cost.
async fn told(app: &App, body: &Value, cache: Option<&str>) -> (String, Option<String>, String) {
    let mut call = app.call("/v1/chat/completions", body);
    if let Some(cache) = cache {
        call = call.header("x-pennypress-cache", cache);
    }
    let answer = call.send().await.expect("an answer");
    assert_eq!(answer.status(), 200);
    let header = |name: &str| {
        answer
            .headers()
            .get(name)
            .map(|value| value.to_str().expect("text").to_owned())
    };
    let (from, cost) = (
        header("x-pennypress-from").expect("from"),
        header("x-pennypress-cost-usd"),
    );
    (from, cost, answer.text().await.expect("text"))
}

#[tokio::test]
async fn every_call_is_in_the_ledger_to_the_token() {
    let (_provider, app) = priced(json!({"prompt_tokens": 1000, "completion_tokens": 300}), "").await;
    let (from, cost, _) = told(&app, &question("m"), None).await;
    // 1000 tokens at 2 dollars a million, 300 at 10.
    assert_eq!((from.as_str(), cost.as_deref()), ("model", Some("0.005")));
    let mut streamed = question("auto");
    streamed["stream"] = json!(true);
    assert_eq!(
        told(&app, &streamed, None).await.1,
        None,
        "not known when the head is sent"
    );
    for line in app.ledger(2).await {
        assert_eq!(
            (line.site.as_str(), line.model.as_str(), line.outcome.as_str()),
            ("key:rails", "m", "ok")
        );
        assert_eq!(
            (line.prompt_tokens, line.completion_tokens, line.counted),
            (1000, 300, false)
        );
        assert_eq!(line.cost_pico_usd, 5_000_000_000);
    }
    assert_eq!(
        app.metric("pennypress_tokens_total{direction=\"prompt\"}").await,
        2000.0
    );
}

#[tokio::test]
async fn an_answer_that_is_always_the_same_is_paid_for_once() {
    let (provider, app) = priced(json!({"echo": true}), "").await;
    for (i, streams) in [false, true].into_iter().enumerate() {
        let mut body = question("m");
        body["temperature"] = json!(0);
        body["stream"] = json!(streams);
        let first = told(&app, &body, None).await;
        app.ledger(i + 1).await;
        let mut second = told(&app, &body, None).await;
        // A stream is kept when it has ended, which is a moment after its last byte.
        for _ in 0..100 {
            if second.0 == "cache" {
                break;
            }
            second = told(&app, &body, None).await;
        }
        assert_eq!((second.0.as_str(), second.1.as_deref()), ("cache", Some("0")));
        assert_eq!(first.2, second.2, "byte for byte");
        if streams {
            body["stream_options"] = json!({"include_usage": true});
            let with_usage = told(&app, &body, None).await;
            assert_eq!(with_usage.0, "cache");
            assert!(with_usage.2.contains("\"completion_tokens\":3") && !first.2.contains("completion_tokens"));
        }
    }
    let asked = provider.requests().len();
    let mut other = question("m");
    other["temperature"] = json!(0);
    other["seed"] = json!(1);
    assert_eq!(
        told(&app, &other, None).await.0,
        "model",
        "another field, another answer"
    );
    assert_eq!(told(&app, &other, Some("off")).await.0, "model");
    assert_eq!(provider.requests().len(), asked + 2);
}

#[tokio::test]
async fn other_answers_are_kept_when_that_is_asked_for() {
    let (provider, app) = priced(json!({"echo": true}), "").await;
    let mut tools = question("m");
    tools["temperature"] = json!(0);
    tools["tools"] = json!([{"type": "function", "function": {"name": "f"}}]);
    for body in [question("m"), tools] {
        for _ in 0..2 {
            assert_eq!(told(&app, &body, None).await.0, "model", "{body}");
        }
        let first = told(&app, &body, Some("on")).await;
        let second = told(&app, &body, Some("on")).await;
        assert_eq!((first.0.as_str(), second.0.as_str()), ("model", "cache"), "{body}");
        assert_eq!(first.2, second.2);
    }
    assert_eq!(provider.requests().len(), 6);
}

#[tokio::test]
async fn a_failed_answer_is_not_kept() {
    let fault = json!({"kind": "cut", "after": 1});
    let (_provider, app) = priced(json!({"fault": fault, "fault_times": 1}), "").await;
    let mut body = question("m");
    body["temperature"] = json!(0);
    body["stream"] = json!(true);
    body["n"] = json!(2);
    let (_, _, broken) = told(&app, &body, None).await;
    assert!(broken.contains("answer_broken"));
    let (from, _, whole) = told(&app, &body, None).await;
    assert!(
        from == "model" && whole.ends_with("data: [DONE]\n\n"),
        "{from}: {whole}"
    );
}

#[tokio::test]
async fn who_asks_the_same_at_once_is_answered_by_one_call() {
    let (provider, app) = priced(json!({"hold_after": 1}), "").await;
    let mut body = question("m");
    body["temperature"] = json!(0);
    let calls: Vec<_> = (0..5)
        .map(|_| tokio::spawn(app.call("/v1/chat/completions", &body).send()))
        .collect();
    provider
        .until("the first is held", |log| {
            log.first()
                .is_some_and(|entry| entry.first_byte_ns.is_none() && entry.received_ns > 0)
        })
        .await;
    provider.release("m", None);
    let mut texts = Vec::new();
    for call in calls {
        let answer = call.await.expect("no panic").expect("an answer");
        texts.push(answer.text().await.expect("text"));
    }
    assert!(
        texts
            .iter()
            .all(|text| *text == texts[0] && text.contains("upload the zip"))
    );
    assert_eq!(provider.requests().len(), 1);
}

#[tokio::test]
async fn a_key_has_a_limit_of_its_own() {
    let more = "per_minute = 2\n[[api_keys]]\nname = \"other\"\nkey_env = \"SECRET_A\"\n";
    let (provider, app) = priced(json!({}), more).await;
    assert_eq!(app.completion(&question("m")).await.status(), 200);
    assert_eq!(app.completion(&question("m")).await.status(), 200);
    let refused = app.completion(&question("m")).await;
    assert_eq!(refused.status(), 429);
    let wait: u64 = refused.headers()["retry-after"]
        .to_str()
        .expect("text")
        .parse()
        .expect("seconds");
    assert!((1..=30).contains(&wait), "{wait}");
    assert_eq!(error_of(refused).await["code"], "rate_limit_exceeded");
    let other = app
        .client
        .post(app.url("/v1/chat/completions"))
        .bearer_auth(crate::app::SECRET_A);
    assert_eq!(
        other.json(&question("m")).send().await.expect("an answer").status(),
        200
    );
    assert_eq!(provider.requests().len(), 3);
    assert_eq!(
        app.metric("pennypress_limit_refusals_total{limit=\"program\"}").await,
        1.0
    );
}

#[tokio::test]
async fn a_key_that_has_spent_its_budget_gets_what_is_in_the_cache() {
    let provider = Provider::start().await;
    // Each answer costs a cent.
    provider.plan("m", json!({"prompt_tokens": 0, "completion_tokens": 1000}));
    provider.plan("cheap", json!({"prompt_tokens": 0, "completion_tokens": 1000}));
    let mut app = settings()
        .models(&provider, &["m"])
        .simple("cheap")
        .more("monthly_budget_usd = 0.02\n")
        .start()
        .await;
    let mut body = question("m");
    body["max_tokens"] = json!(10);
    body["temperature"] = json!(0);
    assert_eq!(app.completion(&body).await.status(), 200);
    body["seed"] = json!(1);
    assert_eq!(app.completion(&body).await.status(), 200);
    app.ledger(2).await;
    for again in [false, true] {
        if again {
            // It is remembered.
            app.start_again().await;
        }
        let mut other = body.clone();
        other["seed"] = json!(2);
        let refused = app.completion(&other).await;
        assert_eq!(
            (refused.status().as_u16(), &refused.headers()["x-should-retry"]),
            (429, &"false".parse().expect("text"))
        );
        assert_eq!(error_of(refused).await["code"], "insufficient_quota");
        if !again {
            assert_eq!(told(&app, &body, None).await.0, "cache");
        }
    }
    assert_eq!(provider.requests().len(), 2);
}
