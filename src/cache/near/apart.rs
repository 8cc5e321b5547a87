//! What tells two questions apart that a vector holds for one: a single word can turn an answer round.

use std::collections::BTreeSet;

use super::phrase::{Phrase, denies};

/// Why two close questions may want two answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Difference {
    /// A number or a version.
    Number,
    Negation,
    /// A product, a brand, a person.
    Name,
    /// Why and when are two questions.
    Asking,
    /// `enable` here, `disable` there.
    Opposite,
    /// The same words the other way round: from euros to dollars, from dollars to euros.
    Order,
    /// Each is about something that the other does not name: in summer, in winter.
    Subject,
    /// The model does not know enough of the words.
    Unreadable,
}

const OPPOSITES: &[(&str, &str)] = &[
    ("enable", "disable"),
    ("enabled", "disabled"),
    ("activate", "deactivate"),
    ("install", "uninstall"),
    ("add", "remove"),
    ("add", "delete"),
    ("create", "delete"),
    ("open", "close"),
    ("start", "stop"),
    ("start", "cancel"),
    ("buy", "sell"),
    ("increase", "decrease"),
    ("raise", "lower"),
    ("more", "less"),
    ("before", "after"),
    ("on", "off"),
    ("in", "out"),
    ("up", "down"),
    ("with", "without"),
    ("import", "export"),
    ("upload", "download"),
    ("upgrade", "downgrade"),
    ("send", "receive"),
    ("sent", "received"),
    ("monthly", "yearly"),
    ("monthly", "annual"),
    ("free", "paid"),
    ("lock", "unlock"),
    ("block", "unblock"),
    ("subscribe", "unsubscribe"),
    ("show", "hide"),
    ("public", "private"),
    ("minimum", "maximum"),
    ("min", "max"),
    ("old", "new"),
    ("first", "last"),
    ("can", "can't"),
    ("deposit", "withdraw"),
    ("credit", "debit"),
    ("physical", "virtual"),
    ("valid", "invalid"),
    ("success", "failure"),
    ("won", "lost"),
    ("man", "woman"),
    ("child", "adult"),
    ("card", "phone"),
    ("sender", "recipient"),
    ("include", "exclude"),
    ("borrow", "lend"),
    ("arrive", "depart"),
    ("earlier", "later"),
    ("cheapest", "fastest"),
    ("online", "offline"),
];

/// Words after which the order of what follows is the meaning.
const DIRECTIONS: &[&str] = &[
    "from", "to", "into", "than", "before", "after", "without", "von", "nach", "zu", "de", "à", "из", "в",
];

/// What turns a word into its opposite.
const TURNING: &[&str] = &["un", "in", "im", "ir", "dis", "non", "de", "mis"];

/// The first thing that tells them apart, if any does.
pub fn apart(one: &Phrase, other: &Phrase) -> Option<Difference> {
    if !one.is_readable || !other.is_readable {
        return Some(Difference::Unreadable);
    }
    if one.numbers != other.numbers {
        return Some(Difference::Number);
    }
    if one.denials != other.denials {
        return Some(Difference::Negation);
    }
    if opposed(one, other) {
        return Some(Difference::Opposite);
    }
    if named_alone(one, other) || named_alone(other, one) {
        return Some(Difference::Name);
    }
    let both_ask = !one.asking.is_empty() && !other.asking.is_empty();
    if both_ask && one.asking != other.asking {
        return Some(Difference::Asking);
    }
    if turned(one, other) || in_another_order(one, other) {
        return Some(Difference::Order);
    }
    (says_more(one, other) && says_more(other, one)).then_some(Difference::Subject)
}

/// A name of the one that the other does not have, in any spelling.
fn named_alone(one: &Phrase, other: &Phrase) -> bool {
    one.names
        .iter()
        .any(|name| !other.words.iter().any(|word| is_spelling(name, word)))
}

