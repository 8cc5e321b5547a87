//! A flood is refused with a time to come back, others are served meanwhile, and it passes.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::Value;

use crate::app::{App, SECRET_A, settings, until};
use crate::asking::Problem;

/// How many of `count` questions at once are answered; the rest must be refused properly.
async fn flood(app: &App, count: usize) -> usize {
    let answers = join_all((0..count).map(|_| app.ask("Hello?").send())).await;
    let mut served = 0;
    for answer in answers {
        if answer.status() == 200 {
            served += 1;
        } else {
            let problem = Problem::of(answer).await;
            problem.is(429, "rate_limited");
            assert!(matches!(problem.retry_after, Some(1..=60)), "{problem:?}");
        }
    }
    served
}

#[tokio::test]
async fn a_flood_is_refused_others_are_served_and_it_passes() {
    let app = settings().per_visitor_per_minute(30).start().await;
    let began = Instant::now();
    let served = flood(&app, 100).await;
    // One comes free every two seconds.
    let most = 30 + began.elapsed().as_secs() as usize / 2 + 1;
    assert!((30..=most).contains(&served), "{served}");
    for n in 0..20 {
        let other = app.ask("Hello?").signed_for(SECRET_A, &format!("203.0.113.{n}"));
        assert_eq!(other.send().await.status(), 200, "another visitor");
    }
    // Another site counts for itself.
    assert_eq!(app.ask("Hello?").of_site_b().send().await.status(), 200);
    let refused = app.ask("Hello?").problem().await;
    refused.is(429, "rate_limited");
    let wait = Duration::from_secs(refused.retry_after.expect("a time"));
    assert!(wait <= Duration::from_secs(2), "{wait:?}");
    tokio::time::sleep(wait).await;
    assert_eq!(
        app.ask("Hello?").send().await.status(),
        200,
        "after the time that was told"
    );
    assert!(app.metric("pennypress_limit_refusals_total{limit=\"visitor\"}").await >= 50.0);
}

#[tokio::test]
async fn a_site_has_its_day() {
    let app = settings().per_site_per_day(3).start().await;
    for n in 0..3 {
        let asked = app.ask("Hello?").signed_for(SECRET_A, &format!("203.0.113.{n}"));
        assert_eq!(asked.send().await.status(), 200);
    }
    let refused = app.ask("Hello?").signed_for(SECRET_A, "203.0.113.9").problem().await;
    refused.is(429, "rate_limited");
    assert!(refused.retry_after.is_some_and(|seconds| seconds > 60), "{refused:?}");
    assert_eq!(app.ask("Hello?").of_site_b().send().await.status(), 200);
    assert_eq!(app.metric("pennypress_limit_refusals_total{limit=\"site\"}").await, 1.0);
    // The rest of the service is there for them.
    let widget = app
        .request(reqwest::Method::GET, "/api/v1/widget?site=site_a")
        .send()
        .await
        .expect("an answer");
    assert_eq!(widget.status(), 200);
}

/// Whether each of these visitors in turn, as the plugin names them, is served.
async fn served(app: &App, addresses: &[&str]) -> Vec<bool> {
    let mut served = Vec::new();
    for address in addresses {
        served.push(app.ask("Hello?").signed_for(SECRET_A, address).send().await.status() == 200);
    }
    served
}

#[tokio::test]
async fn a_household_counts_as_one() {
    let app = settings().per_visitor_per_minute(1).start().await;
    let addresses = [
        "2001:db8:1:2::1",
        "2001:db8:1:2:ffff::9",
        "2001:db8:1:3::1",
        "203.0.113.1",
        "::ffff:203.0.113.1",
    ];
    assert_eq!(served(&app, &addresses).await, [true, false, true, true, false]);
}

/// The same through `X-Forwarded-For`.
async fn forwarded(app: &App, headers: &[&str]) -> Vec<bool> {
    let mut served = Vec::new();
    for value in headers {
        served.push(app.ask("Hello?").header("x-forwarded-for", value).send().await.status() == 200);
    }
    served
}

#[tokio::test]
async fn a_proxy_is_believed_when_it_is_trusted() {
    let app = settings().per_visitor_per_minute(1).behind_a_proxy().start().await;
    let headers = [
        "203.0.113.1",
        "203.0.113.1",
        "203.0.113.2",
        // What a visitor made up stands before what the proxy says.
        "198.51.100.1, 203.0.113.2",
        "198.51.100.1, 203.0.113.3",
        "2001:db8:1:2::1",
        "2001:db8:1:2::2",
    ];
    assert_eq!(
        forwarded(&app, &headers).await,
        [true, false, true, false, true, true, false]
    );
}

#[tokio::test]
async fn a_visitor_s_own_word_is_not_believed() {
    let app = settings().per_visitor_per_minute(2).start().await;
    let headers = ["203.0.113.1", "203.0.113.2", "203.0.113.3", "127.0.0.1"];
    assert_eq!(forwarded(&app, &headers).await, [true, true, false, false]);
    // Nor is what an unsigned body says.
    let vouched = serde_json::json!({"ip": "203.0.113.9"});
    app.ask("Hello?")
        .with("visitor", vouched)
        .problem()
        .await
        .is(429, "rate_limited");
}

#[tokio::test]
async fn other_calls_are_served_while_a_flood_is_refused() {
    let app = settings().per_visitor_per_minute(1).start().await;
    flood(&app, 5).await;
    for path in [
        "/healthz",
        "/readyz",
        "/metrics",
        "/widget.js",
        "/api/v1/widget?site=site_a",
    ] {
        let answer = app.request(reqwest::Method::GET, path).send().await.expect("an answer");
        assert_eq!(answer.status(), 200, "{path}");
    }
}

#[tokio::test]
async fn a_cached_answer_counts_as_a_question() {
    let provider = crate::provider::Provider::start().await;
    let app = settings()
        .models(&provider, &["echo"])
        .per_visitor_per_minute(2)
        .start()
        .await;
    app.ask("Hello?").told().await.is_from("model");
    app.ask("Hello?").told().await.is_from("cache");
    app.ask("Hello?").problem().await.is(429, "rate_limited");
}

#[tokio::test]
async fn slow_and_half_open_callers_hold_nobody_up() {
    use tokio::io::AsyncWriteExt;
    let app = settings().start().await;
    let address = app.url("").replace("http://", "");
    let mut idle = Vec::new();
    for n in 0..200 {
        let mut stream = tokio::net::TcpStream::connect(&address).await.expect("a connection");
        let begun: &[u8] = match n % 4 {
            0 => b"",
            1 => b"POST /api/v1/chat HTTP/1.1\r\nhost: x\r\norigin: https://a.example\r\n",
            2 => b"POST /api/v1/chat HTTP/1.1\r\nhost: x\r\norigin: https://a.example\r\ncontent-length: 100\r\n\r\n{\"site\"",
            _ => b"\x16\x03\x01\x02\x00\x01\x00",
        };
        stream.write_all(begun).await.expect("to write");
        idle.push(stream);
    }
    let began = Instant::now();
    until("a question is answered", async || {
        app.ask("Hello?").send().await.status() == 200
    })
    .await;
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    let ready: Value =
        crate::asking::json_of(app.client.get(app.url("/readyz")).send().await.expect("an answer")).await;
    assert_eq!(ready["ready"], true, "{ready}");
}
