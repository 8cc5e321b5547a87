//! Identical questions in flight share one upstream stream, and a model that keeps failing is left alone for a while.

use futures_util::future::join_all;
use serde_json::json;

use crate::app::settings;
use crate::asking::Told;
use crate::near::thumb_down;
use crate::provider::Provider;

#[tokio::test]
async fn who_asks_what_is_being_answered_reads_along() {
    let provider = Provider::start().await;
    provider.plan("m", json!({"text": "one two three four", "hold_after": 2}));
    let app = settings().models(&provider, &["m"]).start().await;
    let mut first = app.ask("Count to four please.").events().await;
    let mut first_seen = vec![first.next().await.expect("start"), first.next().await.expect("a word")];
    let mut late = app.ask("count to  four please").events().await;
    let mut late_seen = vec![
        late.next().await.expect("start"),
        late.next().await.expect("what was said"),
    ];
    // The first leaves; the second has the rest.
    while first_seen.last().expect("events").id != "8" {
        first_seen.push(first.next().await.expect("a word"));
    }
    drop(first);
    provider.release("m", None);
    late_seen.extend(late.rest().await);
    let told = Told::of(late_seen);
    assert_eq!(told.text, "one two three four");
    assert_eq!(told.finish(), "stop");
    let log = provider.requests();
    assert!(log.len() == 1 && log[0].left_ns.is_none(), "{log:#?}");
    let start = first_seen[0].json();
    assert_ne!(
        start["answer"],
        told.answer.as_str(),
        "each visitor's answer is their own"
    );
    assert_ne!(start["conversation"], told.conversation.as_str());
}

#[tokio::test]
async fn a_thumb_down_of_who_read_along_empties_the_cache_of_that_answer_and_of_no_later_one() {
    let provider = Provider::start().await;
    provider.plan("m", json!({"text": "one two three four", "hold_after": 2}));
    let app = settings().models(&provider, &["m"]).start().await;
    let token = app.visitor().await;
    let question = "Count to four please.";
    let mut first = app.ask(question).visitor(&token).events().await;
    let mut first_seen = vec![first.next().await.expect("start")];
    let mut late = app.ask(question).visitor(&token).events().await;
    let mut late_seen = vec![late.next().await.expect("start")];
    provider.release("m", None);
    first_seen.extend(first.rest().await);
    late_seen.extend(late.rest().await);
    let (first, late) = (Told::of(first_seen), Told::of(late_seen));
    late.is_from("cache");
    thumb_down(&app, &late.answer, &token).await;
    provider.plan("m", json!({"text": "One, two, three, four."}));
    app.ask(question).told().await.is_from("model");
    thumb_down(&app, &first.answer, &token).await;
    let told = app.ask(question).told().await;
    assert_eq!(told.is_from("cache"), "One, two, three, four.");
}

#[tokio::test]
async fn the_last_reader_of_all_cancels_the_upstream() {
    let provider = Provider::start().await;
    provider.plan("m", json!({"text": "one two three four", "hold_after": 2}));
    let app = settings().models(&provider, &["m"]).start().await;
    let mut readers = Vec::new();
    for _ in 0..5 {
        let mut events = app.ask("Count to four please.").events().await;
        events.next().await;
        readers.push(events);
    }
    while readers.len() > 1 {
        readers.pop();
    }
    app.until_metric("pennypress_questions_total{finish=\"aborted\",from=\"model\"}", 0.0)
        .await;
    let mut last = readers.pop().expect("one is left");
    provider.release("m", 3);
    while last.next().await.expect("a word").id != "14" {}
    assert_eq!(provider.requests()[0].left_ns, None);
    drop(last);
    let log = provider
        .until("the upstream is cancelled", |log| log[0].left_ns.is_some())
        .await;
    assert_eq!((log.len(), log[0].tokens_sent), (1, 3));
}

#[tokio::test]
async fn a_crowd_with_one_question_is_one_call() {
    let provider = Provider::start().await;
    let app = settings().models(&provider, &["slow-10"]).start().await;
    let told = join_all((0..60).map(|n| {
        let ask = app.ask("Is the shop open today?");
        async move {
            if n % 3 == 0 {
                ask.whole().await
            } else {
                ask.told().await
            }
        }
    }))
    .await;
    let text = told[0].text.clone();
    assert!(text.ends_with("under Settings."), "{text}");
    let mut answers: Vec<&str> = told.iter().map(|told| told.answer.as_str()).collect();
    for told in &told {
        assert_eq!((told.text.as_str(), told.finish()), (text.as_str(), "stop"));
    }
    answers.sort_unstable();
    answers.dedup();
    assert_eq!(answers.len(), 60, "each has an answer of its own");
    assert_eq!(provider.requests().len(), 1);
    app.until_metric("pennypress_running_streams", 0.0).await;
}

#[tokio::test]
async fn who_reads_along_is_as_lucky_or_not_as_the_first() {
    let provider = Provider::start().await;
    provider.plan("m", json!({"fault": {"kind": "cut", "after": 3}, "hold_after": 2}));
    let app = settings().models(&provider, &["m", "healthy"]).start().await;
    let mut first = app.ask("Will it break?").events().await;
    let mut seen = vec![first.next().await.expect("start")];
    let mut late = app.ask("Will it break?").events().await;
    let mut late_seen = vec![late.next().await.expect("start")];
    provider.release("m", None);
    seen.extend(first.rest().await);
    late_seen.extend(late.rest().await);
    let (told, late) = (Told::of(seen), Told::of(late_seen));
    assert!(told.is_from("model").ends_with("under Settings."));
    assert_eq!((late.text, late.ending), (told.text, told.ending));
    assert_eq!(
        (provider.requests_of("m").len(), provider.requests_of("healthy").len()),
        (1, 1)
    );
}

#[tokio::test]
async fn questions_inside_conversations_are_shared_with_nobody() {
    let provider = Provider::start().await;
    let app = settings().models(&provider, &["echo"]).start().await;
    let token = app.visitor().await;
    let mine = app.ask("My name is Zoë.").visitor(&token).told().await;
    provider.plan("echo", json!({"text": "one two", "hold_after": 1}));
    let before = provider.requests().len();
    let mut first = app
        .ask("Who am I?")
        .visitor(&token)
        .conversation(&mine.conversation)
        .events()
        .await;
    first.next().await;
    let mut other = app.ask("Who am I?").events().await;
    other.next().await;
    assert_eq!(provider.requests().len(), before + 2);
}

#[tokio::test]
async fn a_model_that_keeps_visitors_waiting_is_left_alone() {
    let provider = Provider::start().await;
    provider.plan("slow", json!({"first_token_ms": 150}));
    let app = settings()
        .models(&provider, &["slow", "healthy"])
        .environment("PENNYPRESS__UPSTREAM__SLOW_FIRST_TOKEN_MS", "100")
        .start()
        .await;
    for n in 0..8 {
        app.ask(&format!("Question {n}?")).told().await.is_from("model");
    }
    assert_eq!(provider.requests_of("slow").len(), 5, "enough to know");
    assert_eq!(provider.requests_of("healthy").len(), 3);
}

#[tokio::test]
async fn a_model_that_keeps_failing_is_left_alone() {
    let provider = Provider::start().await;
    let app = settings()
        .models(&provider, &["status-503", "healthy"])
        .retries(0)
        .start()
        .await;
    for n in 0..12 {
        app.ask(&format!("Question {n}?")).told().await.is_from("model");
    }
    let tried = provider.requests_of("status-503").len();
    assert!((3..=5).contains(&tried), "{tried} calls of a model that always fails");
    assert_eq!(provider.requests_of("healthy").len(), 12);
}
