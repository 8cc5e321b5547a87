use super::*;

fn scope(site: &str) -> Scope {
    Scope {
        site: site.to_owned(),
        rest: [0; 32],
    }
}

fn filled() -> NearCache {
    let near = NearCache::new(Daring::Cautious);
    near.keep(
        &scope("site_a"),
        CacheKey([1; 32]),
        "How do I install the plugin?",
        vec![],
    );
    near.keep(
        &scope("site_a"),
        CacheKey([2; 32]),
        "Where can I see my invoices?",
        vec![],
    );
    near
}

fn nearest(near: &NearCache, site: &str, asked: &str) -> Option<(CacheKey, Zone)> {
    let found = near.candidates(&scope(site), &Phrase::of(asked));
    found.first().map(|one| (one.key, one.zone))
}

#[test]
fn a_question_in_other_words_is_found_in_its_own_scope_only() {
    let near = filled();
    assert_eq!(
        nearest(&near, "site_a", "how do i install the plugin please"),
        Some((CacheKey([1; 32]), Zone::Sure))
    );
    assert_eq!(
        nearest(&near, "site_a", "how can the plugin be installed by me"),
        Some((CacheKey([1; 32]), Zone::Grey))
    );
    assert_eq!(nearest(&near, "site_a", "Do you ship to Norway?"), None);
    assert_eq!(nearest(&near, "site_b", "how do i install the plugin please"), None);
}

#[test]
fn what_a_visitor_rejected_is_not_offered_again_and_its_neighbours_are_asked_about() {
    let near = filled();
    near.reject(
        "site_a",
        "how do i install the plugin please",
        "How do I install the plugin?",
    );
    assert_eq!(nearest(&near, "site_a", "how do i install the plugin please"), None);
    assert_eq!(
        nearest(&near, "site_a", "please how do i install the plugins"),
        Some((CacheKey([1; 32]), Zone::Grey))
    );
    let other = "where can i see my invoices";
    assert_eq!(nearest(&near, "site_a", other), Some((CacheKey([2; 32]), Zone::Sure)));
}

#[test]
fn what_is_forgotten_is_gone_and_the_rest_stays() {
    let near = filled();
    assert_eq!(
        near.forget_around("site_a", &Phrase::of("install the plugin")),
        [CacheKey([1; 32])]
    );
    assert_eq!(nearest(&near, "site_a", "how do i install the plugin"), None);
    assert_eq!(near.len(), 1);
    near.forget(&CacheKey([2; 32]));
    assert!(near.is_empty());
}

#[test]
fn a_verdict_is_of_one_answer() {
    let near = filled();
    near.remember("a?", "b?", "An answer.", true);
    assert_eq!(near.verdict("a?", "b?", "An answer."), Some(true));
    assert_eq!(near.verdict("a?", "b?", "Another answer."), None);
}
