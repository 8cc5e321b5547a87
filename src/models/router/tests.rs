//! The router, measured: against people's labels, beside what a simpler router would do.

use super::*;
use crate::settings::{Pattern, RoutingRule};

const LEARN: &str = include_str!("learn.tsv");
const HELD_OUT: &str = include_str!("held_out.tsv");

struct Labelled {
    tier: Tier,
    turns: usize,
    text: String,
}

fn labelled(lines: &str) -> Vec<Labelled> {
    let lines = lines.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    let read = |line: &str| {
        let mut fields = line.splitn(3, '\t');
        let mut field = || fields.next().unwrap_or_else(|| panic!("three fields in {line}"));
        Labelled {
            tier: Tier::parse(field()).unwrap_or_else(|| panic!("a tier in {line}")),
            turns: field().parse().unwrap_or_else(|_| panic!("turns in {line}")),
            text: field().replace("\\n", "\n"),
        }
    };
    lines.map(read).collect()
}

fn route(text: &str, turns: usize, best_passage: Option<f32>) -> Decision {
    let features = Features {
        text,
        turns,
        best_passage,
    };
    decide(&[], &features)
}

/// What a router that looks at the length alone does at its best: the two bounds that fit the labels best.
fn by_length(learned: &[Labelled]) -> impl Fn(&Labelled) -> Tier + use<> {
    let tier = |bounds: (usize, usize), length: usize| match length {
        length if length <= bounds.0 => Tier::Simple,
        length if length <= bounds.1 => Tier::Standard,
        _ => Tier::Complex,
    };
    let right = |bounds| {
        let fits = |one: &&Labelled| tier(bounds, one.text.chars().count()) == one.tier;
        learned.iter().filter(fits).count()
    };
    let all = (10..400)
        .step_by(5)
        .flat_map(|low| (low..800).step_by(10).map(move |high| (low, high)));
    let best = all.max_by_key(|bounds| right(*bounds)).expect("bounds");
    move |one| tier(best, one.text.chars().count())
}

/// Rows are what people said, columns what the router did; and the share that it got right.
fn confusion(set: &[Labelled], router: &dyn Fn(&Labelled) -> Tier) -> ([[usize; 3]; 3], f64) {
    let place = |tier: Tier| Tier::ALL.iter().position(|one| *one == tier).expect("a tier");
    let mut table = [[0; 3]; 3];
    for one in set {
        table[place(one.tier)][place(router(one))] += 1;
    }
    let right: usize = (0..3).map(|i| table[i][i]).sum();
    (table, right as f64 / set.len() as f64)
}

#[test]
fn people_agree_with_the_router_more_than_with_simpler_ones() {
    let (learned, held_out) = (labelled(LEARN), labelled(HELD_OUT));
    assert!(learned.len() + held_out.len() >= 150, "too few questions to tell");
    let ours = |one: &Labelled| route(&one.text, one.turns, None).tier;
    let length = by_length(&learned);
    let mut figures = String::new();
    let mut measure = |name: &str, set: &[Labelled], router: &dyn Fn(&Labelled) -> Tier| {
        let (table, share) = confusion(set, router);
        figures.push_str(&format!(
            "{name:<40} {share:.3}  simple/standard/complex as {table:?}\n"
        ));
        (table, share)
    };
    measure("learned, always standard", &learned, &|_| Tier::Standard);
    measure("learned, by length alone", &learned, &length);
    let (_, on_learned) = measure("learned, the router", &learned, &ours);
    let (_, standard) = measure("held out, always standard", &held_out, &|_| Tier::Standard);
    let (length_table, by_length) = measure("held out, by length alone", &held_out, &length);
    let (table, share) = measure("held out, the router", &held_out, &ours);
    // Those of the other half stay unseen, so that nobody sets a weight by them.
    let wrong = learned.iter().filter(|one| ours(one) != one.tier);
    for one in wrong {
        let made = route(&one.text, one.turns, None);
        figures.push_str(&format!(
            "{} taken for {}: {} ({})\n",
            one.tier, made.tier, one.text, made.reason
        ));
    }
    println!("{figures}");
    assert!(on_learned >= 0.9, "{figures}");
    assert!(share >= 0.85 && share > by_length && share > standard, "{figures}");
    // What needs the strongest model gets it, and fewer are answered by too weak a model than by the length alone.
    let too_weak = |table: [[usize; 3]; 3]| table[1][0] + table[2][0] + table[2][1];
    assert_eq!(table[2][0] + table[2][1], 0, "{figures}");
    assert!(too_weak(table) < too_weak(length_table), "{figures}");
}

#[test]
fn every_decision_is_explained_in_one_line() {
    for one in labelled(LEARN).iter().chain(&labelled(HELD_OUT)) {
        let reason = route(&one.text, one.turns, Some(0.3)).reason;
        assert!(
            !reason.is_empty() && reason.len() < 200 && !reason.contains('\n'),
            "{reason}"
        );
    }
    let told = route(
        "What is the difference between the two plans? Which is for us?",
        0,
        None,
    );
    assert_eq!(
        (told.tier, &*told.reason),
        (
            Tier::Standard,
            "it weighs things up (“difference”); it asks 2 questions"
        )
    );
    assert_eq!(
        &*route("When do you open?", 0, Some(0.9)).reason,
        "it is short, and one passage answers it"
    );
}

#[test]
fn the_operator_s_rules_come_first_and_say_so() {
    let rules = [
        RoutingRule {
            pattern: Pattern::Contains("Refund".to_owned()),
            tier: Tier::Complex,
        },
        RoutingRule {
            pattern: Pattern::matches("^order #?[0-9]{4,}").expect("a pattern"),
            tier: Tier::Standard,
        },
    ];
    let of = |text: &str| {
        let features = Features {
            text,
            turns: 0,
            best_passage: None,
        };
        let made = decide(&rules, &features);
        (made.tier, made.reason)
    };
    assert_eq!(of("refund?"), (Tier::Complex, "a rule: it contains “Refund”".into()));
    assert_eq!(
        of("Order 12345?"),
        (Tier::Standard, "a rule: it matches “^order #?[0-9]{4,}”".into())
    );
    assert_eq!(of("My order 12345?").0, Tier::Simple);
}

#[test]
fn content_that_does_not_answer_alone_asks_for_more() {
    let question = "How do the two backups work together for a shop, if only one of them is on?";
    let with = |confidence| route(question, 0, Some(confidence));
    assert!(
        with(0.2).reason.contains("no passage alone answers it"),
        "{}",
        with(0.2).reason
    );
    let borderline = "Can I pay later if the parcel is late?";
    assert_eq!(route(borderline, 0, Some(0.9)).tier, Tier::Simple);
    assert_eq!(route(borderline, 0, Some(0.2)).tier, Tier::Standard);
}
