//! Content over HTTP: sent, changed, deleted, listed; searchable at once; never another site's.

use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::app::{App, SECRET_A, SECRET_B, settings};
use crate::asking::{Problem, json_of};
use crate::signing::sign;

const OVEN: &str = "<h1>Ovens</h1><p>Our ovens are built in Graz.</p><h2 id=\"clean\">Cleaning the oven</h2>\
    <p>Heat the oven to 480 degrees for one hour and brush the ash out when it is cold.</p>";

impl App {
    /// Signed with the secret of site A, unless another is given.
    pub async fn signed(&self, method: Method, path: &str, body: Option<Value>, secret: &str) -> Response {
        let body = body
            .map(|body| serde_json::to_vec(&body).expect("JSON"))
            .unwrap_or_default();
        let request = self
            .client
            .request(method, self.url(path))
            .header("content-type", "application/json");
        let request = sign(secret, &body).on(request);
        request.body(body).send().await.expect("an answer")
    }

    pub async fn put_document(&self, id: &str, body: Value) -> Value {
        let path = format!("/api/v1/documents/{id}");
        json_of(self.signed(Method::PUT, &path, Some(body), SECRET_A).await).await
    }

    async fn listed(&self, query: &str, secret: &str) -> Value {
        let path = format!("/api/v1/documents{query}");
        json_of(self.signed(Method::GET, &path, None, secret).await).await
    }
}

fn page(html: &str, modified: &str) -> Value {
    json!({"site": "site_a", "url": "https://a.example/ovens", "title": "Ovens", "html": html, "locale": "en_GB",
           "kind": "page", "modified": modified})
}

#[tokio::test]
async fn what_is_sent_is_answered_from_at_once_and_links_to_the_section() {
    let mut app = settings().start().await;
    let told = app.put_document("page-7", page(OVEN, "2026-11-24T10:00:00Z")).await;
    assert_eq!(told, json!({"id": "page-7", "outcome": "stored"}));
    for restarted in [false, true] {
        if restarted {
            app.start_again().await;
        }
        let told = app.ask("How do I clean the oven?").whole().await;
        assert_eq!(told.from, "content");
        assert!(told.text.contains("480 degrees"), "{told:#?}");
        assert_eq!(told.sources[0]["url"], "https://a.example/ovens#clean", "{told:#?}");
    }
    // The other site knows nothing of it.
    let told = app.ask("How do I clean the oven?").of_site_b().whole().await;
    assert!(
        !told.text.contains("480") && !format!("{:?}", told.sources).contains("a.example"),
        "{told:#?}"
    );
}

#[tokio::test]
async fn the_first_question_after_a_start_waits_until_a_large_site_is_read() {
    let mut app = settings().start().await;
    let filler = "Shelves, screws, hinges and boards are kept beside the saw until somebody asks for them. ".repeat(12);
    let documents: Vec<Value> = (0..200)
        .map(|n| {
            let markdown = format!("# Machine {n}\n\nMachine{n} is oiled every {n} days.\n\n## Parts\n\n{filler}");
            json!({"id": format!("m{n:04}"), "markdown": markdown, "modified": "2026-01-01T00:00:00Z"})
        })
        .collect();
    let body = json!({"site": "site_a", "documents": documents});
    let told = app.signed(Method::POST, "/api/v1/documents", Some(body), SECRET_A);
    assert_eq!(json_of(told.await).await["documents"][199]["outcome"], "stored");
    app.start_again().await;
    // Of the last of them, which is read last.
    let told = app.ask("How often is Machine199 oiled?").whole().await;
    assert!(told.text.contains("every 199 days"), "{told:#?}");
}

