//! Bad input gets the contract's error at once, and the next good request works.

use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{App, ORIGIN_A, ORIGIN_B, settings};
use crate::asking::Problem;

async fn post(app: &App, body: impl Into<reqwest::Body>) -> Problem {
    Problem::of(
        app.request(Method::POST, "/api/v1/chat")
            .body(body)
            .send()
            .await
            .expect("an answer"),
    )
    .await
}

async fn works(app: &App) {
    assert_eq!(app.ask("Does it still work?").told().await.from, "content");
}

#[tokio::test]
async fn what_is_not_the_expected_json_is_named() {
    let app = settings().start().await;
    for body in [
        "",
        " ",
        "null",
        "[]",
        "7",
        "\"site_a\"",
        "{",
        "site=site_a&message=hi",
        "{\"site\":\"site_a\"",
        "\u{feff}{}",
        "{}x",
    ] {
        post(&app, body).await.is(400, "invalid_request");
    }
    post(&app, &b"\xff\xfe\x00"[..]).await.is(400, "invalid_request");
    post(&app, &b"{\"site\":\"site_a\",\"message\":\"\xc3\x28\"}"[..])
        .await
        .is(400, "invalid_request");
    let lone_surrogate = r#"{"site":"site_a","message":"\ud800"}"#;
    post(&app, lone_surrogate).await.is(400, "invalid_request");
    let deep = format!(
        "{{\"site\":\"site_a\",\"message\":\"x\",\"page\":{}1{}}}",
        "[".repeat(20_000),
        "]".repeat(20_000)
    );
    post(&app, deep).await.is(400, "invalid_request");
    // A list of the values without their names is not an object, and no word of ours names what was expected.
    let list = r#"["site_a",null,"Hello?",null,null,null,false]"#;
    let page = r#"{"site":"site_a","message":"Hello?","page":["https://a.example/","A"]}"#;
    for (body, told) in [
        (list, "invalid type: list, expected an object"),
        ("null", "invalid type: null, expected an object"),
        (
            page,
            "`page` in the body is wrong: invalid type: list, expected an object",
        ),
    ] {
        let problem = post(&app, body).await;
        problem.is(400, "invalid_request");
        assert!(problem.detail.contains(told), "{body}: {problem:?}");
    }
    works(&app).await;
}

#[tokio::test]
async fn a_body_that_does_not_arrive_is_not_waited_for() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let app = settings().start().await;
    let address = app.url("").replace("http://", "");
    let mut connection = tokio::net::TcpStream::connect(address).await.expect("a connection");
    let head = "POST /api/v1/chat HTTP/1.1\r\nhost: x\r\norigin: https://a.example\r\ncontent-length: 99\r\n\r\n{";
    connection.write_all(head.as_bytes()).await.expect("written");
    let mut told = String::new();
    let read = connection.read_to_string(&mut told);
    let read = tokio::time::timeout(crate::provider::PATIENCE, read).await;
    // To its end: the service closes the connection.
    read.expect("in time").expect("an answer");
    let (head, body) = told.split_once("\r\n\r\n").expect("a head");
    assert!(
        head.starts_with("HTTP/1.1 408 ") && body.contains("\"request_timeout\""),
        "{told}"
    );
    works(&app).await;
}

