//! The answer that the operator wrote wins, at once, and with no provider at all.

use crate::app::settings;
use crate::provider::Provider;

const QUESTION: &str = "How do I get a refund?";

#[tokio::test]
async fn what_the_operator_wrote_is_told_at_once_and_until_it_is_deleted() {
    let provider = Provider::start().await;
    provider.plan("m", serde_json::json!({"text": "Ask somebody."}));
    let app = settings().models(&provider, &["m"]).start().await;
    let operator = app.operator().await;
    app.ask(QUESTION).told().await.is_from("model");
    let fields = [
        ("site", "site_a"),
        ("question", QUESTION),
        ("text", "Within **14** days."),
    ];
    assert_eq!(
        operator.send("/admin/curated/new", "/admin/curated", &fields).await,
        "/admin/curated"
    );
    assert_eq!(app.ask(QUESTION).told().await.is_from("curated"), "Within **14** days.");
    assert_eq!(
        app.ask("how do i get a refund please").told().await.is_from("curated"),
        "Within **14** days."
    );
    let list = operator.page("/admin/curated").await;
    assert!(list.contains("<strong>14</strong>"), "{list}");
    let (_, after) = list.split_once("/admin/curated/k_").expect("its own page");
    let id = after.split('"').next().expect("its end");
    let path = format!("/admin/curated/k_{id}/delete");
    operator.send("/admin/curated", &path, &[]).await;
    // What it replaced is gone for good.
    app.ask(QUESTION).told().await.is_from("model");
}

#[tokio::test]
async fn no_provider_is_needed_and_a_preview_saves_nothing() {
    let app = settings().start().await;
    let operator = app.operator().await;
    let fields = [
        ("site", "site_a"),
        ("question", QUESTION),
        ("text", "<script>x</script> Yes."),
        ("action", "preview"),
    ];
    let shown = operator.post("/admin/curated/new", "/admin/curated", &fields).await;
    let shown = shown.text().await.expect("a page");
    assert!(
        shown.contains("As a visitor sees it") && !shown.contains("<script>"),
        "{shown}"
    );
    assert!(!operator.page("/admin/curated").await.contains("/admin/curated/k_"));
    operator
        .send("/admin/curated/new", "/admin/curated", &fields[..3])
        .await;
    app.ask(QUESTION).told().await.is_from("curated");
}
