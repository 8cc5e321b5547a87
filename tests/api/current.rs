//! What is told is what the pages say now: not what they said when an answer began, nor when one was kept.

use serde_json::{Value, json};

use crate::abstaining::learn_pages;
use crate::app::{App, Settings, settings, until};
use crate::provider::Provider;

const QUESTION: &str = "How long does delivery take?";

fn delivery(days: &str, modified: &str) -> Value {
    json!({"site": "site_a", "url": "https://a.example/delivery", "title": "Delivery", "locale": "en", "kind": "page",
           "text": format!("Parcels leave our warehouse every weekday at noon. Delivery takes {days} working days."),
           "modified": modified})
}

async fn shop(settings: Settings) -> App {
    let app = settings.start().await;
    learn_pages(&app).await;
    app
}

#[tokio::test]
async fn an_answer_that_began_before_an_edit_is_not_kept_after_it() {
    let provider = Provider::start().await;
    provider.plan("m", json!({"text": "In two days [1].", "hold_after": 1}));
    let app = shop(settings().models(&provider, &["m"])).await;
    let mut events = app.ask(QUESTION).events().await;
    events.next().await.expect("start");
    app.put_document("delivery", delivery("seven", "2026-11-25T10:00:00Z"))
        .await;
    provider.release("m", None);
    events.rest().await;
    provider.plan("m", json!({"text": "In seven days [1]."}));
    assert_eq!(app.ask(QUESTION).told().await.is_from("model"), "In seven days [1].");
    assert_eq!(app.ask(QUESTION).told().await.is_from("cache"), "In seven days [1].");
    let otherwise = app.ask("how long does the delivery take please").told().await;
    assert_eq!(otherwise.is_from("near"), "In seven days [1].");
}

#[tokio::test]
async fn an_older_answer_whose_page_has_changed_is_worse_than_the_page() {
    let provider = Provider::start().await;
    provider.plan("m", json!({"text": "In two days [1]."}));
    let app = shop(settings().models(&provider, &["m"]).retries(0).ttl_seconds(1)).await;
    app.ask(QUESTION).told().await.is_from("model");
    provider.plan("m", json!({"fault": {"kind": "status", "status": 500}}));
    // As long as the page stands, so does what was told of it.
    let asked = provider.requests().len();
    until("the model is asked again, in vain", async || {
        assert_eq!(app.ask(QUESTION).told().await.is_from("cache"), "In two days [1].");
        provider.requests().len() > asked
    })
    .await;
    app.put_document("delivery", delivery("seven", "2026-11-25T10:00:00Z"))
        .await;
    let told = app.ask(QUESTION).told().await;
    assert!(told.is_from("content").contains("seven working days"), "{told:#?}");
}

#[tokio::test]
async fn what_the_model_was_not_shown_is_neither_relied_on_nor_cited() {
    let provider = Provider::start().await;
    provider.plan("m", json!({"text": "In two days [1]."}));
    // Persona, rules and question take all of it.
    let app = shop(settings().models(&provider, &["m"]).context_tokens(512)).await;
    let told = app.ask(QUESTION).told().await;
    told.is_from("model");
    let system = provider.requests()[0].body["messages"][0].to_string();
    assert!(
        !system.contains("<passage ") && !system.contains("Rely on the passages"),
        "{system}"
    );
    assert!(told.sources.is_empty(), "{told:#?}");
}
