//! `pennypress eval`: golden sets through the whole way of a question, beside a running service.

use std::process::Output;

use serde_json::{Value, json};

use crate::app::{App, Settings, settings};
use crate::overview::words;
use crate::provider::Provider;

const HOURS: &str = "# Opening hours\n\nThe shop is open from nine to six on weekdays, and closed on Sundays.\n";
const SHIPPING: &str =
    "# Shipping\n\nShipping costs 4.90 euros within Germany. Parcels leave us on the next working day.\n";

pub const GOLDEN: &str = r#"
pass = 0.5

[[questions]]
id = "hours"
question = "When is the shop open on weekdays?"
sources = ["/opening-hours"]
contains = ["nine|half past eight"]
excludes = ["Saturday"]

[[questions]]
id = "price"
question = "What does shipping cost within Germany?"
sources = ["/shipping"]
contains = ["4.90"]

[[questions]]
id = "nothing"
question = "Do astronauts rent hot air balloons?"
answerable = false
"#;

pub struct Evaluated(Output);

impl Evaluated {
    fn out(&self) -> String {
        String::from_utf8_lossy(&self.0.stdout).into_owned()
    }

    fn error(&self) -> String {
        String::from_utf8_lossy(&self.0.stderr).into_owned()
    }

    #[track_caller]
    pub fn ends_with(&self, code: i32) -> &Self {
        assert_eq!(self.0.status.code(), Some(code), "{}{}", self.out(), self.error());
        self
    }

    #[track_caller]
    fn says(&self, text: &str) -> &Self {
        assert!(self.out().contains(text), "{text} is not in {}", self.out());
        self
    }
}

/// The command beside the running service, on the same store and with the same settings.
pub async fn eval(app: &App, settings: &Settings, golden: &str, options: &[&str]) -> Evaluated {
    std::fs::write(app.directory().join("golden.toml"), golden).expect("to write");
    let mut command = settings.command(app.directory(), &[&["eval", "golden.toml"], options].concat());
    let output = tokio::task::spawn_blocking(move || command.output());
    Evaluated(output.await.expect("no panic").expect("the binary runs"))
}

fn report(app: &App) -> Value {
    let text = std::fs::read(app.directory().join("report.json")).expect("a report");
    serde_json::from_slice(&text).expect("JSON")
}

/// The number of the run that a site's page names first.
fn latest_run(page: &str) -> i64 {
    let (_, run) = page.split_once("/admin/sites/site_a/evaluations/").expect("a run");
    let (number, _) = run.split_once('"').expect("an end");
    number.parse().expect("a number")
}

/// A service with two pages.
pub async fn shop(settings: &Settings) -> App {
    let app = settings.clone().start().await;
    let folder = app.directory().join("pages");
    std::fs::create_dir(&folder).expect("a folder");
    std::fs::write(folder.join("opening-hours.md"), HOURS).expect("to write");
    std::fs::write(folder.join("shipping.md"), SHIPPING).expect("to write");
    let ingested = app.ingest(&["--base-url", "https://a.example/help/", "pages"]).await;
    assert_eq!(ingested.0.status.code(), Some(0), "{}", ingested.lines());
    app.knows("When is the shop open on weekdays?", "nine").await;
    app
}

