//! Staged change: a share of the visitors gets another model or persona and stays with it; a shadow is asked and shown to nobody.

use serde_json::{Value, json};

use crate::app::{App, SECRET_A, Settings, settings, until};
use crate::asking::json_of;
use crate::operator::Operator;
use crate::overview::words;
use crate::provider::Provider;

async fn provider() -> Provider {
    let provider = Provider::start().await;
    provider.plan(
        "old",
        json!({"text": "From the old one.", "prompt_tokens": 1000, "completion_tokens": 100}),
    );
    provider.plan(
        "new",
        json!({"text": "From the new one.", "prompt_tokens": 500, "completion_tokens": 50}),
    );
    provider
}

fn with(provider: &Provider, experiment: &str) -> Settings {
    settings()
        .models(provider, &["old", "new"])
        .environment("PENNYPRESS__ROUTING__SIMPLE", "[\"old\"]")
        .environment("PENNYPRESS__ROUTING__STANDARD", "[\"old\"]")
        .environment("PENNYPRESS__ROUTING__COMPLEX", "[\"old\"]")
        .environment("PENNYPRESS__EXPERIMENTS", experiment)
}

/// What a visitor with this address is answered.
async fn asked(app: &App, question: &str, ip: &str) -> Value {
    let question = app.ask(question).signed_for(SECRET_A, ip).with("stream", json!(false));
    json_of(question.send().await).await
}

async fn until_page(operator: &Operator<'_>, wanted: &str) {
    until(wanted, async || {
        words(&operator.page("/admin/experiments").await).contains(wanted)
    })
    .await;
}

#[tokio::test]
async fn a_share_of_the_visitors_gets_the_new_model_and_stays_with_it() {
    let provider = provider().await;
    let app = with(
        &provider,
        "[{name = \"newer <model>\", share = 50, models = [\"new\"]}]",
    )
    .start()
    .await;
    let operator = app.operator().await;
    let mut new = 0;
    for n in 1..=60 {
        let ip = format!("203.0.113.{n}");
        let first = asked(&app, &format!("When do you open, number {n}?"), &ip).await;
        let second = asked(&app, &format!("Where are you, number {n}?"), &ip).await;
        assert_eq!(first["text"], second["text"], "{ip} stays on its side");
        new += usize::from(first["text"] == "From the new one.");
        // Nothing about it reaches the visitor.
        assert!(!first.to_string().contains("newer"), "{first}");
    }
    // 60 at one half: fewer than 15 or more than 45 happens once in ten thousand runs, and the addresses are the same in each.
    assert!((15..=45).contains(&new), "{new} of 60 got the new model");
    until_page(&operator, &format!("Written by a model {} {}", 120 - 2 * new, 2 * new)).await;
    let page = operator.page("/admin/experiments").await;
    let told = words(&page);
    assert!(told.contains("50% of the visitors of all sites: new"), "{told}");
    assert!(
        told.contains("Cost of one $0.003000 $0.001500 hardly chance: -50% to -50%"),
        "{told}"
    );
    assert!(
        told.contains("Liked – (0 up, 0 down) – (0 up, 0 down) too few to tell"),
        "{told}"
    );
    assert!(!page.contains("<model>"), "a name is text");
}

#[tokio::test]
async fn the_sides_do_not_share_cached_answers() {
    let provider = provider().await;
    let app = with(
        &provider,
        "[{name = \"kinder\", share = 50, persona = \"You are KINDER.\"}]",
    )
    .start()
    .await;
    let mut froms = Vec::new();
    for n in 1..=30 {
        let answer = asked(&app, "When do you open?", &format!("203.0.113.{n}")).await;
        froms.push(answer["from"].as_str().expect("text").to_owned());
    }
    // Each side asks once, whoever comes later on that side has it from the cache.
    assert_eq!(froms.iter().filter(|from| *from == "model").count(), 2, "{froms:?}");
    let told: Vec<String> = provider
        .requests_of("old")
        .iter()
        .map(|entry| entry.body.to_string())
        .collect();
    assert_eq!(told.iter().filter(|body| body.contains("KINDER")).count(), 1);
    assert_eq!(told.iter().filter(|body| body.contains("PERSONA-A")).count(), 1);
}

