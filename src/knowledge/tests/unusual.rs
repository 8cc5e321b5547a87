//! Documents as nobody would write them: each takes time and memory in proportion to its text, and its words are found.

use super::*;

/// Bytes of a passage's text.
const MOST_BYTES: usize = 40_100;

fn read(markdown: &str) -> Vec<Passage> {
    passages(&Document {
        id: "a".to_owned(),
        title: "Title".to_owned(),
        url: "https://a.example/a".to_owned(),
        markdown: markdown.to_owned(),
        ..Document::default()
    })
}

/// Bytes of everything that each passage repeats.
fn repeated(all: &[Passage]) -> usize {
    all.iter()
        .map(|one| one.title.len() + one.section.len() + one.url.len())
        .sum()
}

fn without_spaces(text: &str) -> String {
    text.split_whitespace().collect()
}

#[test]
fn a_heading_as_long_as_a_book_names_its_sections_by_its_first_words() {
    let long = |word: &str| format!("{word} first{} and kumquats", " words".repeat(10_000));
    let rest = "A paragraph of a few words.\n\n".repeat(800);
    for marks in ["#", "##"] {
        let all = read(&format!(
            "{marks} {} {{#{}}}\n\n{rest}",
            long("Marmalade"),
            "x".repeat(100_000)
        ));
        assert!(
            all.len() > 10 && repeated(&all) < all.len() * 1_000,
            "{} {}",
            all.len(),
            repeated(&all)
        );
        let last = all.last().expect("a passage");
        let name = if marks == "#" { &last.title } else { &last.section };
        assert!(
            name.starts_with("Marmalade first words") && name.ends_with(" words"),
            "{name}"
        );
        assert!(
            all.iter().any(|one| one.text.ends_with("kumquats")),
            "{marks}: its end is found"
        );
    }
    let nested: Vec<String> = (2..=6)
        .map(|n| format!("{} {}", "#".repeat(n), long(&format!("Level{n}"))))
        .collect();
    let all = read(&format!("{}\n\n{rest}", nested.join("\n\n")));
    assert!(repeated(&all) < all.len() * 1_000, "{} {}", all.len(), repeated(&all));
    assert!(
        all.last().is_some_and(|last| last.section.starts_with("Level6 first")),
        "the nearest counts"
    );
}

#[test]
fn ordinary_headings_lead_to_their_sections() {
    let heading = "Where the spare keys of the boats are kept over the winter, and whom to ask for them ".repeat(2);
    let given = ":~:text=".to_owned() + &"%D0%9A".repeat(190);
    let all = read(&format!(
        "# Boats\n\n## {heading}\n\nIn the shed.\n\n### Keys {{#own}}\n\nAsk.\n\n## К {{#{given}}}\n\nДа."
    ));
    let heading = heading.trim();
    let places: Vec<(&str, &str)> = all.iter().map(|one| (one.section.as_str(), one.url.as_str())).collect();
    let slug = heading.to_lowercase().replace(',', "").replace(' ', "-");
    let address = |fragment: &str| format!("https://a.example/a#{fragment}");
    let expected = [
        (heading.to_owned(), address(&slug)),
        (format!("{heading} › Keys"), address("own")),
        ("К".to_owned(), address(&given)),
    ];
    let expected: Vec<(&str, &str)> = expected
        .iter()
        .map(|(section, url)| (section.as_str(), url.as_str()))
        .collect();
    assert_eq!(places, expected);
}

#[test]
fn of_a_document_of_countless_sections_the_last_are_text() {
    let all = read(&"## a\n\nb\n\n".repeat(12_000));
    assert!((10_000..10_100).contains(&all.len()), "{}", all.len());
    let letters: usize = all.iter().map(|one| one.text.split_whitespace().count()).sum();
    assert!((13_990..=14_000).contains(&letters), "{letters}");
}

