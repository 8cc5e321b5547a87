//! Content comes and goes; sites and languages are kept apart.

use crate::domain::{Role, Turn};
use crate::knowledge::*;

fn page(id: &str, title: &str, markdown: &str) -> Document {
    Document {
        id: id.to_owned(),
        title: title.to_owned(),
        url: format!("https://shop.example/{id}"),
        markdown: markdown.to_owned(),
        locale: None,
        asked: Vec::new(),
    }
}

fn first(knowledge: &Knowledge, site: &str, question: &str) -> Option<String> {
    let found = knowledge.search(site, &Query::of(question), 3);
    found.passages.into_iter().next().map(|passage| passage.document)
}

pub(super) fn shop() -> Vec<Document> {
    vec![
        page(
            "returns",
            "Returns",
            "You may send anything back within thirty days. We refund the price, not the postage.",
        ),
        page(
            "delivery",
            "Delivery",
            "Parcels leave our warehouse every weekday at noon. Delivery takes two working days.",
        ),
        page(
            "warranty",
            "Warranty",
            "Every kettle carries a warranty of five years against broken heating elements.",
        ),
    ]
}

#[test]
fn documents_come_change_and_go() {
    let knowledge = Knowledge::with_manual();
    assert!(!knowledge.has_content("a"));
    knowledge.put("a", shop());
    assert!(knowledge.has_content("a") && !knowledge.has_content("b"));
    assert_eq!(
        first(&knowledge, "a", "how long does the delivery take").as_deref(),
        Some("delivery")
    );
    let before = knowledge.version("a");
    let old = knowledge.document_version("a", "delivery").expect("a version");

    let changed = page("delivery", "Delivery", "Parcels go by drone. A gazebo cannot be sent.");
    knowledge.put("a", vec![changed.clone()]);
    assert_eq!(
        first(&knowledge, "a", "can a gazebo go by drone").as_deref(),
        Some("delivery")
    );
    assert_eq!(
        first(&knowledge, "a", "when do parcels leave the warehouse at noon").as_deref(),
        Some("delivery")
    );
    let text = knowledge.search("a", &Query::of("parcels"), 3).passages.remove(0);
    assert!(text.text.contains("drone") && !text.text.contains("warehouse"));
    assert_eq!(text.version, changed.version());
    assert_ne!(knowledge.document_version("a", "delivery"), Some(old));
    assert_ne!(knowledge.version("a"), before);
    assert!(!knowledge.has_version("a", &before));

    knowledge.put("a", vec![shop().swap_remove(1)]);
    assert_eq!(knowledge.version("a"), before, "the same content has the same version");
    assert!(knowledge.has_version("a", &before));
    knowledge.remove("a", &["delivery".to_owned(), "never".to_owned()]);
    assert_eq!(knowledge.document_version("a", "delivery"), None);
    assert!(first(&knowledge, "a", "warehouse noon").is_none());
    knowledge.remove("a", &["returns".to_owned(), "warranty".to_owned()]);
    assert!(!knowledge.has_content("a"));
    let manual = first(&knowledge, "a", "How do I install the WordPress plugin?");
    assert_eq!(manual.as_deref(), Some("manual/wordpress"), "the manual answers again");
}

#[test]
fn a_site_never_sees_what_another_knows() {
    let knowledge = Knowledge::with_manual();
    knowledge.put("a", shop());
    knowledge.replace("b", vec![page("secret", "Secret", "The code of the safe is zebra.")]);
    assert_eq!(first(&knowledge, "a", "zebra"), None);
    assert_eq!(first(&knowledge, "b", "zebra").as_deref(), Some("secret"));
    knowledge.replace("b", Vec::new());
    assert!(!knowledge.has_content("b"));
}

#[test]
fn an_index_that_was_written_anew_finds_the_same() {
    let knowledge = Knowledge::with_manual();
    knowledge.put("a", shop());
    for round in 0..40 {
        let many = (0..40).map(|i| {
            page(
                &format!("n{i}"),
                "Note",
                &format!("Note number{i} of round{round} about lanterns."),
            )
        });
        knowledge.put("a", many.collect());
    }
    let (_, passages) = knowledge.size("a");
    assert_eq!(passages, 43);
    assert!(knowledge.passages("a").len() == 43);
    assert_eq!(first(&knowledge, "a", "number7").as_deref(), Some("n7"));
    assert_eq!(first(&knowledge, "a", "round38"), None);
    assert_eq!(
        first(&knowledge, "a", "is there a waranty on ketles").as_deref(),
        Some("warranty")
    );
    let found = knowledge.search("a", &Query::of("round39"), 5);
    assert_eq!(found.passages.len(), 5);
}

