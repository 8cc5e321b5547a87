//! A visitor who leaves, and one whose connection breaks and who comes back.

use std::time::Duration;

use serde_json::json;

use crate::app::{settings, until};
use crate::asking::{Ending, Problem, Told, json_of};
use crate::events::Events;
use crate::provider::Provider;

const TEXT: &str = "eins zwei drei vier fünf sechs sieben acht neun zehn";

#[tokio::test]
async fn a_visitor_who_leaves_stops_the_upstream_and_what_was_said_is_kept() {
    let provider = Provider::start().await;
    provider.plan("m", json!({"text": TEXT, "hold_after": 3}));
    let app = settings().models(&provider, &["m"]).start().await;
    let token = app.visitor().await;
    let mut events = app.ask("Count to ten please.").visitor(&token).events().await;
    let start = events.next().await.expect("start").json();
    let mut seen = String::new();
    while seen != "eins zwei drei " {
        seen += events.next().await.expect("a word").json()["text"]
            .as_str()
            .expect("text");
    }
    let left = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .expect("after 1970");
    drop(events);
    let log = provider
        .until("the upstream is cancelled", |log| log[0].left_ns.is_some())
        .await;
    let took = Duration::from_nanos(log[0].left_ns.expect("left")) - left;
    assert!(took < Duration::from_secs(1), "{took:?}");
    app.until_metric("pennypress_questions_total{finish=\"aborted\",from=\"model\"}", 1.0)
        .await;
    let conversation = start["conversation"].as_str().expect("an id");
    let read = json_of(app.conversation(conversation, &token).await).await;
    assert_eq!(read["messages"][0]["text"], "Count to ten please.");
    assert_eq!(read["messages"][1]["text"], "eins zwei drei ");
    // The tokens are paid for, so they are counted, although the provider told no usage.
    assert!(app.metric("pennypress_tokens_total{direction=\"completion\"}").await >= 3.0);
    until("no stream runs", async || {
        app.metric("pennypress_running_streams").await == 0.0
    })
    .await;
}

#[tokio::test]
async fn who_leaves_before_the_first_word_costs_no_more_than_that() {
    let provider = Provider::start().await;
    provider.plan("m", json!({"fault": {"kind": "hang"}}));
    let app = settings()
        .models(&provider, &["m", "healthy"])
        .timeout_ms(15_000)
        .start()
        .await;
    let events = app.ask("Anybody?").events().await;
    provider.until("it is asked", |log| log.len() == 1).await;
    drop(events);
    provider
        .until("the upstream is cancelled", |log| log[0].left_ns.is_some())
        .await;
    app.until_metric("pennypress_questions_total{finish=\"aborted\",from=\"model\"}", 1.0)
        .await;
    assert_eq!(
        provider.requests_of("healthy").len(),
        0,
        "nobody is there to ask it for"
    );
}

#[tokio::test]
async fn a_stopped_answer_goes_on_for_who_comes_back() {
    let provider = Provider::start().await;
    provider.plan("m", json!({"text": TEXT, "hold_after": 3}));
    let app = settings().models(&provider, &["m"]).start().await;
    let mut events = app.ask("Count to ten please.").events().await;
    let mut seen = vec![events.next().await.expect("start")];
    while seen.last().expect("events").id != "15" {
        seen.push(events.next().await.expect("a word"));
    }
    let answer = seen[0].json()["answer"].as_str().expect("an id").to_owned();
    drop(events);
    app.until_metric("pennypress_questions_total{finish=\"aborted\",from=\"model\"}", 1.0)
        .await;
    provider.plan("m", json!({"text": TEXT}));
    seen.extend(Events::new(app.resume(&answer, Some("15"), None).await).rest().await);
    let told = Told::of(seen);
    assert_eq!(told.is_from("model"), TEXT);
    assert_eq!(provider.requests_of("m").len(), 2);
}

