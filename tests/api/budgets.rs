//! A site's budget is never overspent, also by a flood from many addresses, and not by two services together.

use futures_util::future::join_all;
use serde_json::json;

use crate::app::{App, SECRET_A, Settings, settings};
use crate::asking::Told;
use crate::provider::Provider;
use crate::redis::{Redis, redis_is_used};

const COST: &str = "pennypress_cost_usd_total";

/// Answers that cost 0.011 dollars each, at 2 dollars a million tokens in and 10 out.
async fn dear_provider() -> Provider {
    let provider = Provider::start().await;
    let plan =
        json!({"text": "It depends.", "between_tokens_ms": 20, "prompt_tokens": 1_000, "completion_tokens": 900});
    provider.plan("m", plan);
    provider
}

fn with_budget(settings: Settings, provider: &Provider, daily: &str) -> Settings {
    settings
        .models(provider, &["m"])
        .environment("PENNYPRESS__LIMITS__DAILY_BUDGET_USD", daily)
}

/// Many different questions at once, each from an address of its own.
async fn flood(apps: &[&App], questions: usize) -> Vec<Told> {
    join_all((0..questions).map(|n| {
        let app = apps[n % apps.len()];
        let (question, address) = (
            format!("Question number {n}?"),
            format!("203.0.{}.{}", n / 250, n % 250),
        );
        async move { app.ask(&question).signed_for(SECRET_A, &address).told().await }
    }))
    .await
}

fn by_models(told: &[Told]) -> usize {
    told.iter().filter(|told| told.from == "model").count()
}

#[tokio::test]
async fn a_flood_from_many_addresses_does_not_overspend() {
    let provider = dear_provider().await;
    let app = with_budget(settings(), &provider, "0.2").start().await;
    let told = flood(&[&app], 200).await;
    let answered = by_models(&told);
    for told in &told {
        match told.from.as_str() {
            "model" => assert_eq!(told.is_from("model"), "It depends."),
            // Whoever is too late is told so, and whom to ask.
            _ => assert!(
                told.finish() == "unanswered" && told.text.contains("help@a.example"),
                "{told:?}"
            ),
        }
    }
    let spent = app.metric(COST).await;
    assert_eq!(provider.requests().len(), answered);
    assert!(answered > 0 && spent <= 0.2, "{answered} answers for {spent} dollars");
    // One after the other, questions are answered as long as an answer is affordable, and never beyond.
    for n in 0..20 {
        app.ask(&format!("And number {n}?")).told().await;
    }
    let spent = app.metric(COST).await;
    assert!((0.16..=0.2).contains(&spent), "{spent}");
    // What was answered before still is.
    let first = told.iter().position(|told| told.from == "model").expect("some were");
    let again = app.ask(&format!("Question number {first}?")).told().await;
    assert_eq!(again.is_from("cache"), "It depends.");
}

#[tokio::test]
async fn what_was_spent_before_a_restart_counts() {
    let provider = dear_provider().await;
    let mut app = with_budget(settings(), &provider, "0.04").start().await;
    for n in 0..6 {
        app.ask(&format!("Question {n}?")).told().await;
    }
    let answered = provider.requests().len();
    assert!((1..=3).contains(&answered), "{answered}");
    app.signal("-TERM");
    app.ended().await;
    app.start_again().await;
    assert_eq!(app.ask("And now?").told().await.finish(), "unanswered");
    assert_eq!(provider.requests().len(), answered);
}

#[tokio::test]
async fn retries_and_dearer_models_stay_within_the_budget_too() {
    let provider = Provider::start().await;
    let usage = json!({"prompt_tokens": 1_000, "completion_tokens": 900, "text": "Some words that go on for a while."});
    let mut breaks_off = usage.clone();
    breaks_off["fault"] = json!({"kind": "cut", "after": 3});
    provider.plan("breaks", breaks_off);
    provider.plan("m", usage);
    let app = settings()
        .models(&provider, &["breaks", "m"])
        .environment("PENNYPRESS__LIMITS__DAILY_BUDGET_USD", "0.05")
        .start()
        .await;
    for n in 0..10 {
        app.ask(&format!("Question {n}?"))
            .send()
            .await
            .text()
            .await
            .expect("an answer");
    }
    let spent = app.metric(COST).await;
    assert!(spent > 0.0 && spent <= 0.05, "{spent}");
}

#[tokio::test]
async fn two_services_have_one_budget() {
    let (redis, provider) = (Redis::start(), dear_provider().await);
    let settings = with_budget(redis.settings(), &provider, "0.2");
    let (one, other) = (settings.clone().start().await, settings.start().await);
    redis_is_used(&one).await;
    redis_is_used(&other).await;
    // A flood alone might be all one service's.
    for app in [&one, &other] {
        app.ask("The first?").told().await;
    }
    let told = flood(&[&one, &other], 200).await;
    let spent = one.metric(COST).await + other.metric(COST).await;
    assert!(by_models(&told) > 0 && spent <= 0.2, "{spent}");
    for n in 0..20 {
        let app = if n % 2 == 0 { &one } else { &other };
        app.ask(&format!("And number {n}?")).told().await;
    }
    let (here, there) = (one.metric(COST).await, other.metric(COST).await);
    assert!((0.16..=0.2).contains(&(here + there)), "{here} and {there}");
    assert!(here > 0.0 && there > 0.0, "{here} and {there}");
}

#[tokio::test]
async fn a_budget_outlives_the_redis_and_is_told_to_a_new_one() {
    let (mut redis, provider) = (Redis::start(), dear_provider().await);
    let settings = with_budget(redis.settings(), &provider, "0.05");
    let (one, other) = (settings.clone().start().await, settings.start().await);
    redis_is_used(&one).await;
    redis_is_used(&other).await;
    for n in 0..5 {
        one.ask(&format!("Question {n}?")).told().await;
    }
    let spent = one.metric(COST).await;
    assert!(spent > 0.0 && spent <= 0.05, "{spent}");
    redis.kill();
    // Each knows what it knew.
    assert_eq!(one.ask("Without Redis?").told().await.finish(), "unanswered");
    // The new one begins with nothing, and hears of it from the one that spent.
    redis.start_again();
    redis_is_used(&one).await;
    redis_is_used(&other).await;
    assert_eq!(one.ask("With Redis?").told().await.finish(), "unanswered");
    assert_eq!(other.ask("And here?").told().await.finish(), "unanswered");
    assert_eq!(other.metric(COST).await, 0.0);
}
