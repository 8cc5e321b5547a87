//! The ledger page: every call with its tokens, cost and outcome; sums by model and day; the same as CSV.

use serde_json::json;

use crate::app::{App, settings, until};
use crate::calling::question;
use crate::operator::Operator;
use crate::overview::words;
use crate::provider::Provider;

/// Three calls: one that failed, the one that stood in for it, and one more.
async fn three_calls(provider: &Provider) -> App {
    provider.plan(
        "m",
        json!({"text": "At nine.", "prompt_tokens": 1000, "completion_tokens": 100}),
    );
    provider.plan(
        "bad",
        json!({"fault": {"kind": "status", "status": 503}, "fault_times": 1, "prompt_tokens": 10, "completion_tokens": 1}),
    );
    let app = settings().models(provider, &["bad", "m"]).retries(0).start().await;
    app.ask("When do you open?").told().await.is_from("model");
    app.ask("Where are you?").told().await.is_from("model");
    app
}

async fn lines(operator: &Operator<'_>, query: &str) -> Vec<csv::StringRecord> {
    let answer = operator.get(&format!("/admin/ledger.csv{query}")).await;
    assert_eq!(
        answer.headers()["content-type"],
        "text/csv; charset=utf-8; header=present"
    );
    let named = answer.headers()["content-disposition"]
        .to_str()
        .expect("text")
        .to_owned();
    assert!(named.contains("pennypress-ledger-"), "{named}");
    let text = answer.text().await.expect("text");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    assert_eq!(
        reader.headers().expect("a header").iter().collect::<Vec<_>>()[..6],
        ["ended_at", "site", "provider", "model", "purpose", "outcome"]
    );
    reader.records().map(|record| record.expect("a record")).collect()
}

async fn written(operator: &Operator<'_>) {
    until("three calls are written", async || lines(operator, "").await.len() == 3).await;
}

#[tokio::test]
async fn every_call_is_told_with_its_sums() {
    let provider = Provider::start().await;
    let app = three_calls(&provider).await;
    let operator = app.operator().await;
    written(&operator).await;
    let page = operator.page("/admin/ledger").await;
    let told = words(&page);
    // 1,000 tokens in and 100 out at 2 and 10 dollars a million; 10 and 1 of the model that came back.
    for expected in [
        "Cost $0.003030 3 calls",
        "Tokens in 1,010",
        "Tokens out 101",
        "Failed 1",
        "an error status",
        "m 1 0 $0.003000",
        "bad 2 1 $0.000030",
    ] {
        assert!(told.contains(expected), "{expected} is not in {told}");
    }
    assert!(
        page.contains("href=\"/admin/conversations/c_"),
        "a call leads to its answer"
    );
    let all = lines(&operator, "").await;
    let of = |column: usize| all.iter().map(|line| line[column].to_owned()).collect::<Vec<_>>();
    assert_eq!(of(3), ["bad", "m", "bad"], "the latest first");
    assert_eq!(of(4), ["answer"; 3]);
    assert_eq!(of(5), ["ok", "ok", "status"]);
    assert_eq!(of(9), ["0.00003", "0.003", "0"]);
}

#[tokio::test]
async fn programs_are_told_from_sites_with_their_budgets() {
    let provider = Provider::start().await;
    provider.plan(
        "m",
        json!({"text": "At nine.", "prompt_tokens": 1000, "completion_tokens": 100}),
    );
    let settings = settings().models(&provider, &["m"]).more("monthly_budget_usd = 0.25\n");
    let app = settings.start().await;
    app.ask("When do you open?").told().await.is_from("model");
    assert_eq!(app.completion(&question("auto")).await.status(), 200);
    let operator = app.operator().await;
    until("both calls are written", async || lines(&operator, "").await.len() == 2).await;
    let told = words(&operator.page("/admin/ledger").await);
    for expected in [
        "Anna&#39;s Ben&#39;s rails (program)",
        "ms rails program",
        "ms Anna&#39;s",
    ] {
        assert!(told.contains(expected), "{expected} is not in {told}");
    }
    // Every token was told by the provider.
    assert!(!told.contains("counted here"), "{told}");
    let of_program = lines(&operator, "?site=key%3Arails").await;
    assert_eq!((of_program.len(), &of_program[0][1]), (1, "key:rails"));
    let overview = words(&operator.page("/admin").await);
    let budget = "rails this month, a program $0.003000 of $0.2500 1%, enough";
    assert!(overview.contains(budget), "{budget} is not in {overview}");
    // It is no site's.
    assert!(!operator.page("/admin?site=site_a").await.contains("a program"));
}

#[tokio::test]
async fn filters_choose_calls() {
    let provider = Provider::start().await;
    let app = three_calls(&provider).await;
    let operator = app.operator().await;
    written(&operator).await;
    for (query, count) in [
        ("?days=1&model=m", 1),
        ("?model=bad&ended=failed", 1),
        ("?ended=ok", 2),
        ("?ended=cancelled", 0),
        ("?site=site_b", 0),
        ("?purpose=shadow", 0),
        ("?model=%27+OR+1%3D1+--", 0),
        ("?days=rubbish&before=rubbish", 3),
    ] {
        assert_eq!(lines(&operator, query).await.len(), count, "{query}");
        let page = operator.page(&format!("/admin/ledger{query}")).await;
        assert_eq!(page.matches("<tr><td>").count(), count, "{query}");
    }
}
