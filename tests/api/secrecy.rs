//! Nothing about models, prices or providers reaches a visitor, and no secret or word of a visitor reaches the log.

use reqwest::{Method, Response};
use serde_json::json;

use crate::app::{App, PROVIDER_KEY, PROVIDER_NAME, SECRET_A, SECRET_B, SITE_A, settings};
use crate::provider::Provider;
use crate::stored::Kept;

/// Everything that a visitor is sent, headers and body.
async fn all_of(response: Response) -> String {
    let mut all = format!("{} {:?}\n", response.status(), response.headers());
    match response.text().await {
        Ok(text) => all += &text,
        Err(error) => all += &error.to_string(),
    }
    all
}

async fn everything_a_visitor_gets(app: &App, token: &str, message: &str) -> String {
    let mut all = String::new();
    for streamed in [true, false, true] {
        all += &all_of(
            app.ask(message)
                .visitor(token)
                .with("stream", json!(streamed))
                .send()
                .await,
        )
        .await;
    }
    let told = app.ask(&format!("{message} Again?")).visitor(token).told().await;
    all += &all_of(app.resume(&told.answer, None, Some(token)).await).await;
    all += &all_of(app.conversation(&told.conversation, token).await).await;
    for path in [
        "/api/v1/widget?site=site_a",
        "/readyz",
        "/healthz",
        "/",
        "/nowhere",
        "/widget.js",
    ] {
        all += &all_of(app.request(Method::GET, path).send().await.expect("an answer")).await;
    }
    let strange = app
        .client
        .get(app.url("/metrics"))
        .header("x-forwarded-for", "203.0.113.1");
    all + &all_of(strange.send().await.expect("an answer")).await
}

#[tokio::test]
async fn nothing_of_the_provider_reaches_a_visitor() {
    let provider = Provider::start().await;
    let complaint = format!("Incorrect API key provided: {PROVIDER_KEY}. Account hush-account.");
    let fault = json!({"kind": "status", "status": 401, "message": complaint});
    provider.plan("hush-model-one", json!({"fault": fault, "text": "Yes."}));
    provider.plan(
        "hush-model-two",
        json!({"fault": {"kind": "cut", "after": 4}, "fault_times": 3}),
    );
    provider.plan("hush-model-three", json!({}));
    let everyone = ["hush-model-one", "hush-model-two", "hush-model-three"];
    for chain in [&everyone[..], &everyone[..1], &everyone[..2]] {
        let app = settings().models(&provider, chain).retries(0).start().await;
        let token = app.visitor().await;
        let all = everything_a_visitor_gets(&app, &token, "Is it secret?").await;
        // Which describes the front door for programs, too, and so may name its headers.
        let description = app
            .request(Method::GET, "/openapi.json")
            .send()
            .await
            .expect("an answer");
        let description = all_of(description).await;
        let address = provider.base_url().replace("http://", "").replace("/v1", "");
        for secret in [
            "hush",
            PROVIDER_NAME,
            PROVIDER_KEY,
            SECRET_A,
            SECRET_B,
            address.as_str(),
            "PERSONA",
        ] {
            assert!(!all.contains(secret), "{secret} in {all}");
            assert!(!description.contains(secret), "{secret} in {description}");
        }
        for word in [
            "upstream",
            "cost_usd",
            "prompt_tokens",
            "completion_tokens",
            "x-pennypress-model",
        ] {
            assert!(!all.to_lowercase().contains(word), "{word} in {all}");
        }
    }
}

#[tokio::test]
async fn the_log_holds_no_secret_and_no_visitor_s_word() {
    let provider = Provider::start().await;
    let complaint = format!("Incorrect API key provided: {PROVIDER_KEY}.");
    let fault = json!({"kind": "status", "status": 401, "message": complaint});
    provider.plan("first", json!({"fault": fault}));
    provider.plan("second", json!({"text": "Quite a whisper."}));
    for format in ["plain", "json"] {
        let app = settings()
            .models(&provider, &["first", "second"])
            .behind_a_proxy()
            .environment("PENNYPRESS__LOG__FORMAT", format)
            .start()
            .await;
        let token = app.visitor().await;
        let asked = app
            .ask("My-card-number is 4111?")
            .visitor(&token)
            .header("x-forwarded-for", "203.0.113.77");
        let told = asked
            .with(
                "page",
                json!({"url": "https://a.example/?session=whispered", "title": "t"}),
            )
            .told()
            .await;
        assert_eq!(told.is_from("model"), "Quite a whisper.");
        app.resume(&told.answer, None, Some(&token)).await;
        let signed = app.ask("Signed-words").signed_for(SECRET_A, "203.0.113.78");
        signed.told().await;
        let feedback = json!({"site": SITE_A, "answer": told.answer, "rating": "down", "comment": "my-comment"});
        let thumb = app.request(reqwest::Method::POST, "/api/v1/feedback").json(&feedback);
        let thumb = thumb.header("x-pennypress-visitor", &token).send().await;
        assert_eq!(thumb.expect("an answer").status(), 204);
        app.ask("x").visitor("forged-token-of-mine").send().await;
        crate::app::until("it is logged", async || app.log().matches("/api/v1/chat").count() >= 3).await;
        let log = app.log();
        assert!(log.contains("an upstream call failed"), "{log}");
        let secrets = [
            PROVIDER_KEY,
            SECRET_A,
            SECRET_B,
            token.as_str(),
            "card-number",
            "whisper",
            "Signed-words",
            "my-comment",
            "forged-token",
            "203.0.113.7",
            "webhook",
        ];
        for secret in secrets {
            assert!(!log.contains(secret), "{secret} in {log}");
        }
        if format == "json" {
            for line in log.lines().filter(|line| line.contains("/api/v1/chat")) {
                serde_json::from_str::<serde_json::Value>(line).expect("a line is a JSON object");
            }
        }
    }
}

#[tokio::test]
async fn the_store_is_readable_by_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let app = settings().store(Kept::Sqlite).start().await;
    app.ask("Hello?").told().await;
    let folder = app.directory().join("store");
    let mut files = 0;
    for entry in std::fs::read_dir(&folder).expect("the store's folder") {
        let entry = entry.expect("a file");
        let mode = entry.metadata().expect("metadata").permissions().mode();
        assert_eq!(mode & 0o077, 0, "{:?} has {mode:o}", entry.path());
        files += 1;
    }
    assert!(files >= 1);
}