/// The same word, its plural, or one slip of the keyboard in a long one.
fn is_spelling(name: &str, word: &str) -> bool {
    let bare = |text: &str| text.trim_end_matches("'s").trim_end_matches('s').to_owned();
    name == word || bare(name) == bare(word) || (name.chars().count() >= 7 && is_one_slip(name, word))
}

/// One letter too many, too few, another, or two of them swapped.
fn is_one_slip(one: &str, other: &str) -> bool {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let same_start = one.iter().zip(&other).take_while(|(a, b)| a == b).count();
    let rest = |text: &[char], skip: usize| text.get(same_start + skip..).map(<[char]>::to_vec);
    let swapped = one.len() == other.len()
        && one.get(same_start) == other.get(same_start + 1)
        && one.get(same_start + 1) == other.get(same_start)
        && rest(&one, 2) == rest(&other, 2);
    swapped
        || [(1, 1), (1, 0), (0, 1)]
            .iter()
            .any(|&(a, b)| match (rest(&one, a), rest(&other, b)) {
                (Some(one), Some(other)) => one == other,
                _ => false,
            })
}

fn opposed(one: &Phrase, other: &Phrase) -> bool {
    let has = |phrase: &Phrase, word: &str| phrase.words.iter().any(|own| own == word);
    let known = OPPOSITES.iter().any(|(this, that)| {
        (has(one, this) && !has(other, this) && has(other, that) && !has(one, that))
            || (has(one, that) && !has(other, that) && has(other, this) && !has(one, this))
    });
    known || turns_into(one, other) || turns_into(other, one)
}

/// A word of the one, and its opposite in the other: `opened`, `unopened`.
fn turns_into(one: &Phrase, other: &Phrase) -> bool {
    let plain = |stem: &String| {
        TURNING
            .iter()
            .filter_map(|turning| stem.strip_prefix(turning))
            .any(|rest| {
                let has = |phrase: &Phrase| phrase.content.iter().any(|own| own == rest);
                has(one) && !has(other)
            })
    };
    other
        .content
        .iter()
        .any(|stem| !one.content.contains(stem) && plain(stem))
}

/// A direction, or a denial, leads to another of the words that both have.
fn turned(one: &Phrase, other: &Phrase) -> bool {
    let (led, others) = (led(one), led(other));
    let without = |own: &[(String, String)], theirs: &[(String, String)], phrase: &Phrase| -> BTreeSet<String> {
        let alone = own.iter().filter(|pair| !theirs.contains(pair));
        let known = alone.filter(|(_, stem)| phrase.content.contains(stem));
        known.map(|(direction, _)| direction.clone()).collect()
    };
    !without(&led, &others, other).is_disjoint(&without(&others, &led, one))
}

/// Directions, each with the stem of what it leads to: the next word that says what the question is about. Every denial is one
/// direction.
fn led(phrase: &Phrase) -> Vec<(String, String)> {
    let direction = |at: usize| match phrase.words[at].as_str() {
        _ if denies(&phrase.words, at) => Some("not"),
        word => DIRECTIONS.iter().find(|direction| **direction == word).copied(),
    };
    let leads = |at: usize| {
        let direction = direction(at)?;
        let (_, stem) = phrase.stems.iter().find(|(place, _)| *place > at)?;
        Some((direction.to_owned(), stem.clone()))
    };
    (0..phrase.words.len()).filter_map(leads).collect()
}

/// The same words say what both are about, and stand in another order: who pays whom, what is warmer than what.
fn in_another_order(one: &Phrase, other: &Phrase) -> bool {
    let first = |phrase: &Phrase| -> Vec<String> {
        let mut order: Vec<String> = Vec::new();
        for (_, stem) in &phrase.stems {
            if !order.contains(stem) {
                order.push(stem.clone());
            }
        }
        order
    };
    one.content == other.content && first(one) != first(other)
}

