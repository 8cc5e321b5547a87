//! `GET /`: the page that shows the widget at work.

use reqwest::Response;

use crate::app::{App, settings};

async fn page(app: &App) -> Response {
    app.client.get(app.url("/")).send().await.expect("an answer")
}

#[tokio::test]
async fn the_first_start_shows_a_page_with_the_chat_of_the_built_in_site() {
    let app = settings().no_sites().start().await;
    let response = page(&app).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "text/html; charset=utf-8");
    let policy = response.headers()["content-security-policy"].to_str().expect("text");
    assert!(
        policy.starts_with("default-src 'none';") && !policy.contains("unsafe"),
        "{policy}"
    );
    let html = response.text().await.expect("text");
    assert!(
        html.contains("<script async src=\"/widget.js\" data-site=\"site_demo\" data-accent=\"#9a4318\" data-on-accent=\"#ffffff\"></script>"),
        "{html}"
    );
    assert!(!html.contains("class=\"notice\""), "{html}");
    // The chat that it shows is answered.
    let origin = app.url("");
    app.ask("What does it cost?")
        .with("site", "site_demo".into())
        .origin(Some(&origin))
        .told()
        .await;
}

#[tokio::test]
async fn with_sites_of_its_own_it_shows_the_first() {
    let app = settings().start().await;
    let html = page(&app).await.text().await.expect("text");
    assert!(html.contains("data-site=\"site_a\""), "{html}");
}

#[tokio::test]
async fn an_address_that_the_service_does_not_know_is_explained_and_escaped() {
    let app = settings().no_sites().start().await;
    let request = app.client.get(app.url("/")).header("host", "192.168.7.7:8080");
    let html = request.send().await.expect("an answer").text().await.expect("text");
    assert!(
        html.contains("server.public_url = \"http://192.168.7.7:8080\""),
        "{html}"
    );
    let request = app
        .client
        .get(app.url("/"))
        .header("x-forwarded-host", "<script>alert(1)</script>");
    let html = request.send().await.expect("an answer").text().await.expect("text");
    assert!(!html.contains("<script>alert"), "{html}");
}