#[tokio::test]
async fn a_shadow_is_asked_its_cost_is_apart_and_nobody_sees_it() {
    let provider = provider().await;
    provider.plan(
        "new",
        json!({"text": "From the **new** one.", "prompt_tokens": 500, "completion_tokens": 50}),
    );
    let app = with(
        &provider,
        "[{name = \"beside\", site = \"site_a\", share = 100, mode = \"shadow\", models = [\"new\"]}]",
    )
    .start()
    .await;
    let operator = app.operator().await;
    let told = app.ask("When do you open?").told().await;
    assert_eq!(told.is_from("model"), "From the old one.");
    app.ask("When do you open?").told().await.is_from("cache");
    app.ask("When do you open?").of_site_b().told().await.is_from("model");
    until_page(&operator, "Written by a model 1 1").await;
    let page = words(&operator.page("/admin/experiments").await);
    for expected in [
        "As shown Shadow",
        "Spent $0.003000 $0.001500",
        "As shown From the old one. Shadow From the new one.",
    ] {
        assert!(page.contains(expected), "{expected} is not in {page}");
    }
    assert_eq!(
        provider.requests_of("new").len(),
        1,
        "neither for the cache nor for another site"
    );
    let overview = words(&operator.page("/admin?days=1&site=site_a").await);
    assert!(overview.contains("Cost $0.004500"), "the bill holds it: {overview}");
    let ledger = words(&operator.page("/admin/ledger?purpose=shadow").await);
    assert!(ledger.contains("Cost $0.001500 1 calls"), "{ledger}");
    let conversation = operator
        .page(&format!("/admin/conversations/{}", told.conversation))
        .await;
    assert!(
        conversation.contains("$0.003000") && !conversation.contains("$0.0045"),
        "the answer's own cost is apart"
    );
}

#[tokio::test]
async fn nothing_is_tried_with_money_that_is_short() {
    let provider = provider().await;
    let app = with(
        &provider,
        "[{name = \"beside\", share = 100, mode = \"shadow\", models = [\"new\"]}]",
    )
    .environment("PENNYPRESS__LIMITS__DAILY_BUDGET_USD", "0.0055")
    .environment("PENNYPRESS__UPSTREAM__MAX_ANSWER_TOKENS", "100")
    .start()
    .await;
    // All of the budget: 0.0046 + 0.0009 dollars.
    provider.plan("old", json!({"prompt_tokens": 2300, "completion_tokens": 90}));
    app.ask("When do you open?").told().await.is_from("model");
    let operator = app.operator().await;
    until("the budget is spent", async || {
        words(&operator.page("/admin").await).contains("100%, spent")
    })
    .await;
    assert!(provider.requests_of("new").is_empty());
}

#[tokio::test]
async fn an_experiment_that_cannot_be_is_refused_at_the_start() {
    let provider = provider().await;
    for (experiment, key) in [
        (
            "[{name = \"a\", share = 0, models = [\"new\"]}]",
            "experiments[0].share",
        ),
        ("[{name = \"a\", share = 5}]", "experiments[0].models"),
        (
            "[{name = \"a\", share = 5, models = [\"none\"]}]",
            "experiments[0].models[0]",
        ),
        ("[{name = \" \", share = 5, models = [\"new\"]}]", "experiments[0].name"),
        (
            "[{name = \"a\", share = 5, models = [\"new\"]}, {name = \"b\", site = \"site_a\", share = 5, models = [\"new\"]}]",
            "experiments[1].site",
        ),
    ] {
        let output = with(&provider, experiment).run(&["check"]).await;
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{experiment}");
        assert!(error.contains(key), "{key} is not in {error}");
    }
}
