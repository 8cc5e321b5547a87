//! Which tier a question goes to, decided by what is known and cheap, and explained in one line.

use crate::domain::{Decision, Tier};
use crate::settings::RoutingRule;

/// A question of at most so many characters may be simple.
const SHORT: usize = 160;
/// One of more characters is complex.
const LONG: usize = 700;
/// A conversation of more turns than this needs a model that keeps the thread.
const LONG_CONVERSATION: usize = 8;
/// So many questions in one are complex.
const MANY_QUESTIONS: usize = 3;

/// Words that ask for weighing things up, in the languages of most visitors.
const WEIGHING: &[&str] = &[
    "compare",
    "comparison",
    "difference",
    "differences",
    "versus",
    "vs",
    "better",
    "recommend",
    "why",
    "explain",
    "vergleich",
    "vergleiche",
    "unterschied",
    "besser",
    "warum",
    "erkläre",
    "empfehlen",
    "comparer",
    "différence",
    "mieux",
    "pourquoi",
    "expliquer",
    "recommander",
    "comparar",
    "diferencia",
    "mejor",
    "porqué",
    "explicar",
    "recomendar",
];

/// What is known of a question before it is answered.
#[derive(Debug, Clone, Copy)]
pub struct Features<'a> {
    pub text: &'a str,
    /// Earlier turns of the conversation.
    pub turns: usize,
    /// How well the best passage of the content alone answers, from 0 to 1; `None` when the site has no content.
    pub best_passage: Option<f32>,
}

/// The rules in their order, then what the question looks like.
pub fn decide(rules: &[RoutingRule], question: &Features<'_>) -> Decision {
    let lower = question.text.to_lowercase();
    if let Some(rule) = rules.iter().find(|rule| lower.contains(&rule.contains.to_lowercase())) {
        return decision(rule.tier, format!("a rule: it contains “{}”", rule.contains));
    }
    let characters = question.text.chars().count();
    let asked = lower.matches(['?', '？', '؟']).count();
    let weighing = lower
        .split(|c: char| !c.is_alphanumeric())
        .find(|word| WEIGHING.contains(word));
    if has_code(question.text) {
        return decision(Tier::Complex, "it holds code".to_owned());
    }
    if characters > LONG {
        return decision(Tier::Complex, format!("it is long, {characters} characters"));
    }
    if asked >= MANY_QUESTIONS {
        return decision(Tier::Complex, format!("it asks {asked} questions at once"));
    }
    if question.turns > LONG_CONVERSATION {
        return decision(
            Tier::Complex,
            format!("it continues a conversation of {} turns", question.turns),
        );
    }
    if let Some(word) = weighing {
        return decision(Tier::Standard, format!("it weighs things up: “{word}”"));
    }
    if characters > SHORT || asked > 1 || question.turns > 0 {
        let turns = question.turns;
        return decision(
            Tier::Standard,
            format!(
                "{characters} characters, {} question(s), {turns} earlier turn(s)",
                asked.max(1)
            ),
        );
    }
    match question.best_passage {
        Some(score) if score < 0.5 => decision(
            Tier::Standard,
            "it is short, but no passage alone answers it".to_owned(),
        ),
        Some(_) => decision(Tier::Simple, "it is short, and one passage answers it".to_owned()),
        None => decision(
            Tier::Simple,
            format!("it is short, {characters} characters, and one question"),
        ),
    }
}

fn decision(tier: Tier, reason: String) -> Decision {
    Decision { tier, reason }
}

/// A fence, or several of the marks that prose does not have.
fn has_code(text: &str) -> bool {
    let marks = [
        "();",
        "</",
        "=>",
        "->",
        "{\n",
        "};",
        "$_",
        "<?php",
        "SELECT ",
        "function ",
        "Traceback",
        "Exception",
    ];
    text.contains("```") || marks.iter().filter(|mark| text.contains(**mark)).count() >= 2
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tier(text: &str, turns: usize) -> Tier {
        decide(
            &[],
            &Features {
                text,
                turns,
                best_passage: None,
            },
        )
        .tier
    }

    #[test]
    fn questions_go_where_they_belong() {
        assert_eq!(tier("When do you open?", 0), Tier::Simple);
        assert_eq!(tier("What is the difference between the two plans?", 0), Tier::Standard);
        assert_eq!(tier("And how much is it?", 2), Tier::Standard);
        assert_eq!(tier("Is it red? Is it big? Is it cheap?", 0), Tier::Complex);
        assert_eq!(tier("It says\n```\nfatal error\n```", 0), Tier::Complex);
        assert_eq!(tier(&"word ".repeat(200), 0), Tier::Complex);
        assert_eq!(tier("And then?", 12), Tier::Complex);
    }

    #[test]
    fn the_operator_s_rules_come_first_and_say_so() {
        let rules = [RoutingRule {
            contains: "Refund".to_owned(),
            tier: Tier::Complex,
        }];
        let made = decide(
            &rules,
            &Features {
                text: "refund?",
                turns: 0,
                best_passage: None,
            },
        );
        assert_eq!(
            (made.tier, made.reason.as_str()),
            (Tier::Complex, "a rule: it contains “Refund”")
        );
    }

    #[test]
    fn content_that_does_not_answer_alone_asks_for_more() {
        let features = Features {
            text: "When do you open?",
            turns: 0,
            best_passage: Some(0.2),
        };
        assert_eq!(decide(&[], &features).tier, Tier::Standard);
    }
}
