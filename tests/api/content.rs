//! Without a model the service answers from content, and says honestly when it cannot.

use crate::app::{App, settings};
use crate::asking::{Asking, Ending, Told};
use crate::provider::Provider;

/// A question on the demo site's own page, whose content is the built-in manual.
fn ask_demo<'a>(app: &'a App, message: &str) -> Asking<'a> {
    let own = app.url("");
    app.ask(message).with("site", "site_demo".into()).origin(Some(&own))
}

/// Every source can be opened, and stands in the text where it is cited.
fn has_good_sources(app: &App, told: &Told) {
    assert!(!told.sources.is_empty(), "{told:#?}");
    for source in &told.sources {
        let (n, url) = (
            source["n"].as_u64().expect("a number"),
            source["url"].as_str().expect("an address"),
        );
        assert!(told.text.contains(&format!("[{n}]")), "[{n}] in {}", told.text);
        assert!(
            source["title"].as_str().is_some_and(|title| !title.is_empty()),
            "{source}"
        );
        assert!(
            source["quote"].as_str().is_some_and(|quote| !quote.is_empty()),
            "{source}"
        );
        assert!(url.starts_with(&app.url("/manual/")), "{url}");
    }
}

#[tokio::test]
async fn a_first_start_knows_how_the_plugin_is_installed() {
    let app = settings().no_sites().start().await;
    for streamed in [true, false] {
        let ask = ask_demo(&app, "How do I install the WordPress plugin?");
        let told = if streamed { ask.told().await } else { ask.whole().await };
        let text = told.is_from("content").to_lowercase();
        assert!(
            text.contains("plugin") && (text.contains("upload") || text.contains("zip")),
            "{text}"
        );
        has_good_sources(&app, &told);
    }
}

#[tokio::test]
async fn nonsense_gets_an_honest_word() {
    let app = settings().start().await;
    for nonsense in [
        "xyzzy frobnicate plugh",
        "Wie hoch ist der Mount Everest?",
        "🚀🚀🚀",
        "???",
    ] {
        let told = app.ask(nonsense).told().await;
        assert_eq!(
            (told.from.as_str(), told.finish()),
            ("content", "unanswered"),
            "{nonsense}: {}",
            told.text
        );
        assert!(told.text.len() > 20 && told.sources.is_empty(), "{told:?}");
    }
    app.until_metric(
        "pennypress_questions_total{finish=\"unanswered\",from=\"content\"}",
        4.0,
    )
    .await;
}

#[tokio::test]
async fn when_every_model_fails_content_answers() {
    let provider = Provider::start().await;
    let app = settings()
        .no_sites()
        .models(&provider, &["status-500", "html"])
        .retries(0)
        .start()
        .await;
    let told = ask_demo(&app, "How do I install the WordPress plugin?").told().await;
    told.is_from("content");
    has_good_sources(&app, &told);
    assert_eq!(provider.requests().len(), 2);
    let told = ask_demo(&app, "How do I install the WordPress plugin?").whole().await;
    told.is_from("content");
    assert_eq!(
        provider.requests().len(),
        4,
        "an answer that was made in need is not kept for later"
    );
}

#[tokio::test]
async fn when_every_model_fails_and_content_knows_nothing_it_says_so() {
    let provider = Provider::start().await;
    let app = settings()
        .models(&provider, &["status-503", "refuse"])
        .retries(0)
        .start()
        .await;
    // The manual knows nothing of a customer's business, so site A gets no answer from it either.
    for question in ["xyzzy frobnicate plugh", "How do I install the WordPress plugin?"] {
        let told = app.ask(question).told().await;
        assert_eq!(told.finish(), "unanswered", "{told:?}");
        assert!(told.text.len() > 20 && told.sources.is_empty(), "{told:?}");
    }
    let german = app
        .ask("xyzzy frobnicate plugh")
        .with("locale", "de".into())
        .told()
        .await;
    assert!(german.text.contains("leider"), "{german:?}");
    // And the next good request works.
    provider.plan("status-503", serde_json::json!({"text": "Back again."}));
    assert_eq!(
        app.ask("xyzzy frobnicate plugh").told().await.is_from("model"),
        "Back again."
    );
}

#[tokio::test]
async fn when_the_last_model_breaks_off_what_was_told_stays_and_the_end_is_an_error() {
    let provider = Provider::start().await;
    let app = settings()
        .models(&provider, &["cut-2", "status-500"])
        .retries(0)
        .start()
        .await;
    let told = app.ask("Will it break off?").told().await;
    assert_eq!(told.text, "Open Plugins, ");
    let Ending::Error(error) = &told.ending else {
        panic!("{told:?}")
    };
    assert_eq!(error["code"], "unavailable");
    assert!(
        error["message"].as_str().is_some_and(|message| !message.is_empty()),
        "{error}"
    );
    let problem = app
        .ask("Will it break off?")
        .with("stream", false.into())
        .problem()
        .await;
    problem.is(503, "unavailable");
}
