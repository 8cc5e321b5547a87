use std::sync::Arc;

use super::*;
use crate::domain::{AnswerId, ConversationId, Finish, From, Source, Usage, Usd};

fn parse(text: &str) -> Result<GoldenSet, String> {
    GoldenSet::parse("golden.toml", text).map_err(|error| error.to_string())
}

fn wanted(text: &str) -> GoldenQuestion {
    let set = parse(&format!("[[questions]]\nquestion = \"Q?\"\n{text}")).expect("a golden set");
    set.questions.into_iter().next().expect("a question")
}

fn answer(text: &str, urls: &[&str], finish: Finish) -> crate::domain::Answer {
    let source = |(n, url): (usize, &&str)| Source {
        n: n as u32 + 1,
        title: String::new(),
        url: (*url).to_owned(),
        quote: String::new(),
    };
    crate::domain::Answer {
        id: AnswerId::generate(),
        conversation: ConversationId::generate(),
        site: "site_a".to_owned(),
        visitor: None,
        user: None,
        question: "Q?".to_owned(),
        text: text.into(),
        from: From::Model,
        finish,
        sources: urls.iter().enumerate().map(source).collect(),
        doubts: Vec::new(),
        model: Some(Arc::from("m")),
        usage: Usage::default(),
        cost: Usd::ZERO,
        baseline_cost: None,
        first_word_ms: Some(7),
        total_ms: 20,
        page: None,
        locale: "en".to_owned(),
        asked_at_ms: 0,
        route: None,
        enrolment: None,
        reuse: None,
    }
}

#[test]
fn a_set_has_questions_with_defaults() {
    let set =
        parse("site = \"s\"\n[[questions]]\nquestion = \"A?\"\n[[questions]]\nquestion = \"B?\"\nturns = [\"A?\"]")
            .expect("a set");
    assert_eq!((set.pass, set.site.as_deref()), (1.0, Some("s")));
    assert!(set.questions.iter().all(|one| one.answerable));
    let ids: Vec<&str> = set.questions.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(ids, ["A?", "A? … B?"]);
}

#[test]
fn what_is_wrong_with_a_set_is_named() {
    let question = "[[questions]]\nquestion = \"A?\"\n";
    for (text, named) in [
        (String::new(), "holds no question"),
        ("questions = 3".to_owned(), "golden.toml"),
        (format!("pass = 1.5\n{question}"), "`pass`"),
        (format!("{question}answers = true"), "answers"),
        (format!("{question}{question}"), "number 2: there is one called `A?`"),
        ("[[questions]]\nquestion = \" \"".to_owned(), "number 1: `question`"),
        (format!("{question}turns = [\"\"]"), "`turns`"),
        (format!("{question}contains = [\"\"]"), "`contains`"),
        (format!("{question}sources = [\"install\"]"), "`install` in `sources`"),
        (
            format!("{question}answerable = false\nsources = [\"/a\"]"),
            "`answerable = false`",
        ),
        (
            format!("[[questions]]\nquestion = \"{}\"", "a".repeat(4_001)),
            "4000 characters",
        ),
    ] {
        let error = parse(&text).expect_err(&text);
        assert!(
            error.contains(named) && error.contains("golden.toml"),
            "{text}: {error}"
        );
    }
}

#[test]
fn a_page_is_cited_by_its_address_or_the_end_of_it() {
    let told = answer(
        "Yes [1].",
        &["https://a.example/blog/help/install/?utm=1#step-2"],
        Finish::Stop,
    );
    for (source, is_cited) in [
        ("/help/install", true),
        ("/help/install/", true),
        ("/install#step-2", true),
        ("/install#step-3", false),
        ("/stall", false),
        ("https://a.example/blog/help/install", true),
        ("https://b.example/blog/help/install", false),
        ("/help", false),
    ] {
        let found = faults(&wanted(&format!("sources = [\"{source}\"]")), &told);
        assert_eq!(found.is_empty(), is_cited, "{source}: {found:?}");
    }
    // One of several is enough, none is not.
    assert_eq!(faults(&wanted("sources = [\"/x\", \"/help/install\"]"), &told), []);
    let none = faults(&wanted("sources = [\"/x\"]"), &answer("Yes.", &[], Finish::Stop));
    assert_eq!(none[0].to_string(), "cites nothing, wanted /x");
}

