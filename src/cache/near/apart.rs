//! What tells two questions apart that a vector holds for one: a single word can turn an answer round.

use super::phrase::Phrase;

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
    "from", "to", "into", "than", "before", "after", "von", "nach", "zu", "de", "à", "a", "из", "в",
];

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
    turned(one, other).then_some(Difference::Order)
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
    OPPOSITES.iter().any(|(this, that)| {
        (has(one, this) && !has(other, this) && has(other, that) && !has(one, that))
            || (has(one, that) && !has(other, that) && has(other, this) && !has(one, this))
    })
}

/// The words behind a direction are the other's words, and stand there in another place.
fn turned(one: &Phrase, other: &Phrase) -> bool {
    let led = |phrase: &Phrase| -> Vec<(String, String)> {
        let pairs = phrase
            .words
            .windows(2)
            .filter(|pair| DIRECTIONS.contains(&pair[0].as_str()));
        pairs.map(|pair| (pair[0].clone(), pair[1].clone())).collect()
    };
    let others = led(other);
    led(one).iter().any(|(direction, word)| {
        others
            .iter()
            .any(|(to, led)| to == direction && led != word && other.words.contains(word) && one.words.contains(led))
    })
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
        ] {
            assert_eq!(told(one, other), None, "{one} / {other}");
        }
    }
}
