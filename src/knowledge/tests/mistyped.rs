//! A shop of three pages, asked by people in a hurry: what they mean is found, and what the pages do not hold is refused all the same.

use super::super::{ABSTAIN_BELOW, Knowledge, Query};
use super::content::shop;

/// The page that answers, and ways to mistype the question.
const MEANT: [(&str, &[&str]); 3] = [
    (
        "warranty",
        &[
            "do ketles have a waranty",
            "is thre a warrenty on kettels",
            "kettle waranty how mny years",
            "my kettle has a brokn heating elment",
            "how lnog is the warrany for a ketle",
            "WARRNTY???",
        ],
    ),
    (
        "delivery",
        &[
            "how long does delievry take",
            "when do pacels leave the warehose",
            "delivry how many working dyas",
            "parcles leave on wich weekdays",
        ],
    ),
    (
        "returns",
        &[
            "can i sned somthing back",
            "retruns within how many days",
            "do you reufnd the postgae",
            "refnud of the prise",
        ],
    ),
];

/// Nothing of this stands on the three pages, mistyped or not.
const STRANGE: [&str; 10] = [
    "who won the football world cup in Brazil",
    "do you sell gift vouchers",
    "can I pay by bank transfer",
    "can I rent a bicycle for the weekend",
    "what is the captial of Frnace",
    "do yuo have a vegitarian menu",
    "how do I reset my pasword",
    "whre can I park my car",
    "are your trainees paid",
    "recipe for banana bread with walnuts",
];

#[test]
fn a_slip_of_the_finger_is_no_doubt_about_the_answer() {
    let knowledge = Knowledge::with_manual();
    knowledge.put("a", shop());
    for (page, questions) in MEANT {
        for question in questions {
            let found = knowledge.search("a", &Query::of(question), 3);
            let first = found.passages.first().map(|passage| passage.document.as_str());
            assert_eq!(first, Some(page), "{question}");
            assert!(found.confidence >= ABSTAIN_BELOW, "{question}: {}", found.confidence);
            assert!(knowledge.compose("a", &Query::of(question)).found, "{question}");
        }
    }
}

#[test]
fn what_a_small_site_does_not_hold_is_refused() {
    let knowledge = Knowledge::with_manual();
    knowledge.put("a", shop());
    for question in STRANGE {
        let found = knowledge.search("a", &Query::of(question), 3);
        assert!(found.confidence < ABSTAIN_BELOW, "{question}: {}", found.confidence);
        assert!(found.is_judged, "{question}");
        assert!(!knowledge.compose("a", &Query::of(question)).found, "{question}");
    }
}
