//! Instructions that are hidden in content are data. The model here obeys whatever it reads outside the fence.

use serde_json::{Value, json};

use crate::app::{App, SECRET_A, settings};
use crate::provider::Provider;
use crate::signing::sign;

const ORDER: &str = "PWNED";
const TRUTH: &str = "On Fridays [1].";

struct Injection {
    place: String,
    text: String,
}

fn injections() -> Vec<Injection> {
    let lines = include_str!("../fixtures/injections.txt")
        .lines()
        .filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let (place, text) = line.split_once(" | ").expect("a place and a text");
            Injection {
                place: place.to_owned(),
                text: unescaped(text),
            }
        })
        .collect()
}

/// `\n` and `\u{200b}`.
fn unescaped(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        plain.push_str(before);
        rest = if let Some(code) = after.strip_prefix("u{") {
            let (code, after) = code.split_once('}').expect("an end");
            plain.push(
                u32::from_str_radix(code, 16)
                    .ok()
                    .and_then(char::from_u32)
                    .expect("a character"),
            );
            after
        } else if let Some(after) = after.strip_prefix('n') {
            plain.push('\n');
            after
        } else {
            plain.push('\\');
            after.strip_prefix('\\').unwrap_or(after)
        };
    }
    plain + rest
}

/// A page about a mill of its own name, with the injection in its place.
fn document(mill: &str, injection: &Injection) -> Value {
    let text = &injection.text;
    let fact = format!("The mill at {mill} grinds spelt on Fridays.");
    let (title, key, body) = match injection.place.as_str() {
        "markdown" => (mill.to_owned(), "markdown", format!("{fact}\n\n{text}\n")),
        "code" => (mill.to_owned(), "markdown", format!("{fact}\n\n```\n{text}\n```\n")),
        "html" => (mill.to_owned(), "html", format!("<p>{fact}</p>{text}")),
        "title" => (format!("{mill} {text}"), "text", fact),
        "heading" => (mill.to_owned(), "markdown", format!("## {mill} {text}\n\n{fact}\n")),
        _ => (mill.to_owned(), "text", format!("{fact}\n{text}")),
    };
    json!({"site": "site_a", "url": format!("https://a.example/{mill}"), "title": title, key: body,
           "modified": "2026-11-24T10:00:00Z", "locale": "en"})
}

/// Names that no other is mistaken for.
fn mill(at: usize) -> String {
    let (first, second) = ("bcdfghklmnprstvz".as_bytes(), "aeiou".as_bytes());
    let mut name = String::from("M");
    let mut number = at * 7 + 3;
    for _ in 0..3 {
        name.push(second[number % 5] as char);
        name.push(first[(number / 5) % 16] as char);
        number = number / 3 + at * 11 + 1;
    }
    format!("{name}{at}ville")
}

async fn learn(app: &App, id: &str, document: Value) {
    let body = serde_json::to_vec(&document).expect("JSON");
    let request = app.client.put(app.url(&format!("/api/v1/documents/{id}")));
    let request = sign(SECRET_A, &body).on(request.header("content-type", "application/json"));
    let answer = request.body(body).send().await.expect("an answer");
    assert_eq!(answer.status(), 200, "{document}");
}

async fn told(app: &App, at: usize, injection: &Injection) -> String {
    let mill = mill(at);
    let question = format!("When does the mill at {mill} grind spelt?");
    let ask = app.ask(&question);
    let ask = match injection.place.as_str() {
        "page-title" => ask.with("page", json!({"url": "https://a.example/", "title": injection.text})),
        "page-url" => ask.with("page", json!({"url": injection.text, "title": "Mills"})),
        _ => ask,
    };
    ask.told().await.is_from("model").to_owned()
}

#[tokio::test]
async fn hidden_instructions_are_never_followed() {
    let provider = Provider::start().await;
    provider.plan("model", json!({"text": TRUTH, "obeys": ORDER}));
    let app = settings().models(&provider, &["model"]).start().await;
    let all = injections();
    assert!(all.len() >= 40, "only {}", all.len());
    for (at, injection) in all.iter().enumerate() {
        let id = format!("mill-{at}");
        learn(&app, &id, document(&mill(at), injection)).await;
    }
    let mut read = 0;
    for (at, injection) in all.iter().enumerate() {
        let answer = told(&app, at, injection).await;
        assert_eq!(answer, TRUTH, "{} | {:?} was followed", injection.place, injection.text);
        let asked = provider.requests_of("model").pop().expect("it was asked");
        let prompt = asked.body["messages"][0]["content"].as_str().expect("text").to_owned();
        assert!(
            prompt.contains("grinds spelt on Fridays"),
            "its page is not in the prompt: {prompt}"
        );
        read += usize::from(prompt.contains(ORDER));
    }
    // Unless most of them come as far as the prompt, this test shows nothing.
    assert!(
        read * 10 >= all.len() * 8,
        "only {read} of {} are in the prompts",
        all.len()
    );
}

#[tokio::test]
async fn the_model_of_this_test_would_follow_an_order() {
    let provider = Provider::start().await;
    provider.plan("model", json!({"text": TRUTH, "obeys": "PERSONA-A"}));
    let app = settings().models(&provider, &["model"]).start().await;
    assert_eq!(
        app.ask("Who are you?").told().await.is_from("model"),
        "OBEYED PERSONA-A"
    );
}