#[tokio::test]
async fn older_versions_and_late_ones_change_nothing() {
    let app = settings().start().await;
    let (early, noon, late) = (
        "2026-11-24T10:00:00Z",
        "2026-11-24T12:00:00",
        "2026-11-24T14:00:00+00:00",
    );
    let text = |words: &str| page(&format!("<p>The chimney sweep comes on {words}.</p>"), noon);
    assert_eq!(app.put_document("a/b", text("Monday")).await["outcome"], "stored");
    assert_eq!(app.put_document("a/b", text("Monday")).await["outcome"], "unchanged");
    assert_eq!(app.put_document("a%2Fb", text("Tuesday")).await["outcome"], "stored");
    let mut old = text("Sunday");
    old["modified"] = json!(early);
    assert_eq!(app.put_document("a/b", old.clone()).await["outcome"], "older");
    let told = app.ask("When does the chimney sweep come?").whole().await;
    assert!(told.text.contains("Tuesday"), "{told:#?}");

    let delete = async |modified: &str| {
        let path = format!(
            "/api/v1/documents/a/b?site=site_a&modified={}",
            modified.replace('+', "%2B")
        );
        json_of(app.signed(Method::DELETE, &path, None, SECRET_A).await).await["outcome"].clone()
    };
    assert_eq!(delete(early).await, "older");
    assert_eq!(delete(late).await, "deleted");
    assert_eq!(delete(late).await, "absent");
    assert_eq!(app.put_document("a/b", text("Friday")).await["outcome"], "older");
    let told = app.ask("When does the chimney sweep come?").whole().await;
    assert!(
        !told.text.contains("Tuesday") && !told.text.contains("Friday"),
        "{told:#?}"
    );
    let mut back = text("Saturday");
    back["modified"] = json!("2026-11-24T15:00:00Z");
    assert_eq!(app.put_document("a/b", back).await["outcome"], "stored");
    let told = app.ask("When does the chimney sweep come?").whole().await;
    assert!(told.text.contains("Saturday"), "{told:#?}");
    // A deletion that is told before the document came holds, too.
    let gone = json!({"site": "site_a", "documents": [{"id": "early", "deleted": true, "modified": late}]});
    let told = json_of(
        app.signed(Method::POST, "/api/v1/documents", Some(gone), SECRET_A)
            .await,
    )
    .await;
    assert_eq!(told["documents"][0]["outcome"], "absent");
    assert_eq!(app.put_document("early", text("Thursday")).await["outcome"], "older");
}

#[tokio::test]
async fn a_batch_tells_of_each_document_and_the_list_pages() {
    let app = settings().start().await;
    let documents: Vec<Value> = (0..200)
        .map(|n| match n {
            5 => json!({"id": "", "html": "<p>x</p>", "modified": "2026-01-01T00:00:00Z"}),
            6 => json!({"id": "p6", "html": "<p>x</p>", "text": "x", "modified": "2026-01-01T00:00:00Z"}),
            7 => json!({"id": "p7", "html": "<script>alert(1)</script>", "modified": "2026-01-01T00:00:00Z"}),
            8 => json!({"id": "p8", "html": "<p>x</p>", "modified": "long ago"}),
            9 => json!({"id": "p9", "html": "<p>x</p>", "modified": "2026-01-01T00:00:00Z", "url": "javascript:alert(1)"}),
            10 => json!({"id": "p10", "deleted": true}),
            11 => json!({"id": "p11", "title": 5, "text": "x", "modified": "2026-01-01T00:00:00Z"}),
            12 => json!(5),
            13 => json!(["p13", null, null, "<p>x</p>"]),
            n => json!({"id": format!("p{n}"), "markdown": format!("Part {n}"), "modified": "2026-01-01T00:00:00Z"}),
        })
        .collect();
    let body = json!({"site": "site_a", "documents": documents});
    let told = json_of(
        app.signed(Method::POST, "/api/v1/documents", Some(body), SECRET_A)
            .await,
    )
    .await;
    for (n, one) in told["documents"].as_array().expect("outcomes").iter().enumerate() {
        let (wanted, because) = match n {
            5 => ("refused", "`id`"),
            6 => ("refused", "exactly one"),
            7 => ("refused", "Nothing is left"),
            8 => ("refused", "`modified`"),
            9 => ("refused", "`url`"),
            10 => ("absent", ""),
            11 => (
                "refused",
                "`title` in the document is wrong: invalid type: number `5`, expected a string",
            ),
            12 => ("refused", "invalid type: number `5`, expected an object"),
            13 => ("refused", "invalid type: list, expected an object"),
            _ => ("stored", ""),
        };
        assert_eq!(one["outcome"], wanted, "{n}: {one}");
        assert_eq!(
            one["id"],
            match n {
                5 | 12 | 13 => String::new(),
                n => format!("p{n}"),
            }
        );
        assert!(
            one["detail"].as_str().unwrap_or_default().contains(because),
            "{n}: {one}"
        );
    }
    let (mut ids, mut next) = (Vec::new(), String::new());
    loop {
        let page = app
            .listed(&format!("?site=site_a&limit=50&after={next}"), SECRET_A)
            .await;
        let entries = page["documents"].as_array().expect("documents");
        assert!(entries.len() <= 50);
        assert!(
            entries.iter().all(|entry| entry["modified"] == "2026-01-01T00:00:00Z"),
            "{page}"
        );
        ids.extend(
            entries
                .iter()
                .map(|entry| entry["id"].as_str().expect("an id").to_owned()),
        );
        match page["next"].as_str() {
            Some(id) => next = id.to_owned(),
            None => break,
        }
    }
    assert_eq!(ids.len(), 191);
    ids.dedup();
    assert_eq!(ids.len(), 191);
    assert_eq!(app.listed("", SECRET_B).await, json!({"documents": [], "next": null}));
    let many: Vec<Value> = (0..201)
        .map(|n| json!({"id": n.to_string(), "deleted": true}))
        .collect();
    let many = app.signed(
        Method::POST,
        "/api/v1/documents",
        Some(json!({"documents": many})),
        SECRET_A,
    );
    Problem::of(many.await).await.is(413, "too_long");
}

