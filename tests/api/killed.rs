//! A service that is killed in the middle of calls: what they may have cost is in the ledger and in the budgets of the next one.

use serde_json::{Value, json};

use crate::app::{App, settings, until};
use crate::calling::question;
use crate::overview::words;
use crate::provider::Provider;
use crate::redis::{Redis, redis_is_used};

/// How many calls are written down as under way.
async fn running(app: &App) -> i64 {
    app.number("SELECT count(*) FROM running_calls").await
}

async fn until_running(app: &App, calls: i64) {
    until(&format!("{calls} calls are written down"), async || {
        running(app).await == calls
    })
    .await;
}

fn held() -> Value {
    json!({"text": "one two three", "hold_after": 1})
}

#[tokio::test]
async fn a_visitor_s_call_is_paid_for_at_what_was_set_aside() {
    let provider = Provider::start().await;
    provider.plan("m", held());
    // A call may cost a little more than 0.01 dollars.
    let mut app = settings()
        .models(&provider, &["m"])
        .environment("PENNYPRESS__LIMITS__DAILY_BUDGET_USD", "0.018")
        .start()
        .await;
    let mut events = app.ask("Count to three?").events().await;
    events.next().await.expect("start");
    until_running(&app, 1).await;
    app.kill();
    app.start_again().await;
    assert_eq!(running(&app).await, 0);
    let line = &app.ledger(1).await[0];
    assert_eq!(
        (line.model.as_str(), line.outcome.as_str(), line.counted),
        ("m", "aborted", true)
    );
    assert!(
        (10_000_000_000..12_000_000_000).contains(&line.cost_pico_usd),
        "{line:?}"
    );
    // What is left does not hold another call.
    provider.plan("m", json!({}));
    assert_eq!(app.ask("And now?").told().await.finish(), "unanswered");
    assert_eq!(provider.requests().len(), 1);
    let page = words(&app.operator().await.page("/admin/ledger").await);
    assert!(page.contains("the service was killed"), "{page}");
    // It is settled once.
    app.start_again().await;
    assert_eq!(app.ledger(1).await.len(), 1);
}

#[tokio::test]
async fn a_program_s_call_is_paid_for_too() {
    let provider = Provider::start().await;
    provider.plan("m", held());
    let mut app = settings()
        .models(&provider, &["m"])
        .more("monthly_budget_usd = 0.0015\n")
        .start()
        .await;
    let mut body = question("m");
    body["max_tokens"] = json!(100);
    body["stream"] = json!(true);
    let answer = app.completion(&body).await;
    assert_eq!(answer.status(), 200);
    until_running(&app, 1).await;
    app.kill();
    app.start_again().await;
    let line = &app.ledger(1).await[0];
    assert_eq!((line.site.as_str(), line.outcome.as_str()), ("key:rails", "aborted"));
    provider.plan("m", json!({}));
    assert_eq!(app.completion(&body).await.status(), 429);
}

#[tokio::test]
async fn a_call_that_ends_leaves_its_line_and_nothing_else() {
    let provider = Provider::start().await;
    provider.plan("m", held());
    let mut app = settings().models(&provider, &["m"]).start().await;
    let question = app.ask("Count to three?");
    let release = async {
        until_running(&app, 1).await;
        provider.release("m", None);
    };
    let (told, ()) = tokio::join!(question.told(), release);
    assert_eq!(told.is_from("model"), "one two three");
    until_running(&app, 0).await;
    app.kill();
    app.start_again().await;
    assert_eq!(app.ledger(1).await[0].outcome, "ok");
}

#[tokio::test]
async fn other_services_hear_of_it_through_redis() {
    let (redis, provider) = (Redis::start(), Provider::start().await);
    provider.plan("m", held());
    let settings = redis
        .settings()
        .models(&provider, &["m"])
        .environment("PENNYPRESS__LIMITS__DAILY_BUDGET_USD", "5");
    let mut app = settings.start().await;
    redis_is_used(&app).await;
    let mut events = app.ask("Count to three?").events().await;
    events.next().await.expect("start");
    until_running(&app, 1).await;
    assert_eq!(redis.spent_today(), 0);
    app.kill();
    app.start_again().await;
    let lost = app.ledger(1).await[0].cost_pico_usd;
    until("the cost is told", async || redis.spent_today() >= lost).await;
}
