//! Two services and one Redis are one in their limits, budgets and breakers.

use futures_util::future::join_all;
use serde_json::json;

use crate::app::App;
use crate::calling::question;
use crate::provider::Provider;
use crate::redis::{Redis, redis_is_used};

const COST: &str = "pennypress_cost_usd_total";

/// Two services with the same models that share a Redis.
async fn two(redis: &Redis, provider: &Provider, models: &[&str]) -> (App, App) {
    let settings = redis.settings().models(provider, models).retries(0);
    let (one, other) = (settings.clone().start().await, settings.start().await);
    redis_is_used(&one).await;
    redis_is_used(&other).await;
    (one, other)
}

#[tokio::test]
async fn a_model_that_failed_at_one_is_left_alone_by_both() {
    let (redis, provider) = (Redis::start(), Provider::start().await);
    let (one, other) = two(&redis, &provider, &["status-503", "healthy"]).await;
    let open = "pennypress_breaker_open{model=\"status-503\"}";
    for n in 0..3 {
        one.ask(&format!("Question {n}?")).told().await.is_from("model");
    }
    assert_eq!(one.metric(open).await, 1.0);
    let tried = provider.requests_of("status-503").len();
    assert_eq!(tried, 3);
    // The other one was never asked, and knows.
    other.until_metric(open, 1.0).await;
    other.ask("Another question?").told().await.is_from("model");
    assert_eq!(provider.requests_of("status-503").len(), tried);
    // The probe of one of them closes both.
    provider.plan("status-503", json!({"text": "Recovered."}));
    one.until_metric(open, 0.0).await;
    assert_eq!(one.ask("Are you back?").told().await.is_from("model"), "Recovered.");
    other.until_metric(open, 0.0).await;
    assert_eq!(other.ask("Back at last?").told().await.is_from("model"), "Recovered.");
}

#[tokio::test]
async fn what_both_are_asked_at_once_is_made_once() {
    let (redis, provider) = (Redis::start(), Provider::start().await);
    provider.plan("m", json!({"text": "one two three", "hold_after": 1}));
    let (one, other) = two(&redis, &provider, &["m"]).await;
    let mut first = one.ask("Count to three?").events().await;
    first.next().await.expect("start");
    let second = other.ask("Count to three?").told();
    let release = async {
        // The second one is under way before the first is finished.
        other.until_metric("pennypress_running_streams", 1.0).await;
        provider.release("m", None);
    };
    let (second, ()) = tokio::join!(second, release);
    assert_eq!(second.is_from("cache"), "one two three");
    first.rest().await;
    assert_eq!(provider.requests().len(), 1);
    // The claim is gone with the answer: a model that failed is asked again at once, by either.
    provider.plan("m", json!({"fault": {"kind": "status", "status": 503}}));
    assert_eq!(one.ask("And to four?").told().await.finish(), "unanswered");
    provider.plan("m", json!({"text": "one two three four"}));
    assert_eq!(
        other.ask("And to four?").told().await.is_from("model"),
        "one two three four"
    );
}

/// A program's budget, too, is one: however its calls are spread, both services together spend no more.
#[tokio::test]
async fn a_program_has_one_budget_at_both() {
    let (redis, provider) = (Redis::start(), Provider::start().await);
    // Each call costs a cent, and may cost no more than a little above that.
    provider.plan(
        "m",
        json!({"prompt_tokens": 0, "completion_tokens": 1_000, "between_tokens_ms": 5}),
    );
    let settings = redis
        .settings()
        .models(&provider, &["m"])
        .more("monthly_budget_usd = 0.1\n");
    let (one, other) = (settings.clone().start().await, settings.start().await);
    redis_is_used(&one).await;
    redis_is_used(&other).await;
    let calls = (0..60).map(|n| {
        let app = if n % 2 == 0 { &one } else { &other };
        let mut body = question("m");
        body["max_tokens"] = json!(1_000);
        body["stream"] = json!(n % 3 == 0);
        async move {
            let answer = app.completion(&body).await;
            let status = answer.status().as_u16();
            answer.bytes().await.expect("a whole answer");
            status
        }
    });
    let statuses = join_all(calls).await;
    assert!(
        statuses.iter().all(|status| matches!(status, 200 | 429)),
        "{statuses:?}"
    );
    let answered = statuses.iter().filter(|status| **status == 200).count();
    let spent = one.metric(COST).await + other.metric(COST).await;
    assert!(answered > 0 && answered == provider.requests().len(), "{statuses:?}");
    assert!(spent <= 0.1 + 1e-9, "{spent}");
}

