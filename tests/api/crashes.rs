//! A service that is killed while content comes in: what it said it has stored is there when it starts again, and answers.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{App, SECRET_A, settings, until};
use crate::asking::json_of;
use crate::signing::sign;

const OF_A_BATCH: usize = 60;

fn lantern(number: usize, place: &str) -> Value {
    json!({"id": format!("lantern-{number}"), "url": format!("https://a.example/lanterns/{number}"), "title": "Lanterns",
           "text": format!("Lantern number{number} hangs in the {place} of {number} Oak Street."), "locale": "en",
           "kind": "page", "modified": "2026-11-24T10:00:00Z"})
}

/// Sends batch after batch, until the service is gone, and writes down what it says it has stored.
async fn send(client: reqwest::Client, address: String, first: usize, stored: Arc<Mutex<BTreeSet<usize>>>) {
    for batch in first.. {
        let numbers = batch * OF_A_BATCH..(batch + 1) * OF_A_BATCH;
        let documents: Vec<Value> = numbers.map(|number| lantern(number, "hall")).collect();
        let body = json!({"site": "site_a", "documents": documents})
            .to_string()
            .into_bytes();
        let request = client.post(&address).header("content-type", "application/json");
        let Ok(response) = sign(SECRET_A, &body).on(request).body(body).send().await else {
            return;
        };
        // An answer that was cut is none.
        let Ok(told) = response.json::<Value>().await else {
            return;
        };
        for one in told["documents"].as_array().expect("an outcome for each") {
            assert_eq!(one["outcome"], "stored", "{one}");
            stored.lock().expect("no panic").insert(number_of(one));
        }
    }
}

fn number_of(told: &Value) -> usize {
    let number = told["id"].as_str().and_then(|id| id.strip_prefix("lantern-"));
    number.and_then(|number| number.parse().ok()).expect("an id of ours")
}

async fn listed(app: &App) -> BTreeSet<usize> {
    let (mut numbers, mut after) = (BTreeSet::new(), String::new());
    loop {
        let path = format!("/api/v1/documents?site=site_a&after={after}");
        let page = json_of(app.signed(Method::GET, &path, None, SECRET_A).await).await;
        let entries = page["documents"].as_array().expect("documents");
        numbers.extend(entries.iter().map(number_of));
        match page["next"].as_str() {
            Some(id) => after = id.to_owned(),
            None => return numbers,
        }
    }
}

#[tokio::test]
async fn a_kill_in_the_middle_of_a_batch_loses_nothing_that_was_answered() {
    let mut app = settings().per_visitor_per_minute(600).start().await;
    let mut kept: BTreeSet<usize> = BTreeSet::new();
    for batches in 1..=3 {
        let before = kept;
        let first = before.last().map_or(0, |last| last / OF_A_BATCH + 1);
        let stored = Arc::new(Mutex::new(BTreeSet::new()));
        let address = app.url("/api/v1/documents");
        let sending = tokio::spawn(send(app.client.clone(), address, first, stored.clone()));
        until("some batches are stored", async || {
            stored.lock().expect("no panic").len() >= batches * OF_A_BATCH
        })
        .await;
        // The next batch is on its way, or in the middle of being stored.
        app.kill();
        sending.await.expect("to end with the service");
        let stored = stored.lock().expect("no panic").clone();
        app.start_again().await;
        kept = listed(&app).await;
        let lost: Vec<&usize> = stored.union(&before).filter(|number| !kept.contains(number)).collect();
        assert!(lost.is_empty(), "stored, and lost: {lost:?}");
        // Of each batch the first and the last; and the last of all that are there, answered for or not.
        let ends = stored.iter().filter(|number| matches!(*number % OF_A_BATCH, 0 | 59));
        for number in ends.chain(kept.last()) {
            answers(&app, *number).await;
        }
    }
}

/// Content is read while the service already listens: a moment after the start some of it may still be on its way.
async fn answers(app: &App, number: usize) {
    let url = format!("https://a.example/lanterns/{number}");
    until(&format!("lantern {number} is found"), async || {
        let told = app
            .ask(&format!("Where does lantern number{number} hang?"))
            .whole()
            .await;
        let is_cited = told.sources.first().is_some_and(|first| first["url"] == url);
        is_cited && told.text.contains(&format!("number{number} hangs"))
    })
    .await;
}

#[tokio::test]
async fn a_change_is_known_to_the_very_next_question() {
    let app = settings().per_visitor_per_minute(600).start().await;
    for (minute, place) in ["hall", "cellar", "attic", "garden"].iter().enumerate() {
        let mut changed = lantern(7, place);
        changed["site"] = json!("site_a");
        changed["modified"] = json!(format!("2026-11-24T10:0{minute}:00Z"));
        changed.as_object_mut().expect("an object").remove("id");
        assert_eq!(app.put_document("lantern-7", changed).await["outcome"], "stored");
        let told = app.ask("Where does lantern number7 hang?").whole().await;
        assert!(told.text.contains(&format!("in the {place} of")), "{told:#?}");
    }
}
