//! A model that is slow to begin gets company: whoever speaks first is heard, the other is hung up on, and both are paid for.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::app::{App, Settings, settings, until};
use crate::calling::question;
use crate::operator::Operator;
use crate::overview::words;
use crate::provider::Provider;

const WON: &str = "pennypress_hedges_total{result=\"won\"}";
const LOST: &str = "pennypress_hedges_total{result=\"lost\"}";
const FAILED: &str = "pennypress_hedges_total{result=\"failed\"}";
const REFUSED: &str = "pennypress_hedges_total{result=\"refused\"}";

/// No first word in a twentieth of a second is slow; extra cost may be this share.
fn hedged(share: &str) -> Settings {
    settings().retries(0).more(&format!(
        "[hedging]\nenabled = true\nmax_extra_cost = {share}\nfirst_wait_ms = 50\nshortest_wait_ms = 50\n"
    ))
}

/// Once something was spent, a share of it may be spent on hedges: one answer of `slow` at 0.1 dollars.
async fn warm(settings: Settings, models: &[&str], plans: &[(&str, Value)]) -> (Provider, App) {
    let provider = Provider::start().await;
    provider.plan(
        "slow",
        json!({"text": "Warm.", "prompt_tokens": 45_000, "completion_tokens": 1_000}),
    );
    let app = settings.models(&provider, models).start().await;
    assert_eq!(app.ask("Is it warm?").told().await.is_from("model"), "Warm.");
    for (model, plan) in plans {
        provider.plan(model, plan.clone());
    }
    (provider, app)
}

/// Model, outcome, tokens in and out, and whether they were counted here; the latest first.
async fn ledger(operator: &Operator<'_>, calls: usize) -> Vec<(String, String, u64, u64, bool)> {
    let mut lines = Vec::new();
    until(&format!("{calls} calls are in the ledger"), async || {
        let text = operator.page("/admin/ledger.csv").await;
        let records = csv::Reader::from_reader(text.as_bytes()).into_records();
        lines = records.map(|record| record.expect("a record")).collect();
        lines.len() == calls
    })
    .await;
    let number = |text: &str| text.parse().expect("a number");
    let line = |line: &csv::StringRecord| {
        let (model, outcome) = (line[3].to_owned(), line[5].to_owned());
        (model, outcome, number(&line[6]), number(&line[7]), &line[8] == "true")
    };
    lines.iter().map(line).collect()
}

#[tokio::test]
async fn the_second_model_answers_when_the_first_is_slow() {
    let fast = json!({"text": "Here I am.", "prompt_tokens": 100, "completion_tokens": 3});
    let held = json!({"text": "Late.", "hold_after": 0});
    let (provider, app) = warm(hedged("1"), &["slow", "fast"], &[("slow", held), ("fast", fast)]).await;
    assert_eq!(app.ask("Who is there?").told().await.is_from("model"), "Here I am.");
    assert_eq!(app.metric(WON).await, 1.0);
    provider
        .until("the slow model is hung up on", |log| {
            log.iter().any(|entry| entry.model == "slow" && entry.left_ns.is_some())
        })
        .await;
    let operator = app.operator().await;
    let lines = ledger(&operator, 3).await;
    let (model, outcome, prompt, completion, counted) = lines
        .iter()
        .find(|line| line.1 == "hedged")
        .expect("the slow model's call")
        .clone();
    assert_eq!(
        (model.as_str(), outcome.as_str(), completion, counted),
        ("slow", "hedged", 0, true)
    );
    assert!(prompt > 50, "it has read the prompt: {prompt}");
    let fast = ("fast".to_owned(), "ok".to_owned(), 100, 3, false);
    assert!(lines.contains(&fast), "{lines:?}");
    // And the operator sees it.
    let page = operator.page("/admin/ledger?ended=hedged").await;
    assert_eq!(page.matches("<tr><td>").count(), 1);
    assert!(words(&page).contains("another was faster"), "{}", words(&page));
    assert!(words(&operator.page("/admin/ledger").await).contains("Failed 0 1 cancelled"));
}

