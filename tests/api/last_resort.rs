//! When no model can answer: an older answer of the cache, else the content, else an honest sentence with the contact.

use serde_json::json;

use crate::app::{settings, until};
use crate::provider::Provider;

#[tokio::test]
async fn an_older_answer_is_better_than_none() {
    let provider = Provider::start().await;
    provider.plan("m", json!({"text": "We open at nine."}));
    let app = settings()
        .models(&provider, &["m"])
        .retries(0)
        .ttl_seconds(1)
        .start()
        .await;
    let question = "When does the shop open?";
    app.ask(question).told().await.is_from("model");
    // The model changes its mind, and is asked once the answer is old.
    provider.plan("m", json!({"text": "We open at ten."}));
    until("the answer is old", async || {
        app.ask(question).told().await.text == "We open at ten."
    })
    .await;
    provider.plan("m", json!({"fault": {"kind": "status", "status": 500}}));
    let asked = provider.requests().len();
    until("the model is asked again, in vain", async || {
        let told = app.ask(question).told().await;
        assert_eq!(told.is_from("cache"), "We open at ten.");
        provider.requests().len() > asked
    })
    .await;
    // Without a stream as well.
    assert_eq!(app.ask(question).whole().await.is_from("cache"), "We open at ten.");
}

#[tokio::test]
async fn the_sentence_says_whom_to_ask_instead() {
    let provider = Provider::start().await;
    let app = settings().models(&provider, &["status-503"]).retries(0).start().await;
    let told = app.ask("Is anybody there?").told().await;
    assert_eq!((told.from.as_str(), told.finish()), ("content", "unanswered"));
    assert!(told.text.ends_with("help@a.example"), "{}", told.text);
    let german = app.ask("Ist jemand da?").with("locale", json!("de_DE")).told().await;
    assert!(german.text.starts_with("Das kann ich") && german.text.ends_with("help@a.example"));
    // Site B has no contact.
    let told = app.ask("Is anybody there?").of_site_b().told().await;
    assert!(told.text.ends_with("write to us directly."), "{}", told.text);
}
