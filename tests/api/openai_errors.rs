//! Errors as OpenAI's clients know them.

use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::app::{PROGRAM_KEY, PROVIDER_KEY, settings};
use crate::calling::question;
use crate::provider::Provider;

struct Refusal {
    status: u16,
    headers: reqwest::header::HeaderMap,
    error: Value,
}

impl Refusal {
    async fn of(answer: Response) -> Self {
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let text = answer.text().await.expect("text");
        let body: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{status}: {text}"));
        let error = body["error"].clone();
        for name in ["message", "type", "param", "code"] {
            assert!(error.get(name).is_some(), "{name} is missing in {body}");
        }
        Self { status, headers, error }
    }

    fn is(&self, status: u16, kind: &str, code: Value, param: Value) {
        let found = (
            self.status,
            &self.error["type"],
            &self.error["code"],
            &self.error["param"],
        );
        assert_eq!(found, (status, &json!(kind), &code, &param), "{}", self.error);
    }
}

#[tokio::test]
async fn a_key_is_needed_and_has_to_be_right() {
    let provider = Provider::start().await;
    let app = settings().models(&provider, &["m"]).start().await;
    for path in [
        "/v1/chat/completions",
        "/v1/embeddings",
        "/v1/audio/speech",
        "/v1/audio/transcriptions",
    ] {
        let call = || app.client.post(app.url(path)).json(&question("m"));
        let none = Refusal::of(call().send().await.expect("an answer")).await;
        none.is(401, "invalid_request_error", Value::Null, Value::Null);
        assert_eq!(none.headers["www-authenticate"], "Bearer");
        for wrong in ["pk-rails", "pk-rails-01234567890", PROVIDER_KEY, ""] {
            let wrong = Refusal::of(call().bearer_auth(wrong).send().await.expect("an answer")).await;
            wrong.is(401, "invalid_request_error", json!("invalid_api_key"), Value::Null);
        }
    }
    let list = app.client.get(app.url("/v1/models")).send().await.expect("an answer");
    assert_eq!(list.status(), 401);
    assert!(provider.requests().is_empty());
    assert!(!app.log().contains(PROGRAM_KEY));
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_said_by_name() {
    let provider = Provider::start().await;
    let app = settings().models(&provider, &["m"]).start().await;
    let refused = async |body: Value| Refusal::of(app.completion(&body).await).await;
    let invalid = "invalid_request_error";
    refused(json!({"messages": [{}]}))
        .await
        .is(400, invalid, Value::Null, json!("model"));
    refused(json!({"model": 7, "messages": [{}]}))
        .await
        .is(400, invalid, Value::Null, json!("model"));
    refused(json!({"model": "m"}))
        .await
        .is(400, invalid, Value::Null, json!("messages"));
    refused(json!({"model": "m", "messages": []}))
        .await
        .is(400, invalid, Value::Null, json!("messages"));
    refused(json!({"model": "m", "messages": [{}], "stream": "yes"}))
        .await
        .is(400, invalid, Value::Null, json!("stream"));
    refused(json!({"model": "m", "messages": [{}], "n": 0}))
        .await
        .is(400, invalid, Value::Null, json!("n"));
    refused(question("nobody"))
        .await
        .is(404, invalid, json!("model_not_found"), json!("model"));
    let raw = |body: String| {
        app.client
            .post(app.url("/v1/chat/completions"))
            .bearer_auth(PROGRAM_KEY)
            .body(body)
            .send()
    };
    for text in ["", "not JSON", "[1]", r#"{"model":"m","model":"n","messages":[{}]}"#] {
        let answer = raw(text.to_owned()).await.expect("an answer");
        Refusal::of(answer).await.is(400, invalid, Value::Null, Value::Null);
    }
    let long = raw("x".repeat((32 << 20) + 1)).await.expect("an answer");
    Refusal::of(long)
        .await
        .is(413, invalid, json!("request_too_large"), Value::Null);
    let nowhere = app
        .client
        .post(app.url("/v1/fine_tuning/jobs"))
        .bearer_auth(PROGRAM_KEY)
        .send()
        .await;
    Refusal::of(nowhere.expect("an answer"))
        .await
        .is(404, invalid, json!("unknown_url"), Value::Null);
    let deleted = app.client.request(Method::DELETE, app.url("/v1/models/m")).send().await;
    assert_eq!(deleted.expect("an answer").status(), 405);
    let cache = app
        .call("/v1/chat/completions", &question("m"))
        .header("x-pennypress-cache", "maybe")
        .send()
        .await;
    Refusal::of(cache.expect("an answer"))
        .await
        .is(400, invalid, Value::Null, Value::Null);
    assert!(provider.requests().is_empty());
    assert_eq!(
        app.completion(&question("m")).await.status(),
        200,
        "the next good one works"
    );
}

#[tokio::test]
async fn a_provider_s_refusal_is_told_in_its_own_words_without_its_key() {
    let provider = Provider::start().await;
    let message = format!("Unsupported value: temperature ({PROVIDER_KEY})");
    provider.plan(
        "picky",
        json!({"fault": {"kind": "status", "status": 400, "message": message}}),
    );
    let app = settings().models(&provider, &["picky", "healthy"]).start().await;
    for streams in [false, true] {
        let mut body = question("picky");
        body["stream"] = json!(streams);
        let refused = Refusal::of(app.completion(&body).await).await;
        assert_eq!(refused.status, 400);
        assert_eq!(refused.error["message"], "Unsupported value: temperature (…)");
        // Who lets the router choose did not ask for that model.
        body["model"] = json!("auto");
        let answer = app.completion(&body).await;
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()["x-pennypress-model"]),
            (200, &"healthy".parse().expect("text"))
        );
    }
    let asked = provider.requests_of("picky").len();
    assert_eq!(
        asked, 4,
        "a refusal is not tried again, and does not speak against the model"
    );
    assert!(!app.log().contains(PROVIDER_KEY));
}

#[tokio::test]
async fn models_at_their_limit_and_models_that_fail_are_told_apart() {
    let provider = Provider::start().await;
    provider.plan(
        "busy",
        json!({"fault": {"kind": "status", "status": 429, "retry_after": "17"}}),
    );
    provider.plan("curt", json!({"fault": {"kind": "status", "status": 429}}));
    provider.plan("down", json!({"fault": {"kind": "status", "status": 500}}));
    provider.plan("locked", json!({"fault": {"kind": "status", "status": 401}}));
    for (model, streams) in [
        ("busy", false),
        ("busy", true),
        ("curt", false),
        ("curt", true),
        ("down", false),
        ("down", true),
        ("locked", false),
    ] {
        let app = settings().models(&provider, &[model]).retries(0).start().await;
        let mut body = question(model);
        body["stream"] = json!(streams);
        let refused = Refusal::of(app.completion(&body).await).await;
        if model == "busy" || model == "curt" {
            refused.is(429, "requests", json!("rate_limit_exceeded"), Value::Null);
            // A provider may leave out when to come back; a program is told all the same.
            let wait = if model == "busy" { "17" } else { "5" };
            assert_eq!(refused.headers["retry-after"], wait);
        } else {
            // Not 401: the program's own key is right.
            refused.is(503, "server_error", json!("upstream_unavailable"), Value::Null);
        }
    }
}
