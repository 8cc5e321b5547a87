//! A thumb is written down before it is confirmed, and the last one counts.

use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::app::{App, ORIGIN_B, SITE_B, settings};
use crate::asking::{Problem, json_of};
use crate::provider::Provider;

async fn give(app: &App, token: &str, body: Value) -> Response {
    let request = app
        .request(Method::POST, "/api/v1/feedback")
        .header("x-pennypress-visitor", token);
    request.json(&body).send().await.expect("an answer")
}

async fn rating(app: &App, conversation: &str, token: &str) -> Value {
    json_of(app.conversation(conversation, token).await).await["messages"][1]["rating"].clone()
}

#[tokio::test]
async fn the_last_word_counts_and_survives_a_power_cut() {
    let provider = Provider::start().await;
    let mut app = settings().models(&provider, &["echo"]).start().await;
    let token = app.visitor().await;
    let told = app.ask("Is it good?").visitor(&token).told().await;
    let thumb =
        |rating: &str| json!({"site": "site_a", "answer": told.answer, "rating": rating, "comment": "Olé \u{0}!"});
    assert_eq!(rating(&app, &told.conversation, &token).await, Value::Null);
    for said in ["up", "down", "up", "up", "down"] {
        assert_eq!(give(&app, &token, thumb(said)).await.status(), 204);
        assert_eq!(rating(&app, &told.conversation, &token).await, said);
    }
    // Not a moment is left to write anything down.
    assert_eq!(give(&app, &token, thumb("up")).await.status(), 204);
    app.kill();
    app.start_again().await;
    assert_eq!(rating(&app, &told.conversation, &token).await, "up");
    assert_eq!(give(&app, &token, thumb("down")).await.status(), 204);
    assert_eq!(rating(&app, &told.conversation, &token).await, "down");
}

#[tokio::test]
async fn an_answer_is_not_rated_by_another_visitor() {
    let provider = Provider::start().await;
    let app = settings().models(&provider, &["echo"]).start().await;
    let (anna, ben) = (app.visitor().await, app.visitor().await);
    let told = app.ask("Is it good?").visitor(&anna).told().await;
    let thumb = |rating: &str| json!({"site": "site_a", "answer": told.answer, "rating": rating});
    assert_eq!(give(&app, &anna, thumb("up")).await.status(), 204);
    let foreign = give(&app, &ben, thumb("down")).await;
    Problem::of(foreign).await.is(404, "unknown_answer");
    assert_eq!(rating(&app, &told.conversation, &anna).await, "up");
    // Without a token the answer's id is the proof, as the contract has it.
    assert_eq!(app.post("/api/v1/feedback", thumb("down")).await.status(), 204);
    assert_eq!(rating(&app, &told.conversation, &anna).await, "down");
    let told = app.ask("Is it free?").told().await;
    let thumb = json!({"site": "site_a", "answer": told.answer, "rating": "down"});
    assert_eq!(app.post("/api/v1/feedback", thumb.clone()).await.status(), 204);
    assert_eq!(give(&app, &ben, thumb).await.status(), 204);
}

#[tokio::test]
async fn many_thumbs_at_once_are_all_kept() {
    let provider = Provider::start().await;
    let mut app = settings().models(&provider, &["echo"]).start().await;
    let token = app.visitor().await;
    let questions: Vec<String> = (0..40).map(|n| format!("Question {n}?")).collect();
    let told = futures_util::future::join_all(questions.iter().map(|text| app.ask(text).visitor(&token).told())).await;
    let thumbs = told.iter().enumerate().map(|(n, told)| {
        let rating = if n % 2 == 0 { "up" } else { "down" };
        give(
            &app,
            &token,
            json!({"site": "site_a", "answer": told.answer, "rating": rating}),
        )
    });
    for response in futures_util::future::join_all(thumbs).await {
        assert_eq!(response.status(), 204);
    }
    app.kill();
    app.start_again().await;
    for (n, told) in told.iter().enumerate() {
        let wanted = if n % 2 == 0 { "up" } else { "down" };
        assert_eq!(rating(&app, &told.conversation, &token).await, wanted, "{n}");
    }
}

#[tokio::test]
async fn feedback_that_makes_no_sense_is_refused() {
    let provider = Provider::start().await;
    let app = settings().models(&provider, &["echo"]).start().await;
    let answer = app.ask("Is it good?").told().await.answer;
    let unknown = "a_00000000000000000000000000000000";
    for (body, status, code) in [
        (
            json!({"site": "site_a", "answer": unknown, "rating": "up"}),
            404,
            "unknown_answer",
        ),
        (
            json!({"site": "site_a", "answer": "1 OR 1=1", "rating": "up"}),
            404,
            "unknown_answer",
        ),
        (
            json!({"site": "site_a", "answer": answer, "rating": "sideways"}),
            400,
            "invalid_request",
        ),
        (json!({"site": "site_a", "answer": answer}), 400, "invalid_request"),
        (json!({"site": "site_a", "rating": "up"}), 400, "invalid_request"),
        (
            json!({"site": "site_a", "answer": 7, "rating": "up"}),
            400,
            "invalid_request",
        ),
        (
            json!({"site": "nowhere", "answer": answer, "rating": "up"}),
            404,
            "unknown_site",
        ),
        (
            json!({"site": "site_a", "answer": answer, "rating": "up", "comment": "ü".repeat(2_001)}),
            413,
            "too_long",
        ),
    ] {
        Problem::of(app.post("/api/v1/feedback", body).await)
            .await
            .is(status, code);
    }
    let longest = json!({"site": "site_a", "answer": answer, "rating": "up", "comment": "ü".repeat(2_000)});
    assert_eq!(app.post("/api/v1/feedback", longest).await.status(), 204);
    let other_site = app.client.post(app.url("/api/v1/feedback")).header("origin", ORIGIN_B);
    let other_site = other_site.json(&json!({"site": SITE_B, "answer": answer, "rating": "down"}));
    Problem::of(other_site.send().await.expect("an answer"))
        .await
        .is(404, "unknown_answer");
}

#[tokio::test]
async fn an_answer_can_be_rated_while_it_is_written() {
    let provider = Provider::start().await;
    provider.plan("m", json!({"text": "one two three", "hold_after": 2}));
    let app = settings().models(&provider, &["m"]).start().await;
    let token = app.visitor().await;
    let mut events = app.ask("Count to three please.").visitor(&token).events().await;
    let start = events.next().await.expect("start").json();
    let thumb = json!({"site": "site_a", "answer": start["answer"], "rating": "up"});
    let early = give(&app, &token, thumb.clone()).await.status();
    assert!(early == 204 || early == 404, "{early}");
    provider.release("m", None);
    events.rest().await;
    assert_eq!(give(&app, &token, thumb).await.status(), 204);
    let conversation = start["conversation"].as_str().expect("an id");
    assert_eq!(rating(&app, conversation, &token).await, "up");
}