#[tokio::test]
async fn a_program_that_lets_the_router_choose_is_answered_by_the_faster_one() {
    let fast = json!({"text": "Here I am.", "prompt_tokens": 100, "completion_tokens": 3});
    let held = json!({"text": "Late.", "hold_after": 0});
    let (provider, app) = warm(hedged("1"), &["slow", "fast"], &[("slow", held), ("fast", fast)]).await;
    assert_eq!(app.streamed(question("auto")).await.0, "Here I am.");
    assert_eq!(app.metric(WON).await, 1.0);
    provider
        .until("the slow model is hung up on", |log| {
            log.iter().any(|entry| entry.model == "slow" && entry.left_ns.is_some())
        })
        .await;
    let lines = app.ledger(3).await;
    let of_program = lines.iter().filter(|line| line.site == "key:rails");
    let mut calls: Vec<_> = of_program
        .map(|line| (&*line.model, &*line.outcome, line.counted))
        .collect();
    calls.sort();
    assert_eq!(calls, [("fast", "ok", false), ("slow", "hedged", true)]);
    // Who names a model gets its words, however long they take.
    let mut body = question("slow");
    body["stream"] = json!(true);
    let call = app.completion(&body);
    let asked = async {
        provider
            .until("slow is asked alone", |log| {
                log.iter().filter(|entry| entry.model == "slow").count() == 3
            })
            .await;
        // Longer than is given to a model before it gets company.
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        provider.release("slow", None);
    };
    let (answer, ()) = tokio::join!(call, asked);
    assert!(answer.text().await.expect("text").contains("Late."));
    assert_eq!(provider.requests_of("fast").len(), 1);
}

/// The answer of a call that is not streamed.
async fn whole(app: &App, model: &str) -> String {
    let answer = app.completion(&question(model)).await;
    assert_eq!(answer.status(), 200);
    let answer: Value = answer.json().await.expect("JSON");
    answer["choices"][0]["message"]["content"]
        .as_str()
        .expect("words")
        .to_owned()
}

/// Lets `slow` go on when it was asked `times` times and a while has passed.
async fn released(provider: &Provider, times: usize) {
    provider
        .until("slow is asked", |log| {
            log.iter().filter(|entry| entry.model == "slow").count() == times
        })
        .await;
    // Longer than is given to a model before it gets company.
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    provider.release("slow", None);
}

#[tokio::test]
async fn an_answer_in_one_piece_is_hedged_once_it_is_known_how_long_such_take() {
    let usual = json!({"text": "As usual.", "prompt_tokens": 45_000, "completion_tokens": 1_000});
    let held = |text: &str| json!({"text": text, "hold_after": 0, "prompt_tokens": 500, "completion_tokens": 70});
    let fast = json!({"text": "Here I am.", "prompt_tokens": 100, "completion_tokens": 30});
    let plans = [("slow", held("Late.")), ("fast", fast)];
    let (provider, app) = warm(hedged("1"), &["slow", "fast"], &plans).await;
    // How long a whole answer takes is known of none: what is a long one for another may be a short one for this.
    let (told, ()) = tokio::join!(whole(&app, "auto"), released(&provider, 2));
    assert_eq!((told.as_str(), provider.requests_of("fast").len()), ("Late.", 0));
    provider.plan("slow", usual);
    // With these twenty are known, which is enough; with fewer none of them can be hedged.
    for _ in 0..19 {
        assert_eq!(whole(&app, "auto").await, "As usual.");
    }
    provider.plan("slow", held("Late."));
    assert_eq!(whole(&app, "auto").await, "Here I am.");
    assert_eq!(provider.requests_of("fast").len(), 1);
    provider
        .until("the slow model is hung up on", |log| {
            log.iter().any(|entry| entry.model == "slow" && entry.left_ns.is_some())
        })
        .await;
    let lines = app.ledger(provider.requests().len()).await;
    let ended = |outcome: &str, model: &str| {
        let found = lines
            .iter()
            .rfind(|line| line.outcome == outcome && line.model == model);
        found.expect("a line").clone()
    };
    let left = ended("hedged", "slow");
    assert_eq!((&*left.site, left.counted), ("key:rails", true));
    // What it wrote nobody saw: as much as the other one, at most.
    assert!(left.prompt_tokens > 3 && left.completion_tokens == 30, "{left:?}");
    let price = left.prompt_tokens * 2_000_000 + left.completion_tokens * 10_000_000;
    assert_eq!(left.cost_pico_usd, price, "{left:?}");
    assert_eq!(ended("ok", "fast").completion_tokens, 30);
    // Who names a model gets its words, however long they take.
    let asked = provider.requests_of("slow").len();
    let (told, ()) = tokio::join!(whole(&app, "slow"), released(&provider, asked + 1));
    assert_eq!(told, "Late.");
    assert_eq!(provider.requests_of("fast").len(), 1);
}

