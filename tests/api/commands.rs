//! The commands besides `serve`.

use std::process::Output;

use serde_json::json;

use crate::app::{PROVIDER_KEY, settings};
use crate::provider::Provider;

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

#[tokio::test]
async fn check_says_what_works() {
    let provider = Provider::start().await;
    let output = settings().models(&provider, &["m"]).run(&["check"]).await;
    let told = stdout(&output);
    assert_eq!(output.status.code(), Some(0), "{told}");
    for what in ["settings", "store", "cache", "limits", "provider hush-provider"] {
        assert!(
            told.lines().any(|line| line.starts_with("ok") && line.contains(what)),
            "{what} in {told}"
        );
    }
    assert!(!told.contains("FAIL") && !told.contains(PROVIDER_KEY), "{told}");
    let output = settings().run(&["check"]).await;
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
}

#[tokio::test]
async fn the_example_settings_can_be_used_and_unknown_prices_are_noted() {
    let example = settings().run(&["example"]).await;
    let text = stdout(&example);
    assert_eq!(example.status.code(), Some(0));
    assert!(
        text.parse::<toml::Table>()
            .is_ok_and(|table| table.contains_key("routing")),
        "{text}"
    );
    let provider = Provider::start().await;
    let noted = settings()
        .models(&provider, &["m"])
        .environment(
            "PENNYPRESS__MODELS",
            &format!("[{{id = \"m\", provider = \"{}\"}}]", crate::app::PROVIDER_NAME),
        )
        .run(&["check"])
        .await;
    let told = stdout(&noted);
    assert_eq!(noted.status.code(), Some(0), "{told}");
    assert!(told.contains("note  model m: its price is unknown"), "{told}");
}

#[tokio::test]
async fn check_says_what_does_not_work() {
    let provider = Provider::start().await;
    let closed = tokio::net::TcpSocket::new_v4().expect("a socket");
    closed.bind("127.0.0.1:0".parse().expect("an address")).expect("a port");
    let port = closed.local_addr().expect("bound").port();
    let at = |url: String| settings().models(&provider, &["m"]).base_url(&url);
    for (settings, what) in [
        (at(format!("http://127.0.0.1:{port}/v1")), "provider"),
        (at(provider.base_url().replace("/v1", "/nowhere")), "provider"),
        (settings().redis(&format!("redis://127.0.0.1:{port}")), "cache"),
        (
            settings().environment("PENNYPRESS__STORE__URL", "sqlite:///proc/no/such.db"),
            "store",
        ),
    ] {
        let output = settings.run(&["check"]).await;
        let told = stdout(&output);
        assert_eq!(output.status.code(), Some(1), "{told}");
        let failed = told.lines().find(|line| line.starts_with("FAIL")).unwrap_or_default();
        assert!(failed.contains(what), "{what} in {told}");
        assert!(
            told.lines().any(|line| line.starts_with("ok")),
            "the others are told too: {told}"
        );
    }
}

#[tokio::test]
async fn ask_streams_an_answer_to_the_terminal() {
    let provider = Provider::start().await;
    provider.plan("m", json!({"text": "At nine,\nevery day. 🚀"}));
    let output = settings()
        .models(&provider, &["m"])
        .run(&["ask", "When do you open?"])
        .await;
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(stdout(&output).trim_end(), "At nine,\nevery day. 🚀");
    assert_eq!(provider.requests_of("m").len(), 1);
    let content = settings()
        .no_sites()
        .run(&["ask", "How do I install the WordPress plugin?"])
        .await;
    let told = stdout(&content);
    assert_eq!(content.status.code(), Some(0), "{told}");
    let source = told.lines().last().unwrap_or_default();
    assert!(source.starts_with("[1] ") || told.contains("\n[1] "), "{told}");
    for (question, site) in [("", "site_a"), ("Hello?", "nowhere")] {
        let output = settings().run(&["ask", "--site", site, question]).await;
        assert_eq!(output.status.code(), Some(1), "{question} at {site}");
        assert!(!output.stderr.is_empty());
    }
    let failing = settings()
        .models(&provider, &["cut-2"])
        .retries(0)
        .run(&["ask", "Will it break?"])
        .await;
    assert_eq!(failing.status.code(), Some(1));
    assert!(stdout(&failing).starts_with("Open Plugins,"));
}

#[tokio::test]
async fn commands_that_are_none_are_told_how_they_are_written() {
    for arguments in [&["serv"][..], &["ask"], &["serve", "now"], &["--colour"]] {
        let output = settings().run(arguments).await;
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {error}");
        assert!(error.contains("Usage"), "{error}");
    }
    let version = settings().run(&["--version"]).await;
    assert_eq!(
        stdout(&version).trim(),
        format!("pennypress {}", env!("CARGO_PKG_VERSION"))
    );
    let help = stdout(&settings().run(&["--help"]).await);
    for command in ["serve", "ask", "check"] {
        assert!(help.contains(command), "{command} in {help}");
    }
}
