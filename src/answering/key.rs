//! What an answer depends on, as the key under which the cache keeps it.

use std::sync::{Arc, LazyLock};

use unicode_normalization::UnicodeNormalization;

use super::pointing::{is_unheard_of, points_at_page};
use crate::cache::CacheKey;
use crate::cache::near::Scope;
use crate::domain::{Page, Question};
use crate::models::Model;

/// The name under which keys are hashed takes a hash of its own, which is made once.
static EXACT: LazyLock<blake3::Hasher> =
    LazyLock::new(|| blake3::Hasher::new_derive_key("pennypress 2026 exact cache"));
static NEAR: LazyLock<blake3::Hasher> = LazyLock::new(|| blake3::Hasher::new_derive_key("pennypress 2026 near scope"));

/// The key of a question that leans on no conversation.
pub fn cache_key(question: &Question, models: &[Arc<Model>], temperature: f32) -> CacheKey {
    let text = normalised(&question.text);
    let is_bound = |_: &&Page| points_at_page(&text) || is_unheard_of(&question.locale);
    let page = question.page.as_ref().filter(is_bound);
    // Hashed at once, which is quicker than part by part.
    let mut all = Vec::with_capacity(512);
    part(&mut all, &question.site.key);
    part(&mut all, &text);
    part(&mut all, &question.site.persona);
    part(&mut all, &question.locale);
    part(&mut all, page.map_or("", page_address));
    all.extend_from_slice(&temperature.to_le_bytes());
    for model in models {
        part(&mut all, &model.id);
    }
    CacheKey(*EXACT.clone().update(&all).finalize().as_bytes())
}

/// In which company an answer may stand for another one's: everything of the key but the question.
pub fn scope(question: &Question, models: &[Arc<Model>], temperature: f32) -> Scope {
    let mut all = Vec::with_capacity(512);
    part(&mut all, &question.site.persona);
    part(&mut all, &question.locale);
    part(&mut all, &question.language);
    let page = question.page.as_ref().filter(|_| is_unheard_of(&question.locale));
    part(&mut all, page.map_or("", page_address));
    all.extend_from_slice(&temperature.to_le_bytes());
    for model in models {
        part(&mut all, &model.id);
    }
    Scope {
        site: question.site.key.clone(),
        rest: *NEAR.clone().update(&all).finalize().as_bytes(),
    }
}

/// Whether a question means the same wherever and whenever it is asked: it leans on no conversation and points at no page.
pub fn stands_alone(question: &Question) -> bool {
    question.history.is_empty() && !points_at_page(&normalised(&question.text))
}

/// With its length before it, so that no two lists of parts give the same bytes.
fn part(all: &mut Vec<u8>, text: &str) {
    all.extend_from_slice(&(text.len() as u64).to_le_bytes());
    all.extend_from_slice(text.as_bytes());
}

/// The page without query and fragment, which change with every campaign.
fn page_address(page: &Page) -> &str {
    page.url.split(['?', '#']).next().unwrap_or_default()
}

/// A question as it is compared: Unicode NFKC, lower case, single spaces, without punctuation at its end.
pub fn normalised(text: &str) -> String {
    let mut plain = match text.is_ascii() {
        true => spaced(text.chars(), |plain, c| plain.push(c.to_ascii_lowercase()), text.len()),
        false => spaced(text.nfkc(), |plain, c| plain.extend(c.to_lowercase()), text.len()),
    };
    let kept = plain
        .trim_end_matches(['.', '!', '?', '…', '。', '،', '؟', ',', ';', ':', ' '])
        .len();
    // A question of nothing but punctuation is itself.
    if kept > 0 {
        plain.truncate(kept);
    }
    plain
}

/// What `push` writes of the characters, with single spaces.
fn spaced(text: impl Iterator<Item = char>, push: impl Fn(&mut String, char), length: usize) -> String {
    let mut plain = String::with_capacity(length);
    let mut space = false;
    for c in text {
        if c.is_whitespace() {
            space = !plain.is_empty();
            continue;
        }
        if std::mem::take(&mut space) {
            plain.push(' ');
        }
        push(&mut plain, c);
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_question_are_one() {
        for same in [
            "How do I install it",
            "  how  do I\tinstall it?? ",
            "HOW DO I INSTALL IT…",
            "Ｈow do I install it？",
        ] {
            assert_eq!(normalised(same), "how do i install it", "{same}");
        }
        assert_ne!(normalised("Is v1.2 out?"), normalised("Is v12 out?"));
        assert_eq!(normalised("???"), "???");
        assert_eq!(normalised("İ"), normalised("İ"));
    }
}
