//! The real service on Postgres: nothing is lost, an outage is not noticed by visitors, and several services are one.

use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{App, Settings, settings, until};
use crate::asking::{Told, json_of};
use crate::overview::words;
use crate::provider::Provider;
use crate::server::{PASSWORD, PASSWORD_IN_URL, Postgres};
use crate::stored::Kept;

const QUESTION: &str = "How do I get a refund?";

async fn thumb(app: &App, token: &str, told: &Told, rating: &str) -> u16 {
    let body = json!({"site": "site_a", "answer": told.answer, "rating": rating, "comment": "Not so \u{0}!"});
    let request = app.request(Method::POST, "/api/v1/feedback");
    let request = request.header("x-pennypress-visitor", token).json(&body);
    request.send().await.expect("an answer").status().as_u16()
}

async fn ready(app: &App) -> (u16, Value) {
    let answer = app.client.get(app.url("/readyz")).send().await.expect("an answer");
    (answer.status().as_u16(), answer.json().await.expect("JSON"))
}

fn at(url: &str) -> Settings {
    settings().store(Kept::At(url.to_owned()))
}

#[tokio::test]
async fn what_visitors_and_operator_did_is_there_after_a_kill() {
    let provider = Provider::start().await;
    provider.plan("m", json!({"text": "Ask somebody."}));
    let mut app = settings().store(Kept::Postgres).models(&provider, &["m"]).start().await;
    let token = app.visitor().await;
    let told = app.ask(QUESTION).visitor(&token).told().await;
    told.is_from("model");
    assert_eq!(thumb(&app, &token, &told, "down").await, 204);
    let page = words(&app.operator().await.page("/admin/review?show=down").await);
    assert!(page.contains(QUESTION) && page.contains("Not so \u{FFFD}!"), "{page}");
    let operator = app.operator_again().await;
    let fields = [
        ("site", "site_a"),
        ("question", QUESTION),
        ("text", "Within **14** days."),
    ];
    operator.send("/admin/curated/new", "/admin/curated", &fields).await;
    app.ask(QUESTION).told().await.is_from("curated");
    // Another visitor's call is under way.
    provider.plan("m", json!({"text": "one two three", "hold_after": 1}));
    let mut events = app.ask("Count to three?").events().await;
    events.next().await.expect("start");
    until("the call is written down", async || {
        app.number("SELECT count(*) FROM running_calls").await == 1
    })
    .await;
    app.kill();
    app.start_again().await;
    let kept = json_of(app.conversation(&told.conversation, &token).await).await;
    assert_eq!(kept["messages"][1]["rating"], "down", "{kept}");
    assert_eq!(app.ask(QUESTION).told().await.is_from("curated"), "Within **14** days.");
    let outcomes: Vec<String> = app.ledger(2).await.into_iter().map(|line| line.outcome).collect();
    assert_eq!(outcomes, ["ok", "aborted"]);
    // The right answer was written: it is handled.
    let page = words(
        &app.operator_again()
            .await
            .page("/admin/review?show=down&state=handled")
            .await,
    );
    assert!(page.contains(QUESTION), "{page}");
}

