//! A question that means the same as one that was paid for gets its answer; a doubtful one only when a model confirms it.

use reqwest::Method;
use serde_json::json;

use crate::app::{App, settings};
use crate::provider::Provider;

/// The fake model's answer begins with the word that the verifier is asked for.
async fn app(provider: &Provider, says: &str, near: &str) -> App {
    provider.plan("m", json!({"text": says}));
    let settings = settings().models(provider, &["m"]);
    settings.environment("PENNYPRESS__CACHE__NEAR", near).start().await
}

pub async fn thumb_down(app: &App, answer: &str, token: &str) {
    let request = app
        .request(Method::POST, "/api/v1/feedback")
        .header("x-pennypress-visitor", token);
    let body = json!({"site": "site_a", "answer": answer, "rating": "down"});
    assert_eq!(request.json(&body).send().await.expect("an answer").status(), 204);
}

pub const FIRST: &str = "How do I install the plugin?";
pub const SAME: &str = "how do i install the plugin please";
pub const OTHERWISE: &str = "Which steps are needed for installing the plugin?";

#[tokio::test]
async fn what_surely_means_the_same_is_paid_for_once() {
    let provider = Provider::start().await;
    let app = app(&provider, "Upload it.", "cautious").await;
    app.ask(FIRST).told().await.is_from("model");
    assert_eq!(app.ask(SAME).told().await.is_from("near"), "Upload it.");
    assert_eq!(provider.requests_of("m").len(), 1);
    app.ask("How do I install version 2 of the plugin?")
        .told()
        .await
        .is_from("model");
}

#[tokio::test]
async fn nothing_is_near_when_it_is_off() {
    let provider = Provider::start().await;
    let app = app(&provider, "Yes.", "off").await;
    app.ask(FIRST).told().await.is_from("model");
    app.ask(SAME).told().await.is_from("model");
    assert_eq!(provider.requests_of("m").len(), 2);
}

#[tokio::test]
async fn a_doubtful_one_is_told_when_a_model_says_yes_and_is_asked_about_once() {
    let provider = Provider::start().await;
    let app = app(&provider, "Yes, upload it.", "cautious").await;
    app.ask(FIRST).told().await.is_from("model");
    app.ask(OTHERWISE).told().await.is_from("near");
    assert_eq!(provider.requests_of("m").len(), 2);
    app.ask(OTHERWISE).told().await.is_from("near");
    assert_eq!(provider.requests_of("m").len(), 2, "the verdict is remembered");
}

#[tokio::test]
async fn a_doubtful_one_goes_to_the_model_when_the_verifier_says_no() {
    let provider = Provider::start().await;
    let app = app(&provider, "No, it cannot.", "cautious").await;
    app.ask(FIRST).told().await.is_from("model");
    app.ask(OTHERWISE).told().await.is_from("model");
    assert_eq!(provider.requests_of("m").len(), 3);
}

#[tokio::test]
async fn a_thumb_down_ends_a_pairing_and_empties_the_cache() {
    let provider = Provider::start().await;
    let app = app(&provider, "Upload it.", "cautious").await;
    let token = app.visitor().await;
    let first = app.ask(FIRST).visitor(&token).told().await;
    let near = app.ask(SAME).visitor(&token).told().await;
    near.is_from("near");
    thumb_down(&app, &near.answer, &token).await;
    app.ask(SAME).told().await.is_from("model");
    app.ask(FIRST).told().await.is_from("cache");
    thumb_down(&app, &first.answer, &token).await;
    app.ask(FIRST).told().await.is_from("model");
}

#[tokio::test]
async fn what_is_the_other_way_round_is_answered_anew_unless_a_model_says_otherwise() {
    let provider = Provider::start().await;
    let app = app(&provider, "No, never.", "cautious").await;
    for (number, question) in [
        "Does the seller pay the buyer for shipping damage?",
        "Does the buyer pay the seller for shipping damage?",
        "How long does delivery of a large sofa take in summer?",
        "How long does delivery of a large sofa take in winter?",
    ]
    .into_iter()
    .enumerate()
    {
        app.ask(question).told().await.is_from("model");
        // Of each second one the verifier is asked first.
        assert_eq!(provider.requests_of("m").len(), [1, 3, 4, 6][number], "{question}");
    }
}
