//! What those who run the service look at, and the files that browsers fetch.

use std::io::Read;

use serde_json::json;

use crate::app::{App, settings};
use crate::asking::json_of;
use crate::provider::Provider;

async fn get(app: &App, path: &str) -> reqwest::Response {
    app.client.get(app.url(path)).send().await.expect("an answer")
}

#[tokio::test]
async fn it_lives_it_is_ready_and_it_counts() {
    let provider = Provider::start().await;
    let app = settings().models(&provider, &["echo"]).start().await;
    assert_eq!(get(&app, "/healthz").await.text().await.expect("text"), "ok\n");
    let ready = json_of(get(&app, "/readyz").await).await;
    assert_eq!(
        ready,
        json!({"ready": true, "store": "ok", "cache": "ok", "limits": "ok"})
    );
    app.ask("Hello?").told().await;
    app.ask("Hello?").told().await;
    app.ask("").problem().await;
    let metrics = get(&app, "/metrics").await;
    assert!(
        metrics.headers()["content-type"]
            .to_str()
            .expect("text")
            .starts_with("text/plain; version=0.0.4")
    );
    let metrics = metrics.text().await.expect("text");
    for line in [
        "pennypress_http_requests_total{route=\"/api/v1/chat\",status=\"2xx\"} 2",
        "pennypress_http_requests_total{route=\"/api/v1/chat\",status=\"4xx\"} 1",
        "pennypress_upstream_requests_total{model=\"echo\",outcome=\"ok\"} 1",
        "pennypress_first_word_seconds_count 2",
        "pennypress_running_streams 0",
    ] {
        assert!(metrics.lines().any(|found| found == line), "{line} in {metrics}");
    }
    for line in metrics.lines().filter(|line| !line.starts_with('#')) {
        let (_, value) = line.rsplit_once(' ').expect("a name and a value");
        assert!(value.parse::<f64>().is_ok_and(|value| value >= 0.0), "{line}");
    }
}

#[tokio::test]
async fn metrics_are_for_those_inside() {
    let app = settings().start().await;
    let from_outside = app
        .client
        .get(app.url("/metrics"))
        .header("x-forwarded-for", "203.0.113.1");
    assert_eq!(from_outside.send().await.expect("an answer").status(), 403);
}

#[tokio::test]
async fn scripts_are_small_cached_and_compressed() {
    let app = settings().start().await;
    for (path, most) in [("/widget.js", 2_048), ("/chat.js?v=1", 15 * 1_024)] {
        let plain = get(&app, path).await;
        assert_eq!(plain.status(), 200, "{path}");
        let header = |name: &str| plain.headers()[name].to_str().expect("text").to_owned();
        assert_eq!(header("content-type"), "text/javascript; charset=utf-8");
        assert_eq!(
            (header("x-content-type-options"), header("access-control-allow-origin")),
            ("nosniff".into(), "*".into())
        );
        assert!(header("vary").contains("accept-encoding") && header("cache-control").contains("max-age"));
        let tag = header("etag");
        let plain = plain.bytes().await.expect("bytes");
        let zipped = app
            .client
            .get(app.url(path))
            .header("accept-encoding", "br, gzip")
            .send()
            .await
            .expect("an answer");
        assert_eq!(zipped.headers()["content-encoding"], "gzip");
        let zipped = zipped.bytes().await.expect("bytes");
        assert!(zipped.len() <= most, "{path} has {} bytes", zipped.len());
        let mut unzipped = Vec::new();
        flate2::read::GzDecoder::new(&zipped[..])
            .read_to_end(&mut unzipped)
            .expect("gzip");
        assert!(unzipped == plain, "{path}");
        for known in [tag.clone(), format!("\"other\", W/{tag}")] {
            let again = app
                .client
                .get(app.url(path))
                .header("if-none-match", known)
                .send()
                .await
                .expect("an answer");
            assert_eq!(again.status(), 304);
            assert_eq!(again.headers()["etag"], tag.as_str());
            assert_eq!(again.bytes().await.expect("bytes").len(), 0);
        }
        let other = app
            .client
            .get(app.url(path))
            .header("if-none-match", "\"other\"")
            .send()
            .await
            .expect("an answer");
        assert_eq!(other.status(), 200);
    }
}

#[tokio::test]
async fn a_monitor_may_ask_with_head_and_other_methods_are_named() {
    let app = settings().start().await;
    for path in [
        "/",
        "/healthz",
        "/readyz",
        "/metrics",
        "/openapi.json",
        "/widget.js",
        "/chat.js",
        "/manual",
    ] {
        let head = app.client.head(app.url(path)).send().await.expect("an answer");
        assert_eq!(head.status(), 200, "{path}");
        assert_eq!(head.bytes().await.expect("no body").len(), 0, "{path}");
        let post = app.client.post(app.url(path)).send().await.expect("an answer");
        assert_eq!(
            (post.status().as_u16(), &post.headers()["allow"]),
            (405, &"GET, HEAD".parse().expect("a header")),
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_request_keeps_its_id_through_the_log() {
    let app = settings().start().await;
    let answer = app
        .client
        .get(app.url("/healthz"))
        .header("x-request-id", "from-the-proxy-1")
        .send()
        .await;
    assert_eq!(answer.expect("an answer").headers()["x-request-id"], "from-the-proxy-1");
    crate::app::until("it is logged", async || app.log().contains("from-the-proxy-1")).await;
}

#[tokio::test]
async fn two_visitors_of_one_service_are_two() {
    let app = settings().start().await;
    let (one, other) = (app.visitor().await, app.visitor().await);
    assert_ne!(one, other);
    let widget = get(&app, "/api/v1/widget?site=site_a").await;
    assert_eq!(widget.status(), 200, "the widget's settings need no origin");
}