#[test]
fn a_sentence_that_does_not_end_is_parted_between_words_or_characters() {
    let english = "carve wooden spoons with a sharp knife, ".repeat(1_000);
    let thai = "เราสอนการแกะสลักช้อนไม้ด้วยมีดคม ".repeat(500);
    for (text, most_characters) in [(&english, 2_000), (&thai, 900), (&without_spaces(&thai), 900)] {
        for markdown in [text.to_string(), format!("- {text}"), format!("> {text}")] {
            let all = read(&markdown);
            let longest = all.iter().map(|one| one.text.chars().count()).max();
            assert!(
                longest.is_some_and(|longest| longest <= most_characters),
                "{longest:?} of {most_characters}"
            );
            let told: String = all.iter().map(|one| without_spaces(&one.text)).collect();
            assert!(told == without_spaces(text), "no word is lost");
        }
    }
    let all = read(&english);
    let words: Vec<&str> = all.iter().flat_map(|passage| passage.text.split_whitespace()).collect();
    assert!(
        words.len() == 7_000 && words.iter().all(|word| english.contains(word)),
        "no word is cut"
    );
    for passage in read(&thai) {
        assert!(
            passage.text.starts_with("เรา") && passage.text.ends_with("คม"),
            "{}",
            passage.text
        );
    }
    // A long sentence is still one.
    assert_eq!(read(&"carve wooden spoons with a sharp knife, ".repeat(60)).len(), 1);
}

#[test]
fn whatever_has_few_words_takes_time_in_proportion_and_ends_somewhere() {
    let links = |between: &str| format!("[a](b){between}").repeat(10_000);
    for markdown in [
        "!\n\n".repeat(20_000),
        "! ".repeat(50_000),
        "- !\n".repeat(15_000),
        "-\n".repeat(15_000),
        "- word\n".repeat(15_000),
        "- a\n  - b\n    - c\n".repeat(5_000),
        format!("- {}", links("\n- ")),
        links(" "),
        links("\n\n"),
        format!("[a]({})", "x".repeat(100_000)),
        "x".repeat(100_000),
        format!("    {}", "x".repeat(100_000)),
        format!("| a |\n|---|\n{}", "| |\n".repeat(15_000)),
        "word:\n\n".repeat(15_000),
        "<!-- asked: a -->\n\n".repeat(20_000),
        format!("a{}", "\u{301}".repeat(50_000)),
    ] {
        let all = read(&markdown);
        let start: String = markdown.chars().take(20).collect();
        for passage in &all {
            assert!(passage.text.len() <= MOST_BYTES, "{} of {start:?}", passage.text.len());
            assert!(
                !passage.text.contains("](b)"),
                "{start:?}: a link within the site leads nowhere from elsewhere"
            );
        }
        let words = markdown.matches("word").count();
        let told: usize = all.iter().map(|one| one.text.matches("word").count()).sum();
        assert_eq!(told, words, "{start:?}");
    }
}

#[test]
fn what_was_said_is_searched_until_all_of_a_long_document_is_there() {
    let knowledge = Knowledge::with_manual();
    let document = |markdown: String| Document {
        id: "a".to_owned(),
        markdown,
        ..Document::default()
    };
    let told = |word: &str| {
        let found = knowledge.search("s", &Query::of(word), 1);
        found.passages.first().map(|first| first.text.to_string())
    };
    knowledge.put("s", vec![document("An otter lives here.".to_owned())]);
    let (before, version) = (knowledge.size("s").0, knowledge.version("s"));
    let long: String = (0..15_000).map(|n| format!("word{n:x} ")).collect();
    let mut seen_on_its_way = 0;
    std::thread::scope(|scope| {
        let put = scope.spawn(|| knowledge.put("s", vec![document(format!("A heron lives here. {long}"))]));
        while !put.is_finished() {
            // Words of the new version are in the index; what is found is the old one.
            let has_more = knowledge.size("s").0 > before;
            let (otter, heron) = (told("otter"), told("heron"));
            if has_more && knowledge.version("s") == version {
                assert_eq!(otter.as_deref(), Some("An otter lives here."));
                assert!(heron.is_none_or(|text| text == "An otter lives here."));
                seen_on_its_way += 1;
            }
        }
    });
    assert!(seen_on_its_way > 0, "nobody was served while the words were entered");
    assert!(told("heron").is_some_and(|text| text.contains("heron")));
    assert!(told("otter").is_none_or(|text| !text.contains("otter")));
}
