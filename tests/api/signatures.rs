//! Requests that the WordPress plugin signs.

use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::app::{App, ORIGIN_A, SECRET_A, SECRET_B, settings};
use crate::asking::{Problem, json_of};
use crate::events::Events;
use crate::signing::{Signature, now_seconds, sign, sign_with};

const QUESTION: &str = r#"{"site":"site_a","message":"Hello?","visitor":{"ip":"203.0.113.7","id":"42"}}"#;

async fn chat(app: &App, signature: &Signature, body: &'static str) -> Response {
    signature
        .on(app.client.post(app.url("/api/v1/chat")))
        .body(body)
        .send()
        .await
        .expect("an answer")
}

async fn ping(app: &App, signature: &Signature, site: &str) -> Response {
    let request = app.client.get(app.url(&format!("/api/v1/ping?site={site}")));
    signature.on(request).send().await.expect("an answer")
}

#[tokio::test]
async fn a_signed_request_needs_no_origin() {
    let app = settings().start().await;
    let answer = chat(&app, &sign(SECRET_A, QUESTION.as_bytes()), QUESTION).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(Events::new(answer).rest().await.last().expect("events").name, "done");
    let b = r#"{"site":"site_b","message":"Hello?","visitor":{"ip":"2001:db8::7"}}"#;
    assert_eq!(chat(&app, &sign(SECRET_B, b.as_bytes()), b).await.status(), 200);
}

#[tokio::test]
async fn ping_tells_that_it_works_and_otherwise_just_what_does_not() {
    let app = settings().start().await;
    let good = json_of(ping(&app, &sign(SECRET_A, b""), "site_a").await).await;
    assert_eq!(
        good,
        json!({"ok": true, "site": "site_a", "name": "Anna's", "version": env!("CARGO_PKG_VERSION"), "accent": "#1d4ed8", "on_accent": "#ffffff"})
    );
    let good = json_of(ping(&app, &sign(SECRET_B, b""), "site_b").await).await;
    assert_eq!(good["name"], "Ben's");
    Problem::of(ping(&app, &sign(SECRET_A, b""), "nowhere").await)
        .await
        .is(404, "unknown_site");
    let wrong = Problem::of(ping(&app, &sign("not the secret", b""), "site_a").await).await;
    wrong.is(401, "bad_signature");
    assert!(wrong.detail.contains("secret"), "{wrong:?}");
    for off in [-301 - 60, 301 + 60, 86_400 * 365] {
        let stale = sign_with(SECRET_A, "msg_stale", now_seconds() + off, b"");
        let stale = Problem::of(ping(&app, &stale, "site_a").await).await;
        stale.is(401, "bad_signature");
        let told: i64 = stale
            .detail
            .split_whitespace()
            .find_map(|word| word.parse().ok())
            .expect("seconds");
        assert!(
            (told - off.abs()).abs() <= 5 && stale.detail.contains("clock"),
            "{stale:?}"
        );
    }
    let once = sign(SECRET_A, b"");
    assert_eq!(ping(&app, &once, "site_a").await.status(), 200);
    let replayed = Problem::of(ping(&app, &once, "site_a").await).await;
    replayed.is(401, "bad_signature");
    assert!(replayed.detail.contains("webhook-id"), "{replayed:?}");
    let unsigned = app
        .request(Method::GET, "/api/v1/ping?site=site_a")
        .send()
        .await
        .expect("an answer");
    Problem::of(unsigned).await.is(401, "bad_signature");
}

#[tokio::test]
async fn a_wrong_signature_is_no_signature() {
    let app = settings().start().await;
    let good = sign(SECRET_A, QUESTION.as_bytes());
    let now = now_seconds();
    let other_body = sign(SECRET_A, QUESTION.replace("Hello", "Hallo").as_bytes());
    let of_b = sign(SECRET_B, QUESTION.as_bytes());
    let with = |change: &dyn Fn(&mut Signature)| {
        let mut signature = sign(SECRET_A, QUESTION.as_bytes());
        change(&mut signature);
        signature
    };
    for wrong in [
        other_body,
        of_b,
        with(&|s| s.id += "x"),
        with(&|s| s.id = String::new()),
        with(&|s| s.timestamp = (now + 1_000_000).to_string()),
        with(&|s| s.timestamp = "soon".to_owned()),
        with(&|s| s.timestamp = "99999999999999999999999".to_owned()),
        with(&|s| s.timestamp = String::new()),
        with(&|s| s.signature = s.signature.replace("v1,", "v2,")),
        with(&|s| s.signature = s.signature.replace("v1,", "")),
        with(&|s| s.signature.truncate(20)),
        with(&|s| s.signature = "v1,".to_owned()),
        with(&|s| s.signature = String::new()),
        with(&|s| s.signature = "v1,AAAA ".repeat(500)),
        sign_with(SECRET_A, &"x".repeat(129), now, QUESTION.as_bytes()),
    ] {
        Problem::of(chat(&app, &wrong, QUESTION).await)
            .await
            .is(401, "bad_signature");
    }
    // A listed origin does not heal a bad signature, and a part of a signature is none.
    let healed = app.client.post(app.url("/api/v1/chat")).header("origin", ORIGIN_A);
    let healed = sign("wrong", QUESTION.as_bytes()).on(healed).body(QUESTION);
    Problem::of(healed.send().await.expect("an answer"))
        .await
        .is(401, "bad_signature");
    let half = app
        .client
        .post(app.url("/api/v1/chat"))
        .header("webhook-id", &good.id)
        .body(QUESTION);
    Problem::of(half.send().await.expect("an answer"))
        .await
        .is(401, "bad_signature");
    // None of those has used up the id of the good one.
    assert_eq!(chat(&app, &good, QUESTION).await.status(), 200);
    Problem::of(chat(&app, &good, QUESTION).await)
        .await
        .is(401, "bad_signature");
}