#[test]
fn words_are_found_through_emphasis_and_citations() {
    let told = answer(
        "Go to **Plugins → Add  New** [1], then choose\nthe `zip` [2].",
        &[],
        Finish::Stop,
    );
    for (text, found) in [
        ("contains = [\"plugins → add new, then\", \"the ZIP.\"]", vec![]),
        ("contains = [\"tar|zip\"]", vec![]),
        (
            "contains = [\"tar|rar\", \"zip\"]",
            vec![Fault::Lacks("tar|rar".to_owned())],
        ),
        (
            "excludes = [\"Add New\", \"npm\"]",
            vec![Fault::Holds("Add New".to_owned())],
        ),
    ] {
        assert_eq!(faults(&wanted(text), &told), found, "{text}");
    }
}

#[test]
fn an_honest_word_is_good_only_where_nothing_is_known() {
    let no = answer("I don't know.", &[], Finish::Unanswered);
    let yes = answer("At nine.", &[], Finish::Stop);
    assert_eq!(faults(&wanted(""), &yes), []);
    assert_eq!(faults(&wanted("contains = [\"nine\"]"), &no), [Fault::SaysUnanswered]);
    assert_eq!(faults(&wanted("answerable = false"), &no), []);
    assert_eq!(faults(&wanted("answerable = false"), &yes), [Fault::Answers]);
    let broken = answer("At", &[], Finish::Failed);
    assert!(matches!(faults(&wanted(""), &broken)[..], [Fault::Broken(_)]));
}

fn report(passed: &[(&str, bool)], pass: f64) -> Report {
    let told = answer("At nine.", &["https://a.example/hours"], Finish::Stop);
    let result = |&(id, passed): &(&str, bool)| {
        let asked = GoldenQuestion {
            id: id.to_owned(),
            question: id.to_owned(),
            ..GoldenQuestion::default()
        };
        let found = [Fault::Answers];
        Judged::of(&asked, if passed { &[] } else { &found }, Some(&told))
    };
    let results = passed.iter().map(result).collect();
    Report::new("site_a", pass, jiff::Timestamp::UNIX_EPOCH, Usd::ZERO, results)
}

#[test]
fn a_report_is_good_when_enough_passed_and_says_what_changed() {
    let before = report(&[("a", true), ("b", false), ("c", true), ("gone", true)], 0.5);
    let now = report(&[("a", false), ("b", true), ("c", true), ("new", false)], 0.5);
    assert!(now.is_good() && !report(&[("a", true), ("b", false)], 0.6).is_good());
    assert_eq!((now.questions, now.passed), (4, 2));
    assert_eq!((now.first_word_ms.median, now.total_ms.p95), (Some(7), Some(20)));
    assert_eq!(
        changes(&before, &now),
        [Change::Worse("a".to_owned()), Change::Better("b".to_owned())]
    );
}

#[test]
fn a_report_is_read_as_it_was_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("report.json");
    let written = report(&[("a", true), ("b", false)], 1.0);
    written.write(&file).expect("to write");
    assert_eq!(Report::read(&file).expect("to read"), written);
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1);
    std::fs::write(&file, "{}").expect("to write");
    let error = Report::read(&file).expect_err("no report").to_string();
    assert!(error.contains("no report of `pennypress eval`"), "{error}");
}

#[test]
fn a_set_to_begin_with_has_each_question_once_and_can_be_read() {
    let question = |text: &str, turns: &[&str], locale: Option<&str>| GoldenQuestion {
        question: text.to_owned(),
        turns: turns.iter().map(|&turn| turn.to_owned()).collect(),
        locale: locale.map(str::to_owned),
        sources: vec!["/hours".to_owned()],
        ..GoldenQuestion::default()
    };
    let set = GoldenSet::of(
        "site_a",
        vec![
            question("When \"do\" you open?", &[], None),
            question("when \"do\" you  open", &[], None),
            question("When \"do\" you open?", &[], Some("de")),
            question("When \"do\" you open?", &["Where are you?"], None),
        ],
    );
    let read = parse(&set.written().expect("TOML")).expect("a golden set");
    let asked: Vec<(usize, Option<&str>)> = read
        .questions
        .iter()
        .map(|one| (one.turns.len(), one.locale.as_deref()))
        .collect();
    assert_eq!(asked, [(0, None), (0, Some("de")), (1, None)]);
    assert_eq!(read.questions[0].question, "When \"do\" you open?");
    // Where nothing was answered well it can be gone on with.
    let empty = GoldenSet::of("site_a", Vec::new()).written().expect("TOML");
    assert!(
        parse(&format!("{empty}[[questions]]\nquestion = \"A?\"\n")).is_ok(),
        "{empty}"
    );
}