/// Visitors who ask while the server is stopped, is away, and comes back.
#[tokio::test]
async fn a_server_that_is_stopped_in_the_middle_of_load_fails_no_visitor() {
    let (mut server, provider) = (Postgres::start(&[]), Provider::start().await);
    provider.plan("m", json!({"text": "one two three", "between_tokens_ms": 10}));
    let app = at(&server.database()).models(&provider, &["m"]).start().await;
    let token = app.visitor().await;
    let before = app.ask("What was before?").visitor(&token).told().await;
    assert_eq!(ready(&app).await.0, 200);
    let ask = async |n: usize| {
        let told = app.ask(&format!("What is number {n}?")).visitor(&token).told().await;
        assert_eq!(told.is_from("model"), "one two three", "{n}");
        told
    };
    let asking = futures_util::future::join_all((0..30).map(ask));
    let stopping = async {
        provider.until("answers are under way", |log| log.len() >= 10).await;
        server.stop();
    };
    let (mut all, ()) = futures_util::join!(asking, stopping);
    until("it is said that the store does not work", async || {
        let (status, told) = ready(&app).await;
        status == 503 && told["store"] == "failed"
    })
    .await;
    all.extend(futures_util::future::join_all((100..130).map(ask)).await);
    // A conversation that cannot be read begins anew; a thumb that cannot be written down is not confirmed.
    let on = app.ask("And then?").visitor(&token).conversation(&before.conversation);
    let on = on.told().await;
    on.is_from("model");
    assert_ne!(on.conversation, before.conversation);
    assert_eq!(thumb(&app, &token, &before, "up").await, 503);
    server.start_again();
    until("it is ready again", async || ready(&app).await.0 == 200).await;
    assert_eq!(thumb(&app, &token, &before, "up").await, 204);
    all.extend(futures_util::future::join_all((200..210).map(ask)).await);
    all.extend([before, on]);
    until("every answer is written", async || {
        app.number("SELECT count(*) FROM answers").await == all.len() as i64
    })
    .await;
    app.ledger(all.len()).await;
    for told in &all {
        assert_eq!(app.conversation(&told.conversation, &token).await.status(), 200);
    }
    let log = app.log();
    for line in ["the database is away: what", "the database is back"] {
        assert_eq!(log.matches(line).count(), 1, "{log}");
    }
    assert!(!log.contains(PASSWORD) && !log.contains(PASSWORD_IN_URL), "{log}");
}

/// It neither answers nor breaks a connection, as when a network goes down.
#[tokio::test]
async fn a_server_that_hangs_keeps_no_visitor_waiting() {
    let (server, provider) = (Postgres::start(&[]), Provider::start().await);
    provider.plan("m", json!({"text": "one two three"}));
    let app = at(&server.database()).models(&provider, &["m"]).start().await;
    let token = app.visitor().await;
    let before = app.ask("What was before?").visitor(&token).told().await;
    assert_eq!(ready(&app).await.0, 200);
    server.signal("STOP");
    let mut all = vec![before];
    for n in 0..5 {
        let ask = app.ask(&format!("What is number {n}?")).visitor(&token);
        let told = ask.conversation(&all[0].conversation).told().await;
        assert_eq!(told.is_from("model"), "one two three");
        all.push(told);
    }
    until("it is said that the store does not work", async || {
        ready(&app).await.0 == 503
    })
    .await;
    server.signal("CONT");
    until("it is ready again", async || ready(&app).await.0 == 200).await;
    until("every answer is written", async || {
        app.number("SELECT count(*) FROM answers").await == all.len() as i64
    })
    .await;
    app.ledger(all.len()).await;
}

