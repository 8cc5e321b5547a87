//! What the sentence encoder made of passages, as rows.

use std::sync::LazyLock;

use async_trait::async_trait;
use futures_util::FutureExt;
use hashbrown::HashMap;
use sqlx::Row as _;

use super::rows::unreadable;
use super::statement::{Values, query_with};
use super::{Connection, Engine, Row, dialect, query};
use crate::store::StoreError;
use crate::store::encodings::{EncodingStore, LONGEST_ENCODING};

const DAY_MS: i64 = 86_400_000;
/// What was not used for so long is forgotten.
const UNUSED_MS: i64 = 90 * DAY_MS;
/// Hashes of one statement, far below what an engine can bind. Fewer are filled up, so that there is one text to prepare.
const HASHES: usize = 128;

static FIND: LazyLock<String> = LazyLock::new(|| {
    let hashes = placeholders(1);
    format!("SELECT hash, vector, used_at_ms FROM encodings WHERE hash IN ({hashes})")
});
static USE: LazyLock<String> = LazyLock::new(|| {
    let (now, hashes) = (dialect::placeholder(1), placeholders(2));
    format!("UPDATE encodings SET used_at_ms = {now} WHERE hash IN ({hashes})")
});

#[async_trait]
impl EncodingStore for Engine {
    async fn encodings(&self, hashes: Vec<[u8; 16]>, now_ms: i64) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        let mut found = HashMap::with_capacity(hashes.len());
        let mut unused = Vec::new();
        for chunk in hashes.chunks(HASHES) {
            let mut values = Values::with_capacity(HASHES);
            add_hashes(&mut values, chunk);
            for row in query_with(FIND.as_str(), values).fetch_all(self.readers()?).await? {
                let hash = hash(&row)?;
                // Not with every read: a start would write every row.
                if row.try_get::<i64, _>("used_at_ms")? < now_ms.saturating_sub(DAY_MS) {
                    unused.push(hash);
                }
                found.insert(hash, row.try_get::<Vec<u8>, _>("vector")?);
            }
        }
        // What was found is right also where that cannot be written.
        if !unused.is_empty()
            && let Err(error) = self.mark_used(unused, now_ms).await
        {
            tracing::warn!(%error, "encodings cannot be marked as used");
        }
        Ok(hashes.iter().map(|hash| found.get(hash).cloned()).collect())
    }

    async fn keep_encodings(&self, encodings: Vec<([u8; 16], Vec<u8>)>, now_ms: i64) -> Result<(), StoreError> {
        if let Some((_, long)) = encodings.iter().find(|(_, vector)| vector.len() > LONGEST_ENCODING) {
            return Err(StoreError::NotWritten(format!(
                "an encoding has {} bytes, and {LONGEST_ENCODING} are the most",
                long.len()
            )));
        }
        self.write(move |connection| {
            async move {
                query("DELETE FROM encodings WHERE used_at_ms < $1")
                    .bind(now_ms.saturating_sub(UNUSED_MS))
                    .execute(&mut *connection)
                    .await?;
                for (hash, vector) in encodings {
                    query(
                        "INSERT INTO encodings (hash, vector, used_at_ms) VALUES ($1, $2, $3)
                         ON CONFLICT (hash) DO UPDATE SET vector = excluded.vector, used_at_ms = excluded.used_at_ms",
                    )
                    .bind(hash.as_slice())
                    .bind(vector)
                    .bind(now_ms)
                    .execute(&mut *connection)
                    .await?;
                }
                Ok(())
            }
            .boxed()
        })
        .await
    }
}

impl Engine {
    async fn mark_used(&self, hashes: Vec<[u8; 16]>, now_ms: i64) -> Result<(), StoreError> {
        self.write(move |connection: &mut Connection| {
            async move {
                for chunk in hashes.chunks(HASHES) {
                    let mut values = Values::with_capacity(1 + HASHES);
                    values.add(now_ms);
                    add_hashes(&mut values, chunk);
                    query_with(USE.as_str(), values).execute(&mut *connection).await?;
                }
                Ok(())
            }
            .boxed()
        })
        .await
    }
}

fn placeholders(first: usize) -> String {
    let all: Vec<String> = (first..first + HASHES).map(dialect::placeholder).collect();
    all.join(",")
}

/// As many as there are placeholders: the last one stands for those that are missing.
fn add_hashes(values: &mut Values, hashes: &[[u8; 16]]) {
    let last = hashes.last().into_iter().cycle();
    for hash in hashes.iter().chain(last).take(HASHES) {
        values.add(hash.as_slice());
    }
}

fn hash(row: &Row) -> Result<[u8; 16], StoreError> {
    let bytes: Vec<u8> = row.try_get("hash")?;
    let hash = bytes.try_into();
    hash.map_err(|_| unreadable("encodings", "hash", "it is not 16 bytes long"))
}