#[tokio::test]
async fn only_who_signs_for_the_site_may() {
    let app = settings().start().await;
    let good = page(OVEN, "2026-11-24T10:00:00Z");
    let put = |body: Value, secret| {
        let app = &app;
        async move { Problem::of(app.signed(Method::PUT, "/api/v1/documents/x", Some(body), secret).await).await }
    };
    put(good.clone(), SECRET_B).await.is(401, "bad_signature");
    put(good.clone(), "wrong").await.is(401, "bad_signature");
    let mut nowhere = good.clone();
    nowhere["site"] = json!("nowhere");
    put(nowhere, SECRET_A).await.is(404, "unknown_site");
    // A browser on a page of the site may ask, and change nothing.
    for (method, path) in [
        (Method::PUT, "/api/v1/documents/x?site=site_a"),
        (Method::DELETE, "/api/v1/documents/x?site=site_a"),
        (Method::POST, "/api/v1/documents?site=site_a"),
        (Method::GET, "/api/v1/documents?site=site_a"),
    ] {
        let request = app
            .request(method, path)
            .json(&good)
            .header("cookie", "pennypress=guessed");
        let problem = Problem::of(request.send().await.expect("an answer")).await;
        problem.is(403, "forbidden");
    }
    let bare = app.request(Method::GET, "/api/v1/documents?site=site_a").send().await;
    Problem::of(bare.expect("an answer")).await.is(401, "bad_signature");
    let wrong = app.request(Method::PATCH, "/api/v1/documents/x").send().await;
    Problem::of(wrong.expect("an answer"))
        .await
        .is(405, "method_not_allowed");
    let large = json!({"site": "site_a", "modified": "2026-01-01T00:00:00Z", "text": "x".repeat(2 * 1024 * 1024)});
    put(large, SECRET_A).await.is(413, "too_long");
    put(json!({"site": "site_a", "text": 7}), SECRET_A)
        .await
        .is(400, "invalid_request");
    put(json!({"site": "site_a", "text": "x"}), SECRET_A)
        .await
        .is(400, "invalid_request");
    assert_eq!(app.listed("?source=*", SECRET_A).await["documents"], json!([]));
}

#[tokio::test]
async fn what_was_acknowledged_survives_a_kill() {
    let mut app = settings().start().await;
    for n in 0..5 {
        let body = page(&format!("<p>Lamp number {n} is green.</p>"), "2026-11-24T10:00:00Z");
        assert_eq!(app.put_document(&format!("lamp-{n}"), body).await["outcome"], "stored");
        app.start_again().await;
        let kept = app.listed("?site=site_a", SECRET_A).await;
        assert_eq!(kept["documents"].as_array().map(Vec::len), Some(n + 1), "{kept}");
    }
}
