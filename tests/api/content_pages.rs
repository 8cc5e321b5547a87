//! The operator's page of a site's content, and the API with the operator's session.

use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::json;

use crate::app::{settings, until};
use crate::asking::{Problem, json_of};

const PAGE: &str = "/admin/content?site=site_a";

#[tokio::test]
async fn the_operator_sends_files_and_sees_what_became_of_them() {
    let app = settings().start().await;
    let operator = app.operator().await;
    let page = operator.page(PAGE).await;
    assert!(page.contains("Nothing yet") && !page.contains("<script"), "{page}");
    let csrf = operator.csrf(PAGE).await;
    let form = |csrf: String| {
        let file = |name: &'static str, text: &'static str| Part::text(text).file_name(name);
        Form::new()
            .text("csrf", csrf)
            .text("site", "site_a")
            .part(
                "files",
                file(
                    "otters.md",
                    "# Otters\n\n## Where they sleep\n\nOtters sleep in the boat house.\n",
                ),
            )
            .part("files", file("<b>.exe", "MZ"))
            .part("files", file("broken.pdf", "%PDF-1.7 nothing"))
    };
    let upload = async |form: Form| {
        let request = operator.request(Method::POST, "/admin/content/upload").multipart(form);
        request.send().await.expect("an answer").status()
    };
    assert_eq!(upload(form("guessed".to_owned())).await, 403);
    assert!(operator.page(PAGE).await.contains("Nothing yet"));
    assert_eq!(upload(form(csrf)).await, 303);
    until("the files to be read", async || {
        operator.page(PAGE).await.contains(">done<")
    })
    .await;
    let page = operator.page(PAGE).await;
    for wanted in [
        "Otters",
        "1 new or changed",
        "2 not read",
        "broken.pdf",
        "PDF cannot be read",
        "&#60;b&#62;.exe",
        "not read",
    ] {
        assert!(page.contains(wanted), "{wanted} in {page}");
    }
    until("the file to be known", async || {
        app.ask("Where do otters sleep?")
            .whole()
            .await
            .text
            .contains("boat house")
    })
    .await;
    let told = app.ask("Where do otters sleep?").of_site_b().whole().await;
    assert!(!told.text.contains("boat house"), "{told:#?}");
    let document = "/admin/content/document?site=site_a&id=upload%3Aotters.md";
    let shown = operator.page(document).await;
    assert!(
        shown.contains("Where they sleep") && shown.contains("boat house"),
        "{shown}"
    );
    // It stands nowhere, so nothing leads there.
    assert!(
        !shown.contains("href=\"\"") && !shown.contains("<dt>Address</dt>"),
        "{shown}"
    );
    let told = app.ask("Where do otters sleep?").whole().await;
    assert_eq!(
        (&told.sources[0]["url"], &told.sources[0]["title"]),
        (&json!(""), &json!("Otters › Where they sleep"))
    );
    let foreign = operator
        .get("/admin/content/document?site=site_b&id=upload%3Aotters.md")
        .await;
    assert_eq!(foreign.status(), 404);
    let fields = [("site", "site_a"), ("id", "upload:otters.md")];
    operator.send(document, "/admin/content/delete", &fields).await;
    let told = app.ask("Where do otters sleep?").whole().await;
    assert!(!told.text.contains("boat house"), "{told:#?}");
}

#[tokio::test]
async fn a_typed_answer_counts_at_once_and_a_private_address_is_not_read() {
    let app = settings().start().await;
    let operator = app.operator().await;
    let pair = [
        ("site", "site_a"),
        ("question", "Do you ship to Norway?"),
        ("answer", "Yes, parcels to Norway take a week."),
    ];
    let to = operator.send(PAGE, "/admin/content/qa", &pair).await;
    assert!(to.ends_with("done=qa"), "{to}");
    let told = app.ask("Do you ship to Norway?").whole().await;
    assert!(told.text.contains("take a week"), "{told:#?}");
    let empty = [("site", "site_a"), ("question", " "), ("answer", "x")];
    assert!(
        operator
            .send(PAGE, "/admin/content/qa", &empty)
            .await
            .ends_with("done=empty")
    );
    for address in [
        "http://127.0.0.1:1/sitemap.xml",
        "file:///etc/passwd",
        "http://[::1]/",
        "nonsense",
    ] {
        let crawl = [("site", "site_a"), ("address", address)];
        assert!(
            operator
                .send(PAGE, "/admin/content/crawl", &crawl)
                .await
                .ends_with("done=address"),
            "{address}"
        );
    }
    let crawl = [("site", "site_a"), ("address", "http://localhost:1/sitemap.xml")];
    assert!(
        operator
            .send(PAGE, "/admin/content/crawl", &crawl)
            .await
            .ends_with("done=crawl")
    );
    until("the log to say why", async || {
        operator.page(PAGE).await.contains("private address")
    })
    .await;
}

#[tokio::test]
async fn the_session_opens_the_api_too() {
    let app = settings().start().await;
    let operator = app.operator().await;
    let body = json!({"text": "The gate is blue.", "modified": "2026-01-01T00:00:00Z"});
    let path = "/api/v1/documents/gate?site=site_a";
    let put = operator
        .request(Method::PUT, path)
        .json(&body)
        .send()
        .await
        .expect("an answer");
    assert_eq!(json_of(put).await["outcome"], "stored");
    let list = json_of(operator.get("/api/v1/documents?site=site_a").await).await;
    assert_eq!(list["documents"][0]["id"], "gate");
    // A page of another origin that has the cookie sent changes nothing.
    let cross = operator
        .request(Method::DELETE, path)
        .header("sec-fetch-site", "cross-site");
    Problem::of(cross.send().await.expect("an answer"))
        .await
        .is(403, "forbidden");
    let unnamed = operator.get("/api/v1/documents").await;
    Problem::of(unnamed).await.is(400, "invalid_request");
}