#[tokio::test]
async fn a_stopped_answer_goes_on_a_few_times_and_then_stays_as_it_is() {
    let provider = Provider::start().await;
    provider.plan("m", json!({"text": TEXT, "hold_after": 1}));
    let app = settings().models(&provider, &["m"]).start().await;
    let mut events = app.ask("Count to ten please.").events().await;
    let start = events.next().await.expect("start").json();
    let answer = start["answer"].as_str().expect("an id");
    for calls in 1..=4 {
        provider
            .until("one more word", |log| {
                log.len() == calls && log[calls - 1].tokens_sent == 1
            })
            .await;
        drop(events);
        app.until_metric(
            "pennypress_questions_total{finish=\"aborted\",from=\"model\"}",
            calls as f64,
        )
        .await;
        events = Events::new(app.resume(answer, None, None).await);
    }
    // It costs nothing more, and says honestly that it is not whole.
    let told = Told::of(events.rest().await);
    assert_eq!(told.finish(), "aborted");
    assert!(TEXT.starts_with(&told.text) && told.text != TEXT, "{}", told.text);
    assert_eq!(provider.requests_of("m").len(), 4);
    // Who wants the rest asks again.
    provider.plan("m", json!({"text": TEXT}));
    assert_eq!(app.ask("Count to ten please.").told().await.is_from("model"), TEXT);
}

#[tokio::test]
async fn a_conversation_that_is_deleted_while_it_is_answered_stays_gone() {
    let provider = Provider::start().await;
    provider.plan("m", json!({"text": TEXT, "hold_after": 3}));
    let app = settings().models(&provider, &["m"]).start().await;
    let (anna, ben) = (app.visitor().await, app.visitor().await);
    let mut events = app.ask("Count to ten please.").visitor(&anna).events().await;
    let start = events.next().await.expect("start").json();
    let (conversation, answer) = (start["conversation"].as_str(), start["answer"].as_str());
    let (conversation, answer) = (conversation.expect("an id"), answer.expect("an id"));
    // The widget stops listening and deletes at once: nothing of the answer is written yet.
    drop(events);
    assert_eq!(app.delete_conversation(conversation, &ben).await.status(), 404);
    assert_eq!(app.delete_conversation(conversation, &anna).await.status(), 204);
    assert_eq!(app.delete_conversation(conversation, &anna).await.status(), 404);
    assert_eq!(app.resume(answer, None, Some(&anna)).await.status(), 404);
    until("no stream runs", async || {
        app.metric("pennypress_running_streams").await == 0.0
    })
    .await;
    assert_eq!(app.conversation(conversation, &anna).await.status(), 404);
    assert_eq!(app.resume(answer, None, Some(&anna)).await.status(), 404);
    // What was paid for is in the ledger all the same.
    assert_eq!(app.ledger(1).await[0].answer, answer);
}

/// Resumes after each of the events, and each time gets exactly the rest.
async fn resumes_everywhere(app: &crate::app::App, told: &Told) {
    for at in 0..told.events.len() {
        let resumed = app.resume(&told.answer, Some(&told.events[at].id), None).await;
        assert_eq!(resumed.status(), 200);
        let mut whole = told.events[..=at].to_vec();
        whole.extend(Events::new(resumed).rest().await);
        let again = Told::of(whole);
        assert_eq!(
            (&again.text, &again.ending, &again.sources),
            (&told.text, &told.ending, &told.sources),
            "at {at}"
        );
    }
    let from_start = Told::of(Events::new(app.resume(&told.answer, None, None).await).rest().await);
    assert_eq!(from_start.text, told.text);
    assert_eq!(
        (from_start.answer, from_start.conversation),
        (told.answer.clone(), told.conversation.clone())
    );
}

#[tokio::test]
async fn an_answer_is_resumed_after_every_event_also_after_a_restart() {
    let provider = Provider::start().await;
    provider.plan("m", json!({"text": TEXT}));
    let mut app = settings().models(&provider, &["m"]).start().await;
    let told = app.ask("Count to ten please.").told().await;
    assert_eq!(told.is_from("model"), TEXT);
    resumes_everywhere(&app, &told).await;
    let cached = app.ask("Count to ten please.").told().await;
    cached.is_from("cache");
    resumes_everywhere(&app, &cached).await;
    // What is written is written within moments, and a SIGTERM waits for that.
    app.signal("-TERM");
    assert!(app.ended().await.success());
    app.start_again().await;
    resumes_everywhere(&app, &told).await;
    resumes_everywhere(&app, &cached).await;
    assert_eq!(provider.requests_of("m").len(), 1);
}

