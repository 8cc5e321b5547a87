//! A question that the site's content does not hold: no model is asked for it, and the visitor is told so.

use serde_json::json;

use crate::app::{App, settings};
use crate::provider::Provider;

const PAGES: [(&str, &str, &str); 3] = [
    (
        "returns",
        "Returns",
        "You may send anything back within thirty days. We refund the price, not the postage.",
    ),
    (
        "delivery",
        "Delivery",
        "Parcels leave our warehouse every weekday at noon. Delivery takes two working days.",
    ),
    (
        "warranty",
        "Warranty",
        "Every kettle carries a warranty of five years against broken heating elements.",
    ),
];

/// Gives site A the pages of a small shop.
pub async fn learn_pages(app: &App) {
    for (id, title, text) in PAGES {
        let url = format!("https://a.example/{id}");
        let body = json!({"site": "site_a", "url": url, "title": title, "text": text, "locale": "en", "kind": "page",
                          "modified": "2026-11-24T10:00:00Z"});
        app.put_document(id, body).await;
    }
}

async fn shop(provider: &Provider, more: &str) -> App {
    let settings = settings().models(provider, &["model-a"]).more(more);
    // Whether two questions mean the same is not what is counted here.
    let app = settings.environment("PENNYPRESS__CACHE__NEAR", "off").start().await;
    learn_pages(&app).await;
    app
}

#[tokio::test]
async fn what_the_content_does_not_hold_costs_nothing() {
    let provider = Provider::start().await;
    let app = shop(&provider, "").await;
    let told = app.ask("Who won the football world cup in Brazil?").whole().await;
    assert_eq!(
        (told.from.as_str(), told.finish()),
        ("content", "unanswered"),
        "{told:#?}"
    );
    assert!(told.text.contains("could not find"), "{told:#?}");
    assert_eq!(provider.requests().len(), 0);
    // In the language of the question, whatever the page's is; and the nearest page.
    let told = app
        .ask("Who plays saxophone, trombone and piccolo in the warehouse?")
        .with("locale", json!("de"))
        .whole()
        .await;
    assert_eq!(told.finish(), "unanswered", "{told:#?}");
    assert!(told.text.contains("could not find"), "{told:#?}");
    assert_eq!(told.sources[0]["url"], "https://a.example/delivery", "{told:#?}");
    assert_eq!(provider.requests().len(), 0);
}

#[tokio::test]
async fn what_it_may_hold_is_answered_by_a_model() {
    let provider = Provider::start().await;
    let app = shop(&provider, "").await;
    for question in [
        "How long does delivery take?",
        "do ketles have a waranty",
        "when do pacels leave the warehose",
        "hello there",
        "thank you!",
    ] {
        let told = app.ask(question).whole().await;
        assert_eq!(
            (told.from.as_str(), told.finish()),
            ("model", "stop"),
            "{question}: {told:#?}"
        );
    }
    assert_eq!(provider.requests().len(), 5);
}

#[tokio::test]
async fn it_can_be_turned_off_and_needs_content_of_its_own() {
    let provider = Provider::start().await;
    let app = shop(&provider, "[content]\nabstain_below = 0\n").await;
    let told = app.ask("Who won the football world cup in Brazil?").whole().await;
    assert_eq!(told.from, "model", "{told:#?}");
    // The other site has no content: nothing can be said of what it holds.
    let app = shop(&provider, "").await;
    let told = app
        .ask("Who won the football world cup in Brazil?")
        .of_site_b()
        .whole()
        .await;
    assert_eq!(told.from, "model", "{told:#?}");
}
