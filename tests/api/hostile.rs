//! Strings that break software come back unchanged as text, and random bytes break nothing.

use std::path::{Path, PathBuf};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{App, settings};
use crate::asking::{Problem, json_of};
use crate::provider::Provider;

fn strings(file: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    serde_json::from_str(&text).expect("a list of strings")
}

/// The committed strings; and the big lists of others, where the machine has them (`PENNYPRESS_DATA`, or beside the checkout).
fn hostile() -> Vec<String> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut all = strings(&here.join("tests/fixtures/hostile.json"));
    let beside = || here.join("../shared/data");
    let data = std::env::var_os("PENNYPRESS_DATA")
        .map_or_else(beside, PathBuf::from)
        .join("hostile");
    if data.is_dir() {
        all.extend(strings(&data.join("naughty-strings.json")));
        let payloads = std::fs::read(data.join("xss.txt")).expect("to read");
        let payloads = String::from_utf8_lossy(&payloads).into_owned();
        // In messages as long as they may be, cut at line ends.
        let mut message = String::new();
        for line in payloads.lines() {
            if message.chars().count() + line.chars().count() > 3_900 {
                all.push(std::mem::take(&mut message));
            }
            message.push_str(line);
            message.push('\n');
        }
        all.push(message);
    }
    // Room is left for a number before it.
    all.retain(|text| text.chars().count() <= 3_990);
    all
}

#[tokio::test]
async fn every_hostile_message_is_asked_kept_and_shown_as_it_is() {
    let provider = Provider::start().await;
    let app = settings().models(&provider, &["echo"]).start().await;
    let token = app.visitor().await;
    let mut asked = 0;
    for (n, text) in hostile().into_iter().enumerate() {
        // With a number before it, since texts that differ in spaces only are one question to the cache.
        let message = format!("{n} {text}");
        let ask = app
            .ask(if text.trim().is_empty() { &text } else { &message })
            .visitor(&token)
            .with("page", json!({"url": text, "title": text}));
        if text.trim().is_empty() {
            ask.problem().await.is(400, "invalid_request");
            continue;
        }
        let told = ask.with("locale", json!(text)).told().await;
        assert_eq!(told.text, message, "{text:?}");
        let read = json_of(app.conversation(&told.conversation, &token).await).await;
        let kept = app.kept(&message);
        assert_eq!(read["messages"][0]["text"], kept, "{text:?}");
        assert_eq!(read["messages"][1]["text"], kept, "{text:?}");
        asked += 1;
    }
    assert!(asked > 50, "{asked}");
}

#[tokio::test]
async fn every_hostile_answer_arrives_as_it_was_sent() {
    let provider = Provider::start().await;
    let app = settings().models(&provider, &["m"]).retries(0).start().await;
    let pieces = ["words", "chars", "whole"];
    for (n, text) in hostile().into_iter().enumerate() {
        if text.is_empty() {
            continue;
        }
        provider.plan("m", json!({"text": text, "pieces": pieces[n % 3], "crlf": n % 2 == 0}));
        let told = app.ask(&format!("Question {n}?")).told().await;
        assert_eq!(told.is_from("model"), text, "{text:?}");
        let cached = app.ask(&format!("Question {n}?")).whole().await;
        assert_eq!(cached.is_from("cache"), text, "{text:?}");
    }
}

#[tokio::test]
async fn hostile_words_in_every_field_are_refused_politely() {
    let app = settings().start().await;
    for text in hostile() {
        let odd = app.ask("Hello?").with("conversation", json!(text)).send().await;
        assert!(
            odd.status() == 404 || (text.is_empty() && odd.status() == 200),
            "{text:?}: {}",
            odd.status()
        );
        app.ask("Hello?")
            .with("site", json!(text))
            .problem()
            .await
            .is(404, "unknown_site");
        let feedback = json!({"site": "site_a", "answer": text, "rating": "up", "comment": text});
        let feedback = Problem::of(app.post("/api/v1/feedback", feedback).await).await;
        assert!(feedback.status == 404 || feedback.status == 413, "{feedback:?}");
        let mut query = url::Url::parse(&app.url("/api/v1/widget")).expect("an address");
        query.query_pairs_mut().append_pair("site", &text);
        Problem::of(app.client.get(query).send().await.expect("an answer"))
            .await
            .is(404, "unknown_site");
    }
    assert_eq!(app.ask("Does it still work?").told().await.from, "content");
}