#[tokio::test]
async fn an_answer_in_one_piece_comes_from_the_first_model_when_that_ends_first() {
    let usual = json!({"text": "As usual.", "prompt_tokens": 45_000, "completion_tokens": 1_000});
    let held = |text: &str| json!({"text": text, "hold_after": 0});
    let (provider, app) = warm(hedged("1"), &["slow", "fast"], &[("slow", usual)]).await;
    for _ in 0..20 {
        whole(&app, "auto").await;
    }
    provider.plan("slow", held("After all."));
    provider.plan("fast", held("Too late."));
    let asked = async {
        provider
            .until("the second is held too", |log| {
                log.iter()
                    .any(|entry| entry.model == "fast" && entry.ended_ns.is_none() && entry.left_ns.is_none())
            })
            .await;
        provider.release("slow", None);
    };
    let (told, ()) = tokio::join!(whole(&app, "auto"), asked);
    assert_eq!(told, "After all.");
    assert_eq!(app.metric(LOST).await, 1.0);
    provider
        .until("the second is hung up on", |log| {
            log.iter().any(|entry| entry.model == "fast" && entry.left_ns.is_some())
        })
        .await;
}

#[tokio::test]
async fn the_first_model_answers_when_it_speaks_first_after_all() {
    let held = |text: &str| json!({"text": text, "hold_after": 0});
    let plans = [("slow", held("After all.")), ("fast", held("Too late."))];
    let (provider, app) = warm(hedged("1"), &["slow", "fast"], &plans).await;
    let question = app.ask("Who is there?");
    let asked = async {
        provider
            .until("the second is asked", |log| {
                log.iter().any(|entry| entry.model == "fast")
            })
            .await;
        provider.release("slow", None);
    };
    let (told, ()) = tokio::join!(question.told(), asked);
    assert_eq!(told.is_from("model"), "After all.");
    assert_eq!(app.metric(LOST).await, 1.0);
    provider
        .until("the second is hung up on", |log| {
            log.iter().any(|entry| entry.model == "fast" && entry.left_ns.is_some())
        })
        .await;
    let lines = ledger(&app.operator().await, 3).await;
    assert!(
        lines.iter().any(|line| line.0 == "fast" && line.1 == "hedged"),
        "{lines:?}"
    );
    assert!(
        lines
            .iter()
            .any(|line| line.0 == "slow" && line.1 == "ok" && line.3 == 2),
        "{lines:?}"
    );
}

#[tokio::test]
async fn the_one_that_is_left_answers_alone() {
    let breaks = json!({"first_token_ms": 500, "fault": {"kind": "cut", "after": 0}});
    let held = json!({"text": "I am left.", "hold_after": 0});
    let (provider, app) = warm(hedged("1"), &["slow", "fast"], &[("slow", breaks), ("fast", held)]).await;
    let failed = async {
        app.until_metric(FAILED, 1.0).await;
        provider.release("fast", None);
    };
    let question = app.ask("Who is there?");
    let (told, ()) = tokio::join!(question.told(), failed);
    assert_eq!(told.is_from("model"), "I am left.");
    let lines = ledger(&app.operator().await, 3).await;
    assert!(
        lines.iter().any(|line| line.0 == "slow" && line.1 == "broken"),
        "{lines:?}"
    );
    assert!(lines.iter().any(|line| line.0 == "fast" && line.1 == "ok"), "{lines:?}");
}

