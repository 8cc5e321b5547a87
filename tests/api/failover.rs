//! Whatever a provider does, with one healthy model behind it the visitor gets a whole answer, once, in order.

use std::time::Duration;

use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::app::{App, settings, until};
use crate::asking::Told;
use crate::provider::Provider;

const TEXT: &str = "First open Plugins and choose Add New. Then upload the zip, activate it, and enter the key. \
    Finally ask a question: the answer should appear word by word, once and in order.";

/// Asks a chain of `model`, with its plan, and a healthy model behind it.
async fn told_in_spite_of(plan: Value, healthy: Value) -> (Told, Provider, App) {
    let provider = Provider::start().await;
    let with_text = |mut plan: Value| {
        plan["text"] = json!(TEXT);
        plan
    };
    provider.plan("faulty", with_text(plan));
    provider.plan("healthy", with_text(healthy));
    let app = settings()
        .models(&provider, &["faulty", "healthy"])
        .timeout_ms(700)
        .start()
        .await;
    (app.ask("How is it done?").told().await, provider, app)
}

/// The ledger holds every request that the provider got: what the healthy model said it used, to the token; what was counted
/// of a call that broke off, marked as counted; and each at its price.
async fn ledger_is_right(app: &App, provider: &Provider) {
    let operator = app.operator().await;
    let asked = provider.requests().len();
    let mut lines: Vec<csv::StringRecord> = Vec::new();
    until("all calls are in the ledger", async || {
        let text = operator.page("/admin/ledger.csv").await;
        let records = csv::Reader::from_reader(text.as_bytes()).into_records();
        lines = records.map(|record| record.expect("a record")).collect();
        lines.len() == asked
    })
    .await;
    for line in &lines {
        let (model, outcome, counted) = (&line[3], &line[5], &line[8] == "true");
        let number = |column: usize| line[column].parse::<Decimal>().expect("a number");
        let (prompt, completion, cost) = (number(6), number(7), number(9));
        let price = (prompt * Decimal::TWO + completion * Decimal::TEN) / Decimal::from(1_000_000);
        assert_eq!(cost, price, "{line:?}");
        if model == "healthy" {
            let entry = &provider.requests_of("healthy")[0];
            let messages = entry.body["messages"].as_array().expect("messages");
            let words = |message: &Value| message["content"].as_str().expect("text").split_whitespace().count();
            let sent: usize = messages.iter().map(words).sum();
            assert_eq!((outcome, counted), ("ok", false), "{line:?}");
            let told = (Decimal::from(sent), Decimal::from(entry.tokens_sent));
            assert_eq!((prompt, completion), told, "{line:?}");
        } else {
            assert_ne!(outcome, "ok", "{line:?}");
            // Counted is what the provider took up and did not tell; a refusal costs nothing.
            assert_eq!(counted, prompt > Decimal::ZERO, "{line:?}");
            assert!(counted || completion == Decimal::ZERO, "{line:?}");
        }
    }
}

/// For faults without which the model would have given the text: the second model gives it.
async fn is_not_seen(fault: Value) {
    let (told, provider, app) = told_in_spite_of(json!({"fault": fault}), json!({})).await;
    assert_eq!(told.is_from("model"), TEXT, "{fault}");
    assert!(!provider.requests_of("faulty").is_empty(), "{fault}");
    assert_eq!(provider.requests_of("healthy").len(), 1, "{fault}");
    ledger_is_right(&app, &provider).await;
}

macro_rules! faults {
    ($($name:ident: $fault:tt,)+) => {
        $(#[tokio::test]
        async fn $name() {
            is_not_seen(json!($fault)).await;
        })+
    };
}

faults! {
    too_many_requests_without_a_time: {"kind": "status", "status": 429},
    too_many_requests_for_an_hour: {"kind": "status", "status": 429, "retry_after": "3600"},
    too_many_requests_until_a_date: {"kind": "status", "status": 429, "retry_after": "date+3600"},
    too_many_requests_until_nonsense: {"kind": "status", "status": 429, "retry_after": "soon"},
    an_internal_error: {"kind": "status", "status": 500},
    unavailable: {"kind": "status", "status": 503},
    a_key_that_is_refused: {"kind": "status", "status": 401, "message": "Incorrect API key provided: sk-hush-0123456789"},
    a_model_that_is_not_there: {"kind": "status", "status": 404},
    closed_without_a_byte: {"kind": "refuse"},
    reset_without_a_byte: {"kind": "reset"},
    reset_after_the_head: {"kind": "reset", "after": 0},
    reset_in_the_middle: {"kind": "reset", "after": 7},
    no_head_ever: {"kind": "hang"},
    no_first_token_ever: {"kind": "stall", "after": 0},
    silent_after_one_token: {"kind": "stall", "after": 1},
    silent_in_the_middle: {"kind": "stall", "after": 9},
    silent_before_the_end: {"kind": "stall", "after": 1000},
    cut_before_the_first_token: {"kind": "cut", "after": 0},
    cut_after_one_token: {"kind": "cut", "after": 1},
    cut_in_the_middle: {"kind": "cut", "after": 9},
    half_a_line_first: {"kind": "half_line", "after": 0},
    half_a_line_in_the_middle: {"kind": "half_line", "after": 9},
    an_error_first: {"kind": "error_event", "after": 0},
    an_error_in_the_middle: {"kind": "error_event", "after": 9},
    a_web_page: {"kind": "content_type", "content_type": "text/html", "body": "<!doctype html><p>Sign in"},
    a_wrong_content_type: {"kind": "content_type", "content_type": "application/octet-stream"},
    json_that_is_no_answer: {"kind": "content_type", "content_type": "application/json", "body": "{\"detail\": \"no\"}"},
    json_that_is_no_object: {"kind": "content_type", "content_type": "application/json", "body": "[[[[1]]]]"},
    an_empty_body: {"kind": "content_type", "content_type": "text/event-stream", "body": ""},
}

