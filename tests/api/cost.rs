//! `pennypress cost`: what a list of questions would cost, by measure; and with the tokens of a real provider.

use std::process::Output;

use serde_json::json;

use crate::app::{Settings, settings};
use crate::provider::Provider;

const LIST: &str = "text,category\n\
    \"When do you open, please?\",hours\n\
    \"when do you open, please\",hours\n\
    How do I install the plugin?,install\n\
    how can the plugin be installed by me,install\n\
    What is the difference between the two plans?,plans\n";

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

async fn cost(settings: &Settings, name: &str, list: &str, options: &[&str]) -> Output {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join(name);
    std::fs::write(&file, list).expect("to write the list");
    let file = file.to_str().expect("text");
    settings.run(&[&["cost", file], options].concat()).await
}

/// The columns of the line that begins with this name: bill, a thousand, less, and the rest.
fn row(told: &str, name: &str) -> Vec<String> {
    let line = told.lines().find_map(|line| line.strip_prefix(name));
    let line = line.unwrap_or_else(|| panic!("no line {name} in {told}"));
    line.split_whitespace().map(str::to_owned).collect()
}

#[tokio::test]
async fn real_tokens_are_paid_for_each_measure() {
    let provider = Provider::start().await;
    // At 2 and 10 dollars a million: 0.3 dollars an answer.
    provider.plan("m", json!({"prompt_tokens": 100_000, "completion_tokens": 10_000}));
    let settings = settings().models(&provider, &["m"]);
    let output = cost(&settings, "list.csv", LIST, &["--real"]).await;
    let told = stdout(&output);
    assert_eq!(
        output.status.code(),
        Some(0),
        "{told}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(told.contains("5 questions, 5 different"), "{told}");
    assert_eq!(row(&told, "one model, no cache")[..2], ["1.5000", "300.0000"], "{told}");
    // The same question in another spelling is found.
    assert_eq!(
        row(&told, "exact cache")[..4],
        ["1.2000", "240.0000", "20.0%", "20.0%"],
        "{told}"
    );
    let near: Vec<String> = row(&told, "exact and near cache");
    assert_eq!(near[3], "40.0%", "and the same in other words: {told}");
    assert_eq!(near[4], "0.00%", "{told}");
    // The baseline is gpt-4o at its list price: 2.50 and 10.
    assert_eq!(row(&told, "baseline gpt-4o")[0], "1.7500", "{told}");
    assert!(told.contains("tokens are those that the providers told"), "{told}");
    assert!(
        provider.requests_of("m").len() >= 4,
        "each different question was asked"
    );
}

#[tokio::test]
async fn simulated_costs_are_the_same_each_time_and_ask_nobody() {
    let provider = Provider::start().await;
    let settings = settings().models(&provider, &["m"]);
    let options = ["--zipf", "1.1", "--count", "300", "--seed", "7"];
    let first = stdout(&cost(&settings, "list.csv", LIST, &options).await);
    let list =
        "{\"question\": \"When do you open, please?\", \"intent\": \"hours\"}\n\n{\"message\": \"Where are you?\"}\n";
    let lines = stdout(&cost(&settings, "list.jsonl", list, &options).await);
    assert!(
        first.contains("300 questions, 5 different") && lines.contains("300 questions, 2 different"),
        "{first}{lines}"
    );
    let tables = |told: &str| told.split_once('\n').expect("lines").1.to_owned();
    let again = stdout(&cost(&settings, "list.csv", LIST, &options).await);
    assert_eq!(tables(&first), tables(&again));
    let other = stdout(
        &cost(
            &settings,
            "list.csv",
            LIST,
            &["--zipf", "1.1", "--count", "300", "--seed", "8"],
        )
        .await,
    );
    assert_ne!(tables(&first), tables(&other));
    assert!(provider.requests().is_empty());
}

#[tokio::test]
async fn what_cannot_be_played_is_said() {
    let provider = Provider::start().await;
    let paid = settings().models(&provider, &["m"]);
    for (settings, name, list, said) in [
        (&paid, "list.csv", "a,b\n1,2\n", "no column is called `text`"),
        (&paid, "list.csv", "text\n\n", "holds no question"),
        (&paid, "list.jsonl", "{\"text\": \"a\"}\n{\"txt\": 1}\n", "line 2"),
        (&settings(), "list.csv", LIST, "there is no model to pay"),
    ] {
        let output = cost(settings, name, list, &[]).await;
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{list}");
        assert!(error.contains(said), "{said} is not in {error}");
    }
    let missing = paid.run(&["cost", "/nowhere/list.csv"]).await;
    assert!(String::from_utf8_lossy(&missing.stderr).contains("/nowhere/list.csv cannot be read"));
}

#[tokio::test]
async fn a_provider_that_does_not_answer_ends_it() {
    let provider = Provider::start().await;
    let settings = settings().models(&provider, &["status-503"]).retries(0);
    let output = cost(&settings, "list.csv", LIST, &["--real"]).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("no model answered"));
}
