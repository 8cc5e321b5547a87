//! Answers that are given again: what they say stands once, for as long as somebody was told it.

use pennypress::domain::{Answer, AnswerId, ConversationId, CuratedId, From, NearHit, Original, Reuse, VisitorId};

use super::{TestStore, answer, kept, store};

/// In a conversation of its own, with its own visitor.
fn given_again(of: Original, near: Option<NearHit>) -> Answer {
    Answer {
        from: From::Cache,
        reuse: Some(Reuse { of, near }),
        ..answer("site_a", ConversationId::generate())
    }
}

fn near(question: &str) -> Option<NearHit> {
    Some(NearHit {
        question: question.to_owned(),
        similarity: 0.95,
        verified: true,
    })
}

/// Through a connection of its own, as another process would: how many texts stand there, and how many bytes the texts of answers take.
async fn stored(store: &TestStore) -> (i64, i64) {
    let texts = store.place.number("SELECT count(*) FROM repeated").await;
    let bytes = "SELECT CAST(coalesce(sum(length(text)), 0) AS BIGINT) FROM answers";
    (texts, store.place.number(bytes).await)
}

#[tokio::test]
async fn what_is_given_again_stands_once_and_comes_back_as_it_was() {
    let store = store().await;
    let curated = CuratedId::generate();
    let mut sent = vec![answer("site_a", ConversationId::generate())];
    for i in 0..900 {
        let mut one = match i % 3 {
            0 => given_again(Original::Cached([7; 32]), None),
            1 => given_again(Original::Cached([7; 32]), near(&format!("question {i}"))),
            _ => given_again(Original::Curated(curated), None),
        };
        if i % 3 == 2 {
            one.text = "As the operator wrote it.".into();
        }
        if i % 5 == 0 {
            // Freed and made anew, as it is with Redis: the same words at another place.
            one.text = one.text.to_string().into();
        }
        sent.push(one);
    }
    for one in &sent {
        store.record(one.clone().into()).await;
    }
    store.close().await;
    let own = sent[0].text.len() as i64;
    // The curated answer, and the cached one for those who asked just that and for those who asked something near.
    assert_eq!(stored(&store).await, (3, own));
    let again = store.again().await;
    for one in &sent {
        let read = again.answer(one.id).await.expect("read").expect("there");
        assert_eq!(format!("{read:?}"), kept(one));
        let all = again.conversation("site_a", one.conversation, 9).await.expect("read");
        assert_eq!(format!("{:?}", all[0].0), kept(one));
    }
}

#[tokio::test]
async fn what_nobody_was_told_any_more_is_gone_as_well() {
    let store = store().await;
    let sent: Vec<Answer> = (0..40).map(|_| given_again(Original::Cached([1; 32]), None)).collect();
    for one in &sent {
        store.record(one.clone().into()).await;
    }
    let visitor = |answer: &Answer| answer.visitor.expect("a visitor");
    let (last, others) = sent.split_last().expect("some");
    for one in others {
        let gone = store
            .delete_conversation("site_a", one.conversation, visitor(one), false)
            .await;
        assert!(gone.expect("deleted"));
    }
    let kept = store.answer(last.id).await.expect("read").expect("there");
    assert_eq!(kept.text, last.text);
    assert_eq!(stored(&store).await.0, 1);
    let gone = store
        .delete_conversation("site_a", last.conversation, visitor(last), false)
        .await;
    assert!(gone.expect("deleted"));
    assert_eq!(stored(&store).await.0, 0);
}

/// How many answers more than there are the texts are counted for.
async fn overcounted(store: &TestStore) -> i64 {
    let counted = "SELECT CAST(coalesce(sum(uses), 0) AS BIGINT) - (SELECT count(repeats) FROM answers) FROM repeated";
    store.place.number(counted).await
}

#[tokio::test]
async fn an_answer_that_is_recorded_again_is_counted_once() {
    let store = store().await;
    let visitor = |answer: &Answer| answer.visitor.expect("a visitor");
    let sent: Vec<Answer> = (0..300).map(|_| given_again(Original::Cached([3; 32]), None)).collect();
    // In one go, in several, and once more as it was.
    for one in sent.iter().chain(&sent).chain(&sent[..5]) {
        store.record(one.clone().into()).await;
    }
    store.ready().await.expect("written");
    for one in &sent[..40] {
        store.record(one.clone().into()).await;
    }
    store.ready().await.expect("written");
    assert_eq!((stored(&store).await.0, overcounted(&store).await), (1, 0));
    // One says something else by now, and one stands by itself.
    let (mut other, mut alone) = (sent[0].clone(), sent[1].clone());
    other.text = "The page has changed.".into();
    alone.reuse = None;
    for one in [&other, &alone] {
        store.record(one.clone().into()).await;
    }
    store.ready().await.expect("written");
    assert_eq!((stored(&store).await.0, overcounted(&store).await), (2, 0));
    store.record(sent[0].clone().into()).await;
    store.ready().await.expect("written");
    assert_eq!((stored(&store).await.0, overcounted(&store).await), (1, 0));
    for one in &sent {
        let kept = store.answer(one.id).await.expect("read").expect("there");
        assert_eq!(kept.text, one.text);
        let gone = store
            .delete_conversation("site_a", one.conversation, visitor(one), false)
            .await;
        assert!(gone.expect("deleted"));
    }
    assert_eq!(stored(&store).await, (0, 0));
}

/// Another answer to the same question is another text, and an answer that is recorded once more has its latest one.
#[tokio::test]
async fn an_answer_that_changed_is_told_from_the_one_before() {
    let store = store().await;
    let first = given_again(Original::Cached([2; 32]), None);
    let mut second = given_again(Original::Cached([2; 32]), None);
    second.text = "The page has changed.".into();
    let mut third = second.clone();
    third.id = AnswerId::generate();
    third.visitor = Some(VisitorId::generate());
    for one in [&first, &second, &third] {
        store.record(one.clone().into()).await;
    }
    third.text = first.text.clone();
    store.record(third.clone().into()).await;
    store.ready().await.expect("written");
    for one in [&first, &second, &third] {
        let kept = store.answer(one.id).await.expect("read").expect("there");
        assert_eq!(kept.text, one.text);
    }
}