/// The one is about something that the other does not name in any spelling.
fn says_more(one: &Phrase, other: &Phrase) -> bool {
    let is_said = |stem: &String| other.content.iter().any(|word| is_spelling(stem, word));
    one.content.iter().any(|stem| !is_said(stem))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(one: &str, other: &str) -> Option<Difference> {
        let (one, other) = (Phrase::of(one), Phrase::of(other));
        assert_eq!(
            apart(&one, &other),
            apart(&other, &one),
            "the order of two questions must not matter"
        );
        apart(&one, &other)
    }

    #[test]
    fn one_word_can_turn_an_answer_round() {
        for (one, other, difference) in [
            (
                "How do I update to version 2.9?",
                "How do I update to version 2.10?",
                Difference::Number,
            ),
            (
                "Can I cancel within 14 days?",
                "Can I cancel within 30 days?",
                Difference::Number,
            ),
            ("Can I add three seats?", "Can I add five seats?", Difference::Number),
            (
                "Which plugins work with the cache?",
                "Which plugins do not work with the cache?",
                Difference::Negation,
            ),
            (
                "My card can be used abroad",
                "My card can't be used abroad",
                Difference::Negation,
            ),
            (
                "Kann ich ohne Konto bestellen?",
                "Kann ich mit Konto bestellen?",
                Difference::Unreadable,
            ),
            (
                "Does it work with WooCommerce?",
                "Does it work with Shopify?",
                Difference::Name,
            ),
            (
                "does it work with woocommerce?",
                "does it work with elementor?",
                Difference::Name,
            ),
            ("Can I pay with Stripe?", "Can I pay with Square?", Difference::Name),
            ("Why was I charged?", "When was I charged?", Difference::Asking),
            ("How much is delivery?", "How long is delivery?", Difference::Asking),
            (
                "How do I enable comments?",
                "How do I disable comments?",
                Difference::Opposite,
            ),
            (
                "transfer money from euros to dollars",
                "transfer money from dollars to euros",
                Difference::Order,
            ),
            (
                "Move me from the basic plan to the premium plan",
                "Move me from the premium plan to the basic plan",
                Difference::Order,
            ),
            (
                "Can I use the shop without the blog?",
                "Can I use the blog without the shop?",
                Difference::Order,
            ),
            (
                "Why can I log in but not pay?",
                "Why can I pay but not log in?",
                Difference::Order,
            ),
            (
                "Why can I log in but not pay?",
                "Why can I not log in but pay?",
                Difference::Order,
            ),
            (
                "Is the cotton shirt warmer than the wool shirt?",
                "Is the wool shirt warmer than the cotton shirt?",
                Difference::Order,
            ),
            (
                "Do I pay if I keep one item and return the other?",
                "Do I pay if I return one item and keep the other?",
                Difference::Order,
            ),
            (
                "can a guest invite an admin to the workspace",
                "can an admin invite a guest to the workspace",
                Difference::Order,
            ),
            (
                "How long does delivery of a sofa take in summer?",
                "How long does delivery of a sofa take in winter?",
                Difference::Subject,
            ),
            (
                "Can I return an unopened box?",
                "Can I return an opened box?",
                Difference::Opposite,
            ),
            (
                "Is the jacket made for cold weather or not?",
                "Is the jacket not made for cold weather?",
                Difference::Negation,
            ),
        ] {
            assert_eq!(told(one, other), Some(difference), "{one} / {other}");
        }
    }

    #[test]
    fn other_words_for_the_same_are_no_difference() {
        for (one, other) in [
            ("How do I install the plugin?", "how can i install the plugin please"),
            ("What's your refund policy?", "WHAT IS YOUR REFUND POLICY"),
            ("Does it work with WooCommerce?", "does it work with woocomerce"),
            ("When will my card arrive?", "my card will arrive when?"),
            ("Where is my order?", "Tell me where my order is"),
            ("Will my card arrive today or not?", "Will my card arrive today?"),
        ] {
            assert_eq!(told(one, other), None, "{one} / {other}");
        }
    }
}