#[tokio::test]
async fn what_is_done_at_one_service_counts_at_the_other() {
    let (server, provider) = (Postgres::shared(), Provider::start().await);
    provider.plan("m", json!({"text": "one two three"}));
    let url = server.database();
    let settings = at(&url).models(&provider, &["m"]);
    let (one, other) = (settings.clone().start().await, settings.start().await);
    // A visitor's token and conversation.
    let token = one.visitor().await;
    let told = one.ask("Count to three?").visitor(&token).told().await;
    until("the conversation is written", async || {
        other.conversation(&told.conversation, &token).await.status() == 200
    })
    .await;
    let on = other
        .ask("And to four?")
        .visitor(&token)
        .conversation(&told.conversation);
    assert_eq!(on.told().await.conversation, told.conversation);
    assert_eq!(thumb(&other, &token, &told, "down").await, 204);
    // The operator's password, session, curated answers and sites.
    let operator = one.operator().await;
    let elsewhere = other.operator_again().await;
    let page = words(&operator.page("/admin/review?show=down").await);
    assert!(page.contains("Count to three?"), "{page}");
    let fields = [
        ("site", "site_a"),
        ("question", QUESTION),
        ("text", "Within **14** days."),
    ];
    elsewhere.send("/admin/curated/new", "/admin/curated", &fields).await;
    until("the curated answer is told by the other", async || {
        one.ask(QUESTION).told().await.from == "curated"
    })
    .await;
    let fields = [
        ("name", "Tea"),
        ("origins", "https://tea.example"),
        ("accent", "#2f6fed"),
        ("locale", "en"),
    ];
    let to = operator.send("/admin/sites/new", "/admin/sites", &fields).await;
    let key = to.split(['/', '?']).nth(3).expect("a key").to_owned();
    let on_new = async |app: &App| {
        let asked = app
            .ask("Hello there?")
            .with("site", json!(key))
            .origin(Some("https://tea.example"));
        asked.send().await.status().as_u16()
    };
    assert_eq!(on_new(&one).await, 200);
    until("the site is known to the other", async || on_new(&other).await == 200).await;
    elsewhere
        .send(
            &format!("/admin/sites/{key}"),
            &format!("/admin/sites/{key}/delete"),
            &[],
        )
        .await;
    until("the site is gone at the first", async || on_new(&one).await == 404).await;
    // Content.
    let page = json!({"site": "site_a", "url": "https://a.example/ovens", "title": "Ovens", "locale": "en", "kind": "page",
        "text": "Heat the oven to 480 degrees for one hour.", "modified": "2026-11-24T10:00:00Z"});
    assert_eq!(one.put_document("page-7", page).await["outcome"], "stored");
    let operator = other.operator_again().await;
    until("the page is found by the other", async || {
        let found = operator.page("/admin/content?site=site_a").await;
        found.contains("Ovens")
    })
    .await;
    provider.plan("m", json!({"text": "Heat it to 480 degrees [1]."}));
    let mut asked = 0;
    until("the other answers from it", async || {
        // Never the same question, which would be answered from the cache.
        asked += 1;
        let told = other.ask(&format!("How hot must oven number {asked} be?")).told().await;
        told.sources
            .first()
            .is_some_and(|source| source["url"] == "https://a.example/ovens")
    })
    .await;
}

#[tokio::test]
async fn a_service_that_starts_leaves_the_calls_of_one_that_runs_alone() {
    let (server, provider) = (Postgres::shared(), Provider::start().await);
    provider.plan("m", json!({"text": "one two three", "hold_after": 1}));
    let settings = at(&server.database()).models(&provider, &["m"]);
    let mut one = settings.clone().start().await;
    let mut events = one.ask("Count to three?").events().await;
    events.next().await.expect("start");
    let running = "SELECT count(*) FROM running_calls";
    until("the call is written down", async || one.number(running).await == 1).await;
    let mut other = settings.start().await;
    assert_eq!((other.number(running).await, other.ledger(0).await.len()), (1, 0));
    one.kill();
    other.start_again().await;
    assert_eq!(other.ledger(1).await[0].outcome, "aborted");
    assert_eq!(other.number(running).await, 0);
}

#[tokio::test]
async fn what_is_wrong_with_the_address_is_said_and_its_password_never() {
    let server = Postgres::shared();
    let good = server.database();
    let check = at(&good).run(&["check"]).await;
    let told = String::from_utf8_lossy(&check.stdout).into_owned();
    assert_eq!(check.status.code(), Some(0), "{told}");
    let line = told
        .lines()
        .find(|line| line.starts_with("ok    store: postgres://pennypress@127.0.0.1:"));
    assert!(line.is_some() && !told.contains(PASSWORD_IN_URL), "{told}");
    let wrong = good.replace(PASSWORD_IN_URL, "hush-wrong");
    for command in ["serve", "check"] {
        let output = at(&wrong).run(&[command]).await;
        let told = format!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        assert_eq!(output.status.code(), Some(1), "{told}");
        assert!(
            told.contains("does not let `pennypress` in") && told.contains("store.url"),
            "{told}"
        );
        assert!(!told.contains("hush-wrong") && !told.contains("panicked"), "{told}");
    }
    // A password that only the environment knows.
    let bare = good.replace(&format!(":{PASSWORD_IN_URL}"), "");
    let check = at(&bare).environment("PGPASSWORD", PASSWORD).run(&["check"]).await;
    assert_eq!(
        check.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&check.stdout)
    );
}