#[tokio::test]
async fn a_golden_set_is_asked_judged_and_forgotten() {
    let provider = Provider::start().await;
    // 2 and 10 dollars a million: 0.003 dollars an answer.
    provider.plan(
        "m",
        json!({"text": "From nine to six [1].", "prompt_tokens": 1000, "completion_tokens": 100}),
    );
    let settings = settings().models(&provider, &["m"]);
    let app = shop(&settings).await;
    let asked = app.metric("pennypress_cache_misses_total").await;
    let before = provider.requests().len();
    let played = eval(&app, &settings, GOLDEN, &["--report", "report.json"]).await;
    played
        .ends_with(0)
        .says("passed                 2 of 3, 66.7%; wanted 50.0%")
        .says("FAIL  price\n      does not say \"4.90\"\n      the answer: From nine to six [1].")
        .says("2 model")
        .says("0.006");
    assert_eq!(
        provider.requests().len() - before,
        2,
        "what the content does not hold asks nobody"
    );
    let told = report(&app);
    assert_eq!(
        (&told["questions"], &told["passed"], &told["pass"]),
        (&json!(3), &json!(2), &json!(0.5))
    );
    assert_eq!(told["cost_usd"], "0.006");
    let results = told["results"].as_array().expect("results");
    let of = |id: &str| results.iter().find(|one| one["id"] == id).expect("a result");
    assert_eq!(of("hours")["passed"], true, "{told}");
    let cited = &of("hours")["sources"][0];
    assert!(
        cited
            .as_str()
            .is_some_and(|url| url.starts_with("https://a.example/help/opening-hours")),
        "{cited}"
    );
    assert_eq!(
        (&of("price")["from"], &of("price")["model"]),
        (&json!("model"), &json!("m"))
    );
    assert_eq!(of("price")["faults"], json!(["does not say \"4.90\""]));
    assert_eq!(of("nothing")["finish"], "unanswered");
    // The running service knows nothing of it: no visitor's figures, no cache, no review.
    assert_eq!(app.metric("pennypress_cache_misses_total").await, asked);
    let operator = app.operator().await;
    assert!(!operator.page("/admin/review?rating=any").await.contains("astronauts"));
    assert!(!operator.page("/admin/gaps").await.contains("astronauts"));
    // The same once more asks again.
    eval(&app, &settings, GOLDEN, &["--at-once", "3"]).await.ends_with(0);
    assert_eq!(provider.requests().len() - before, 4);
}

#[tokio::test]
async fn what_became_worse_or_better_is_said() {
    let provider = Provider::start().await;
    provider.plan("m", json!({"text": "From nine to six [1]."}));
    let settings = settings().models(&provider, &["m"]);
    let app = shop(&settings).await;
    let both = ["--report", "report.json", "--against", "report.json"];
    // The first night there is no other report.
    let first = eval(&app, &settings, GOLDEN, &both).await;
    assert!(!first.ends_with(0).out().contains("other report"), "{}", first.out());
    provider.plan("m", json!({"text": "4.90 euros [1]."}));
    eval(&app, &settings, GOLDEN, &both)
        .await
        .ends_with(0)
        .says("WORSE  hours\n")
        .says("BETTER  price\n")
        .says("since the other report 1 worse, 1 better");
    assert_eq!(report(&app)["results"][1]["passed"], true, "the new report is written");
    // Without `pass` all must pass.
    let strict = GOLDEN.replace("pass = 0.5", "");
    eval(&app, &settings, &strict, &[])
        .await
        .ends_with(1)
        .says("wanted 100.0%");
}

#[tokio::test]
async fn turns_are_one_conversation_and_limits_are_none() {
    let provider = Provider::start().await;
    provider.plan("m", json!({"text": "From nine to six [1]."}));
    let settings = settings()
        .models(&provider, &["m"])
        .per_visitor_per_minute(2)
        .per_site_per_day(3);
    let app = shop(&settings).await;
    let before = provider.requests().len();
    let golden = "[[questions]]\nquestion = \"And on Sundays, is it open or closed?\"\n\
        turns = [\"When is the shop open on weekdays?\", \"What does shipping cost within Germany?\", \"Is the shop open on weekdays?\"]\n";
    eval(&app, &settings, golden, &[]).await.ends_with(0);
    let requests = provider.requests().split_off(before);
    let last = requests.last().expect("a request");
    for text in ["When is the shop open on weekdays?", "And on Sundays"] {
        assert!(last.raw.contains(text), "{text} is not in {}", last.raw);
    }
    assert!(requests.len() >= 3, "{}", requests.len());
}

#[tokio::test]
async fn without_a_provider_the_content_is_judged() {
    let golden = "[[questions]]\nquestion = \"How do I install the WordPress plugin?\"\nsources = [\"/manual/wordpress\"]\n\
        contains = [\"plugin\"]\n[[questions]]\nquestion = \"Who won the chess olympiad of 1972?\"\nanswerable = false\n";
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("golden.toml");
    std::fs::write(&file, golden).expect("to write");
    let played = Evaluated(settings().no_sites().run(&["eval", file.to_str().expect("text")]).await);
    played
        .ends_with(0)
        .says("passed                 2 of 2, 100.0%")
        .says("cost                   0 US dollars");
}

