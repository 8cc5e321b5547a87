//! The answer that the operator wrote wins, at once, and with no provider at all.

use serde_json::json;

use crate::abstaining::learn_pages;
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
        "/admin/curated?done=saved"
    );
    assert!(operator.page("/admin/curated?done=saved").await.contains("Saved."));
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

#[tokio::test]
async fn an_answer_is_off_the_lists_however_often_its_question_was_asked() {
    // Without a provider and without content nothing is answered.
    let app = settings().start().await;
    let operator = app.operator().await;
    let open = async || {
        let page = operator.page("/admin/review?show=unanswered").await;
        page.matches("class=\"card item\"").count()
    };
    for question in [
        "Do astronauts rent balloons?",
        "do astronauts rent balloons",
        "Do astronauts sell hats?",
    ] {
        assert_eq!(app.ask(question).told().await.finish(), "unanswered");
    }
    app.ask("Do astronauts rent balloons?").of_site_b().told().await;
    crate::app::until("all are on the list", async || open().await == 4).await;
    let fields = [
        ("site", "site_a"),
        ("question", "Do astronauts rent balloons?"),
        ("text", "They do not."),
    ];
    let to = operator.send("/admin/curated/new", "/admin/curated", &fields).await;
    assert!(operator.page(&to).await.contains("off your lists"));
    let left = operator.page("/admin/review?show=unanswered").await;
    assert_eq!(open().await, 2, "{left}");
    assert!(left.contains("sell hats") && left.contains("Ben"), "{left}");
}

#[tokio::test]
async fn what_the_content_does_not_hold_is_told_in_the_operators_words_however_it_is_asked() {
    let provider = Provider::start().await;
    provider.plan("m", json!({"text": "Yes"}));
    let app = settings().models(&provider, &["m"]).start().await;
    learn_pages(&app).await;
    let operator = app.operator().await;
    let fields = [
        ("site", "site_a"),
        ("question", "Can I bring my dog to the workshop?"),
        ("text", "Dogs are welcome."),
    ];
    operator.send("/admin/curated/new", "/admin/curated", &fields).await;
    let told = app.ask("Can my dog come to the workshop?").told().await;
    assert_eq!(told.is_from("curated"), "Dogs are welcome.");
    assert_eq!(provider.requests().len(), 1, "the verifier's word is enough");
    // When it says no, nothing else is asked, and the visitor hears what they heard before.
    provider.plan("m", json!({"text": "No"}));
    for _ in 0..2 {
        let told = app.ask("May I bring a dog along to a workshop?").told().await;
        assert_eq!(
            (told.from.as_str(), told.finish()),
            ("content", "unanswered"),
            "{told:#?}"
        );
        assert_eq!(provider.requests().len(), 2, "its word is remembered");
    }
}

#[tokio::test]
async fn a_question_the_other_way_round_is_another_one() {
    let provider = Provider::start().await;
    provider.plan("m", json!({"text": "No, it is not so."}));
    let app = settings().models(&provider, &["m"]).start().await;
    let operator = app.operator().await;
    let fields = [
        ("site", "site_a"),
        ("question", "How do I move from the basic plan to the premium plan?"),
        ("text", "Under *Plans*."),
    ];
    operator.send("/admin/curated/new", "/admin/curated", &fields).await;
    app.ask("How can I move from the basic plan to the premium plan please")
        .told()
        .await
        .is_from("curated");
    app.ask("How do I move from the premium plan to the basic plan?")
        .told()
        .await
        .is_from("model");
}
