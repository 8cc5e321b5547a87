//! Two services and one Redis are one in their limits, budgets and breakers.

use crate::app::App;
use crate::provider::Provider;
use crate::redis::{Redis, redis_is_used};

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
    provider.plan("status-503", serde_json::json!({"text": "Recovered."}));
    one.until_metric(open, 0.0).await;
    assert_eq!(one.ask("Are you back?").told().await.is_from("model"), "Recovered.");
    other.until_metric(open, 0.0).await;
    assert_eq!(other.ask("Back at last?").told().await.is_from("model"), "Recovered.");
}

#[tokio::test]
async fn what_both_are_asked_at_once_is_made_once() {
    let (redis, provider) = (Redis::start(), Provider::start().await);
    provider.plan("m", serde_json::json!({"text": "one two three", "hold_after": 1}));
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
    provider.plan("m", serde_json::json!({"fault": {"kind": "status", "status": 503}}));
    assert_eq!(one.ask("And to four?").told().await.finish(), "unanswered");
    provider.plan("m", serde_json::json!({"text": "one two three four"}));
    assert_eq!(
        other.ask("And to four?").told().await.is_from("model"),
        "one two three four"
    );
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