#[tokio::test]
async fn a_provider_that_breaks_off_is_told() {
    let provider = Provider::start().await;
    let settings = settings().models(&provider, &["cut-2"]).retries(0);
    let app = settings.clone().start().await;
    let golden = "[[questions]]\nquestion = \"How do I install the WordPress plugin?\"\n";
    eval(&app, &settings, golden, &[])
        .await
        .ends_with(1)
        .says("FAIL  How do I install the WordPress plugin?\n      the answer broke off");
}

#[tokio::test]
async fn what_cannot_be_evaluated_is_said() {
    let app = settings().start().await;
    let question = "[[questions]]\nquestion = \"Hello?\"\n";
    for (golden, options, said) in [
        (
            "[[questions]]\nquestion = \"a\"\nanswer = \"b\"\n",
            &[][..],
            "unknown field `answer`",
        ),
        ("pass = 2\n", &[], "`pass`"),
        ("", &[], "holds no question"),
        ("[[questions\n", &[], "golden.toml is not a golden set"),
        (question, &["--site", "nowhere"], "there is no site `nowhere`"),
        (question, &["--against", "missing.json"], "missing.json cannot be read"),
        (
            question,
            &["--against", "golden.toml"],
            "no report of `pennypress eval`",
        ),
        (question, &["--report", "no/such/folder.json"], "cannot be written"),
    ] {
        let played = eval(&app, &settings(), golden, options).await;
        played.ends_with(1);
        assert!(played.error().contains(said), "{said} is not in {}", played.error());
    }
    let missing = settings().run(&["eval", "/nowhere/golden.toml"]).await;
    assert!(String::from_utf8_lossy(&missing.stderr).contains("/nowhere/golden.toml cannot be read"));
    let none = settings().run(&["eval", "golden.toml", "--at-once", "0"]).await;
    assert_eq!(none.status.code(), Some(2));
}

#[tokio::test]
async fn what_was_answered_well_becomes_a_golden_set() {
    let provider = Provider::start().await;
    provider.plan("m", json!({"text": "From nine to six [1]."}));
    let settings = settings().models(&provider, &["m"]);
    let app = shop(&settings).await;
    let operator = app.operator().await;
    let answer = [
        ("site", "site_a"),
        ("question", "Do you deliver to Malta?"),
        ("text", "Yes, by ship."),
        ("locale", ""),
    ];
    operator.send("/admin/curated/new", "/admin/curated", &answer).await;
    let token = app.visitor().await;
    let ask = async |question: &str, conversation: Option<&str>, rating: &str| {
        let mut asking = app.ask(question).visitor(&token);
        if let Some(id) = conversation {
            asking = asking.conversation(id);
        }
        let told = asking.told().await;
        let body = json!({"site": "site_a", "answer": told.answer, "rating": rating});
        let request = app
            .request(reqwest::Method::POST, "/api/v1/feedback")
            .header("x-pennypress-visitor", &token);
        assert_eq!(request.json(&body).send().await.expect("an answer").status(), 204);
        told.conversation
    };
    let conversation = ask("When is the shop open on weekdays?", None, "up").await;
    ask("And on Sundays, is it open or closed?", Some(&conversation), "up").await;
    ask("What does shipping cost within Germany?", None, "down").await;
    let page = operator.page("/admin/sites/site_a").await;
    assert!(page.contains("/admin/sites/site_a/golden.toml"), "{page}");
    let file = operator.page("/admin/sites/site_a/golden.toml").await;
    let set: toml::Table = file.parse().expect("TOML");
    let questions = set["questions"].as_array().expect("questions");
    let asked: Vec<&str> = questions.iter().filter_map(|one| one["question"].as_str()).collect();
    assert_eq!(
        asked,
        [
            "Do you deliver to Malta?",
            "And on Sundays, is it open or closed?",
            "When is the shop open on weekdays?"
        ],
        "{file}"
    );
    assert_eq!(questions[1]["turns"].as_array().map(Vec::len), Some(1), "{file}");
    // As it stands it can be asked: the operator's own answer among it.
    eval(&app, &settings, &file, &["--report", "report.json"])
        .await
        .ends_with(0)
        .says("passed                 3 of 3")
        .says("1 cache, 1 curated, 1 model");
    assert_eq!(report(&app)["results"][0]["text"], "Yes, by ship.");
    assert_eq!(operator.get("/admin/sites/nowhere/golden.toml").await.status(), 404);
}

