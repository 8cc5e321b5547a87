//! Runs of golden sets: what is kept of them, and for how long.

use pennypress::domain::Usd;
use pennypress::store::evaluations::Evaluation;

use super::store;

fn run(site: &str, passed: u64) -> Evaluation {
    Evaluation {
        id: 0,
        site: site.to_owned(),
        began_at_ms: 1_700_000_000_000,
        questions: 120,
        passed,
        is_good: passed > 50,
        cost: Usd("0.000123456789".parse().expect("money")),
    }
}

#[tokio::test]
async fn the_latest_hundred_runs_of_a_site_are_kept() {
    let store = store().await;
    let keep = async |run: Evaluation| {
        let report = format!("{{\"passed\": {}}}", run.passed);
        store.keep_evaluation(run, report).await.expect("kept")
    };
    let other = keep(run("site_b", 7)).await;
    let mut ids = Vec::new();
    for passed in 0..103 {
        ids.push(keep(run("site_a", passed)).await);
    }
    let listed = store.evaluations("site_a", 1_000).await.expect("read");
    let passed: Vec<u64> = listed.iter().map(|one| one.passed).collect();
    assert_eq!(passed, (3..103).rev().collect::<Vec<u64>>());
    assert_eq!(
        listed[0],
        Evaluation {
            id: ids[102],
            ..run("site_a", 102)
        }
    );
    let (kept, report) = store
        .evaluation("site_a", ids[50])
        .await
        .expect("read")
        .expect("it is there");
    assert_eq!(
        (kept.passed, kept.is_good, report.as_str()),
        (50, false, "{\"passed\": 50}")
    );
    assert!(store.evaluation("site_a", ids[0]).await.expect("read").is_none());
    assert!(
        store.evaluation("site_b", ids[50]).await.expect("read").is_none(),
        "another site's"
    );
    let latest = store.latest_evaluations().await.expect("read");
    let of: Vec<(&str, u64)> = latest.iter().map(|one| (one.site.as_str(), one.passed)).collect();
    assert_eq!(of, [("site_a", 102), ("site_b", 7)]);
    assert!(store.evaluation("site_b", other).await.expect("read").is_some());
}