#[test]
fn a_question_that_leans_on_the_last_is_read_with_it() {
    let knowledge = Knowledge::with_manual();
    knowledge.put(
        "a",
        vec![
            page("kettle", "Kettle", "The kettle costs 40 pounds and holds two litres."),
            page(
                "toaster",
                "Toaster",
                "The toaster costs 60 pounds and takes four slices.",
            ),
        ],
    );
    let turn = |role, text: &str| Turn {
        role,
        text: text.to_owned(),
    };
    let turns = [
        turn(Role::User, "Do you sell a toaster?"),
        turn(Role::Assistant, "Yes, we do."),
    ];
    let query = Query {
        text: "and how much does it cost?",
        turns: &turns,
        locale: "en",
        speaks: "",
    };
    let found = knowledge.search("a", &query, 2);
    assert_eq!(found.passages[0].document, "toaster");
}

#[test]
fn each_visitor_finds_the_page_in_his_language() {
    let knowledge = Knowledge::with_manual();
    let mut english = page(
        "en",
        "Shipping",
        "WooShip costs: shipping of WooShip parcels is free above 50 euros.",
    );
    english.locale = Some("en_GB".to_owned());
    let mut german = page(
        "de",
        "Versand",
        "WooShip Kosten: Der Versand von WooShip-Paketen ist ab 50 Euro kostenlos.",
    );
    german.locale = Some("de_DE".to_owned());
    knowledge.put("a", vec![english, german]);
    let ask = |text, locale| {
        let found = knowledge.search(
            "a",
            &Query {
                text,
                turns: &[],
                locale,
                speaks: "",
            },
            1,
        );
        found.passages[0].document.clone()
    };
    assert_eq!(ask("Was kostet der Versand mit WooShip?", "de"), "de");
    assert_eq!(ask("What does WooShip cost?", "en"), "en");
}

#[test]
fn compounds_are_found_by_their_parts_and_parts_by_their_compounds() {
    let knowledge = Knowledge::with_manual();
    knowledge.put(
        "a",
        vec![
            page(
                "a",
                "Bezahlung",
                "Sie können mit Karte oder auf Rechnung bezahlen, wenn Ihr Konto bestätigt ist.",
            ),
            page(
                "b",
                "Versandkosten",
                "Die Versandkosten betragen innerhalb Deutschlands vier Euro für jedes Paket.",
            ),
            page(
                "c",
                "Rückgabe",
                "Die Rückgabe der Ware ist innerhalb von dreißig Tagen möglich und wird erstattet.",
            ),
            page(
                "d",
                "Garantie",
                "Die Garantie auf alle Geräte gilt zwei Jahre, die Frist beginnt mit der Lieferung.",
            ),
        ],
    );
    assert_eq!(first(&knowledge, "a", "Welche Kosten fallen an?").as_deref(), Some("b"));
    assert_eq!(
        first(&knowledge, "a", "Wie ist die Garantiefrist?").as_deref(),
        Some("d")
    );
}

#[test]
fn a_page_is_found_by_other_forms_of_its_words() {
    let knowledge = Knowledge::with_manual();
    let pages = [
        (
            "темы",
            "Тема",
            "Откройте раздел «Внешний вид» и выберите тему, которую сайт будет показывать посетителям.",
        ),
        (
            "плагины",
            "Плагины",
            "Чтобы установить плагин, загрузите архив и нажмите кнопку. Затем плагин можно включить и настроить.",
        ),
        (
            "пароли",
            "Пароли",
            "Забытый пароль меняют на странице входа: введите адрес почты и следуйте указаниям в письме.",
        ),
    ];
    knowledge.put("a", pages.map(|(id, title, text)| page(id, title, text)).to_vec());
    for (question, expected) in [
        ("Как происходит установка?", "плагины"),
        ("Где настраивается дополнение, которое мы устанавливаем?", "плагины"),
        ("Кто показывает темы?", "темы"),
    ] {
        assert_eq!(
            first(&knowledge, "a", question).as_deref(),
            Some(expected),
            "{question}"
        );
    }
}

#[test]
fn what_is_said_twice_is_shown_once() {
    let knowledge = Knowledge::with_manual();
    let mut documents = shop();
    for copy in ["copy-1", "copy-2"] {
        documents.push(page(copy, "Delivery", &shop()[1].markdown));
    }
    knowledge.put("a", documents);
    let found = knowledge.search("a", &Query::of("delivery of parcels, returns and warranty"), 5);
    let deliveries = found
        .passages
        .iter()
        .filter(|passage| passage.title == "Delivery")
        .count();
    assert_eq!(deliveries, 1, "{:#?}", found.passages);
}

#[test]
fn an_answer_from_content_ends_where_it_makes_sense() {
    let knowledge = Knowledge::with_manual();
    let filler = "The workshop in the old town repairs lamps of every age and sends them back by post. ".repeat(7);
    let text = format!(
        "## Lamp colours\n\nA lamp shines in several colours.\n\n![A lamp](https://shop.example/lamp.png)\n\n**Other lamps**\n\n\
         ## Lamp switches\n\n{filler}\n\nThe switches of a chandelier are:\n\n```\n{}\n```\n",
        "left right both none\n".repeat(40)
    );
    knowledge.put("a", vec![page("lamps", "Lamps", &text)]);
    let told = |question: &str| knowledge.compose("a", &Query::of(question)).text;
    let colours = told("in which colours does a lamp shine");
    assert!(colours.ends_with("A lamp shines in several colours."), "{colours}");
    // The passage is full before the list that it announces, which the next one begins with.
    let switches = told("what are the switches of a chandelier");
    assert!(
        switches.contains("chandelier are:") && switches.contains("left right both"),
        "{switches}"
    );
}