#[tokio::test]
async fn where_nothing_was_praised_the_golden_set_is_a_beginning() {
    let app = settings().start().await;
    let operator = app.operator().await;
    let file = operator.page("/admin/sites/site_b/golden.toml").await;
    assert!(!file.contains("questions ="), "{file}");
    let written = format!("{file}\n[[questions]]\nquestion = \"How do I install the WordPress plugin?\"\n");
    eval(&app, &settings(), &written, &[]).await.ends_with(0);
}

#[tokio::test]
async fn a_run_that_is_kept_is_shown_to_the_operator() {
    let provider = Provider::start().await;
    provider.plan(
        "m",
        json!({"text": "From **nine** to six <script>alert(1)</script> [1]."}),
    );
    let settings = settings().models(&provider, &["m"]);
    let app = shop(&settings).await;
    let operator = app.operator().await;
    eval(&app, &settings, GOLDEN, &["--keep"]).await.ends_with(0);
    let site = operator.page("/admin/sites/site_a").await;
    let first = latest_run(&site);
    assert!(words(&site).contains("2 of 3 passed as wanted"), "{}", words(&site));
    let page = operator.page(&format!("/admin/sites/site_a/evaluations/{first}")).await;
    let told = words(&page);
    assert!(told.contains("What does shipping cost within Germany?"), "{told}");
    assert!(
        told.contains("does not say") && !told.contains("passed the time before"),
        "{told}"
    );
    assert!(
        page.contains("<strong>nine</strong> to six &lt;script&gt;alert(1)") && !page.contains("<script>"),
        "{page}"
    );
    assert!(
        page.contains("/admin/curated/new?site=site_a&#38;question=What+does+shipping"),
        "{page}"
    );
    // As many passed as were wanted: nothing to fix.
    assert!(!operator.page("/admin").await.contains("Golden set of"));
    // Everything must pass now, and what passed before fails.
    provider.plan("m", json!({"text": "4.90 euros [1]."}));
    let strict = GOLDEN.replace("pass = 0.5", "");
    eval(&app, &settings, &strict, &["--keep"]).await.ends_with(1);
    let overview = words(&operator.page("/admin").await);
    assert!(
        overview.contains("Golden set of Anna&#39;s: 1 of 3 answers are not good"),
        "{overview}"
    );
    assert!(!operator.page("/admin?site=site_b").await.contains("Golden set of"));
    let page = operator.page("/admin/sites/site_a").await;
    assert_eq!(page.matches("/evaluations/").count(), 2);
    let latest = latest_run(&page);
    assert!(latest > first, "{latest}");
    let told = words(
        &operator
            .page(&format!("/admin/sites/site_a/evaluations/{latest}"))
            .await,
    );
    assert!(
        told.contains("Better than the time before What does shipping cost within Germany?"),
        "{told}"
    );
    assert!(
        told.contains("passed the time before") && told.contains("too few"),
        "{told}"
    );
    for nothing in ["site_b/evaluations/1", "site_a/evaluations/999", "site_a/evaluations/x"] {
        assert_eq!(
            operator.get(&format!("/admin/sites/{nothing}")).await.status(),
            404,
            "{nothing}"
        );
    }
    let nobody = app
        .client
        .get(app.url(&format!("/admin/sites/site_a/evaluations/{first}")))
        .send()
        .await;
    assert_eq!(nobody.expect("an answer").status(), 303);
}
