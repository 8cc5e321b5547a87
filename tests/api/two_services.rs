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
