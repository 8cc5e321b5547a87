//! A child process writes and is killed; this process reads what is left.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use pennypress::domain::{AnswerId, ConversationId, Rating};
use pennypress::store;
use pennypress::store::Feedback;
use pennypress::store::operator::ReviewFilter;

use super::{Place, answer, open};

const URL: &str = "PENNYPRESS_TEST_STORE_OF_CHILD";

/// The child's life, when the variable is set: feedback without end, each told once it was accepted.
#[tokio::test]
async fn child() {
    let Ok(url) = std::env::var(URL) else { return };
    let store = store::open(&url).await.expect("a store");
    loop {
        let sent = answer("site_a", ConversationId::generate());
        let feedback = Feedback {
            answer: sent.id,
            site: "site_a".to_owned(),
            visitor: sent.visitor,
            rating: Rating::Down,
            comment: "wrong".to_owned(),
            given_at_ms: 1,
        };
        let id = sent.id;
        store.record(sent.into()).await;
        assert!(store.feedback(feedback).await.expect("written"));
        // libtest keeps what is printed by println! to itself.
        use std::io::Write;
        writeln!(std::io::stdout(), "accepted {id}").expect("a reader");
    }
}

#[tokio::test]
async fn a_kill_loses_no_accepted_feedback() {
    let place = Place::new();
    // Without this test's crate, as the harness names it.
    let child = concat!(module_path!(), "::child").split_once("::").expect("a path").1;
    let mut accepted = Vec::new();
    for round in 1..=3 {
        let mut child = Command::new(std::env::current_exe().expect("this test"))
            .args(["--exact", child, "--nocapture", "--test-threads=1"])
            .env(URL, place.url())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a child");
        let lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let mut heard = 0;
        for line in lines {
            // The harness prints "test … " before the first line.
            let line = line.expect("a line");
            if let Some((_, id)) = line.split_once("accepted ") {
                accepted.push(AnswerId::parse(id).expect("an id"));
                heard += 1;
            }
            if heard == 40 * round {
                child.kill().expect("killed");
            }
        }
        child.wait().expect("ended");
        assert!(heard >= 40 * round, "the child ended by itself");
    }
    let store = open(&place).await;
    for id in &accepted {
        assert!(store.answer(*id).await.expect("read").is_some(), "{id} is lost");
    }
    let kept = store.review(&ReviewFilter::default(), 0, 1).await.expect("read").total;
    assert!(kept >= accepted.len() as u64, "{kept} of {}", accepted.len());
}
