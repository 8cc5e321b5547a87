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
        None,
    );
    near.keep(
        &scope("site_a"),
        CacheKey([2; 32]),
        "Where can I see my invoices?",
        vec![],
        None,
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
    near.remember("site_a", "a?", "b?", "An answer.", true);
    assert_eq!(near.verdict("a?", "b?", "An answer."), Some(true));
    assert_eq!(near.verdict("a?", "b?", "Another answer."), None);
}

#[test]
fn what_a_model_confirmed_is_a_further_question_of_the_same_answer() {
    let near = filled();
    let asked = "how can the plugin be installed by me";
    let found = near.candidates(&scope("site_a"), &Phrase::of(asked)).remove(0);
    assert_eq!(near.word(asked, &found, "Upload it.", true), Word::Ask);
    near.remember("site_a", asked, &found.question, "Upload it.", true);
    near.keep_also(&scope("site_a"), &found, asked, None);
    near.keep_also(&scope("site_a"), &found, asked, None);
    assert_eq!(near.len(), 3);
    let found = near.candidates(&scope("site_a"), &Phrase::of("how can a plugin be installed by me"));
    // One answer, found by the question that is nearest, and named by the one that it was given to.
    assert_eq!((found.len(), found[0].zone), (1, Zone::Sure));
    assert_eq!(found[0].question, "How do I install the plugin?");
    assert_eq!(
        near.word(asked, &found[0], "Upload it.", true),
        Word::Answers { verified: true }
    );
    // Who rejects it for the further question takes that away, and nothing else.
    near.reject("site_a", asked, "How do I install the plugin?");
    assert_eq!((near.len(), nearest(&near, "site_a", asked)), (2, None));
    // And with the answer go all its questions.
    near.keep_also(
        &scope("site_a"),
        &found[0],
        "which way can the plugin be installed",
        None,
    );
    near.forget(&CacheKey([1; 32]));
    assert_eq!(near.len(), 1);
}

#[test]
fn a_full_scope_lets_old_ones_go_and_finds_the_rest() {
    let mut entries = entries::Entries::default();
    let texts = [
        "install the plugin",
        "see my invoices",
        "ship to Norway",
        "close the account",
        "change my name",
    ];
    for (number, text) in (0u8..).zip(texts) {
        let entry = entries::Entry {
            key: CacheKey([number; 32]),
            question: text.into(),
            answered: None,
            leading: Box::default(),
        };
        entries.add(entry, &Phrase::of(text), None, 3);
    }
    assert_eq!(entries.len(), 3);
    assert!(entries.has(&CacheKey([4; 32]), "change my name"));
    for number in 0..5 {
        entries.forget(&CacheKey([number; 32]));
    }
    assert_eq!(entries.len(), 0);
}

#[test]
fn a_curated_answer_is_told_unasked_only_to_the_same_words_in_their_order() {
    let near = NearCache::new(Daring::Cautious);
    let zone = |asked: &str, kept: &str| {
        let (asked, kept) = (Phrase::of(asked), Phrase::of(kept));
        near.judge("site_a", &asked, &kept, kept.vector.similarity(&asked.vector))
    };
    for (asked, kept) in [
        ("how do i get a refund please", "How do I get a refund?"),
        ("What are the opening hours?", "What are your opening hours?"),
        ("my card will arrive when?", "When will my card arrive?"),
    ] {
        assert_eq!(zone(asked, kept), Zone::Sure, "{asked} / {kept}");
    }
    for (asked, kept) in [
        (
            "How do I move from the basic plan to the premium plan?",
            "How do I move from the premium plan to the basic plan?",
        ),
        (
            "How long does standard delivery of a large sofa take in winter",
            "How long does standard delivery of a large sofa take in summer",
        ),
        (
            "How long does delivery of a sofa take in winter",
            "How long does delivery of a sofa take",
        ),
    ] {
        assert_eq!(zone(asked, kept), Zone::Grey, "{asked} / {kept}");
        assert_eq!(zone(kept, asked), Zone::Grey, "{kept} / {asked}");
    }
}

#[test]
fn what_is_the_other_way_round_is_only_asked_about() {
    let near = NearCache::new(Daring::Cautious);
    let key = CacheKey([1; 32]);
    near.keep(
        &scope("site_a"),
        key,
        "Does the seller pay the buyer for damage?",
        vec![],
        None,
    );
    let asked = "Does the buyer pay the seller for damage?";
    assert_eq!(nearest(&near, "site_a", asked), Some((key, Zone::Grey)));
}
