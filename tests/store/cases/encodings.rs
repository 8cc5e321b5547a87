//! What the sentence encoder made of passages: it outlives a restart, and what nobody uses goes.

use pennypress::store::encodings::{EncodingStore, LONGEST_ENCODING};

use super::{TestStore, store};

const DAY_MS: i64 = 86_400_000;
const NOW: i64 = 1_800_000_000_000;

fn hash(n: u32) -> [u8; 16] {
    let mut hash = [0xA5; 16];
    hash[6..10].copy_from_slice(&n.to_le_bytes());
    hash
}

/// Any bytes: zeros, and such as are no text.
fn vector(n: u32) -> Vec<u8> {
    (0..128).map(|i| (n as u8).wrapping_mul(31).wrapping_add(i)).collect()
}

fn made(numbers: impl IntoIterator<Item = u32>) -> Vec<([u8; 16], Vec<u8>)> {
    numbers.into_iter().map(|n| (hash(n), vector(n))).collect()
}

async fn read(store: &dyn EncodingStore, numbers: impl IntoIterator<Item = u32>, now_ms: i64) -> Vec<Option<Vec<u8>>> {
    let hashes = numbers.into_iter().map(hash).collect();
    store.encodings(hashes, now_ms).await.expect("read")
}

async fn keep(store: &dyn EncodingStore, numbers: impl IntoIterator<Item = u32>, now_ms: i64) {
    store.keep_encodings(made(numbers), now_ms).await.expect("kept");
}

async fn used_at(store: &TestStore, n: u32) -> i64 {
    let hash: String = hash(n).iter().map(|byte| format!("{byte:02X}")).collect();
    let literal = match store.place.url().starts_with("sqlite") {
        true => format!("x'{hash}'"),
        false => format!("'\\x{hash}'::bytea"),
    };
    let sql = format!("SELECT used_at_ms FROM encodings WHERE hash = {literal}");
    store.place.number(&sql).await
}

/// How many are kept, as another process would count them.
async fn count(store: &TestStore) -> i64 {
    store.place.number("SELECT count(*) FROM encodings").await
}

#[tokio::test]
async fn encodings_come_back_in_the_order_asked_also_after_a_restart() {
    let store = store().await;
    assert_eq!(read(&*store.store, [1, 2], NOW).await, [None, None]);
    assert!(read(&*store.store, [], NOW).await.is_empty());
    keep(&*store.store, 0..1_000, NOW).await;
    store.store.close().await;
    let again = store.again().await;
    // More than one statement takes, backwards, every third one missing, one of them asked twice.
    let asked: Vec<u32> = (0..1_500)
        .rev()
        .map(|n| if n % 3 == 0 { n + 5_000 } else { n })
        .collect();
    let found = read(&*again, asked.iter().copied().chain([1]), NOW).await;
    assert_eq!(found.len(), 1_501);
    for (n, found) in asked.into_iter().chain([1]).zip(found) {
        assert_eq!(found, (n < 1_000).then(|| vector(n)), "{n}");
    }
}

/// Around the number of hashes that one statement takes.
#[tokio::test]
async fn any_number_can_be_asked_at_a_time() {
    let store = store().await;
    keep(&*store.store, 0..300, NOW).await;
    for asked in [1, 2, 127, 128, 129, 255, 256, 257] {
        let found = read(&*store.store, 0..asked, NOW).await;
        assert_eq!(
            found,
            (0..asked).map(|n| Some(vector(n))).collect::<Vec<_>>(),
            "{asked}"
        );
    }
    // More than SQLite (32,766) or Postgres (65,535) would bind.
    let found = read(&*store.store, 0..70_000, NOW).await;
    assert_eq!(found.iter().flatten().count(), 300);
}

#[tokio::test]
async fn an_encoding_takes_the_place_of_the_one_before() {
    let store = store().await;
    keep(&*store.store, [1, 2], NOW).await;
    // Twice in one call as well: the last one counts.
    let news = vec![(hash(2), vec![7; 4]), (hash(3), vec![8]), (hash(2), vec![9; 64])];
    store.store.keep_encodings(news, NOW + 1).await.expect("kept");
    let found = read(&*store.store, [1, 2, 3], NOW + 1).await;
    assert_eq!(found, [Some(vector(1)), Some(vec![9; 64]), Some(vec![8])]);
    assert_eq!(count(&store).await, 3);
}

#[tokio::test]
async fn what_is_read_is_marked_as_used_once_a_day() {
    let store = store().await;
    keep(&*store.store, [1, 2], NOW).await;
    read(&*store.store, [1, 9], NOW + DAY_MS).await;
    assert_eq!(used_at(&store, 1).await, NOW, "nothing is written within a day");
    read(&*store.store, [1, 9], NOW + DAY_MS + 1).await;
    assert_eq!(used_at(&store, 1).await, NOW + DAY_MS + 1);
    assert_eq!(used_at(&store, 2).await, NOW, "it was not read");
    // More of them than one statement takes.
    keep(&*store.store, 100..400, NOW).await;
    let later = NOW + 3 * DAY_MS;
    read(&*store.store, 100..399, later).await;
    let marked = format!("SELECT count(*) FROM encodings WHERE used_at_ms = {later}");
    assert_eq!(store.place.number(&marked).await, 299);
}

#[tokio::test]
async fn what_was_not_used_for_ninety_days_is_forgotten() {
    let store = store().await;
    keep(&*store.store, [1, 2, 3], NOW).await;
    read(&*store.store, [1], NOW + 60 * DAY_MS).await;
    let due = NOW + 90 * DAY_MS;
    keep(&*store.store, [4], due).await;
    assert_eq!(count(&store).await, 4, "the ninetieth day is not over");
    keep(&*store.store, [3, 5], due + 1).await;
    let found = read(&*store.store, 1..6, due + 1).await;
    let there: Vec<u32> = (1..6).zip(found).filter_map(|(n, found)| found.map(|_| n)).collect();
    assert_eq!(there, [1, 3, 4, 5]);
    assert_eq!(count(&store).await, 4);
}

#[tokio::test]
async fn an_encoding_that_is_too_long_is_refused_with_all_that_came_with_it() {
    let store = store().await;
    let longest = vec![1; LONGEST_ENCODING];
    let kept = store.store.keep_encodings(vec![(hash(1), longest.clone())], NOW);
    kept.await.expect("kept");
    let mut news = made([2, 3]);
    news.push((hash(4), vec![1; LONGEST_ENCODING + 1]));
    let told = store.store.keep_encodings(news, NOW).await.expect_err("refused");
    assert!(told.to_string().contains("4097 bytes"), "{told}");
    let found = read(&*store.store, [1, 2, 4], NOW).await;
    assert_eq!(found, [Some(longest), None, None]);
}

/// Two services on one database, or the service and a command beside it.
#[tokio::test]
async fn two_that_keep_and_read_the_same_at_once_get_on() {
    let one = store().await;
    let other = one.again().await;
    let turn = async |n: u32| {
        let store: &dyn EncodingStore = match n % 2 {
            0 => &*one.store,
            _ => &*other,
        };
        // In opposite orders, so that two that lock row by row would block each other; old enough for reading to write as well.
        let mut news = made(0..50);
        if n % 2 == 1 {
            news.reverse();
        }
        store.keep_encodings(news, NOW).await.expect("kept");
        let found = read(store, 0..50, NOW + 2 * DAY_MS).await;
        assert_eq!(found, (0..50).map(|n| Some(vector(n))).collect::<Vec<_>>());
    };
    futures_util::future::join_all((0..20).map(turn)).await;
    assert_eq!(count(&one).await, 50);
}
