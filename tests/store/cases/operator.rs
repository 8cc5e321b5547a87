use pennypress::domain::{Appearance, ConversationId, Finish, From, Origin, Rating, Secret, Site, Usd};
use pennypress::store::Feedback;
use pennypress::store::evaluations::Evaluation;
use pennypress::store::operator::{ReviewFilter, Scope, Session, Shown};

use super::{TestStore, answer, store};

/// Six answers, one each second; the last four have thumbs: up, down, up, down.
async fn filled() -> TestStore {
    let store = store().await;
    for i in 0..6_i64 {
        let site = if i % 3 == 0 { "site_b" } else { "site_a" };
        let mut one = answer(site, ConversationId::generate());
        one.asked_at_ms = i * 1_000;
        one.question = format!("question {i}");
        one.first_word_ms = Some(10 + i as u32);
        if i == 2 {
            one.from = From::Cache;
            one.model = None;
            one.cost = Usd::ZERO;
        }
        if i < 2 {
            one.finish = Finish::Unanswered;
            one.question = "QUESTION again".to_owned();
        }
        let feedback = Feedback {
            answer: one.id,
            site: site.to_owned(),
            visitor: one.visitor,
            rating: if i % 2 == 0 { Rating::Up } else { Rating::Down },
            comment: String::new(),
            given_at_ms: i * 1_000 + 500,
        };
        store.record(one.into()).await;
        if i >= 2 {
            assert!(store.feedback(feedback).await.expect("written"));
        }
    }
    store.ready().await.expect("written");
    store
}

async fn questions(store: &TestStore, filter: &ReviewFilter, page: u32, size: u32) -> Vec<String> {
    let page = store.review(filter, page, size).await.expect("read");
    page.items.into_iter().map(|item| item.answer.question).collect()
}

#[tokio::test]
async fn thumbs_down_come_first_then_up_newest_first_and_filters_choose() {
    let store = filled().await;
    let rated = ReviewFilter::default();
    let all = ["question 5", "question 3", "question 4", "question 2"];
    assert_eq!(questions(&store, &rated, 0, 9).await, all);
    assert_eq!(questions(&store, &rated, 1, 3).await, all[3..]);
    assert_eq!(store.review(&rated, 1, 3).await.expect("read").total, 4);
    let choices = [
        (
            ReviewFilter {
                shown: Shown::Down,
                ..rated.clone()
            },
            vec!["question 5", "question 3"],
        ),
        (
            ReviewFilter {
                shown: Shown::Up,
                ..rated.clone()
            },
            vec!["question 4", "question 2"],
        ),
        (
            ReviewFilter {
                shown: Shown::Unanswered,
                ..rated.clone()
            },
            vec!["QUESTION again"; 2],
        ),
        (
            ReviewFilter {
                from: Some(From::Cache),
                ..rated.clone()
            },
            vec!["question 2"],
        ),
        (
            ReviewFilter {
                site: Some("site_b".to_owned()),
                ..rated.clone()
            },
            vec!["question 3"],
        ),
        (
            ReviewFilter {
                model: Some("' OR 1=1 --".to_owned()),
                ..rated.clone()
            },
            vec![],
        ),
    ];
    for (filter, expected) in choices {
        assert_eq!(questions(&store, &filter, 0, 9).await, expected, "{filter:?}");
    }
    let every = ReviewFilter {
        shown: Shown::All,
        ..rated
    };
    assert_eq!(store.review(&every, 0, 2).await.expect("read").total, 6);
    let newest = store.review_after(&every, None, 4).await.expect("read");
    let last = &newest[3].answer;
    let older = store
        .review_after(&every, Some((last.asked_at_ms, last.id.to_string())), 4)
        .await
        .expect("read");
    assert_eq!((newest.len(), older.len()), (4, 2));
}

#[tokio::test]
async fn what_is_handled_leaves_the_list_and_comes_back() {
    let store = filled().await;
    let open = ReviewFilter {
        handled: Some(false),
        ..Default::default()
    };
    let first = store.review(&open, 0, 1).await.expect("read").items.remove(0);
    let id = first.answer.id.to_string();
    assert!(
        store
            .handle(&id, Some(9), Some("<b>page corrected</b>"))
            .await
            .expect("marked")
    );
    assert_eq!(store.review(&open, 0, 9).await.expect("read").total, 3);
    let whole = store
        .whole_conversation(first.answer.conversation)
        .await
        .expect("read")
        .expect("there");
    assert_eq!(whole.answers[0].note, "<b>page corrected</b>");
    assert_eq!(
        (whole.answers[0].handled_at_ms, whole.user.as_deref()),
        (Some(9), Some("7"))
    );
    assert!(store.handle(&id, None, None).await.expect("marked"));
    assert_eq!(store.review(&open, 0, 9).await.expect("read").total, 4);
    assert!(!store.handle("a_none", Some(9), None).await.expect("read"));
    assert!(
        store
            .whole_conversation(ConversationId::generate())
            .await
            .expect("read")
            .is_none()
    );
}

fn since(since_ms: i64) -> Scope {
    Scope { since_ms, site: None }
}