#[tokio::test]
async fn when_both_fail_the_model_behind_them_answers() {
    let breaks = json!({"first_token_ms": 500, "fault": {"kind": "cut", "after": 0}});
    let refuses = json!({"fault": {"kind": "status", "status": 503}});
    let third = json!({"text": "The third."});
    let plans = [("slow", breaks), ("fast", refuses), ("third", third)];
    let (provider, app) = warm(hedged("1"), &["slow", "fast", "third"], &plans).await;
    assert_eq!(app.ask("Who is there?").told().await.is_from("model"), "The third.");
    let asked = |model: &str| provider.requests_of(model).len();
    assert_eq!((asked("slow"), asked("fast"), asked("third")), (2, 1, 1));
    assert_eq!(app.metric(FAILED).await, 1.0);
}

#[tokio::test]
async fn extra_cost_stays_within_its_share() {
    let slow = json!({"text": "Slow.", "first_token_ms": 400, "prompt_tokens": 300, "completion_tokens": 2});
    let fast = json!({"text": "Fast.", "prompt_tokens": 300, "completion_tokens": 2});
    let (provider, app) = warm(hedged("0.01"), &["slow", "fast"], &[("slow", slow), ("fast", fast)]).await;
    for n in 0..6 {
        app.ask(&format!("Who is number {n}?")).told().await.is_from("model");
    }
    let operator = app.operator().await;
    let lines = ledger(&operator, provider.requests().len()).await;
    let price = |line: &(String, String, u64, u64, bool)| Decimal::from(line.2 * 2 + line.3 * 10);
    let extra: Decimal = lines.iter().filter(|line| line.1 == "hedged").map(price).sum();
    let needed: Decimal = lines.iter().filter(|line| line.1 == "ok").map(price).sum();
    assert!(extra > Decimal::ZERO, "{lines:?}");
    assert!(extra * Decimal::ONE_HUNDRED <= needed, "{extra} of {needed}");
    assert!(app.metric(REFUSED).await > 0.0);
    assert_eq!(lines.iter().filter(|line| line.1 == "ok").count(), 7);
}

/// Asks a slow model, waits until a hedge was refused, and lets it speak.
async fn is_refused(app: &App, provider: &Provider) {
    let refused = async {
        app.until_metric(REFUSED, 1.0).await;
        provider.release("slow", None);
    };
    let question = app.ask("Who is there?");
    let (told, ()) = tokio::join!(question.told(), refused);
    assert_eq!(told.is_from("model"), "Late.");
    assert_eq!(provider.requests_of("fast").len(), 0);
}

#[tokio::test]
async fn no_share_no_hedge() {
    let held = json!({"text": "Late.", "hold_after": 0});
    let (provider, app) = warm(hedged("0"), &["slow", "fast"], &[("slow", held)]).await;
    is_refused(&app, &provider).await;
}

#[tokio::test]
async fn a_budget_that_grows_tight_pays_for_no_hedge() {
    let held = json!({"text": "Late.", "hold_after": 0});
    // 0.1 of it is spent.
    let settings = hedged("1").environment("PENNYPRESS__LIMITS__DAILY_BUDGET_USD", "0.12");
    let (provider, app) = warm(settings, &["slow", "fast"], &[("slow", held)]).await;
    is_refused(&app, &provider).await;
}

#[tokio::test]
async fn nobody_hedges_unasked() {
    let slow = json!({"text": "Late.", "first_token_ms": 400});
    let (provider, app) = warm(settings(), &["slow", "fast"], &[("slow", slow)]).await;
    assert_eq!(app.ask("Who is there?").told().await.is_from("model"), "Late.");
    assert_eq!(provider.requests_of("fast").len(), 0);
}