#[tokio::test]
async fn one_good_signature_of_several_is_enough() {
    let app = settings().start().await;
    let mut several = sign(SECRET_A, QUESTION.as_bytes());
    let old = sign_with(
        "the old secret",
        &several.id,
        several.timestamp.parse().expect("a number"),
        QUESTION.as_bytes(),
    );
    several.signature = format!("{} v1a,AAAA {}", old.signature, several.signature);
    assert_eq!(chat(&app, &several, QUESTION).await.status(), 200);
    let longest = sign_with(SECRET_A, &"x".repeat(128), now_seconds(), QUESTION.as_bytes());
    assert_eq!(chat(&app, &longest, QUESTION).await.status(), 200);
}

#[tokio::test]
async fn clocks_may_differ_by_minutes() {
    let app = settings().start().await;
    for (n, off) in [-290, -60, 60, 290].into_iter().enumerate() {
        let signature = sign_with(
            SECRET_A,
            &format!("msg_clock_{n}"),
            now_seconds() + off,
            QUESTION.as_bytes(),
        );
        assert_eq!(chat(&app, &signature, QUESTION).await.status(), 200, "{off}");
    }
}

#[tokio::test]
async fn what_the_plugin_vouches_for_must_make_sense() {
    let app = settings().start().await;
    for visitor in [json!({"ip": "not an address"}), json!({"ip": 7}), json!("203.0.113.7")] {
        let body = json!({"site": "site_a", "message": "Hello?", "visitor": visitor}).to_string();
        let request = app.client.post(app.url("/api/v1/chat"));
        let answer = sign(SECRET_A, body.as_bytes())
            .on(request)
            .body(body)
            .send()
            .await
            .expect("an answer");
        Problem::of(answer).await.is(400, "invalid_request");
    }
    // PHP writes an empty list where an empty object is meant.
    for visitor in [
        json!([]),
        json!({"ip": "203.0.113.7", "id": 42}),
        json!({"ip": "203.0.113.7", "id": null}),
        json!({}),
        Value::Null,
    ] {
        let body = json!({"site": "site_a", "message": "Hello?", "visitor": visitor}).to_string();
        let request = app.client.post(app.url("/api/v1/chat"));
        let answer = sign(SECRET_A, body.as_bytes())
            .on(request)
            .body(body)
            .send()
            .await
            .expect("an answer");
        assert_eq!(answer.status(), 200, "{visitor}");
    }
}

#[tokio::test]
async fn every_call_of_the_widget_works_signed() {
    let app = settings().start().await;
    let send = |method: Method, path: String, body: Value, token: String| {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let request = sign(SECRET_A, body.as_bytes()).on(app.client.request(method, app.url(&path)));
        let request = if token.is_empty() {
            request
        } else {
            request.header("x-pennypress-visitor", token)
        };
        async move { request.body(body).send().await.expect("an answer") }
    };
    let visitor = json!({"ip": "203.0.113.7", "id": null});
    let none = String::new();
    let made = send(
        Method::POST,
        "/api/v1/visitors".into(),
        json!({"site": "site_a", "visitor": visitor}),
        none.clone(),
    );
    let token = json_of(made.await).await["token"].as_str().expect("a token").to_owned();
    let question = json!({"site": "site_a", "message": "Hello?", "stream": false, "visitor": visitor});
    let answer = json_of(send(Method::POST, "/api/v1/chat".into(), question, token.clone()).await).await;
    let (id, conversation) = (
        answer["answer"].as_str().expect("an id"),
        answer["conversation"].as_str().expect("an id"),
    );
    let path = format!("/api/v1/answers/{id}/events?site=site_a");
    let resumed = send(
        Method::GET,
        path,
        json!({"site": "site_a", "visitor": visitor}),
        token.clone(),
    )
    .await;
    assert_eq!(Events::new(resumed).rest().await.last().expect("events").name, "done");
    let thumb = json!({"site": "site_a", "answer": id, "rating": "up", "visitor": visitor});
    assert_eq!(
        send(Method::POST, "/api/v1/feedback".into(), thumb, token.clone())
            .await
            .status(),
        204
    );
    let path = format!("/api/v1/conversations/{conversation}?site=site_a");
    let read = json_of(send(Method::GET, path.clone(), Value::Null, token.clone()).await).await;
    assert_eq!(read["messages"][1]["rating"], "up");
    assert_eq!(send(Method::DELETE, path, Value::Null, token).await.status(), 204);
    let widget = send(Method::GET, "/api/v1/widget?site=site_a".into(), Value::Null, none).await;
    assert_eq!(json_of(widget).await["name"], "Anna's");
}
