//! Sites that the operator makes: what is shown once, what counts at once, what others may not change.

use std::io::{Cursor, Read};

use serde_json::json;

use crate::app::{App, settings};
use crate::asking::Asking;
use crate::signing;

/// What the page of a new site shows.
struct Made {
    key: String,
    secret: String,
}

async fn make(app: &App, name: &str, origins: &str) -> Made {
    let operator = app.operator_again().await;
    let fields = [
        ("name", name),
        ("origins", origins),
        ("greeting", "Hello! How can I help?"),
        ("accent", "#2f6fed"),
        ("locale", "en"),
    ];
    let to = operator.send("/admin/sites/new", "/admin/sites", &fields).await;
    let page = operator.page(&to).await;
    let secret = between(&page, "whsec_", "<").expect("the secret, shown once");
    let (path, _) = to.split_once('?').expect("a ticket");
    let again = operator.page(&to).await;
    assert!(!again.contains("whsec_"), "the secret is shown a second time");
    assert!(!operator.page(path).await.contains("whsec_"));
    Made {
        key: path.rsplit('/').next().expect("a key").to_owned(),
        secret: format!("whsec_{secret}"),
    }
}

fn between(text: &str, start: &str, end: &str) -> Option<String> {
    let (_, after) = text.split_once(start)?;
    Some(after.split_once(end)?.0.to_owned())
}

/// A question on the new site, from a page of this origin.
fn ask<'a>(app: &'a App, key: &str, origin: &str) -> Asking<'a> {
    app.ask("How do I install the WordPress plugin?")
        .with("site", json!(key))
        .origin(Some(origin))
}

/// What the service says to a call signed with this secret.
async fn signed(app: &App, key: &str, secret: &str) -> u16 {
    let body = serde_json::to_vec(
        &json!({"site": key, "message": "Hello there?", "stream": false, "visitor": {"ip": "192.0.2.9", "id": null}}),
    );
    let body = body.expect("JSON");
    let request = app.client.post(app.url("/api/v1/chat"));
    let request = signing::sign(secret, &body)
        .on(request)
        .header("content-type", "application/json");
    request.body(body).send().await.expect("an answer").status().as_u16()
}

#[tokio::test]
async fn a_new_site_works_at_once_from_its_own_pages_only() {
    let mut app = settings().start().await;
    let operator = app.operator().await;
    let hostile = "Tea & <img src=x onerror=alert(1)>";
    let made = make(&app, hostile, "https://tea.example/shop/\nwww.tea.example").await;
    for page in ["/admin/sites", &format!("/admin/sites/{}", made.key)] {
        let page = operator.page(page).await;
        assert!(
            page.contains("Tea &#38; &#60;img") && !page.contains("<img src=x"),
            "{page}"
        );
    }
    let page = operator.page(&format!("/admin/sites/{}", made.key)).await;
    let tag = format!(
        "&#60;script async src=&#34;{}/widget.js&#34; data-site=&#34;{}&#34; data-accent=&#34;#2f6fed&#34; data-on-accent=&#34;#000000&#34;&#62;&#60;/script&#62;",
        app.url(""),
        made.key
    );
    assert!(page.contains(&tag), "{tag} in {page}");

    for origin in ["https://tea.example", "https://www.tea.example"] {
        assert!(!ask(&app, &made.key, origin).whole().await.text.is_empty());
    }
    assert_eq!(
        ask(&app, &made.key, "https://coffee.example").problem().await.code,
        "origin_not_allowed"
    );
    assert_eq!(signed(&app, &made.key, &made.secret).await, 200);

    let fields = [
        ("name", "Coffee"),
        ("origins", "https://coffee.example"),
        ("greeting", "Hi."),
        ("accent", "#2f6fed"),
        ("locale", "en"),
    ];
    let path = format!("/admin/sites/{}", made.key);
    operator.send(&path, &path, &fields).await;
    assert!(
        !ask(&app, &made.key, "https://coffee.example")
            .whole()
            .await
            .text
            .is_empty()
    );
    assert_eq!(
        ask(&app, &made.key, "https://tea.example").problem().await.code,
        "origin_not_allowed"
    );
    assert_eq!(
        signed(&app, &made.key, &made.secret).await,
        200,
        "the secret stays when the form is saved"
    );

    app.start_again().await;
    assert!(
        !ask(&app, &made.key, "https://coffee.example")
            .whole()
            .await
            .text
            .is_empty()
    );
    assert_eq!(signed(&app, &made.key, &made.secret).await, 200);
}

