//! The same question is paid for once, and only the same.

use std::time::Duration;

use serde_json::json;

use crate::app::{App, settings, until};
use crate::provider::Provider;

async fn app(provider: &Provider) -> App {
    provider.plan("m", json!({"text": "At **nine**, every day."}));
    // What is only near is another test's matter.
    let near = "PENNYPRESS__CACHE__NEAR";
    settings()
        .models(provider, &["m"])
        .environment(near, "off")
        .start()
        .await
}

fn asked(provider: &Provider) -> usize {
    provider.requests_of("m").len()
}

#[tokio::test]
async fn the_same_question_is_asked_once() {
    let provider = Provider::start().await;
    let app = app(&provider).await;
    let first = app.ask("When do you open?").told().await;
    first.is_from("model");
    let second = app.ask("When do you open?").told().await;
    assert_eq!(second.is_from("cache"), first.text);
    assert_ne!(second.answer, first.answer, "each answer has a name of its own");
    assert_ne!(second.conversation, first.conversation);
    assert_eq!(app.ask("When do you open?").whole().await.is_from("cache"), first.text);
    assert_eq!(asked(&provider), 1);
    assert_eq!(app.metric("pennypress_cache_lookups_total{result=\"hit\"}").await, 2.0);
    assert_eq!(app.metric("pennypress_cache_lookups_total{result=\"miss\"}").await, 1.0);
}

#[tokio::test]
async fn spelling_that_means_nothing_makes_no_difference() {
    let provider = Provider::start().await;
    let app = app(&provider).await;
    app.ask("When do you open on Café Sundays?")
        .told()
        .await
        .is_from("model");
    for same in [
        "when do you open on café sundays?",
        "WHEN DO YOU OPEN ON CAFÉ SUNDAYS",
        "  When   do\tyou\nopen on Café Sundays ?! ",
        "When do you open on Cafe\u{301} Sundays...",
    ] {
        app.ask(same).told().await.is_from("cache");
    }
    assert_eq!(asked(&provider), 1);
}

#[tokio::test]
async fn what_differs_in_meaning_is_another_question() {
    let provider = Provider::start().await;
    let app = app(&provider).await;
    let questions = [
        "Does version 2 run on PHP 7.4?",
        "Does version 2 run on PHP 7.3?",
        "Does version 2 not run on PHP 7.4?",
        "Does version -2 run on PHP 7.4?",
        "Does version 2 run on PHP 74?",
        "Is it C?",
        "Is it C++?",
        "Is it C#?",
        "Кто ты?",
        "誰?",
        "🚀?",
        "🚢?",
    ];
    for question in questions {
        app.ask(question).told().await.is_from("model");
    }
    assert_eq!(asked(&provider), questions.len());
}

#[tokio::test]
async fn site_persona_and_language_are_part_of_the_question() {
    let provider = Provider::start().await;
    let app = app(&provider).await;
    app.ask("When do you open?").told().await.is_from("model");
    app.ask("When do you open?").of_site_b().told().await.is_from("model");
    app.ask("When do you open?")
        .with("locale", json!("de"))
        .told()
        .await
        .is_from("model");
    app.ask("When do you open?")
        .with("locale", json!("de"))
        .told()
        .await
        .is_from("cache");
    app.ask("When do you open?").of_site_b().told().await.is_from("cache");
    assert_eq!(asked(&provider), 3);
}

#[tokio::test]
async fn a_question_inside_a_conversation_is_not_cached() {
    let provider = Provider::start().await;
    let app = app(&provider).await;
    let token = app.visitor().await;
    let first = app.ask("When do you open?").visitor(&token).told().await;
    first.is_from("model");
    let again = |message: &str| app.ask(message).visitor(&token).conversation(&first.conversation);
    again("When do you open?").told().await.is_from("model");
    again("And why?").told().await.is_from("model");
    app.ask("And why?").told().await.is_from("model");
    assert_eq!(asked(&provider), 4);
    // The first question of a conversation leans on nothing, whoever asks it.
    app.ask("When do you open?")
        .visitor(&token)
        .told()
        .await
        .is_from("cache");
    app.ask("When do you open?").told().await.is_from("cache");
}

#[tokio::test]
async fn an_answer_that_was_not_finished_is_not_cached() {
    let provider = Provider::start().await;
    provider.plan("m", json!({"text": "one two three", "hold_after": 1}));
    let app = settings().models(&provider, &["m"]).retries(0).start().await;
    {
        let mut events = app.ask("Shall it be aborted?").events().await;
        events.next().await;
        events.next().await;
    }
    app.until_metric("pennypress_questions_total{finish=\"aborted\",from=\"model\"}", 1.0)
        .await;
    provider.plan(
        "m",
        json!({"fault": {"kind": "cut", "after": 1}, "text": "one two three"}),
    );
    let failed = app.ask("Shall it fail?").told().await;
    assert!(matches!(failed.ending, crate::asking::Ending::Error(_)), "{failed:?}");
    provider.plan("m", json!({"text": "one two three"}));
    app.ask("Shall it be aborted?").told().await.is_from("model");
    app.ask("Shall it fail?").told().await.is_from("model");
}

#[tokio::test]
async fn an_answer_lives_as_long_as_it_is_told_to() {
    let provider = Provider::start().await;
    provider.plan("m", json!({"text": "For a second."}));
    let app = settings().models(&provider, &["m"]).ttl_seconds(2).start().await;
    app.ask("How long does it live?").told().await.is_from("model");
    app.ask("How long does it live?").told().await.is_from("cache");
    until("it is asked anew", async || {
        // Looks again now and then; what is waited for is the time itself.
        tokio::time::sleep(Duration::from_millis(100)).await;
        app.ask("How long does it live?").told().await.from == "model"
    })
    .await;
    assert_eq!(asked(&provider), 2);
}

#[tokio::test]
async fn an_answer_about_this_page_is_kept_for_this_page_only() {
    let provider = Provider::start().await;
    // Whatever is near, the verifier agrees.
    provider.plan("m", json!({"text": "Yes, nine euros."}));
    let app = settings().models(&provider, &["m"]).start().await;
    let ask = async |question: &str, page: &str| {
        let page = json!({"url": format!("https://a.example/{page}"), "title": page});
        app.ask(question).with("page", page).told().await.from
    };
    for question in [
        "How much is this?",
        "Was kostet das?",
        "Сколько это стоит?",
        "Quanto costa questo?",
        "Hoeveel kost het?",
        "Quanto custa isso?",
        "Ile to kosztuje?",
        "这个多少钱？",
        "これはいくらですか",
        "¿Cuánto cuesta?",
    ] {
        assert_eq!(ask(question, "kettle").await, "model", "{question}");
        assert_eq!(ask(question, "lamp").await, "model", "{question}");
        assert_eq!(ask(question, "kettle?from=mail").await, "cache", "{question}");
    }
    for question in [
        "Сколько стоит доставка?",
        "Quanto costa la spedizione?",
        "送料はいくらですか",
    ] {
        assert_eq!(ask(question, "kettle").await, "model", "{question}");
        assert_eq!(ask(question, "lamp").await, "cache", "{question}");
    }
}
