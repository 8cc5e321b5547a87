//! The process: how it starts, how it refuses to, how it ends.

use std::process::Output;
use std::time::Instant;

use serde_json::json;

use crate::app::{PROVIDER_KEY, SECRET_A, settings, until};
use crate::asking::Told;
use crate::provider::Provider;

#[tokio::test]
async fn a_signal_lets_running_answers_finish() {
    for signal in ["-TERM", "-INT"] {
        let provider = Provider::start().await;
        provider.plan("m", json!({"text": "one two three four", "hold_after": 2}));
        let mut app = settings().models(&provider, &["m"]).start().await;
        let mut events = app.ask("Count to four please.").events().await;
        let mut seen = vec![
            events.next().await.expect("start"),
            events.next().await.expect("a word"),
        ];
        app.signal(signal);
        until("new requests are refused", async || {
            match app.client.get(app.url("/healthz")).send().await {
                // A connection that was open already is told so.
                Ok(answer) => answer.status() == 503,
                Err(_) => true,
            }
        })
        .await;
        provider.release("m", None);
        seen.extend(events.rest().await);
        assert_eq!(Told::of(seen).is_from("model"), "one two three four", "{signal}");
        let began = Instant::now();
        assert_eq!(app.ended().await.code(), Some(0), "{signal}");
        assert!(began.elapsed().as_secs() < 3, "{:?}", began.elapsed());
    }
}

#[tokio::test]
async fn with_nothing_to_do_it_ends_at_once() {
    let mut app = settings().start().await;
    let began = Instant::now();
    app.signal("-TERM");
    assert_eq!(app.ended().await.code(), Some(0));
    assert!(began.elapsed().as_secs() < 2, "{:?}", began.elapsed());
}

#[tokio::test]
async fn what_was_answered_is_written_when_it_ends() {
    let provider = Provider::start().await;
    let mut app = settings().models(&provider, &["echo"]).start().await;
    let token = app.visitor().await;
    let questions: Vec<String> = (0..50).map(|n| format!("Question {n}?")).collect();
    let told = futures_util::future::join_all(questions.iter().map(|text| app.ask(text).visitor(&token).told())).await;
    app.signal("-TERM");
    assert!(app.ended().await.success());
    app.start_again().await;
    for told in told {
        assert_eq!(app.conversation(&told.conversation, &token).await.status(), 200);
    }
}

/// Refused, with one clear line and no panic.
fn refused(output: &Output) -> String {
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(!error.contains("panicked") && !error.contains("backtrace"), "{error}");
    assert!(!error.contains(PROVIDER_KEY) && !error.contains(SECRET_A), "{error}");
    error
}

#[tokio::test]
async fn settings_that_make_no_sense_are_named() {
    for (variable, value, named) in [
        ("PENNYPRESS__SERVER__LISTEN", "nowhere", "PENNYPRESS__SERVER__LISTEN"),
        ("PENNYPRESS__SERVER__LISTN", "127.0.0.1:0", "PENNYPRESS__SERVER__LISTN"),
        ("PENNYPRESS__CACHE__TTL_SECONDS", "0", "PENNYPRESS__CACHE__TTL_SECONDS"),
        (
            "PENNYPRESS__LIMITS__PER_VISITOR_PER_MINUTE",
            "many",
            "PENNYPRESS__LIMITS__PER_VISITOR_PER_MINUTE",
        ),
        ("PENNYPRESS__STORE__URL", "mysql://x", "PENNYPRESS__STORE__URL"),
        (
            "PENNYPRESS__SITES__0__SECRET_ENV",
            "NOT_SET_ANYWHERE",
            "NOT_SET_ANYWHERE",
        ),
        ("PENNYPRESS__SITES__0__ORIGINS", "[\"a.example\"]", "sites[0].origins"),
        ("PENNYPRESS__ROUTING__SIMPLE", "[\"no-such-model\"]", "routing.simple"),
    ] {
        let output = settings().environment(variable, value).run(&["serve"]).await;
        let error = refused(&output);
        assert!(error.contains(named), "{variable}={value}: {error}");
        assert_eq!(error.trim().lines().count(), 1, "{error}");
    }
    let directory = tempfile::tempdir().expect("a temporary directory");
    let file = directory.path().join("broken.toml");
    for (text, named) in [
        ("[server]\nlistn = \"x\"\n", "server.listn"),
        ("[server\n", "line 1"),
        ("[[sites]]\nkey = \"a\"\nname = 7\n", "sites[0].name"),
        ("[[models]]\nid = \"m\"\nprovider = \"nobody\"\n", "models[0].provider"),
        ("\u{0}\u{1}", "broken.toml"),
    ] {
        std::fs::write(&file, text).expect("to write");
        let path = file.display().to_string();
        let error = refused(&settings().run(&["--config", &path, "serve"]).await);
        assert!(
            error.contains(named) && error.contains("broken.toml"),
            "{text}: {error}"
        );
    }
    let missing = refused(&settings().run(&["--config", "not/there.toml", "serve"]).await);
    assert!(missing.contains("not/there.toml"), "{missing}");
}

#[tokio::test]
async fn a_port_that_is_taken_and_a_store_that_cannot_be_are_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("bound").to_string();
    let output = settings()
        .environment("PENNYPRESS__SERVER__LISTEN", &address)
        .run(&["serve"])
        .await;
    let error = refused(&output);
    assert!(error.contains("server.listen") && error.contains(&address), "{error}");
    let output = settings()
        .environment("PENNYPRESS__STORE__URL", "sqlite:///proc/no/such.db")
        .run(&["serve"])
        .await;
    let error = refused(&output);
    assert!(error.contains("/proc/no"), "{error}");
    let directory = tempfile::tempdir().expect("a temporary directory");
    let file = directory.path().join("not-a-store.db");
    std::fs::write(&file, "This is no database. ".repeat(1_000)).expect("to write");
    let url = format!("sqlite://{}", file.display());
    let error = refused(
        &settings()
            .environment("PENNYPRESS__STORE__URL", &url)
            .run(&["serve"])
            .await,
    );
    assert!(error.contains("not-a-store.db"), "{error}");
    let kept = std::fs::read_to_string(&file).expect("to read");
    assert!(
        kept.starts_with("This is no database."),
        "a file that is not ours is left alone"
    );
}

#[tokio::test]
async fn a_power_cut_in_the_middle_of_everything_is_survived() {
    let provider = Provider::start().await;
    provider.plan("m", json!({"text": "one two three", "hold_after": 2}));
    let mut app = settings().models(&provider, &["m"]).start().await;
    for round in 0..3 {
        let mut events = app.ask(&format!("Round {round}?")).events().await;
        events.next().await;
        app.kill();
        app.start_again().await;
    }
    provider.plan("m", json!({"text": "one two three"}));
    assert_eq!(
        app.ask("Is everything well?").told().await.is_from("model"),
        "one two three"
    );
}
