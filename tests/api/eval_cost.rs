//! What golden sets cost: in the ledger, told apart from what visitors cost, and paid for by no site's budget.

use std::process::Stdio;

use serde_json::json;

use crate::app::{Settings, settings, until};
use crate::eval::{GOLDEN, eval, shop};
use crate::operator::Operator;
use crate::overview::words;
use crate::provider::Provider;

/// The amount that follows these words on a page.
async fn amount(operator: &Operator<'_>, path: &str, before: &str) -> String {
    let told = words(&operator.page(path).await);
    let (_, after) = told
        .split_once(before)
        .unwrap_or_else(|| panic!("{before} is not in {told}"));
    after.split(' ').next().expect("an amount").to_owned()
}

/// What a question costs on average.
async fn each(operator: &Operator<'_>) -> String {
    let told = words(&operator.page("/admin?days=1").await);
    let (before, _) = told.split_once(" a question").expect("an average");
    before.rsplit(' ').next().expect("an amount").to_owned()
}

/// Model, purpose and outcome of each call, the latest first.
async fn calls(operator: &Operator<'_>) -> Vec<[String; 3]> {
    let text = operator.page("/admin/ledger.csv?site=site_a").await;
    let records = csv::Reader::from_reader(text.as_bytes()).into_records();
    let call = |line: csv::StringRecord| [3, 4, 5].map(|column| line[column].to_owned());
    records.map(|record| call(record.expect("a record"))).collect()
}

/// One that answers cheaply.
async fn provider() -> Provider {
    let provider = Provider::start().await;
    provider.plan(
        "m",
        json!({"text": "From nine to six [1].", "prompt_tokens": 100, "completion_tokens": 10}),
    );
    provider
}

/// With so many dollars that a day may cost.
fn within(provider: &Provider, budget: &str) -> Settings {
    settings()
        .models(provider, &["m"])
        .environment("PENNYPRESS__LIMITS__DAILY_BUDGET_USD", budget)
}

#[tokio::test]
async fn a_run_stands_in_the_ledger_and_no_visitor_goes_without_for_it() {
    let provider = provider().await;
    let settings = within(&provider, "0.1");
    let mut app = shop(&settings).await;
    app.ask("Are you closed on Sundays?").told().await.is_from("model");
    let operator = app.operator().await;
    let mut before = Vec::new();
    until("the visitors' calls are written", async || {
        before = calls(&operator).await;
        before.len() == provider.requests().len()
    })
    .await;
    assert!(before.iter().all(|call| call[1] == "answer"), "{before:?}");
    let spent = amount(&operator, "/admin", "Anna&#39;s today ").await;
    let average = each(&operator).await;

    // Two calls of 0.045 dollars: nearly all that a day may cost.
    provider.plan(
        "m",
        json!({"text": "From nine to six [1].", "prompt_tokens": 22_000, "completion_tokens": 100}),
    );
    eval(&app, &settings, GOLDEN, &[]).await.ends_with(0);
    let after = calls(&operator).await;
    assert_eq!(after.len(), before.len() + 2, "{after:?}");
    for call in &after[..2] {
        assert_eq!(call, &["m", "evaluate", "ok"]);
    }
    let apart = words(&operator.page("/admin/ledger?purpose=evaluate").await);
    for expected in ["Cost $0.0900 2 calls", "m golden sets 2 0 $0.0900"] {
        assert!(apart.contains(expected), "{expected} is not in {apart}");
    }
    // Overview and ledger tell the same, and the visitors' share of it is what it was.
    let overview = words(&operator.page("/admin?days=1").await);
    let all = amount(&operator, "/admin/ledger?days=1", "Filter Cost ").await;
    assert!(overview.contains(&format!("Cost {all} ")), "{all} is not in {overview}");
    assert!(overview.contains("$0.0900 for golden sets"), "{overview}");
    assert!(overview.contains("m golden sets 2 0 $0.0900"), "{overview}");
    assert_eq!(each(&operator).await, average);
    let budget = format!("Anna&#39;s today {spent} of $0.1000");
    assert!(overview.contains(&budget), "{budget} is not in {overview}");

    // Nor does the service count it against the budget when it starts again: an answer may cost 0.01 dollars and more.
    app.start_again().await;
    let told = app.ask("Is the shop open on Mondays?").told().await;
    told.is_from("model");
}

#[tokio::test]
async fn a_run_that_is_killed_is_in_the_ledger_at_what_it_may_have_cost() {
    let provider = provider().await;
    // Less than two calls may cost at most.
    let settings = within(&provider, "0.02");
    let mut app = shop(&settings).await;
    provider.plan("m", json!({"text": "one two three", "hold_after": 1}));
    std::fs::write(app.directory().join("golden.toml"), GOLDEN).expect("to write");
    let mut command = settings.command(app.directory(), &["eval", "golden.toml"]);
    let mut run = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary runs");
    until("a call is written down", async || {
        app.number("SELECT count(*) FROM running_calls").await == 1
    })
    .await;
    run.kill().expect("it runs");
    run.wait().expect("our own child");
    app.start_again().await;
    provider.plan("m", json!({"text": "Here."}));
    app.ask("Is the shop open on Mondays?").told().await.is_from("model");
    let operator = app.operator().await;
    until("both calls are in the ledger", async || {
        let calls = calls(&operator).await;
        calls.iter().any(|call| call[1..] == ["evaluate", "aborted"]) && calls[0][1..] == ["answer", "ok"]
    })
    .await;
}