/// Whatever it is, the answer is one, and no fault of ours.
async fn is_survived(app: &App, method: Method, path: &str, body: Vec<u8>) {
    let shown = String::from_utf8_lossy(&body).chars().take(200).collect::<String>();
    let mut request = app.request(method.clone(), path);
    if method != Method::GET {
        request = request.body(body);
    }
    let answer = request
        .send()
        .await
        .unwrap_or_else(|error| panic!("{method} {path}: {error}: {shown:?}"));
    assert!(
        answer.status().as_u16() < 500,
        "{} for {method} {path}: {shown:?}",
        answer.status()
    );
    answer.bytes().await.expect("a whole answer");
}

#[tokio::test]
async fn random_bytes_break_nothing() {
    let app = settings().start().await;
    // The seed is fixed, so that a failure can be seen again.
    let mut dice = StdRng::seed_from_u64(20_261_124);
    let paths = [
        "/api/v1/chat",
        "/api/v1/feedback",
        "/api/v1/visitors",
        "/api/v1/ping",
        "/api/v1/widget",
        "/api/v1/nowhere",
    ];
    let sound = json!({"site": "site_a", "message": "Hello?", "conversation": null, "page": {"url": "u", "title": "t"},
        "locale": "en", "stream": true, "answer": "a_1", "rating": "up", "comment": "c", "visitor": {"ip": "::1", "id": 1}});
    for round in 0..600 {
        let path = paths[dice.random_range(0..paths.len())];
        let body = match round % 3 {
            0 => (0..dice.random_range(0..300)).map(|_| dice.random()).collect(),
            // A sound body with some bytes changed.
            1 => {
                let mut bytes = sound.to_string().into_bytes();
                for _ in 0..dice.random_range(1..6) {
                    let at = dice.random_range(0..bytes.len());
                    bytes[at] = dice.random();
                }
                bytes
            }
            // A sound body with some values changed.
            _ => {
                let mut body = sound.clone();
                let fields: Vec<String> = body.as_object().expect("an object").keys().cloned().collect();
                for _ in 0..dice.random_range(1..4) {
                    body[fields[dice.random_range(0..fields.len())].as_str()] = odd_value(&mut dice);
                }
                body.to_string().into_bytes()
            }
        };
        is_survived(&app, Method::POST, path, body).await;
    }
    assert_eq!(app.ask("Does it still work?").told().await.from, "content");
}

fn odd_value(dice: &mut StdRng) -> Value {
    let all = [
        json!(null),
        json!(true),
        json!(-1),
        json!(1e300),
        json!(""),
        json!("\u{0}"),
        json!([[], {}]),
        json!({"": ""}),
        json!("x".repeat(5_000)),
        json!(u64::MAX),
    ];
    all[dice.random_range(0..all.len())].clone()
}

#[tokio::test]
async fn random_addresses_and_headers_break_nothing() {
    let app = settings().start().await;
    let mut dice = StdRng::seed_from_u64(4_112_026);
    // A connection for each request: the service may close one after a request that is no HTTP.
    let client = reqwest::Client::builder()
        .no_proxy()
        .pool_max_idle_per_host(0)
        .build()
        .expect("a client");
    let starts = [
        "/",
        "/api/v1/answers/",
        "/api/v1/conversations/",
        "/api/v1/widget?site=",
        "/api/v1/ping?",
        "/manual/",
        "/admin/",
    ];
    let names = [
        "origin",
        "last-event-id",
        "x-pennypress-visitor",
        "x-forwarded-for",
        "webhook-id",
        "webhook-timestamp",
        "webhook-signature",
        "authorization",
        "if-none-match",
        "accept-encoding",
        "content-type",
        "x-request-id",
        "host",
    ];
    for _ in 0..600 {
        let mut path = starts[dice.random_range(0..starts.len())].to_owned();
        for _ in 0..dice.random_range(0..20) {
            path += &format!("%{:02X}", dice.random::<u8>());
        }
        let mut request = client.get(app.url(&path));
        for _ in 0..dice.random_range(0..4) {
            let bytes: Vec<u8> = (0..dice.random_range(0..40))
                .map(|_| dice.random_range(32..=255u8))
                .collect();
            if let Ok(value) = reqwest::header::HeaderValue::from_bytes(&bytes) {
                request = request.header(names[dice.random_range(0..names.len())], value);
            }
        }
        let answer = request.send().await.unwrap_or_else(|error| panic!("{path}: {error:?}"));
        assert!(answer.status().as_u16() < 500, "{} for {path}", answer.status());
    }
    assert_eq!(app.ask("Does it still work?").told().await.from, "content");
}
