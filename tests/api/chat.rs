//! A question and its answer: as a stream, whole, in a conversation, on a page.

use std::time::Duration;

use serde_json::{Value, json};

use crate::app::{ORIGIN_A, PROVIDER_KEY, settings, until};
use crate::asking::json_of;
use crate::provider::Provider;

/// The messages of the last request that reached `model`.
fn messages(provider: &Provider, model: &str) -> Vec<Value> {
    let entries = provider.requests_of(model);
    let body = &entries.last().expect("a request").body;
    body["messages"].as_array().expect("messages").clone()
}

/// Everything that was said to the model before the question.
fn system(provider: &Provider, model: &str) -> String {
    let messages = messages(provider, model);
    let system = messages.iter().filter(|message| message["role"] == "system");
    system
        .map(|message| message["content"].as_str().expect("text"))
        .collect()
}

#[tokio::test]
async fn a_stream_and_a_whole_answer_say_the_same() {
    let provider = Provider::start().await;
    provider.plan("m", json!({"text": "Grüße, Ωμέγα 🚀 and **bold**."}));
    let app = settings().models(&provider, &["m"]).start().await;
    let streamed = app.ask("What is the weather like on Mars?").told().await;
    let whole = app.ask("And how is it on Venus?").whole().await;
    assert_eq!(streamed.is_from("model"), "Grüße, Ωμέγα 🚀 and **bold**.");
    assert_eq!(whole.is_from("model"), streamed.text);
    assert_ne!(whole.conversation, streamed.conversation);
    assert_ne!(whole.answer, streamed.answer);
}

#[tokio::test]
async fn words_arrive_one_by_one_as_they_are_sent() {
    let provider = Provider::start().await;
    provider.plan("m", json!({"text": "one two three four five", "hold_after": 1}));
    let app = settings().models(&provider, &["m"]).start().await;
    let mut events = app.ask("Count to five please.").events().await;
    assert_eq!(events.next().await.expect("start").name, "start");
    for (sent, word) in ["one ", "two ", "three ", "four ", "five"].into_iter().enumerate() {
        // The next word is sent only after this one has arrived.
        let event = events.next().await.expect("a word");
        assert_eq!(
            (event.name.as_str(), event.json()["text"].as_str()),
            ("delta", Some(word))
        );
        provider.release("m", sent + 2);
    }
    let rest = events.rest().await;
    assert_eq!(rest.last().expect("an end").name, "done");
}

#[tokio::test]
async fn a_quiet_stream_says_that_it_lives() {
    let provider = Provider::start().await;
    provider.plan("m", json!({"text": "one two", "hold_after": 1}));
    let app = settings().models(&provider, &["m"]).start().await;
    let mut events = app.ask("Count to two please.").events().await;
    events.next().await;
    events.next().await;
    // Comments are no events, so this waits while they come.
    assert!(
        tokio::time::timeout(Duration::from_millis(2_600), events.try_next())
            .await
            .is_err()
    );
    assert!(
        (1..=3).contains(&events.comments),
        "{} comments in 2.6 s",
        events.comments
    );
    provider.release("m", None);
    assert_eq!(events.rest().await.last().expect("an end").name, "done");
}

#[tokio::test]
async fn the_request_to_the_provider_is_one_that_openai_takes() {
    let provider = Provider::start().await;
    provider.plan("vendor/m", json!({"text": "Yes."}));
    let app = settings().models(&provider, &["vendor/m"]).start().await;
    app.ask("  Is the shop open?\n").told().await;
    let request = &provider.requests_of("vendor/m")[0];
    assert_eq!(request.headers["authorization"], format!("Bearer {PROVIDER_KEY}"));
    assert_eq!(request.body["stream"], true);
    assert_eq!(request.body["stream_options"]["include_usage"], true);
    let last = messages(&provider, "vendor/m").pop().expect("a message");
    assert_eq!(last["role"], "user");
    assert!(
        last["content"].as_str().expect("text").contains("Is the shop open?"),
        "{last}"
    );
    // No address, origin or user agent of the visitor goes to the provider.
    let all = serde_json::to_string(&request.headers).expect("JSON") + &request.body.to_string();
    assert!(!all.contains(ORIGIN_A) && !all.contains("site_a"), "{all}");
}

