//! What models and pages write is Markdown: the operator reads it as visitors do, and where only its beginning is shown, its words.

use serde_json::json;

use crate::app::{App, SECRET_A, settings, until};
use crate::operator::Operator;
use crate::overview::words;
use crate::provider::Provider;
use crate::signing::sign;

const ANSWER: &str = "# Posting abroad\n\nA parcel to *Norway* costs **4.90 euros**, see [the price list](https://a.example/prices).\n\n\
    1. Ask `the post`\n2. Wait\n\nNever <script>alert(1)</script> [here](javascript:alert(2)) ![a picture](https://evil.example/p.png) [1]";

const PAGE: &str = "# Posting abroad\n\n**Vikings** are _posted_ to, see [the zones](https://a.example/zones).\n\n\
    | Zone | Days |\n|---|---|\n| Iceland | nine |\n\n<b onclick=\"alert(3)\">Hm</b>\n";

/// Nothing of it runs, and nobody else is asked for a picture.
#[track_caller]
fn is_harmless(page: &str) {
    for bad in ["<script", "javascript:", "<img", "<b onclick"] {
        assert!(!page.contains(bad), "{bad} is in {page}");
    }
}

/// Of a page's text no mark is left.
#[track_caller]
fn is_readable(page: &str) {
    let told = words(page);
    for mark in ["**", "](", "# ", "`", "|", "_posted_"] {
        assert!(!told.contains(mark), "{mark} is in {told}");
    }
}

async fn put(app: &App, id: &str, markdown: &str) {
    let page = json!({"site": "site_a", "url": format!("https://a.example/{id}"), "title": "Posting abroad",
        "markdown": markdown, "modified": "2026-11-24T10:00:00Z"});
    let body = serde_json::to_vec(&page).expect("JSON");
    let request = app.client.put(app.url(&format!("/api/v1/documents/{id}")));
    let request = sign(SECRET_A, &body).on(request.header("content-type", "application/json"));
    assert_eq!(request.body(body).send().await.expect("an answer").status(), 200);
}

/// Asks, and gives the answer a thumb down; the conversation's id.
async fn disliked(app: &App, operator: &Operator<'_>, question: &str) -> String {
    let token = app.visitor().await;
    let told = app.ask(question).visitor(&token).told().await;
    let body = json!({"site": "site_a", "answer": told.answer, "rating": "down"});
    let request = app.request(reqwest::Method::POST, "/api/v1/feedback");
    let request = request.header("x-pennypress-visitor", &token).json(&body);
    assert_eq!(request.send().await.expect("an answer").status(), 204);
    until("it is on the list", async || {
        operator.page("/admin/review").await.contains(&told.answer)
    })
    .await;
    told.conversation
}

#[tokio::test]
async fn an_answer_is_read_as_its_visitor_did() {
    let provider = Provider::start().await;
    provider.plan("m", json!({"text": ANSWER}));
    let app = settings().models(&provider, &["m"]).start().await;
    let operator = app.operator().await;
    let conversation = disliked(&app, &operator, "What does a parcel to Norway cost?").await;

    let review = operator.page("/admin/review").await;
    is_harmless(&review);
    is_readable(&review);
    let told = words(&review);
    assert!(
        told.contains("Posting abroad · A parcel to Norway costs 4.90 euros, see the price list. Ask the post · Wait"),
        "{told}"
    );

    let page = operator.page(&format!("/admin/conversations/{conversation}")).await;
    is_harmless(&page);
    is_readable(&page);
    for drawn in [
        "<strong>4.90 euros</strong>",
        "<a href=\"https://a.example/prices\">the price list</a>",
        "<code>the post</code>",
        "&lt;script&gt;alert(1)",
    ] {
        assert!(page.contains(drawn), "{drawn} is not in {page}");
    }
}

#[tokio::test]
async fn a_long_answer_ends_with_a_word_on_the_list() {
    let provider = Provider::start().await;
    let long = "Every **parcel** counts. ".repeat(100);
    provider.plan("m", json!({"text": long}));
    let app = settings().models(&provider, &["m"]).start().await;
    let operator = app.operator().await;
    disliked(&app, &operator, "Does every parcel count?").await;
    let review = operator.page("/admin/review").await;
    let (_, excerpt) = review.split_once("excerpt\">").expect("an excerpt");
    let excerpt = excerpt.split('<').next().expect("its end");
    let (kept, _) = excerpt.split_once('…').expect("it is cut");
    assert!((200..=320).contains(&kept.chars().count()), "{excerpt}");
    assert!(
        kept.ends_with("Every") || kept.ends_with("parcel") || kept.ends_with("counts."),
        "{excerpt}"
    );
}

#[tokio::test]
async fn sections_that_may_close_a_gap_and_passages_show_no_marks() {
    let app = settings().start().await;
    put(&app, "posting", PAGE).await;
    let operator = app.operator().await;
    let told = app.ask("Who paints a zeppelin in nine days?").told().await;
    assert_eq!(told.finish(), "unanswered", "{told:?}");
    let mut list = String::new();
    until("the question is on the list", async || {
        list = operator.page("/admin/gaps").await;
        list.contains("zeppelin")
    })
    .await;
    let (_, link) = list.split_once("href=\"/admin/gaps/").expect("a gap");
    let gap = operator
        .page(&format!("/admin/gaps/{}", link.split('"').next().expect("its end")))
        .await;
    is_harmless(&gap);
    is_readable(&gap);
    assert!(words(&gap).contains("Vikings are posted to, see the zones."), "{gap}");

    let page = operator.page("/admin/content/document?site=site_a&id=posting").await;
    is_harmless(&page);
    is_readable(&page);
    for drawn in ["<strong>Vikings</strong>", "<td>Iceland</td>"] {
        assert!(page.contains(drawn), "{drawn} is not in {page}");
    }
}