#[tokio::test]
async fn a_running_answer_is_resumed_and_goes_on_live() {
    let provider = Provider::start().await;
    provider.plan("m", json!({"text": TEXT, "hold_after": 4}));
    let app = settings().models(&provider, &["m"]).start().await;
    let mut first = app.ask("Count to ten please.").events().await;
    let mut seen = vec![first.next().await.expect("start")];
    let at_word = |n: usize| {
        TEXT.split_inclusive(' ')
            .take(n)
            .map(str::len)
            .sum::<usize>()
            .to_string()
    };
    while seen.last().expect("events").id != at_word(4) {
        seen.push(first.next().await.expect("a word"));
    }
    let answer = seen[0].json()["answer"].as_str().expect("an id").to_owned();
    // A second reader from the start, and a third from the middle, while the first still reads.
    let mut second = Events::new(app.resume(&answer, None, None).await);
    let mut third = Events::new(app.resume(&answer, Some(&at_word(2)), None).await);
    let mut second_seen = vec![second.next().await.expect("start")];
    while second_seen.last().expect("events").id != at_word(4) {
        second_seen.push(second.next().await.expect("a word"));
    }
    let third_word = third.next().await.expect("the missed words").json();
    assert_eq!(third_word["text"], "drei vier ");
    // The first leaves; the answer goes on for the others.
    drop(first);
    provider.release("m", 6);
    while second_seen.last().expect("events").id != at_word(6) {
        second_seen.push(second.next().await.expect("a word"));
    }
    provider.release("m", None);
    second_seen.extend(second.rest().await);
    assert_eq!(Told::of(second_seen).is_from("model"), TEXT);
    assert_eq!(third.rest().await.last().expect("an end").name, "done");
    seen.extend(
        Events::new(app.resume(&answer, Some(&at_word(4)), None).await)
            .rest()
            .await,
    );
    assert_eq!(Told::of(seen).is_from("model"), TEXT);
    let log = provider.requests_of("m");
    assert!(log.len() == 1 && log[0].left_ns.is_none(), "{log:#?}");
}

#[tokio::test]
async fn an_answer_is_resumed_only_by_its_visitor_on_its_site() {
    let provider = Provider::start().await;
    let app = settings().models(&provider, &["echo"]).start().await;
    let (anna, ben) = (app.visitor().await, app.visitor().await);
    let told = app.ask("Something private.").visitor(&anna).told().await;
    assert_eq!(app.resume(&told.answer, None, Some(&anna)).await.status(), 200);
    Problem::of(app.resume(&told.answer, None, Some(&ben)).await)
        .await
        .is(404, "unknown_answer");
    Problem::of(app.resume(&told.answer, None, None).await)
        .await
        .is(404, "unknown_answer");
    let public = app.ask("Something public.").told().await;
    let path = format!("/api/v1/answers/{}/events?site=site_b", public.answer);
    let other_site = app.client.get(app.url(&path)).header("origin", crate::app::ORIGIN_B);
    Problem::of(other_site.send().await.expect("an answer"))
        .await
        .is(404, "unknown_answer");
    for unknown in [
        "a_00000000000000000000000000000000",
        "a_",
        "nonsense",
        "%00",
        "..%2f..%2fetc",
    ] {
        Problem::of(app.resume(unknown, None, None).await)
            .await
            .is(404, "unknown_answer");
    }
    for bad in ["-1", "x", "1.5", "99999999999999999999999999"] {
        Problem::of(app.resume(&public.answer, Some(bad), None).await)
            .await
            .is(400, "invalid_request");
    }
    // Past the end there is nothing more to tell.
    let after = app.resume(&public.answer, Some("18446744073709551615"), None).await;
    assert_eq!(after.status(), 200);
    assert_eq!(Events::new(after).rest().await, []);
}

#[tokio::test]
async fn a_broken_answer_stays_broken_for_who_resumes() {
    let provider = Provider::start().await;
    let app = settings().models(&provider, &["cut-2"]).retries(0).start().await;
    let told = app.ask("Will it break off?").told().await;
    assert!(matches!(told.ending, Ending::Error(_)), "{told:?}");
    let again = Told::of(Events::new(app.resume(&told.answer, None, None).await).rest().await);
    assert_eq!((again.text, again.ending), (told.text, told.ending));
}

#[tokio::test]
async fn who_asks_without_a_stream_and_leaves_stops_the_upstream_too() {
    let provider = Provider::start().await;
    provider.plan("m", json!({"text": TEXT, "hold_after": 3}));
    let app = settings().models(&provider, &["m"]).start().await;
    let asking = app.ask("Count to ten please.").with("stream", json!(false)).send();
    tokio::select! {
        _ = asking => panic!("it is held"),
        _ = provider.until("three words", |log| log.first().is_some_and(|entry| entry.tokens_sent == 3)) => {}
    }
    provider
        .until("the upstream is cancelled", |log| log[0].left_ns.is_some())
        .await;
    app.until_metric("pennypress_questions_total{finish=\"aborted\",from=\"model\"}", 1.0)
        .await;
}