#[tokio::test]
async fn persona_and_page_are_told_to_the_model() {
    let provider = Provider::start().await;
    let app = settings().models(&provider, &["echo"]).start().await;
    let page = json!({"url": "https://a.example/pricing?plan=gold", "title": "Gold plan \u{202e}pricing"});
    app.ask("What does this cost?").with("page", page).told().await;
    let told = system(&provider, "echo");
    assert!(told.contains("PERSONA-A"), "{told}");
    let everything = Value::from(messages(&provider, "echo")).to_string();
    assert!(
        everything.contains("https://a.example/pricing?plan=gold"),
        "{everything}"
    );
    assert!(everything.contains("Gold plan"), "{everything}");
    app.ask("What does this cost?").of_site_b().told().await;
    let told = system(&provider, "echo");
    assert!(
        told.contains("PERSONA-B") && !told.contains("PERSONA-A") && !told.contains("pricing"),
        "{told}"
    );
}

#[tokio::test]
async fn a_conversation_is_remembered_and_another_one_is_not() {
    let provider = Provider::start().await;
    let app = settings().models(&provider, &["m"]).start().await;
    let token = app.visitor().await;
    provider.plan("m", json!({"text": "Nice to meet you, Zoë."}));
    let first = app.ask("My name is Zoë.").visitor(&token).told().await;
    provider.plan("m", json!({"text": "You are Zoë."}));
    let second = app
        .ask("Who am I?")
        .visitor(&token)
        .conversation(&first.conversation)
        .told()
        .await;
    assert_eq!(second.conversation, first.conversation);
    let said = messages(&provider, "m");
    let turns: Vec<(&str, &str)> = said
        .iter()
        .filter(|message| message["role"] != "system")
        .map(|message| {
            (
                message["role"].as_str().unwrap_or(""),
                message["content"].as_str().unwrap_or(""),
            )
        })
        .collect();
    assert_eq!(turns.len(), 3, "{turns:?}");
    assert_eq!(turns[0], ("user", "My name is Zoë."));
    assert_eq!(turns[1], ("assistant", "Nice to meet you, Zoë."));
    assert!(turns[2].0 == "user" && turns[2].1.contains("Who am I?"), "{turns:?}");
    // A new one of the same visitor starts from nothing.
    app.ask("And what is my name?").visitor(&token).told().await;
    assert!(!Value::from(messages(&provider, "m")).to_string().contains("Zoë"));
}

#[tokio::test]
async fn a_conversation_belongs_to_its_visitor() {
    let provider = Provider::start().await;
    let app = settings().models(&provider, &["echo"]).start().await;
    let (anna, ben) = (app.visitor().await, app.visitor().await);
    let first = app.ask("Something private.").visitor(&anna).told().await;
    let ask = || app.ask("What did she say?").conversation(&first.conversation);
    ask().visitor(&ben).problem().await.is(404, "unknown_conversation");
    ask().problem().await.is(404, "unknown_conversation");
    ask().of_site_b().problem().await.is(404, "unknown_conversation");
    for forged in [
        "c_",
        "nonsense",
        "c_00000000000000000000000000000000",
        "a_00000000000000000000000000000000",
    ] {
        let problem = app.ask("Hello?").visitor(&ben).conversation(forged).problem().await;
        problem.is(404, "unknown_conversation");
    }
    assert_eq!(provider.requests_of("echo").len(), 1, "nothing was sent for the others");
}

#[tokio::test]
async fn a_long_conversation_is_trimmed_to_the_context() {
    let provider = Provider::start().await;
    let long = "lorem ipsum dolor sit amet ".repeat(60);
    provider.plan("m", json!({"text": format!("OLDEST {long}")}));
    let app = settings().models(&provider, &["m"]).context_tokens(4_096).start().await;
    let token = app.visitor().await;
    let first = app.ask("Tell me something long.").visitor(&token).told().await;
    let again = |message: &str| app.ask(message).visitor(&token).conversation(&first.conversation);
    provider.plan("m", json!({"text": long}));
    for n in 0..10 {
        again(&format!("Turn {n}: go on, {}", "please ".repeat(200)))
            .told()
            .await
            .is_from("model");
    }
    provider.plan("m", json!({"text": "Enough."}));
    again("The very last question").told().await.is_from("model");
    let sent = Value::from(messages(&provider, "m")).to_string();
    assert!(sent.contains("The very last question"));
    assert!(sent.contains("Turn 9"), "the latest turn is there");
    assert!(
        !sent.contains("OLDEST") && !sent.contains("Turn 0"),
        "the oldest turns are not"
    );
    assert!(sent.contains("PERSONA-A"), "the persona always is");
    // About four characters of English are a token, and the answer needs room too.
    assert!(sent.len() < 4 * 4_096, "{} bytes are more than the context", sent.len());
}

