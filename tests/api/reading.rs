//! What is asked in other words than the page's is found all the same: passages are read by the sentence encoder.

use serde_json::json;

use crate::app::{App, settings, until};

const HOTEL: &str = "# Our house\n\nA small hotel by the lake since 1912, run by one family.\n\n\
    ## Breakfast\n\nA buffet with bread, fruit and eggs stands ready from seven until ten.\n\n\
    ## Garage\n\nVehicles stand in the basement for 12 euros a night; the entrance is 1.90 m high.\n\n\
    ## Animals\n\nPets stay in the room with their owners for free, up to 20 kg.\n\n\
    ## Wireless network\n\nOpen to guests in all rooms, at 100 Mbit/s.\n\n\
    ## Arrival\n\nRooms are ready from three in the afternoon, and are to be left by eleven.\n\n\
    ## Cancellation\n\nWithout a charge until two days before, afterwards half the price.\n";

/// Questions that share no word with the section that answers them.
const ASKED: [(&str, &str); 4] = [
    ("Where can I park my car?", "garage"),
    ("Is there wifi?", "wireless-network"),
    ("Is there anything to eat in the morning?", "breakfast"),
    ("How do I get out of a booking, and what does it cost?", "cancellation"),
];

async fn put(app: &App, id: &str, title: &str, text: &str) {
    let url = format!("https://a.example/{id}");
    let body = json!({"site": "site_a", "url": url, "title": title, "markdown": text, "locale": "en", "kind": "page",
                      "modified": "2026-11-24T10:00:00Z"});
    app.put_document(id, body).await;
}

async fn answers(app: &App, question: &str, section: &str) -> bool {
    let told = app.ask(question).told().await;
    told.finish() == "stop" && told.sources[0]["url"] == format!("https://a.example/{section}")
}

#[tokio::test]
async fn a_short_page_is_found_by_what_it_means_as_soon_as_it_is_there() {
    let app = settings().start().await;
    put(
        &app,
        "returns",
        "Returns",
        "You may send anything back within thirty days.",
    )
    .await;
    put(
        &app,
        "garage",
        "Garage",
        "Vehicles stand in the basement for 12 euros a night.",
    )
    .await;
    assert!(answers(&app, "Where can I park my car?", "garage").await);
    let told = app.ask("Who won the football world cup in Brazil?").told().await;
    assert_eq!(told.finish(), "unanswered", "{told:?}");
    // What it meant goes with the page.
    put(
        &app,
        "garage",
        "Garage",
        "The cellar is closed for good; bread is baked there.",
    )
    .await;
    let told = app.ask("How much is it to park my car?").told().await;
    assert_eq!(told.finish(), "unanswered", "{told:?}");
}

#[tokio::test]
async fn a_long_page_is_read_soon_and_only_once() {
    let mut app = settings().start().await;
    put(&app, "hotel", "Our house", HOTEL).await;
    for (question, section) in ASKED {
        until(&format!("{section} is found"), async || {
            answers(&app, question, &format!("hotel#{section}")).await
        })
        .await;
    }
    until("all seven passages are kept", async || {
        app.number("SELECT count(*) FROM encodings").await == 7
    })
    .await;
    let last = app.number("SELECT max(used_at_ms) FROM encodings").await;
    app.start_again().await;
    for (question, section) in ASKED {
        until(&format!("{section} is found again"), async || {
            answers(&app, question, &format!("hotel#{section}")).await
        })
        .await;
    }
    // What had to be read again would have been written again.
    assert_eq!(app.number("SELECT max(used_at_ms) FROM encodings").await, last);
}
