//! Which model a question goes to, by its looks and by the operator's rules, and that the operator is told why.

use serde_json::json;

use crate::app::{App, settings, until};
use crate::overview::words;
use crate::provider::Provider;

/// Each tier has a model of its own.
async fn app(provider: &Provider) -> App {
    for model in ["cheap", "usual", "strong"] {
        provider.plan(model, json!({"text": format!("I am {model}.")}));
    }
    settings()
        .models(provider, &["cheap", "usual", "strong"])
        .environment("PENNYPRESS__ROUTING__SIMPLE", "[\"cheap\"]")
        .environment("PENNYPRESS__ROUTING__STANDARD", "[\"usual\"]")
        .environment("PENNYPRESS__ROUTING__COMPLEX", "[\"strong\"]")
        .environment(
            "PENNYPRESS__ROUTING__RULES",
            "[{matches = \"^order \\\\d+\", tier = \"complex\"}, {contains = \"REFUND\", tier = \"standard\"}]",
        )
        .start()
        .await
}

#[tokio::test]
async fn a_question_goes_to_its_tier_and_the_operator_is_told_why() {
    let provider = Provider::start().await;
    let app = app(&provider).await;
    let operator = app.operator().await;
    for (question, model, why) in [
        ("When do you open?", "cheap", "Routed simple: it is short, one question"),
        (
            "What is the difference between the two plans?",
            "usual",
            "Routed standard: it weighs things up (“difference”)",
        ),
        (
            "It says\n```\nfatal error\n```\nWhat now?",
            "strong",
            "Routed complex: it holds code or a log",
        ),
        (
            "Order 42?",
            "strong",
            "Routed complex: a rule: it matches “^order \\d+”",
        ),
        (
            "A refund, please",
            "usual",
            "Routed standard: a rule: it contains “REFUND”",
        ),
    ] {
        let told = app.ask(question).told().await;
        assert_eq!(told.is_from("model"), format!("I am {model}."), "{question}");
        let path = format!("/admin/conversations/{}", told.conversation);
        until("the answer is written", async || {
            operator.get(&path).await.status() == 200
        })
        .await;
        let page = words(&operator.page(&path).await);
        assert!(page.contains(why), "{why} is not in {page}");
    }
}

#[tokio::test]
async fn a_question_that_goes_on_from_others_is_not_for_the_cheapest_model() {
    let provider = Provider::start().await;
    let app = app(&provider).await;
    let visitor = app.visitor().await;
    let first = app.ask("When do you open?").visitor(&visitor).told().await;
    assert_eq!(first.is_from("model"), "I am cheap.");
    let second = app
        .ask("And on Sunday?")
        .visitor(&visitor)
        .conversation(&first.conversation);
    assert_eq!(second.told().await.is_from("model"), "I am usual.");
}
