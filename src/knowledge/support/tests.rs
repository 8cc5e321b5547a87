use super::*;
use crate::knowledge::DocumentVersion;

struct Sample {
    passage: Passage,
    supported: Vec<String>,
    invented: Vec<(Reason, String)>,
}

fn samples() -> Vec<Sample> {
    let mut samples: Vec<Sample> = Vec::new();
    for line in include_str!("statements.txt")
        .lines()
        .filter(|line| !line.starts_with('#'))
    {
        if let Some(place) = line.strip_prefix("== ") {
            let (title, section) = place.split_once(" › ").unwrap_or((place, ""));
            samples.push(Sample {
                passage: passage(title, section),
                supported: Vec::new(),
                invented: Vec::new(),
            });
            continue;
        }
        let Some(sample) = samples.last_mut() else { continue };
        if let Some(sentence) = line.strip_prefix("+ ") {
            sample.supported.push(sentence.to_owned());
        } else if let Some((reason, sentence)) = line.strip_prefix("- ").and_then(|rest| rest.split_once(' ')) {
            let reason = serde_json::from_value(reason.into()).expect("a reason");
            sample.invented.push((reason, sentence.to_owned()));
        } else if !line.is_empty() {
            sample.passage.text = format!("{}{line}", sample.passage.text).into();
        }
    }
    samples
}

fn passage(title: &str, section: &str) -> Passage {
    Passage {
        document: title.to_owned(),
        version: DocumentVersion(1),
        title: title.to_owned(),
        section: section.to_owned(),
        url: String::new(),
        text: "".into(),
        score: 1.0,
    }
}

/// Caught, invented, doubted for nothing, supported.
fn measured(which: usize) -> [usize; 4] {
    let all = samples();
    let mut counts = [0; 4];
    for (at, sample) in all.iter().enumerate().filter(|(at, _)| at % 2 == which) {
        // A model is given several passages, not just the right one.
        let others = (1..4).map(|more| all[(at + more * 5) % all.len()].passage.clone());
        let passages: Vec<Passage> = std::iter::once(sample.passage.clone()).chain(others).collect();
        let doubted = |sentence: &str| doubts(sentence, &passages, &["How does that work?"]);
        for (reason, sentence) in &sample.invented {
            let found = doubted(sentence);
            counts[0] += usize::from(!found.is_empty());
            counts[1] += 1;
            if found.is_empty() {
                println!("not caught ({reason:?}): {sentence}");
            }
        }
        for sentence in &sample.supported {
            let found = doubted(sentence);
            counts[2] += usize::from(!found.is_empty());
            counts[3] += 1;
            if !found.is_empty() {
                println!("doubted for nothing: {sentence} {found:?}");
            }
        }
    }
    counts
}

#[test]
fn inventions_are_caught_and_truths_left_alone() {
    for (which, name) in [(0, "tuned on"), (1, "held out")] {
        let [caught, invented, wronged, supported] = measured(which);
        println!("{name}: {caught} of {invented} inventions caught, {wronged} of {supported} truths doubted");
        assert!(
            caught * 100 >= invented * 80,
            "{name}: only {caught} of {invented} are caught"
        );
        assert!(
            wronged * 100 <= supported * 5,
            "{name}: {wronged} of {supported} are doubted for nothing"
        );
    }
}

#[test]
fn nothing_is_doubted_without_passages_or_for_its_manners() {
    assert!(doubts("It costs $7 at Harrods.", &[], &[]).is_empty());
    let mut one = passage("Prices", "");
    one.text = "The small box costs $5.".into();
    let polite = "I could not find a price of $7. Would you like the one of Harrods? Let me know!";
    assert!(doubts(polite, std::slice::from_ref(&one), &[]).is_empty());
    assert_eq!(
        doubts("The box costs $7 [1].", std::slice::from_ref(&one), &[])[0].detail,
        "7"
    );
    assert!(doubts("The box costs $7, as you say.", &[one], &["Does it cost $7?"]).is_empty());
}

#[test]
fn good_manners_cover_no_invention() {
    let mut one = passage("Returns", "");
    one.text = "Send unused items back within 30 days. For a refund write to our shop in Leeds.".into();
    let doubted = |text: &str| {
        doubts(text, std::slice::from_ref(&one), &[])
            .pop()
            .map(|doubt| doubt.detail)
    };
    for polite in [
        "Feel free to ask whatever else crosses your mind!",
        "Please contact us within 30 days to send unused items back [1].",
        "You're welcome, and let me know how the shop in Leeds was.",
    ] {
        assert_eq!(doubted(polite), None, "{polite}");
    }
    for (invented, detail) in [
        ("Please contact us at 555-9999 within 90 days for a 50% refund.", "555"),
        ("Feel free to send it back to Klarna within 45 days.", "45"),
        ("Feel free to send it back to Klarna.", "Klarna"),
    ] {
        assert_eq!(doubted(invented).as_deref(), Some(detail), "{invented}");
    }
}

#[test]
fn in_another_language_only_numbers_are_compared() {
    let mut one = passage("Warranty", "");
    one.text = "Every kettle carries a warranty of five years against broken heating elements. Send it to our workshop in Cologne, and we \
                mend it within 14 days."
        .into();
    let doubted = |text: &str| doubts(text, std::slice::from_ref(&one), &["Welche Garantie hat der Kocher?"]);
    for true_one in [
        "Der Wasserkocher hat fünf Jahre Garantie auf gebrochene Heizelemente [1]. Schicken Sie ihn nach Köln [1].",
        "Nous le réparons en 14 jours dans notre atelier de Cologne [1].",
        "Гарантия на чайник — 5 лет [1].",
        "نصلح الغلاية خلال ١٤ يومًا [1].",
        "हम केतली को १४ दिनों में ठीक करते हैं [1].",
    ] {
        assert_eq!(doubted(true_one), [], "{true_one}");
    }
    let invented = doubted("Der Wasserkocher hat sieben Jahre Garantie [1]. Wir reparieren ihn in 14 Tagen [1].");
    assert_eq!(
        invented.iter().map(|doubt| doubt.detail.as_str()).collect::<Vec<_>>(),
        ["7"]
    );
    one.text = "每个水壶都有五年保修。请寄到我们在科隆的工场，我们会在14天内修好。".into();
    let doubted = |text: &str| doubts(text, std::slice::from_ref(&one), &["How long is the warranty?"]);
    assert_eq!(doubted("We mend the kettle within 14 days [1]."), []);
    assert_eq!(doubted("We mend the kettle within 15 days [1].")[0].detail, "15");
}