/// What may happen to a Redis in the middle of load.
#[derive(Clone, Copy)]
enum Blow {
    Killed,
    Hung,
}

/// Chats of visitors and calls of programs at two services, with limits, budgets and a cache in Redis: none of them fails.
async fn no_chat_fails(blow: Blow) {
    let (mut redis, provider) = (Redis::start(), Provider::start().await);
    provider.plan("m", json!({"text": "one two three four five", "between_tokens_ms": 20}));
    let settings = redis
        .settings()
        .models(&provider, &["m"])
        .environment("PENNYPRESS__CACHE__REDIS_TIMEOUT_MS", "300")
        .environment("PENNYPRESS__LIMITS__MONTHLY_BUDGET_USD", "1000")
        .more("monthly_budget_usd = 1000\nper_minute = 10000\n");
    let (one, other) = (settings.clone().start().await, settings.start().await);
    redis_is_used(&one).await;
    redis_is_used(&other).await;
    let apps = [&one, &other];
    let ask = async |n: usize| {
        // Some ask the same at both, so that claims and waits are under way too.
        let told = apps[n % 2].ask(&format!("What is number {}?", n / 3)).told().await;
        assert_eq!(told.text, "one two three four five", "{n}: {told:?}");
        assert_eq!(told.finish(), "stop");
    };
    let call = async |n: usize| {
        let mut body = question("m");
        body["temperature"] = json!(0);
        body["seed"] = json!(n / 3);
        let answer = apps[n % 2].completion(&body).await;
        assert_eq!(answer.status(), 200, "{n}");
        assert!(answer.text().await.expect("text").contains("one two three four five"));
    };
    let striking = async {
        provider.until("answers are under way", |log| log.len() >= 15).await;
        match blow {
            Blow::Killed => redis.kill(),
            Blow::Hung => redis.signal("-STOP"),
        }
    };
    let asking = join_all((0..60).map(ask));
    let calling = join_all((0..30).map(call));
    futures_util::join!(asking, calling, striking);
    // And those who come while it is away.
    join_all((100..130).map(ask)).await;
    join_all((100..110).map(call)).await;
    match blow {
        Blow::Killed => redis.start_again(),
        Blow::Hung => redis.signal("-CONT"),
    }
    redis_is_used(&one).await;
    redis_is_used(&other).await;
    join_all((200..230).map(ask)).await;
}

#[tokio::test]
async fn a_redis_that_is_killed_in_the_middle_of_load_fails_no_chat() {
    no_chat_fails(Blow::Killed).await;
}

#[tokio::test]
async fn a_redis_that_hangs_in_the_middle_of_load_fails_no_chat() {
    no_chat_fails(Blow::Hung).await;
}

#[tokio::test]
async fn breakers_work_without_the_redis_too() {
    let (mut redis, provider) = (Redis::start(), Provider::start().await);
    let (one, other) = two(&redis, &provider, &["status-503", "healthy"]).await;
    redis.kill();
    let open = "pennypress_breaker_open{model=\"status-503\"}";
    for n in 0..3 {
        one.ask(&format!("Question {n}?")).told().await.is_from("model");
    }
    assert_eq!((one.metric(open).await, other.metric(open).await), (1.0, 0.0));
    // What could not be told is told when Redis is back.
    redis.start_again();
    other.until_metric(open, 1.0).await;
}