#[tokio::test]
async fn a_visitor_reads_and_deletes_a_conversation() {
    let provider = Provider::start().await;
    provider.plan("m", json!({"text": "At nine."}));
    let app = settings().models(&provider, &["m"]).start().await;
    let (anna, ben) = (app.visitor().await, app.visitor().await);
    let told = app.ask("When do you open on Sundays?").visitor(&anna).told().await;
    let again = app
        .ask("And on Mondays?")
        .visitor(&anna)
        .conversation(&told.conversation)
        .told()
        .await;
    let feedback = json!({"site": "site_a", "answer": again.answer, "rating": "up"});
    let feedback = app.request(reqwest::Method::POST, "/api/v1/feedback").json(&feedback);
    let feedback = feedback
        .header("x-pennypress-visitor", &anna)
        .send()
        .await
        .expect("an answer");
    assert_eq!(feedback.status(), 204);
    let read = json_of(app.conversation(&told.conversation, &anna).await).await;
    assert_eq!(read["conversation"], told.conversation);
    let messages = read["messages"].as_array().expect("messages");
    let brief: Vec<(&str, &str)> = messages
        .iter()
        .map(|message| {
            (
                message["role"].as_str().unwrap_or(""),
                message["text"].as_str().unwrap_or(""),
            )
        })
        .collect();
    let wanted = [
        ("user", "When do you open on Sundays?"),
        ("assistant", "At nine."),
        ("user", "And on Mondays?"),
        ("assistant", "At nine."),
    ];
    assert_eq!(brief, wanted);
    assert_eq!(messages[1]["answer"], told.answer);
    assert_eq!(
        (&messages[1]["rating"], &messages[3]["rating"]),
        (&Value::Null, &json!("up"))
    );
    let problem = crate::asking::Problem::of(app.conversation(&told.conversation, &ben).await).await;
    problem.is(404, "unknown_conversation");
    assert_eq!(app.delete_conversation(&told.conversation, &ben).await.status(), 404);
    assert_eq!(app.delete_conversation(&told.conversation, &anna).await.status(), 204);
    assert_eq!(app.delete_conversation(&told.conversation, &anna).await.status(), 404);
    assert_eq!(app.conversation(&told.conversation, &anna).await.status(), 404);
    // Nor is it told again to who lost the connection.
    for answer in [&told.answer, &again.answer] {
        assert_eq!(app.resume(answer, None, Some(&anna)).await.status(), 404);
    }
}

#[tokio::test]
async fn tokens_and_money_are_counted_exactly() {
    let provider = Provider::start().await;
    provider.plan(
        "m",
        json!({"text": "Yes.", "prompt_tokens": 1234, "completion_tokens": 56}),
    );
    let app = settings().models(&provider, &["m"]).start().await;
    app.ask("Is it counted?").told().await.is_from("model");
    app.until_metric("pennypress_questions_total{finish=\"stop\",from=\"model\"}", 1.0)
        .await;
    assert_eq!(
        app.metric("pennypress_tokens_total{direction=\"prompt\"}").await,
        1234.0
    );
    assert_eq!(
        app.metric("pennypress_tokens_total{direction=\"completion\"}").await,
        56.0
    );
    let cost = app.metric("pennypress_cost_usd_total").await;
    assert!((cost - (1234.0 * 2.0 + 56.0 * 10.0) / 1e6).abs() < 1e-12, "{cost}");
    // From the cache it costs nothing.
    app.ask("Is it counted?").told().await.is_from("cache");
    app.until_metric("pennypress_questions_total{finish=\"stop\",from=\"cache\"}", 1.0)
        .await;
    assert_eq!(app.metric("pennypress_cost_usd_total").await, cost);
    until("no stream runs", async || {
        app.metric("pennypress_running_streams").await == 0.0
    })
    .await;
}

#[tokio::test]
async fn an_answer_that_hits_its_length_says_so() {
    let provider = Provider::start().await;
    provider.plan("m", json!({"text": "And so on and", "finish_reason": "length"}));
    let app = settings().models(&provider, &["m"]).start().await;
    let told = app.ask("Tell me everything.").told().await;
    assert_eq!((told.text.as_str(), told.finish()), ("And so on and", "length"));
    let whole = app.ask("Tell me everything.").whole().await;
    assert_eq!(
        (whole.from.as_str(), whole.finish()),
        ("model", "length"),
        "half an answer is not cached"
    );
}

#[tokio::test]
async fn an_answer_that_the_provider_cut_is_half_a_one_and_nobody_else_gets_it() {
    let provider = Provider::start().await;
    let app = settings().models(&provider, &["m"]).start().await;
    for reason in ["content_filter", "tool_calls"] {
        provider.plan("m", json!({"text": "The zebra", "finish_reason": reason}));
        let question = format!("What is striped, and does {reason} matter?");
        for _ in 0..2 {
            let told = app.ask(&question).whole().await;
            assert_eq!((told.from.as_str(), told.finish()), ("model", "length"), "{reason}");
        }
    }
}