#[test]
fn any_text_can_be_put_and_asked() {
    let knowledge = Knowledge::with_manual();
    let long = "word ".repeat(5_000);
    let table = format!("| a | b |\n|---|---|\n{}", "| one | two |\n".repeat(3_000));
    for markdown in [
        "",
        "\u{0}\u{1}\u{2}",
        "# ",
        "```\n",
        "> > > >",
        "[a](",
        &long,
        &"字".repeat(9_000),
        &table,
        &"x".repeat(100_000),
    ] {
        knowledge.put("a", vec![page("x", "\u{202e}", markdown)]);
        for question in ["", "\u{1}", "word", "字字", &"xx ".repeat(3_000), "one two"] {
            knowledge.search("a", &Query::of(question), 5);
            knowledge.compose("a", &Query::of(question));
        }
    }
    let passages = knowledge.passages("a");
    assert!(
        passages.iter().all(|passage| passage.text.len() <= 100_000),
        "a passage is bounded"
    );
}

#[test]
fn a_question_whose_words_tell_nothing_is_answered_by_what_it_means() {
    let knowledge = Knowledge::with_manual();
    let mut pages = shop();
    pages.push(page(
        "about",
        "About us",
        "We are three sisters who repair old kettles. Anybody can help us: write to us, or come by.",
    ));
    knowledge.replace("shop", pages);
    for question in ["Who are you?", "Can I help?", "What do you do?"] {
        let found = knowledge.search("shop", &Query::of(question), 3);
        let first = found.passages.first().map(|passage| passage.document.as_str());
        assert_eq!((first, found.is_judged), (Some("about"), false), "{question}");
    }
    // Nothing to go by at all.
    for question in ["?!", "…", ""] {
        let found = knowledge.search("shop", &Query::of(question), 3);
        assert!(found.passages.is_empty(), "{question}");
    }
}

#[test]
fn a_site_is_searched_by_what_was_read_once_most_of_it_is() {
    let knowledge = Knowledge::with_manual();
    let rest =
        ["Opening", "Payment", "Bread", "Music"].map(|title| page(title, title, "Ask us at the counter, please."));
    let garage = page(
        "garage",
        "Garage",
        "Vehicles stand in the basement for 12 euros a night.",
    );
    knowledge.replace("a", [&rest[..], &[garage]].concat());
    let parked = || first(&knowledge, "a", "Where can I park my car?");
    assert_eq!(parked(), None);
    let read = |most| {
        knowledge.set_read(knowledge.unread(most).into_iter().map(|one| {
            let meant = one.read();
            (one, meant)
        }));
    };
    read(2);
    assert_eq!(parked(), None);
    knowledge.read_all();
    assert_eq!(parked().as_deref(), Some("garage"));
    assert!(knowledge.unread(usize::MAX).is_empty());
}

#[test]
fn each_language_of_a_site_is_read_by_its_own_encoder() {
    let knowledge = Knowledge::with_manual();
    let pages = [
        page(
            "garage",
            "Garage",
            "Vehicles stand in the basement for 12 euros a night.",
        ),
        page("pets", "Animals", "Pets stay in the room with their owners for free."),
        page(
            "werkstatt",
            "Werkstatt",
            "Fahrräder werden bei uns im Hof geflickt, auch am Sonntag.",
        ),
        page(
            "tiere",
            "Tiere",
            "Haustiere bleiben kostenlos bei ihren Besitzern im Zimmer.",
        ),
    ];
    knowledge.replace("a", pages.to_vec());
    knowledge.read_all();
    for (question, found) in [
        ("Where can I park my car?", "garage"),
        ("Wer repariert mein Rad?", "werkstatt"),
    ] {
        assert_eq!(first(&knowledge, "a", question).as_deref(), Some(found), "{question}");
    }
}

#[test]
fn short_pages_in_letters_of_their_own_are_not_read_as_english() {
    let knowledge = Knowledge::with_manual();
    let pages = [
        page("garage", "गैरेज", "वाहन तहखाने में बारह यूरो प्रति रात पर रखे जाते हैं।"),
        page("breakfast", "नाश्ता", "ब्रेड, फल और अंडे सात से दस बजे तक।"),
        page("pets", "पशु", "पालतू जानवर अपने मालिकों के कमरे में मुफ़्त ठहरते हैं।"),
        page("network", "वायरलेस", "सभी मेहमानों के लिए खुला नेटवर्क।"),
    ];
    knowledge.replace("a", pages.to_vec());
    knowledge.read_all();
    for (question, found) in [
        ("अपनी कार कहाँ पार्क करूँ?", "garage"),
        ("क्या कुत्ते को साथ ला सकता हूँ?", "pets"),
    ] {
        assert_eq!(first(&knowledge, "a", question).as_deref(), Some(found), "{question}");
    }
}
