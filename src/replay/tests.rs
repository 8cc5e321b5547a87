use super::questions::Dice;
use super::*;

fn asked(text: &str, category: &str) -> Asked {
    Asked {
        text: text.to_owned(),
        category: Some(category.to_owned()),
    }
}

fn price(input: &str, output: &str) -> Price {
    Price {
        input_usd_per_million: input.parse().expect("money"),
        output_usd_per_million: output.parse().expect("money"),
    }
}

fn rates() -> Rates {
    Rates {
        simple: price("0.1", "0.4"),
        standard: price("1", "4"),
        complex: price("2", "8"),
        verifier: price("0.1", "0.4"),
        rules: Vec::new(),
        baseline: Some(price("2.5", "10")),
        single: "m".to_owned(),
    }
}

fn played(list: &[Asked], name: &str, error: f64) -> Bill {
    let stream: Vec<&Asked> = list.iter().collect();
    let measures = Measures::STEPS.iter().find(|(one, _)| *one == name).expect("a step").1;
    let mut tokens = Tokens::simulated(7, 1_000);
    for one in list {
        let usage = Usage {
            prompt_tokens: 1_000,
            completion_tokens: 100,
            counted: false,
        };
        tokens.measured(&one.text, usage);
    }
    play(
        &stream,
        measures,
        &rates(),
        &tokens,
        &Verifier::new(7, error),
        &mut || (),
    )
}

#[test]
fn each_measure_is_paid_as_it_should_be() {
    let list = [
        asked("When do you open?", "hours"),
        asked("when do you open", "hours"),
        asked("What is the difference between the two plans?", "plans"),
    ];
    // 1,000 tokens in and 100 out: 0.0014 dollars of the standard model, 0.00014 of the simple one.
    let cost = |name: &str| played(&list, name, 0.0).cost.0.normalize().to_string();
    assert_eq!(cost("one model, no cache"), "0.0042");
    assert_eq!(cost("exact cache"), "0.0028");
    assert_eq!(cost("tiers, no cache"), "0.00168");
    assert_eq!(cost("all together"), "0.00154");
    let exact = played(&list, "exact cache", 0.0);
    assert_eq!((exact.exact_hits, exact.wrong_hits, exact.labelled_hits), (1, 0, 1));
    let stream: Vec<&Asked> = list.iter().collect();
    let tokens = Tokens::simulated(7, 1_000);
    let of_baseline = baseline(&stream, &rates(), &tokens).expect("a price");
    assert!(of_baseline > played(&list, "one model, no cache", 0.0).cost);
}

#[test]
fn near_matches_are_asked_about_and_errors_are_counted() {
    let list = [
        asked("How do I install the plugin?", "install"),
        asked("how can the plugin be installed by me", "install"),
        asked("how can the plugin be installed by me", "install"),
    ];
    let near = played(&list, "exact and near cache", 0.0);
    assert_eq!((near.near_hits, near.wrong_hits), (2, 0), "{near:?}");
    assert!(near.verifying > Usd::ZERO, "{near:?}");
    let erring = played(&list, "exact and near cache", 1.0);
    assert_eq!(
        (erring.near_hits, erring.exact_hits),
        (0, 1),
        "a verifier that always errs refuses it: {erring:?}"
    );
    let strangers = [
        asked("How do I install the plugin?", "install"),
        asked("how can the plugin be installed by me", "another"),
    ];
    let wrong = played(&strangers, "exact and near cache", 1.0);
    assert_eq!((wrong.near_hits, wrong.wrong_hits), (1, 1), "{wrong:?}");
    let without_labels: Vec<Asked> = list.into_iter().map(|one| Asked { category: None, ..one }).collect();
    let bill = played(&without_labels, "exact and near cache", 0.0);
    assert_eq!(
        (bill.near_hits, bill.labelled_hits),
        (0, 0),
        "the least that it saves: {bill:?}"
    );
}

#[test]
fn a_draw_follows_its_law_and_its_seed() {
    let list: Vec<Asked> = (0..100).map(|i| asked(&format!("question {i}"), "c")).collect();
    let count = |stream: &[&Asked]| {
        let mut counts: HashMap<&str, usize> = HashMap::new();
        for one in stream {
            *counts.entry(&one.text).or_default() += 1;
        }
        let mut counts: Vec<usize> = counts.into_values().collect();
        counts.sort_by_key(|count| std::cmp::Reverse(*count));
        counts
    };
    let drawn = zipf(&list, 1.0, 50_000, 1);
    assert_eq!(drawn, zipf(&list, 1.0, 50_000, 1));
    assert_ne!(drawn, zipf(&list, 1.0, 50_000, 2));
    let counts = count(&drawn);
    // The first comes 1/H(100) = 0.1928 of all times, the tenth a tenth of that.
    assert!((counts[0] as f64 / 50_000.0 - 0.1928).abs() < 0.01, "{counts:?}");
    assert!((counts[9] as f64 / counts[0] as f64 - 0.1).abs() < 0.02, "{counts:?}");
    let even = count(&zipf(&list, 0.0, 50_000, 1));
    assert!(even[99] > 380 && even[0] < 620, "{even:?}");
}

#[test]
fn answers_have_the_lengths_that_are_told() {
    let tokens = Tokens::simulated(1, 1_000);
    let mut lengths: Vec<u64> = (0..4_000)
        .map(|i| tokens.of(&format!("question {i}")).completion_tokens)
        .collect();
    lengths.sort_unstable();
    assert!(
        (100..=120).contains(&lengths[2_000]),
        "the median is {}",
        lengths[2_000]
    );
    assert!((30..=45).contains(&lengths[100]) && (290..=360).contains(&lengths[3_900]));
    assert_eq!(tokens.of("question 1"), tokens.of("question 1"));
    assert!(Tokens::simulated(1, 50).of("question 1").completion_tokens <= 50);
    let mut dice = Dice::new(1, "x");
    assert!((0..1_000).all(|_| (0.0..1.0).contains(&dice.unit())));
}
