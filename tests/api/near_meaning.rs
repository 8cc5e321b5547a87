//! A provider's vectors find what the built-in ones overlook; a model is always asked whether it fits.

use serde_json::json;

use crate::app::{App, PROVIDER_NAME, settings};
use crate::near::{FIRST, SAME};
use crate::provider::Provider;

/// For the fake model questions with the same longest word have one meaning. The built-in model sees no likeness.
const ASKED: &str = "How do I reach the administrator?";
const OTHERWISE: &str = "Somebody says an administrator reads mails: where to write?";

/// A busy machine is no reason to go without: as long as is allowed.
async fn app(provider: &Provider, says: &str) -> App {
    waiting(provider, says, "10000").await
}

/// Waits so many milliseconds for vectors.
async fn waiting(provider: &Provider, says: &str, patience: &str) -> App {
    provider.plan("m", json!({"text": says}));
    let model = format!(
        "[[models]]\nid = \"topic\"\nprovider = \"{PROVIDER_NAME}\"\nkind = \"embedding\"\ninput_usd_per_million = 1000.0\n\
         output_usd_per_million = 0.0\n"
    );
    let settings = settings().models(provider, &["m"]).more(&model);
    let settings = settings.environment("PENNYPRESS__CACHE__EMBEDDING_MODEL", "topic");
    let settings = settings.environment("PENNYPRESS__CACHE__EMBEDDING_TIMEOUT_MS", patience);
    settings.start().await
}

fn inputs(provider: &Provider) -> Vec<usize> {
    let requests = provider.requests_of("topic");
    let count = |entry: &crate::fake_provider::log::Entry| entry.body["input"].as_array().map_or(0, Vec::len);
    requests.iter().map(count).collect()
}

#[tokio::test]
async fn what_only_the_better_model_finds_is_told_when_a_model_confirms_it() {
    let provider = Provider::start().await;
    let app = app(&provider, "Yes, by mail.").await;
    app.ask(ASKED).told().await.is_from("model");
    app.ask(OTHERWISE).told().await.is_from("near");
    // The question with the examples that tell how to read the model, then the question alone; an answer and a verdict.
    assert_eq!(inputs(&provider), [17, 1]);
    assert_eq!(provider.requests_of("m").len(), 2);
    // From then on it is known by the built-in model too, and nobody is asked.
    app.ask(OTHERWISE).told().await.is_from("near");
    assert_eq!((provider.requests_of("m").len(), inputs(&provider).len()), (2, 2));
    // Each of its tokens is a tenth of a cent here; they stand in the ledger and count.
    let words: usize = provider.requests_of("topic").iter().map(words_of).sum();
    let cost = app.metric("pennypress_cost_usd_total").await;
    let least = words as f64 / 1_000.0;
    assert!(cost > least && cost < least + 0.05, "{cost} for {words} words");
    let operator = app.operator().await;
    assert!(operator.page("/admin/ledger").await.contains("finds near matches"));
}

fn words_of(entry: &crate::fake_provider::log::Entry) -> usize {
    let texts = entry.body["input"].as_array().into_iter().flatten();
    texts
        .filter_map(|text| text.as_str())
        .map(|text| text.split_whitespace().count())
        .sum()
}

#[tokio::test]
async fn what_the_model_denies_is_not_told() {
    let provider = Provider::start().await;
    let app = app(&provider, "No, by phone.").await;
    app.ask(ASKED).told().await.is_from("model");
    app.ask(OTHERWISE).told().await.is_from("model");
    assert_eq!(provider.requests_of("m").len(), 3);
}

#[tokio::test]
async fn a_provider_without_vectors_leaves_everything_as_it_is() {
    let provider = Provider::start().await;
    provider.plan("topic", json!({"fault": {"kind": "status", "status": 503}}));
    let app = app(&provider, "Upload it.").await;
    app.ask(FIRST).told().await.is_from("model");
    assert_eq!(app.ask(SAME).told().await.is_from("near"), "Upload it.");
    app.ask(ASKED).told().await.is_from("model");
    app.ask(OTHERWISE).told().await.is_from("model");
    assert_eq!(provider.requests_of("m").len(), 3);
}

#[tokio::test]
async fn vectors_that_do_not_come_in_time_are_gone_without() {
    for fault in ["hang", "stall"] {
        let provider = Provider::start().await;
        provider.plan("topic", json!({"fault": {"kind": fault, "after": 0}}));
        let app = waiting(&provider, "Yes, by mail.", "50").await;
        assert_eq!(app.ask(ASKED).told().await.is_from("model"), "Yes, by mail.", "{fault}");
        let log = provider
            .until("the model for vectors is hung up on", |log| {
                log.iter()
                    .any(|entry| entry.model == "topic" && entry.left_ns.is_some())
            })
            .await;
        assert_eq!(log.iter().filter(|entry| entry.model == "topic").count(), 1, "{fault}");
        // What it has read it may bill.
        let lines = app.ledger(2).await;
        let line = lines.iter().find(|line| line.model == "topic").expect("a line");
        assert_eq!((line.outcome.as_str(), line.counted), ("first_token_timeout", true));
        assert!(line.prompt_tokens > 0 && line.cost_pico_usd > 0, "{line:?}");
        // The answer is kept all the same, and others are answered too.
        app.ask(ASKED).told().await.is_from("cache");
        app.ask(OTHERWISE).told().await.is_from("model");
    }
}
