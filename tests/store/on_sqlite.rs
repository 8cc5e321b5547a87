//! SQLite: the cases, and what is the file's own.

#[path = "cases/mod.rs"]
#[allow(clippy::duplicate_mod, reason = "it is compiled once for each engine")]
mod cases;

use pennypress::domain::{ConversationId, Rating};
use pennypress::store::{self, Feedback};
use sqlx::{AssertSqlSafe, Connection, Executor, SqliteConnection};

use cases::answer;

/// How U+0000 is kept.
const NUL: &str = "\\0";

/// A file in a folder that goes with it.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn url(&self) -> String {
        format!("sqlite://{}/new/folder/store.db", self.0.path().display())
    }

    /// What a statement tells through a connection of its own, as another process would be told.
    async fn number(&self, sql: &str) -> i64 {
        let mut connection = SqliteConnection::connect(&self.url()).await.expect("a connection");
        let number = sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(&mut connection);
        number.await.expect("a number")
    }
}

#[cfg(unix)]
#[tokio::test]
async fn the_file_is_for_the_service_alone() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    let store = store::open(&place.url()).await.expect("a store");
    let url = place.url();
    let path = url.strip_prefix("sqlite://").expect("a path");
    let mode = std::fs::metadata(path).expect("the file").permissions().mode();
    assert_eq!(mode & 0o077, 0, "{mode:o}");
    store.close().await;
}

#[tokio::test]
async fn memory_is_a_store_as_well_and_each_its_own() {
    let (one, two) = (
        store::open("sqlite::memory:").await.expect("a store"),
        store::open("sqlite::memory:").await.expect("a store"),
    );
    let sent = answer("site_a", ConversationId::generate());
    one.record(sent.clone().into()).await;
    let thumb = Feedback {
        answer: sent.id,
        site: "site_a".to_owned(),
        visitor: sent.visitor,
        rating: Rating::Up,
        comment: String::new(),
        given_at_ms: 2_000,
    };
    assert!(one.feedback(thumb).await.expect("written"));
    assert!(one.answer(sent.id).await.expect("read").is_some());
    assert!(two.answer(sent.id).await.expect("read").is_none());
}

#[tokio::test]
async fn what_cannot_be_opened_says_what_to_do() {
    let folder = tempfile::tempdir().expect("a folder");
    let other = folder.path().join("other.txt");
    std::fs::write(&other, "this is a text and no database at all").expect("a file");
    let told = async |url: &str| match store::open(url).await {
        Ok(_) => panic!("{url} was opened"),
        Err(error) => error.to_string(),
    };
    let text = told(&format!("sqlite://{}", other.display())).await;
    assert!(text.contains("something else than a SQLite database"), "{text}");
    assert_eq!(
        std::fs::read(&other).expect("the file").len(),
        37,
        "a foreign file is left as it is"
    );
    let text = told(&format!("sqlite://{}/below/a.db", other.display())).await;
    assert!(text.contains("cannot be made"), "{text}");
}

#[tokio::test]
async fn encodings_are_read_also_where_their_use_cannot_be_written() {
    const LATER: i64 = 7 * 86_400_000;
    let place = Place::new();
    let store = store::open(&place.url()).await.expect("a store");
    store
        .keep_encodings(vec![([1; 16], vec![2; 128])], 0)
        .await
        .expect("kept");
    let mut other = SqliteConnection::connect(&place.url()).await.expect("a connection");
    other
        .execute("CREATE TRIGGER full BEFORE UPDATE ON encodings BEGIN SELECT RAISE(ABORT, 'no room'); END")
        .await
        .expect("a trigger");
    let found = store.encodings(vec![[1; 16], [3; 16]], LATER).await.expect("read");
    assert_eq!(found, [Some(vec![2; 128]), None]);
    assert_eq!(place.number("SELECT used_at_ms FROM encodings").await, 0);
    store.close().await;
}
