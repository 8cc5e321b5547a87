use std::time::Duration;

use pennypress::domain::{Answer, AnswerId, ConversationId, Finish, Page, Rating, VisitorId};
use pennypress::store::Feedback;
use pennypress::store::operator::ReviewFilter;

use super::{answer, kept, store};

fn thumb(answer: &Answer, rating: Rating, comment: &str) -> Feedback {
    Feedback {
        answer: answer.id,
        site: "site_a".to_owned(),
        visitor: answer.visitor,
        rating,
        comment: comment.to_owned(),
        given_at_ms: 2_000,
    }
}

#[tokio::test]
async fn an_answer_comes_back_as_it_was_before_and_after_it_is_written() {
    let store = store().await;
    let sent = answer("site_a", ConversationId::generate());
    store.record(sent.clone().into()).await;
    let waiting = store.answer(sent.id).await.expect("read").expect("there");
    // Committed without anything else that asks for it. On an idle machine this takes 25 ms; a busy one is given time.
    let due = std::time::Instant::now() + Duration::from_secs(10);
    while store.place.number("SELECT count(*) FROM answers").await == 0 {
        assert!(std::time::Instant::now() < due, "an answer is committed by itself");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let read = store.answer(sent.id).await.expect("read").expect("there");
    assert_eq!(format!("{waiting:?}"), format!("{sent:?}"));
    assert_eq!(format!("{read:?}"), kept(&sent));
    assert!(store.answer(AnswerId::generate()).await.expect("read").is_none());
}

#[tokio::test]
async fn an_answer_that_grows_replaces_itself_and_keeps_its_feedback() {
    let store = store().await;
    let mut sent = answer("site_a", ConversationId::generate());
    sent.finish = Finish::Aborted;
    store.record(sent.clone().into()).await;
    assert!(
        store
            .feedback(thumb(&sent, Rating::Down, "short"))
            .await
            .expect("written")
    );
    sent.text = format!("{} And more.", sent.text).into();
    sent.finish = Finish::Stop;
    store.record(sent.clone().into()).await;
    let all = store.conversation("site_a", sent.conversation, 10).await.expect("read");
    assert_eq!(all.len(), 1);
    assert_eq!((&*all[0].0.text, all[0].0.finish), (&*sent.text, Finish::Stop));
    assert_eq!(all[0].1, Some(Rating::Down));
}

#[tokio::test]
async fn a_conversation_is_its_latest_answers_oldest_first_and_belongs_to_its_site() {
    let store = store().await;
    let conversation = ConversationId::generate();
    for i in 0..5 {
        let mut one = answer("site_a", conversation);
        one.asked_at_ms = i;
        one.question = format!("question {i}");
        store.record(one.into()).await;
    }
    let read = store.conversation("site_a", conversation, 3).await.expect("read");
    let questions: Vec<_> = read.iter().map(|(answer, _)| answer.question.as_str()).collect();
    assert_eq!(questions, ["question 2", "question 3", "question 4"]);
    assert!(
        store
            .conversation("site_b", conversation, 3)
            .await
            .expect("read")
            .is_empty()
    );
}

#[tokio::test]
async fn the_last_word_counts_and_reopens_what_was_handled() {
    let store = store().await;
    let sent = answer("site_a", ConversationId::generate());
    store.record(sent.clone().into()).await;
    assert!(store.feedback(thumb(&sent, Rating::Up, "")).await.expect("written"));
    let id = sent.id.to_string();
    assert!(store.handle(&id, Some(5), Some("seen")).await.expect("marked"));
    // The same word again changes nothing.
    assert!(store.feedback(thumb(&sent, Rating::Up, "")).await.expect("written"));
    let handled = ReviewFilter {
        handled: Some(true),
        ..Default::default()
    };
    assert_eq!(store.review(&handled, 0, 9).await.expect("read").total, 1);
    assert!(store.feedback(thumb(&sent, Rating::Down, "no")).await.expect("written"));
    let page = store.review(&ReviewFilter::default(), 0, 9).await.expect("read");
    assert_eq!(page.total, 1);
    assert_eq!(
        (page.items[0].rating, page.items[0].comment.as_str()),
        (Some(Rating::Down), "no")
    );
    assert_eq!(
        (page.items[0].handled_at_ms, page.items[0].note.as_str()),
        (None, "seen")
    );

    assert!(
        !store
            .feedback(thumb(&answer("site_a", ConversationId::generate()), Rating::Up, ""))
            .await
            .expect("read")
    );
    let foreign = Feedback {
        site: "site_b".to_owned(),
        ..thumb(&sent, Rating::Up, "")
    };
    assert!(!store.feedback(foreign).await.expect("read"), "another site's answer");
    let foreign = Feedback {
        visitor: Some(VisitorId::generate()),
        ..thumb(&sent, Rating::Up, "")
    };
    assert!(
        !store.feedback(foreign).await.expect("read"),
        "another visitor's answer"
    );
    let without_a_token = Feedback {
        visitor: None,
        ..thumb(&sent, Rating::Up, "")
    };
    assert!(store.feedback(without_a_token).await.expect("written"));
    let mut nobody_s = answer("site_a", ConversationId::generate());
    nobody_s.visitor = None;
    store.record(nobody_s.clone().into()).await;
    for visitor in [None, Some(VisitorId::generate())] {
        let anybody_s = Feedback {
            visitor,
            ..thumb(&nobody_s, Rating::Up, "")
        };
        assert!(store.feedback(anybody_s).await.expect("written"));
    }
}

#[tokio::test]
async fn a_deleted_conversation_takes_everything_along_and_stays_gone() {
    let store = store().await;
    let sent = answer("site_a", ConversationId::generate());
    let visitor = sent.visitor.expect("a visitor");
    store.record(sent.clone().into()).await;
    assert!(store.feedback(thumb(&sent, Rating::Down, "no")).await.expect("written"));
    let of = sent.conversation;
    assert!(
        !store
            .delete_conversation("site_a", of, VisitorId::generate(), false)
            .await
            .expect("read")
    );
    assert!(
        !store
            .delete_conversation("site_b", of, visitor, false)
            .await
            .expect("read")
    );
    store.record(sent.clone().into()).await;
    assert!(
        store
            .delete_conversation("site_a", of, visitor, false)
            .await
            .expect("deleted")
    );
    assert!(
        !store
            .delete_conversation("site_a", of, visitor, false)
            .await
            .expect("read")
    );
    // The answer that was still running ends only now.
    store.record(sent.clone().into()).await;
    assert!(store.conversation("site_a", of, 10).await.expect("read").is_empty());
    // So does the first of a conversation that was deleted before anything of it was written.
    let first = answer("site_a", ConversationId::generate());
    let (of, visitor) = (first.conversation, first.visitor.expect("a visitor"));
    assert!(
        store
            .delete_conversation("site_a", of, visitor, true)
            .await
            .expect("noted")
    );
    store.record(first.into()).await;
    assert!(store.conversation("site_a", of, 10).await.expect("read").is_empty());
    assert!(store.answer(sent.id).await.expect("read").is_none());
    assert_eq!(
        store.review(&ReviewFilter::default(), 0, 9).await.expect("read").total,
        0
    );
}

/// They are written together, and each has what is its own.
#[tokio::test]
async fn one_answer_given_again_and_again_is_kept_each_time_as_it_was_given() {
    let store = store().await;
    let conversation = ConversationId::generate();
    let again = answer("site_a", conversation);
    let mut sent = Vec::new();
    for i in 0..1_000 {
        let mut one = match i % 7 {
            0 => answer("site_a", conversation),
            _ => again.clone(),
        };
        one.id = AnswerId::generate();
        one.visitor = again.visitor;
        one.asked_at_ms = i;
        one.question = format!("question {i}");
        one.total_ms = u32::try_from(i).expect("small");
        one.page = (i % 3 > 0).then(|| Page {
            url: format!("https://shop.example/{i}"),
            title: String::new(),
        });
        // Text and sources are the same ones, and yet not all is alike.
        one.locale = if i % 2 == 0 { "en" } else { "de" }.to_owned();
        store.record(one.clone().into()).await;
        if i == 500 {
            one.text = "It was recorded once more, with another end.".into();
            store.record(one.clone().into()).await;
        }
        sent.push(one);
    }
    let all = store.conversation("site_a", conversation, 9_999).await.expect("read");
    assert_eq!(all.len(), sent.len());
    for ((one, _), sent) in all.iter().zip(&sent) {
        assert_eq!(format!("{one:?}"), kept(sent));
    }
}

#[tokio::test]
async fn a_flood_is_written_in_batches_and_read_after_reopening() {
    let store = store().await;
    let conversation = ConversationId::generate();
    let began = std::time::Instant::now();
    for i in 0..3_000 {
        let mut one = answer("site_a", conversation);
        one.asked_at_ms = i;
        store.record(one.into()).await;
    }
    store.close().await;
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    store.record(answer("site_a", conversation).into()).await;
    assert!(
        store
            .feedback(thumb(&answer("site_a", ConversationId::generate()), Rating::Up, ""))
            .await
            .is_err()
    );

    let again = store.again().await;
    let read = again.conversation("site_a", conversation, 9_999).await.expect("read");
    assert_eq!(read.len(), 3_000);
    again.ready().await.expect("ready");
}

#[tokio::test]
async fn secrets_stay() {
    let store = store().await;
    let secret = store.instance_secret().await.expect("a secret");
    store.close().await;
    assert_eq!(store.again().await.instance_secret().await.expect("a secret"), secret);
}