#[tokio::test]
async fn wrong_types_and_missing_fields_are_named() {
    let app = settings().start().await;
    let with = |key: &str, value: Value| {
        let mut body = json!({"site": "site_a", "message": "Hello?"});
        body[key] = value;
        body.to_string()
    };
    for (key, value) in [
        ("message", json!(null)),
        ("message", json!(7)),
        ("message", json!(["Hello?"])),
        ("message", json!({"text": "Hello?"})),
        ("conversation", json!(7)),
        ("page", json!("https://a.example/")),
        ("page", json!({"url": 7})),
        ("locale", json!(7)),
        ("stream", json!("yes")),
    ] {
        let problem = post(&app, with(key, value.clone())).await;
        problem.is(400, "invalid_request");
        assert!(problem.detail.contains(key), "{key} = {value}: {problem:?}");
        for word in ["struct", "map", "sequence", "integer"] {
            assert!(!problem.detail.contains(word), "a word of Rust: {problem:?}");
        }
    }
    post(&app, r#"{"site":"site_a"}"#).await.is(400, "invalid_request");
    post(&app, r#"{"message":"Hello?"}"#).await.is(400, "invalid_request");
    for site in [json!(7), json!(["site_a"]), json!({})] {
        post(&app, with("site", site)).await.is(400, "invalid_request");
    }
    for null in ["conversation", "page", "locale"] {
        app.ask("Does null work?").with(null, Value::Null).told().await;
    }
    app.ask("Do unknown fields work?")
        .with("colour", json!("blue"))
        .told()
        .await;
    app.ask("And an odd locale?")
        .with("locale", json!("../../etc/passwd"))
        .told()
        .await;
    works(&app).await;
}

#[tokio::test]
async fn a_message_has_1_to_4000_characters() {
    let app = settings().start().await;
    for empty in [
        "",
        " ",
        "\n\t \u{3000}",
        "\u{0}",
        "\u{200b}\u{200b}",
        "\u{feff}\u{2060} \u{ad}",
        "\u{fe0f}\u{e0001}",
        "\u{3164}\u{2800}",
        "\u{202e}\u{7f}",
    ] {
        app.ask(empty).problem().await.is(400, "invalid_request");
    }
    for brief in ["?", "🚀", "👩‍👩‍👧", "❤️", "ß", "漢", "\u{200b}x\u{0}"] {
        app.ask(brief).told().await;
    }
    for letter in ["x", "ü", "漢", "🚀"] {
        app.ask(&letter.repeat(4_000)).told().await;
        app.ask(&letter.repeat(4_001)).problem().await.is(413, "too_long");
    }
    works(&app).await;
}

#[tokio::test]
async fn a_body_has_at_most_64_kib() {
    let app = settings().start().await;
    let of_size = |size: usize| {
        let frame = json!({"site": "site_a", "message": "Hello?", "padding": ""})
            .to_string()
            .len();
        json!({"site": "site_a", "message": "Hello?", "padding": "x".repeat(size - frame)}).to_string()
    };
    let fits = app.request(Method::POST, "/api/v1/chat").body(of_size(64 * 1024));
    assert_eq!(fits.send().await.expect("an answer").status(), 200);
    post(&app, of_size(64 * 1024 + 1)).await.is(413, "too_long");
    post(&app, of_size(3 << 20)).await.is(413, "too_long");
    // Without a length before it.
    let chunks = (0..100).map(|_| Ok::<_, std::io::Error>(vec![b' '; 1_024]));
    post(&app, reqwest::Body::wrap_stream(futures_util::stream::iter(chunks)))
        .await
        .is(413, "too_long");
    for path in ["/api/v1/visitors", "/api/v1/feedback"] {
        let long = app
            .request(Method::POST, path)
            .body(of_size(64 * 1024 + 1))
            .send()
            .await
            .expect("an answer");
        Problem::of(long).await.is(413, "too_long");
    }
    works(&app).await;
}

#[tokio::test]
async fn an_unknown_site_is_unknown_everywhere() {
    let app = settings().start().await;
    for site in ["nowhere", "", "SITE_A", "site_a ", "site_demo", "' OR 1=1 --"] {
        app.ask("Hello?")
            .with("site", json!(site))
            .problem()
            .await
            .is(404, "unknown_site");
    }
    for path in [
        "/api/v1/widget?site=nowhere",
        "/api/v1/conversations/c_00000000000000000000000000000000?site=nowhere",
        "/api/v1/answers/a_00000000000000000000000000000000/events?site=nowhere",
    ] {
        let answer = app.request(Method::GET, path).send().await.expect("an answer");
        Problem::of(answer).await.is(404, "unknown_site");
    }
    let visitors = app.post("/api/v1/visitors", json!({"site": "nowhere"})).await;
    Problem::of(visitors).await.is(404, "unknown_site");
    works(&app).await;
}

#[tokio::test]
async fn a_page_that_is_not_on_the_list_may_not_ask() {
    let app = settings().start().await;
    for foreign in [
        "https://evil.example",
        "http://a.example",
        "https://a.example:8443",
        "https://a.example.evil.example",
        "https://sub.a.example",
        "https://A.example.",
        "null",
        "",
        "file://",
        ORIGIN_B,
    ] {
        let problem = app.ask("Hello?").origin(Some(foreign)).problem().await;
        problem.is(403, "origin_not_allowed");
    }
    app.ask("Hello?")
        .origin(None)
        .problem()
        .await
        .is(403, "origin_not_allowed");
    app.ask("Hello?")
        .of_site_b()
        .origin(Some(ORIGIN_A))
        .problem()
        .await
        .is(403, "origin_not_allowed");
    let visitors = app
        .client
        .post(app.url("/api/v1/visitors"))
        .json(&json!({"site": "site_a"}));
    Problem::of(visitors.send().await.expect("an answer"))
        .await
        .is(403, "origin_not_allowed");
    works(&app).await;
}

#[tokio::test]
async fn a_browser_may_call_from_a_listed_page_only() {
    let app = settings().start().await;
    let preflight = |origin: &'static str, method: &'static str, headers: &'static str| {
        app.client
            .request(Method::OPTIONS, app.url("/api/v1/chat"))
            .header("origin", origin)
            .header("access-control-request-method", method)
            .header("access-control-request-headers", headers)
            .send()
    };
    for origin in [ORIGIN_A, ORIGIN_B] {
        for method in ["POST", "GET", "DELETE"] {
            let answer = preflight(
                origin,
                method,
                "content-type, x-pennypress-visitor, last-event-id, authorization",
            )
            .await;
            let answer = answer.expect("an answer");
            assert!(answer.status().is_success(), "{}", answer.status());
            let header = |name: &str| answer.headers()[name].to_str().expect("text").to_lowercase();
            assert_eq!(header("access-control-allow-origin"), origin);
            assert!(header("access-control-allow-methods").contains(&method.to_lowercase()));
            for name in ["content-type", "x-pennypress-visitor", "last-event-id", "authorization"] {
                assert!(header("access-control-allow-headers").contains(name), "{name}");
            }
        }
    }
    let foreign = preflight("https://evil.example", "POST", "content-type")
        .await
        .expect("an answer");
    assert!(
        foreign.headers().get("access-control-allow-origin").is_none(),
        "{foreign:?}"
    );
    // Answers and problems alike can be read by the page that asked, and by no other.
    for message in ["Hello?", ""] {
        let answer = app.ask(message).send().await;
        assert_eq!(
            answer.headers()["access-control-allow-origin"],
            ORIGIN_A,
            "{}",
            answer.status()
        );
        assert!(
            answer.headers()["vary"]
                .to_str()
                .expect("text")
                .to_lowercase()
                .contains("origin")
        );
    }
    let foreign = app.ask("Hello?").origin(Some("https://evil.example")).send().await;
    assert_eq!(foreign.headers().get("access-control-allow-origin"), None);
}

#[tokio::test]
async fn what_is_not_there_and_methods_that_do_not_fit_are_problems_too() {
    let app = settings().start().await;
    let send = |method: Method, path: &'static str| app.request(method, path).send();
    for path in [
        "/nowhere",
        "/api/v1/nowhere",
        "/api/v1",
        "/api/v1/answers/",
        "/api/v2/chat",
        "/api/v1/chat/",
    ] {
        Problem::of(send(Method::GET, path).await.expect("an answer"))
            .await
            .is(404, "not_found");
    }
    for (method, path) in [
        (Method::GET, "/api/v1/chat"),
        (Method::PUT, "/api/v1/feedback"),
        (Method::POST, "/api/v1/widget"),
    ] {
        Problem::of(send(method, path).await.expect("an answer"))
            .await
            .is(405, "method_not_allowed");
    }
    works(&app).await;
}

#[tokio::test]
async fn a_visitor_s_token_is_checked() {
    let app = settings().start().await;
    let token = app.visitor().await;
    app.ask("Hello?").visitor(&token).told().await;
    let end = token.len() - 1;
    let last = if token.ends_with('A') { 'E' } else { 'A' };
    for forged in [
        "x",
        "v_1.2.3",
        &token[..end],
        &format!("{}{last}", &token[..end]),
        &"x".repeat(5_000),
    ] {
        app.ask("Hello?")
            .visitor(forged)
            .problem()
            .await
            .is(401, "invalid_token");
    }
    // A token is of one site.
    app.ask("Hello?")
        .of_site_b()
        .visitor(&token)
        .problem()
        .await
        .is(401, "invalid_token");
    // Both headers are taken, the name of the scheme in either case, and a renewed token is of the same visitor.
    let mut told = app
        .ask("Hello?")
        .header("authorization", &format!("Bearer {token}"))
        .told()
        .await;
    for scheme in ["bearer", "BEARER"] {
        assert_eq!(app.conversation(&told.conversation, &token).await.status(), 200);
        told = app
            .ask("Hello?")
            .header("authorization", &format!("{scheme} {token}"))
            .told()
            .await;
    }
    assert_eq!(app.conversation(&told.conversation, &token).await.status(), 200);
    let renewed = app
        .request(Method::POST, "/api/v1/visitors")
        .header("x-pennypress-visitor", &token);
    let renewed = renewed
        .json(&json!({"site": "site_a"}))
        .send()
        .await
        .expect("an answer");
    let renewed: Value = renewed.json().await.expect("JSON");
    assert!(
        renewed["visitor"].as_str().is_some_and(|id| id.starts_with("v_")),
        "{renewed}"
    );
    assert_eq!(renewed["expires_in"], 3600);
    let renewed = renewed["token"].as_str().expect("a token");
    assert_eq!(app.conversation(&told.conversation, renewed).await.status(), 200);
    assert_ne!(app.visitor().await, token);
}
