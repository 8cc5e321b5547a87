use std::net::{IpAddr, Ipv4Addr};

use super::*;
use crate::store::{self, Store};

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const GOOD: &str = "correct horse battery";

async fn operator() -> (Arc<dyn Store>, Operator, Option<String>) {
    let store = store::open("sqlite::memory:").await.expect("a store");
    let (operator, token) = Operator::open(store.clone()).await.expect("an operator");
    (store, operator, token)
}

#[tokio::test]
async fn the_link_works_once() {
    let (store, operator, token) = operator().await;
    let token = token.expect("no password is set");
    assert!(operator.is_new() && operator.accepts_setup(&token));
    assert!(!operator.accepts_setup("") && !operator.accepts_setup(&token[1..]));
    assert!(matches!(operator.set_up("x", GOOD).await, Err(SignInError::UsedLink)));
    assert!(matches!(
        operator.set_up(&token, "short").await,
        Err(SignInError::Weak(_))
    ));
    assert!(
        operator.accepts_setup(&token),
        "a weak password does not use the link up"
    );
    let session = operator.set_up(&token, GOOD).await.expect("signed in");
    assert!(operator.session(&session.token).await.expect("read").is_some());
    assert!(!operator.is_new() && !operator.accepts_setup(&token));
    assert!(matches!(
        operator.set_up(&token, GOOD).await,
        Err(SignInError::UsedLink)
    ));
    let (_, again) = Operator::open(store).await.expect("an operator");
    assert_eq!(again, None, "there is a password");
}

#[tokio::test]
async fn a_session_ends_by_signing_out_by_time_and_by_a_new_password() {
    let (store, operator, token) = operator().await;
    let session = operator.set_up(&token.expect("new"), GOOD).await.expect("signed in");
    let signed_in = operator.session(&session.token).await.expect("read").expect("there");
    assert!(signed_in.owns(&signed_in.csrf.clone()) && !signed_in.owns("") && !signed_in.owns("other"));
    operator.sign_out(&signed_in).await.expect("signed out");
    assert!(operator.session(&session.token).await.expect("read").is_none());

    let now = now_ms();
    for (created, seen, lives) in [
        (now, now - ms(IDLE) + 5_000, true),
        (now, now - ms(IDLE) - 5_000, false),
        (now - ms(LONGEST) - 5_000, now, false),
    ] {
        let session = Session {
            csrf: "c".to_owned(),
            created_at_ms: created,
            seen_at_ms: seen,
        };
        let hash = *blake3::hash(b"token").as_bytes();
        store.add_session(hash, &session).await.expect("written");
        assert_eq!(operator.session("token").await.expect("read").is_some(), lives);
        store.end_session(hash).await.expect("ended");
    }

    let session = operator.sign_in(HERE, GOOD).await.expect("signed in");
    let changed = operator
        .change_password(HERE, "not this one at all", "another good one")
        .await;
    assert!(matches!(changed, Err(SignInError::Wrong)));
    let fresh = operator
        .change_password(HERE, GOOD, "another good one")
        .await
        .expect("changed");
    assert!(operator.session(&session.token).await.expect("read").is_none());
    assert!(operator.session(&fresh.token).await.expect("read").is_some());
    assert!(matches!(operator.sign_in(HERE, GOOD).await, Err(SignInError::Wrong)));
}

#[tokio::test]
async fn wrong_passwords_wait_even_when_all_are_tried_at_once() {
    let (_, operator, token) = operator().await;
    operator.set_up(&token.expect("new"), GOOD).await.expect("signed in");
    let tries = (0..30).map(|_| operator.sign_in(HERE, "wrong wrong wrong"));
    let told = futures_util::future::join_all(tries).await;
    let wrong = told.iter().filter(|one| matches!(one, Err(SignInError::Wrong))).count();
    let waiting = told
        .iter()
        .filter(|one| matches!(one, Err(SignInError::TooMany(_))))
        .count();
    assert_eq!((wrong, waiting), (5, 25));
    assert!(
        matches!(operator.sign_in(HERE, GOOD).await, Err(SignInError::TooMany(_))),
        "also the right one"
    );
}
