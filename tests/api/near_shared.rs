//! What the near cache learned: shared by services that share a Redis, there after a restart, gone with the page that it rests on.

use serde_json::{Value, json};

use crate::app::{App, settings, until};
use crate::near::{FIRST, OTHERWISE, SAME, thumb_down};
use crate::provider::Provider;
use crate::redis::{Redis, redis_is_used};

const ENTRIES: &str = "pennypress_near_entries";

async fn two(redis: &Redis, provider: &Provider) -> (App, App) {
    let settings = redis.settings().models(provider, &["m"]);
    let (one, other) = (settings.clone().start().await, settings.start().await);
    redis_is_used(&one).await;
    redis_is_used(&other).await;
    (one, other)
}

#[tokio::test]
async fn what_one_service_was_asked_another_finds_and_a_restarted_one_too() {
    let (redis, provider) = (Redis::start(), Provider::start().await);
    provider.plan("m", json!({"text": "Upload it."}));
    let (one, mut other) = two(&redis, &provider).await;
    one.ask(FIRST).told().await.is_from("model");
    other.until_metric(ENTRIES, 1.0).await;
    assert_eq!(other.ask(SAME).told().await.is_from("near"), "Upload it.");
    other.start_again().await;
    other.until_metric(ENTRIES, 1.0).await;
    assert_eq!(other.ask(SAME).told().await.is_from("near"), "Upload it.");
    assert_eq!(provider.requests().len(), 1);
}

#[tokio::test]
async fn what_a_model_or_a_visitor_said_at_one_service_holds_at_another() {
    let (redis, provider) = (Redis::start(), Provider::start().await);
    provider.plan("m", json!({"text": "Yes, upload it."}));
    let (one, other) = two(&redis, &provider).await;
    one.ask(FIRST).told().await.is_from("model");
    let token = one.visitor().await;
    let near = one.ask(OTHERWISE).visitor(&token).told().await;
    near.is_from("near");
    assert_eq!(provider.requests().len(), 2);
    // The question and the confirmed one: the other service asks no model about it again.
    other.until_metric(ENTRIES, 2.0).await;
    other.ask(OTHERWISE).told().await.is_from("near");
    assert_eq!(provider.requests().len(), 2);
    thumb_down(&one, &near.answer, &token).await;
    until("the thumb is heard of", async || {
        other.ask(OTHERWISE).told().await.from != "near"
    })
    .await;
    other.ask(SAME).told().await.is_from("near");
}

#[tokio::test]
async fn without_its_redis_a_service_answers_as_if_nothing_were_near() {
    let (mut redis, provider) = (Redis::start(), Provider::start().await);
    provider.plan("m", json!({"text": "Upload it."}));
    let (one, other) = two(&redis, &provider).await;
    one.ask(FIRST).told().await.is_from("model");
    other.until_metric(ENTRIES, 1.0).await;
    redis.kill();
    other.ask(SAME).told().await.is_from("model");
    // It is not forgotten for that: this Redis comes back empty, so it is asked once more, and found again.
    redis.start_again();
    redis_is_used(&one).await;
    redis_is_used(&other).await;
    until("the cache is used again", async || {
        other.ask(FIRST).told().await.from == "cache"
    })
    .await;
    other.ask(SAME).told().await.is_from("near");
}

#[tokio::test]
async fn a_verdict_outlives_a_restart_without_any_redis() {
    let provider = Provider::start().await;
    provider.plan("m", json!({"text": "Yes, it does."}));
    let mut app = settings().models(&provider, &["m"]).start().await;
    let operator = app.operator().await;
    let fields = [("site", "site_a"), ("question", FIRST), ("text", "Under Plugins.")];
    operator.send("/admin/curated/new", "/admin/curated", &fields).await;
    assert_eq!(app.ask(OTHERWISE).told().await.is_from("curated"), "Under Plugins.");
    assert_eq!(provider.requests().len(), 1, "a model was asked whether it fits");
    app.signal("-TERM");
    app.ended().await;
    app.start_again().await;
    assert_eq!(app.ask(OTHERWISE).told().await.is_from("curated"), "Under Plugins.");
    assert_eq!(provider.requests().len(), 1);
}

#[tokio::test]
async fn a_page_that_changes_takes_its_near_answers_along_and_no_others() {
    let provider = Provider::start().await;
    provider.plan("m", json!({"text": "As the page says."}));
    let app = settings().models(&provider, &["m"]).start().await;
    let page = |url: &str, title: &str, text: &str, modified: &str| -> Value {
        json!({"site": "site_a", "url": format!("https://a.example/{url}"), "title": title, "kind": "page",
               "html": format!("<h1>{title}</h1><p>{text}</p>"), "locale": "en", "modified": modified})
    };
    let oven = "To clean the oven, heat it to 480 degrees for one hour and brush the ash out.";
    let bills = "You can see your invoices under Account, Invoices, and download each as a PDF.";
    app.put_document("1", page("oven", "Cleaning the oven", oven, "2026-11-24T10:00:00Z"))
        .await;
    app.put_document("2", page("bills", "Your invoices", bills, "2026-11-24T10:00:00Z"))
        .await;
    for first in ["How do I clean the oven?", "Where can I see my invoices?"] {
        app.ask(first).told().await.is_from("model");
    }
    for near in ["how do i clean the oven please", "where can i see my invoices please"] {
        app.ask(near).told().await.is_from("near");
    }
    let hotter = "To clean the oven, heat it to 500 degrees for two hours and brush the ash out.";
    let told = app
        .put_document("1", page("oven", "Cleaning the oven", hotter, "2026-11-24T11:00:00Z"))
        .await;
    assert_eq!(told["outcome"], "stored");
    app.ask("how do i clean the oven please").told().await.is_from("model");
    app.ask("where can i see my invoices please")
        .told()
        .await
        .is_from("near");
}
