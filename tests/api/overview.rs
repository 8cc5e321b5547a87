//! The operator's first page: what was asked, what it cost, from where it was answered, where the budgets stand.

use serde_json::json;

use crate::app::{SECRET_A, SITE_A, SITE_B, settings, until};
use crate::asking::json_of;
use crate::provider::Provider;

/// The text of a page without its tags, in single spaces.
pub fn words(page: &str) -> String {
    let mut text = String::new();
    let mut inside = false;
    for c in page.chars() {
        match c {
            '<' => inside = true,
            '>' => {
                inside = false;
                text.push(' ');
            }
            c if !inside => text.push(c),
            _ => {}
        }
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn one_screen_tells_what_was_asked_what_it_cost_and_from_where() {
    let provider = Provider::start().await;
    // 2 and 10 dollars a million: 0.002 + 0.001 = 0.003 dollars.
    provider.plan(
        "m",
        json!({"text": "At nine.", "prompt_tokens": 1000, "completion_tokens": 100}),
    );
    let app = settings()
        .models(&provider, &["status-503", "m"])
        .retries(0)
        .environment("PENNYPRESS__LIMITS__MONTHLY_BUDGET_USD", "0.007")
        // As dear as the models: what is saved is what the cached answer would have cost.
        .environment("PENNYPRESS__ROUTING__BASELINE", "m")
        .environment("PENNYPRESS__UPSTREAM__MAX_ANSWER_TOKENS", "100")
        .start()
        .await;
    let operator = app.operator().await;
    let empty = operator.page("/admin").await;
    assert!(empty.contains("Nobody has asked anything yet"), "{empty}");
    let first = app.ask("When do you open?").told().await;
    first.is_from("model");
    app.ask("when do you open").told().await.is_from("cache");
    app.ask("Where are you?").of_site_b().told().await.is_from("model");
    let rated = app
        .post(
            "/api/v1/feedback",
            json!({"site": SITE_A, "answer": first.answer, "rating": "down", "comment": "<b>No</b>"}),
        )
        .await;
    assert_eq!(rated.status(), 204);
    until("all is written", async || {
        words(&operator.page("/admin?days=1").await).contains("Cost $0.006000")
    })
    .await;
    let page = operator.page("/admin?days=1").await;
    let told = words(&page);
    for expected in [
        "Asked 3 questions today",
        "Cost $0.006000 $0.002000 a question · 2,200 tokens",
        "1 thumb down",
        "model a model wrote it 2 67%",
        "cache the same question, answered before 1 33%",
        "Hit rate of the caches 33%",
        "Saved $0.003000 beside m for all · 1 answer reused, 33%",
        "status-503 2× an error status 2 2 100% $0",
        "when do you open 1 down 2×",
        "Anna&#39;s this month $0.003000 of $0.007000",
        "42%, enough",
    ] {
        assert!(told.contains(expected), "{expected} is not in {told}");
    }
    assert!(!page.contains("<b>No</b>"), "a comment is text");
    let of_b = words(&operator.page(&format!("/admin?days=1&site={SITE_B}")).await);
    assert!(
        of_b.contains("Asked 1 questions today") && of_b.contains("Cost $0.003000"),
        "{of_b}"
    );
    assert!(!of_b.contains("When do you open?"), "another site's question: {of_b}");
    assert!(told.contains("To fix 1"), "{told}");
    let handled = format!("/admin/answers/{}/handled", first.answer);
    let fields = [("handled", "yes"), ("back", "/admin/review")];
    assert_eq!(operator.send("/admin/review", &handled, &fields).await, "/admin/review");
    let told = words(&operator.page("/admin").await);
    assert!(
        told.contains("To fix 0") && told.contains("Nothing waits for you"),
        "{told}"
    );
    // Nothing is there for those who are not signed in.
    for path in ["/admin", "/admin/ledger", "/admin/ledger.csv"] {
        let stranger = app.client.get(app.url(path)).send().await.expect("an answer");
        assert_eq!(stranger.status(), 303, "{path}");
    }
}

#[tokio::test]
async fn a_budget_that_is_nearly_spent_says_so() {
    let provider = Provider::start().await;
    provider.plan("m", json!({"prompt_tokens": 2300, "completion_tokens": 90}));
    let app = settings()
        .models(&provider, &["m"])
        .environment("PENNYPRESS__LIMITS__DAILY_BUDGET_USD", "0.0055")
        .environment("PENNYPRESS__UPSTREAM__MAX_ANSWER_TOKENS", "100")
        .start()
        .await;
    let operator = app.operator().await;
    let question = app.ask("When do you open?").signed_for(SECRET_A, "203.0.113.1");
    assert_eq!(
        json_of(question.with("stream", json!(false)).send().await).await["from"],
        "model"
    );
    until("the budget is spent", async || {
        words(&operator.page("/admin").await).contains("100%, spent: cache and content answer")
    })
    .await;
}
