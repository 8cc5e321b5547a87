//! A program's budget holds whichever model answers, and what the cache spares it is told.

use serde_json::{Value, json};

use crate::app::{App, settings};
use crate::calling::{error_of, question};
use crate::overview::words;
use crate::provider::Provider;

/// A cheap model, and behind it one whose answers may cost a hundred times as much.
async fn cheap_then_dear(cheap: Value, budget: &str) -> (Provider, App) {
    let provider = Provider::start().await;
    provider.plan("cheap", cheap);
    provider.plan(
        "dear",
        json!({"text": "Dear.", "prompt_tokens": 10, "completion_tokens": 1}),
    );
    let dear = format!(
        "monthly_budget_usd = {budget}\n[[models]]\nid = \"dear\"\nprovider = \"{}\"\n\
         input_usd_per_million = 200.0\noutput_usd_per_million = 1000.0\n",
        crate::app::PROVIDER_NAME
    );
    let app = settings()
        .models(&provider, &["cheap"])
        .retries(0)
        .environment("PENNYPRESS__ROUTING__STANDARD", "[\"cheap\", \"dear\"]")
        .more(&dear)
        .start()
        .await;
    (provider, app)
}

fn short(streams: bool) -> Value {
    let mut body = question("cheap");
    body["max_tokens"] = json!(100);
    body["stream"] = json!(streams);
    body
}

const FAILS: &str = r#"{"fault": {"kind": "status", "status": 503}}"#;

#[tokio::test]
async fn a_dearer_model_answers_only_if_the_budget_holds_it() {
    let fails: Value = serde_json::from_str(FAILS).expect("JSON");
    // A hundred tokens of the cheap model are at most 0.001 dollars and a little, of the dear one 0.1.
    let (provider, app) = cheap_then_dear(fails.clone(), "0.05").await;
    for streams in [false, true] {
        let refused = app.completion(&short(streams)).await;
        // Something failed, and what could stand in is not affordable.
        assert_eq!(refused.status(), 503, "{}", error_of(refused).await);
    }
    assert_eq!(provider.requests_of("cheap").len(), 2);
    assert_eq!(provider.requests_of("dear").len(), 0);
    let (provider, app) = cheap_then_dear(fails, "0.5").await;
    for streams in [false, true] {
        assert_eq!(app.completion(&short(streams)).await.status(), 200);
    }
    assert_eq!(provider.requests_of("dear").len(), 2);
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_gone_on_with_only_if_the_budget_holds_it() {
    let breaks = json!({"text": "one two three", "fault": {"kind": "cut", "after": 2}});
    let (provider, app) = cheap_then_dear(breaks, "0.05").await;
    let text = app.completion(&short(true)).await.text().await.expect("text");
    assert!(text.contains("two") && text.contains("answer_broken"), "{text}");
    assert_eq!(provider.requests_of("dear").len(), 0);
}

#[tokio::test]
async fn a_budget_that_holds_no_call_says_so_at_once() {
    let (provider, app) = cheap_then_dear(json!({}), "0.0005").await;
    for streams in [false, true] {
        let refused = app.completion(&short(streams)).await;
        assert_eq!(refused.status(), 429);
        assert_eq!(error_of(refused).await["code"], "insufficient_quota");
    }
    assert_eq!(provider.requests().len(), 0);
}

#[tokio::test]
async fn what_the_cache_spares_a_program_is_told_to_the_operator() {
    let provider = Provider::start().await;
    provider.plan(
        "m",
        json!({"text": "Nine.", "prompt_tokens": 1_000, "completion_tokens": 300}),
    );
    let app = settings().models(&provider, &["m"]).start().await;
    for streams in [false, true] {
        let mut body = question("m");
        body["temperature"] = json!(0);
        body["stream"] = json!(streams);
        let mut hits = 0;
        // A stream is kept when it has ended, which is a moment after its last byte.
        while hits < 2 {
            let answer = app.completion(&body).await;
            hits += usize::from(answer.headers()["x-pennypress-from"] == "cache");
            answer.bytes().await.expect("an answer");
        }
    }
    let asked = provider.requests().len();
    let operator = app.operator().await;
    // Each answer had cost half a cent.
    crate::app::until("four answers are written down", async || {
        let told = words(&operator.page("/admin/ledger").await);
        told.contains("given 4 answers from the cache, which had cost $0.0200")
    })
    .await;
    let overview = words(&operator.page("/admin").await);
    assert!(
        overview.contains("Saved $0.0200 0 answers reused, –; 4 to programs"),
        "{overview}"
    );
    assert_eq!(provider.requests().len(), asked);
}