#[tokio::test]
async fn nobody_listens() {
    let provider = Provider::start().await;
    // Bound, so that nobody else gets the port, but nobody listens.
    let closed = tokio::net::TcpSocket::new_v4().expect("a socket");
    closed.bind("127.0.0.1:0".parse().expect("an address")).expect("a port");
    let port = closed.local_addr().expect("bound").port();
    let app = settings()
        .models(&provider, &["m"])
        .base_url(&format!("http://127.0.0.1:{port}/v1"))
        .retries(0)
        .start()
        .await;
    assert_eq!(app.ask("Is anybody there?").told().await.finish(), "unanswered");
    assert_eq!(provider.requests().len(), 0);
}

#[tokio::test]
async fn an_empty_answer_is_none() {
    let provider = Provider::start().await;
    let app = settings().models(&provider, &["empty", "healthy"]).start().await;
    assert!(
        app.ask("How is it done?")
            .told()
            .await
            .is_from("model")
            .contains("upload the zip")
    );
}

/// The other way round: what looks odd but is whole is taken, and the second model is not asked.
#[tokio::test]
async fn oddities_are_not_faults() {
    for plan in [
        json!({"no_usage": true}),
        json!({"no_done": true}),
        json!({"no_done": true, "no_usage": true}),
        json!({"crlf": true}),
        json!({"comments": true}),
        json!({"write": "bytes"}),
        json!({"write": "bytes", "crlf": true, "comments": true}),
        json!({"write": "at_once"}),
        json!({"pieces": "chars"}),
        json!({"pieces": "whole"}),
        json!({"first_token_ms": 200}),
    ] {
        let (told, provider, _app) = told_in_spite_of(plan.clone(), json!({})).await;
        assert_eq!(told.is_from("model"), TEXT, "{plan}");
        assert_eq!(provider.requests().len(), 1, "{plan}");
    }
}

#[tokio::test]
async fn a_huge_chunk_arrives_whole() {
    let provider = Provider::start().await;
    // As long as an answer may be at 64 bytes a token: beyond that the model is stopped.
    let text = "All work and no play makes Jack a dull boy. ".repeat(1_400);
    provider.plan("m", json!({"text": text, "pieces": "whole"}));
    let app = settings().models(&provider, &["m"]).start().await;
    assert_eq!(app.ask("What did Jack write?").told().await.is_from("model"), text);
}

#[tokio::test]
async fn a_continuation_is_seamless_however_the_next_model_begins() {
    for after in [1, 9] {
        for continues in ["rest", "overlap", "again"] {
            let fault = json!({"fault": {"kind": "cut", "after": after}, "continues": continues});
            let (told, provider, _app) = told_in_spite_of(fault, json!({"continues": continues})).await;
            assert_eq!(told.is_from("model"), TEXT, "{continues} after {after}");
            // The next model was told what the visitor has read already.
            let body = provider.requests_of("healthy")[0].body.to_string();
            assert!(body.contains("First "), "{body}");
        }
    }
}

#[tokio::test]
async fn a_model_that_recovers_is_tried_again_first() {
    let provider = Provider::start().await;
    let fault = json!({"kind": "status", "status": 503});
    provider.plan(
        "faulty",
        json!({"fault": fault, "fault_times": 1, "text": "Recovered."}),
    );
    let app = settings().models(&provider, &["faulty", "healthy"]).start().await;
    assert_eq!(app.ask("Are you back?").told().await.is_from("model"), "Recovered.");
    assert_eq!(provider.requests_of("healthy").len(), 0);
    assert_eq!(
        app.metric("pennypress_upstream_requests_total{model=\"faulty\",outcome=\"ok\"}")
            .await,
        1.0
    );
}

#[tokio::test]
async fn retry_after_is_waited_for() {
    let waited = |wait: &'static str| async move {
        let provider = Provider::start().await;
        let fault = json!({"kind": "status", "status": 429, "retry_after": wait});
        provider.plan("m", json!({"fault": fault, "fault_times": 1}));
        let app = settings().models(&provider, &["m"]).start().await;
        app.ask("Is there a hurry?").told().await.is_from("model");
        let requests = provider.requests_of("m");
        Duration::from_nanos(requests[1].received_ns - requests[0].received_ns)
    };
    let (seconds, date, none) = tokio::join!(waited("2"), waited("date+3"), waited("0"));
    assert!((2.0..6.0).contains(&seconds.as_secs_f64()), "{seconds:?}");
    // A date has whole seconds, so up to one of the three is over when it is read.
    assert!((1.9..7.0).contains(&date.as_secs_f64()), "{date:?}");
    assert!(none < Duration::from_millis(1_500), "{none:?}");
}

#[tokio::test]
async fn a_slow_model_does_not_delay_others() {
    let provider = Provider::start().await;
    provider.plan("hang", json!({"fault": {"kind": "hang"}, "fault_times": 20}));
    let app = settings()
        .models(&provider, &["hang", "healthy"])
        .timeout_ms(2_000)
        .start()
        .await;
    let slow: Vec<_> = (0..20).map(|n| format!("Slow question {n}?")).collect();
    let slow = futures_util::future::join_all(slow.iter().map(|message| app.ask(message).told()));
    let quick = async {
        provider.until("the slow ones hang", |log| log.len() >= 20).await;
        let began = std::time::Instant::now();
        app.ask("A quick question?").told().await.is_from("model");
        began.elapsed()
    };
    let (slow, quick) = tokio::join!(slow, quick);
    assert!(quick < Duration::from_millis(1_500), "{quick:?}");
    for told in slow {
        told.is_from("model");
    }
}