#[tokio::test]
async fn what_cannot_be_a_site_is_said_beside_its_field() {
    let app = settings().start().await;
    let operator = app.operator().await;
    let fields = [
        ("name", " "),
        ("origins", "javascript:alert(1)"),
        ("accent", "red\"><script>"),
        ("locale", "en"),
    ];
    let answer = operator.post("/admin/sites/new", "/admin/sites", &fields).await;
    assert_eq!(answer.status(), 422);
    let page = answer.text().await.expect("a page");
    for wanted in [
        "A name has 1 to 100 characters",
        "is not an address such as https://example.com",
        "This cannot be shown",
    ] {
        assert!(page.contains(wanted), "{wanted} in {page}");
    }
    assert!(
        page.contains("javascript:alert(1)") && !page.contains("<script"),
        "what was typed is kept, as text"
    );
    let rows = operator.page("/admin/sites").await.matches("site-row").count();
    assert_eq!(rows, 2, "only those of the settings");
}

#[tokio::test]
async fn a_new_secret_shuts_the_old_one_out_and_the_plugin_brings_the_new_one() {
    let app = settings().start().await;
    let operator = app.operator().await;
    let made = make(&app, "Tea", "").await;
    let path = format!("/admin/sites/{}", made.key);
    assert_eq!(signed(&app, &made.key, &made.secret).await, 200);
    let to = operator.send(&path, &format!("{path}/secret"), &[]).await;
    let secret = between(&operator.page(&to).await, "whsec_", "<").expect("the new secret");
    let secret = format!("whsec_{secret}");
    assert_ne!(secret, made.secret);
    assert_eq!(signed(&app, &made.key, &made.secret).await, 401);
    assert_eq!(signed(&app, &made.key, &secret).await, 200);

    let answer = operator.post(&path, &format!("{path}/plugin"), &[]).await;
    assert_eq!(answer.headers()["content-type"], "application/zip");
    assert_eq!(answer.headers()["cache-control"], "no-store");
    let zip = answer.bytes().await.expect("a zip");
    let mut zip = zip::ZipArchive::new(Cursor::new(zip)).expect("a zip");
    let mut preset = String::new();
    let mut file = zip.by_name("pennypress/preset.php").expect("the preset");
    file.read_to_string(&mut preset).expect("text");
    for wanted in [app.url("").as_str(), &made.key, &secret] {
        assert!(preset.contains(&format!("'{wanted}'")), "{wanted} in {preset}");
    }
}

#[tokio::test]
async fn a_deleted_site_is_gone_with_all_that_was_said_and_a_site_of_the_settings_stays() {
    let app = settings().start().await;
    let operator = app.operator().await;
    let made = make(&app, "Tea", "https://tea.example").await;
    let told = ask(&app, &made.key, "https://tea.example").whole().await;
    let conversation = format!("/admin/conversations/{}", told.conversation);
    crate::app::until("the answer is written", async || {
        operator.get(&conversation).await.status() == 200
    })
    .await;
    let path = format!("/admin/sites/{}", made.key);
    assert_eq!(
        operator.send(&path, &format!("{path}/delete"), &[]).await,
        "/admin/sites"
    );
    assert_eq!(
        ask(&app, &made.key, "https://tea.example").problem().await.code,
        "unknown_site"
    );
    assert_eq!(operator.get(&path).await.status(), 404);
    assert_eq!(operator.get(&conversation).await.status(), 404);

    for action in ["", "/secret", "/delete"] {
        let refused = operator
            .post("/admin", &format!("/admin/sites/site_a{action}"), &[("name", "Mine")])
            .await;
        assert_eq!(refused.status(), 403, "{action}");
        assert!(refused.text().await.expect("a page").contains("pennypress.toml"));
    }
    assert!(
        !app.ask("How do I install the WordPress plugin?")
            .whole()
            .await
            .text
            .is_empty()
    );
}