#[tokio::test]
async fn sums_are_exact() {
    let store = filled().await;
    let all = store.period(&since(0)).await.expect("read");
    assert_eq!((all.questions, all.of(From::Model), all.reused()), (6, 5, 1));
    assert_eq!(all.cost.to_string(), "0.000617283945");
    assert_eq!(all.saved().to_string(), "0.000123456789");
    assert_eq!((all.prompt_tokens, all.completion_tokens), (600, 120));
    assert_eq!((all.first_word_median_ms, all.first_word_p95_ms), (Some(12), Some(15)));
    assert_eq!((all.up, all.down, all.unanswered, all.failed), (2, 2, 2, 0));
    let late = store.period(&since(4_000)).await.expect("read");
    assert_eq!((late.questions, late.first_word_median_ms), (2, Some(14)));
    assert_eq!(store.period(&since(9_000_000)).await.expect("read"), Default::default());
    assert_eq!(
        store.by_day(&since(-86_400_000 + 3_000)).await.expect("read"),
        [(0, From::Cache, 1), (0, From::Model, 2), (1, From::Model, 3)]
    );
    let of_b = Scope {
        since_ms: 0,
        site: Some("site_b".to_owned()),
    };
    let b = store.period(&of_b).await.expect("read");
    assert_eq!((b.questions, b.up, b.down, b.first_word_p95_ms), (2, 0, 1, Some(13)));
    assert_eq!(store.models(0).await.expect("read"), ["qwen"]);
    let asked = store.most_asked(&since(0), 2).await.expect("read");
    assert_eq!((asked.len(), asked[0].times, asked[0].unanswered), (2, 2, 2));
    assert_eq!((asked[1].question.as_str(), asked[1].down), ("question 5", 1));
}

#[tokio::test]
async fn sites_are_made_changed_and_deleted_with_what_was_said_there() {
    let store = filled().await;
    let mut site = Site {
        key: "site_a".to_owned(),
        secret: Some(Secret::new("whsec_one")),
        origins: vec![Origin::parse("https://example.com").expect("an origin")],
        name: "It's \"A\"".to_owned(),
        persona: "Be kind.".to_owned(),
        contact: "help@example.com".to_owned(),
        appearance: Appearance {
            suggestions: vec!["Why?".to_owned()],
            ..Default::default()
        },
    };
    assert!(store.create_site(&site, 1).await.expect("written"));
    assert!(!store.create_site(&site, 1).await.expect("read"), "the key is taken");
    site.name = "Another".to_owned();
    site.contact = "+49 30 123".to_owned();
    assert!(store.update_site(&site, 2).await.expect("written"));
    site.secret = Some(Secret::new("whsec_two"));
    assert!(
        store
            .set_secret("site_a", &Secret::new("whsec_two"), 3)
            .await
            .expect("written")
    );
    assert_eq!(store.sites().await.expect("read"), [site.clone()]);
    assert_eq!(store.count_conversations("site_a").await.expect("read"), 4);
    let run = Evaluation {
        id: 0,
        site: "site_a".to_owned(),
        began_at_ms: 1,
        questions: 1,
        passed: 1,
        is_good: true,
        cost: Usd::ZERO,
    };
    store.keep_evaluation(run, "{}".to_owned()).await.expect("kept");
    assert!(store.delete_site("site_a").await.expect("deleted"));
    assert_eq!(store.latest_evaluations().await.expect("read"), []);
    assert!(!store.delete_site("site_a").await.expect("read"));
    assert!(!store.update_site(&site, 2).await.expect("read"));
    let every = ReviewFilter {
        shown: Shown::All,
        ..Default::default()
    };
    assert_eq!(
        store.review(&every, 0, 9).await.expect("read").total,
        2,
        "another site's stay"
    );
}

#[tokio::test]
async fn one_password_and_sessions_that_end() {
    let store = store().await;
    assert_eq!(store.password_hash().await.expect("read"), None);
    assert!(store.set_first_password("$one", 1).await.expect("set"));
    assert!(!store.set_first_password("$two", 1).await.expect("read"));
    assert_eq!(store.password_hash().await.expect("read").as_deref(), Some("$one"));
    let session = Session {
        csrf: "c".to_owned(),
        created_at_ms: 10,
        seen_at_ms: 10,
    };
    for n in 1..=4 {
        store.add_session([n; 32], &session).await.expect("written");
    }
    store.touch_session([1; 32], 50).await.expect("written");
    assert_eq!(
        store.session([1; 32]).await.expect("read").map(|one| one.seen_at_ms),
        Some(50)
    );
    store.end_session([2; 32]).await.expect("ended");
    assert_eq!(store.session([2; 32]).await.expect("read"), None);
    store.forget_sessions(20, 5).await.expect("forgotten");
    assert_eq!(store.session([3; 32]).await.expect("read"), None);
    assert!(store.session([1; 32]).await.expect("read").is_some());
    store.change_password("$three", 2).await.expect("changed");
    assert_eq!(store.session([1; 32]).await.expect("read"), None);
}
