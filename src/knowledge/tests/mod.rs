//! The whole room at work, on the manual: questions as visitors ask them, and questions that it cannot answer.

mod content;
mod following;
mod mistyped;
mod unusual;

use super::*;

const QUESTIONS: &str = include_str!("questions.txt");
const STRANGERS: &str = include_str!("strangers.txt");

fn lines(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// A question, and the places that answer it.
fn expected() -> Vec<(&'static str, Vec<String>)> {
    lines(QUESTIONS)
        .map(|line| {
            let (question, places) = line.split_once(" > ").expect("a question and its places");
            let places = places.split('|').map(|place| format!("/manual/{place}"));
            (question, places.collect())
        })
        .collect()
}

fn page(url: &str) -> &str {
    url.split('#').next().unwrap_or_default()
}

#[test]
fn every_expected_place_is_there() {
    let knowledge = Knowledge::with_manual();
    let passages = knowledge.passages("site_demo");
    let all: Vec<&str> = passages.iter().map(|passage| passage.url.as_str()).collect();
    for (question, places) in expected() {
        for place in places {
            let there = all.iter().any(|url| *url == place || page(url) == place);
            assert!(there, "{question}: {place} is not in the manual; there are {all:#?}");
        }
    }
}

#[test]
fn questions_find_their_page_and_strangers_are_refused() {
    let knowledge = Knowledge::with_manual();
    let (mut pages, mut sections, mut within_three, mut refused) = (0.0, 0.0, 0.0, 0.0);
    let expected = expected();
    let mut report = String::new();
    for (question, places) in &expected {
        let found = knowledge.search("site_demo", &Query::of(question), 3).passages;
        let first = found.first().map_or("", |passage| passage.url.as_str());
        let right_page = places.iter().any(|place| page(place) == page(first));
        let right_section = places
            .iter()
            .any(|place| place == first || (!place.contains('#') && page(first) == place));
        pages += f32::from(u8::from(right_page));
        sections += f32::from(u8::from(right_section));
        within_three += f32::from(u8::from(
            found
                .iter()
                .any(|passage| places.iter().any(|place| page(place) == page(&passage.url))),
        ));
        let answered = knowledge.compose("site_demo", &Query::of(question)).found;
        refused += f32::from(u8::from(!answered));
        if !right_section || !answered {
            report.push_str(&format!(
                "\n{question} → {first}, answered: {answered}, expected {places:?}"
            ));
        }
    }
    let mut caught = 0.0;
    let mut strangers = 0.0;
    for question in lines(STRANGERS) {
        strangers += 1.0;
        let answer = knowledge.compose("site_demo", &Query::of(question));
        caught += f32::from(u8::from(!answer.found));
        if answer.found {
            report.push_str(&format!(
                "\nanswered a stranger: {question} → {}",
                answer.sources[0].url
            ));
        }
    }
    let all = expected.len() as f32;
    let figures = format!(
        "{all} questions: recall@1 {:.3} of pages and {:.3} of sections, recall@3 {:.3}, refused {:.3}; {strangers} strangers: abstention {:.3}",
        pages / all,
        sections / all,
        within_three / all,
        refused / all,
        caught / strangers
    );
    println!("{figures}{report}");
    assert!(all >= 60.0 && strangers >= 25.0);
    assert!(pages / all >= 0.85, "{figures}{report}");
    assert!(caught / strangers >= 0.8, "{figures}{report}");
    assert!(refused / all <= 0.05, "{figures}{report}");
}

#[test]
fn the_first_question_is_answered_with_the_steps() {
    let knowledge = Knowledge::with_manual();
    let answer = knowledge.compose("site_demo", &Query::of("How do I install the WordPress plugin?"));
    assert!(answer.found, "{answer:?}");
    assert_eq!(answer.sources[0].url, "/manual/wordpress#install-the-plugin");
    assert!(
        answer.text.contains("Upload Plugin") && answer.text.contains("[1]"),
        "{}",
        answer.text
    );
}

#[tokio::test]
async fn a_site_with_content_waits_until_it_is_read_and_others_do_not() {
    let knowledge = std::sync::Arc::new(Knowledge::with_manual());
    knowledge.expect("large");
    knowledge.set_reading(true);
    let long = Duration::from_secs(600);
    knowledge.settled("empty", long).await;
    // No longer than is asked for.
    knowledge.settled("large", Duration::from_millis(1)).await;
    let waits = tokio::spawn({
        let knowledge = knowledge.clone();
        async move { knowledge.settled("large", long).await }
    });
    tokio::task::yield_now().await;
    assert!(!waits.is_finished());
    knowledge.set_reading(false);
    waits.await.expect("it ends");
}
