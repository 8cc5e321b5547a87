//! The SQLite engine: one connection that writes, a few that read.

mod conversations;
mod curated;
mod documents;
mod evaluations;
mod gaps;
mod ledger;
mod ledger_read;
mod open;
mod operator;
mod overview;
mod recorded;
mod repeated;
mod review;
mod rows;
mod running;
mod sites;
mod syncs;
mod trials;
mod writer;

use std::collections::VecDeque;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use hashbrown::HashMap;
use parking_lot::Mutex;
use sqlx::sqlite::SqlitePoolOptions;
use sqlx::{SqliteConnection, SqlitePool};
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::task::JoinHandle;

use self::running::Running;
use self::writer::{Command, Done, Pending, QUEUE, Writer};
use super::StoreError;
use crate::domain::ConversationId;

/// Readers beside the writer. A support desk has few; what a visitor waits for takes microseconds.
const READERS: u32 = 4;

/// Everything that is kept, in one file.
pub struct SqliteStore {
    readers: SqlitePool,
    queue: mpsc::Sender<Command>,
    urgent: Arc<Notify>,
    pending: Pending,
    writer: Mutex<Option<JoinHandle<()>>>,
}

impl SqliteStore {
    /// Opens the store at `url`, such as `sqlite://data/pennypress.db`: creates folder and file, and brings the schema up to
    /// date. `sqlite::memory:` is a store of its own that goes with its last handle.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        let (connection, options) = open::open(url).await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .min_connections(1)
            .connect_with(options.pragma("query_only", "ON"))
            .await?;
        let (queue, commands) = mpsc::channel(QUEUE);
        let pending: Pending = Arc::new(Mutex::new(HashMap::new()));
        let urgent = Arc::new(Notify::new());
        let writer = Writer {
            connection,
            queue: commands,
            urgent: urgent.clone(),
            pending: pending.clone(),
            deleted: VecDeque::new(),
            running: Running::default(),
        };
        Ok(Self {
            readers,
            queue,
            urgent,
            pending,
            writer: Mutex::new(Some(tokio::spawn(writer.run()))),
        })
    }

    /// Writes what waits and closes the file. Whatever comes later is refused.
    pub async fn close(&self) {
        // Refused when it is closed already, which is as good.
        let _ = self.queue.send(Command::Close).await;
        self.urgent.notify_one();
        self.readers.close().await;
        let writer = self.writer.lock().take();
        if let Some(Err(error)) = match writer {
            Some(writer) => Some(writer.await),
            None => None,
        } {
            tracing::error!(%error, "the store's writer did not end by itself");
        }
    }

    /// 32 random bytes that belong to this installation; visitor tokens are signed with a key derived from them.
    pub async fn instance_secret(&self) -> Result<[u8; 32], StoreError> {
        self.write(|connection| {
            async move {
                let fresh: [u8; 32] = rand::random();
                sqlx::query("INSERT INTO meta (key, value) VALUES ('instance_secret', ?1) ON CONFLICT DO NOTHING")
                    .bind(fresh.as_slice())
                    .execute(&mut *connection)
                    .await?;
                let kept: Vec<u8> = sqlx::query_scalar("SELECT value FROM meta WHERE key = 'instance_secret'")
                    .fetch_one(connection)
                    .await?;
                kept.try_into()
                    .map_err(|_| rows::unreadable("meta", "value", "the instance secret is not 32 bytes long"))
            }
            .boxed()
        })
        .await
    }

    /// Does a piece of work in the writer's next transaction, after everything that was recorded before; returns once it is on the
    /// disk. What fails is undone.
    async fn write<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, Result<T, StoreError>> + Send + 'static,
    {
        self.write_and_forget(work, |_| None).await
    }

    /// The same; `deleted` reads off the outcome of which conversation nothing more is to be written.
    async fn write_and_forget<T, F, D>(&self, work: F, deleted: D) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, Result<T, StoreError>> + Send + 'static,
        D: FnOnce(&T) -> Option<ConversationId> + Send + 'static,
    {
        let (tell, told) = oneshot::channel();
        let work: writer::Work = Box::new(move |connection| {
            async move {
                let result = work(connection).await;
                Done {
                    keep: result.is_ok(),
                    deleted: result.as_ref().ok().and_then(deleted),
                    // Nobody listens when the caller has gone; the work is done all the same.
                    tell: Box::new(move |written| {
                        let _ = tell.send(written.and(result));
                    }),
                }
            }
            .boxed()
        });
        self.queue
            .send(Command::Work(work))
            .await
            .map_err(|_| StoreError::Closed)?;
        self.urgent.notify_one();
        told.await.unwrap_or(Err(StoreError::Closed))
    }

    /// Waits until everything recorded so far is on the disk.
    async fn flush(&self) -> Result<(), StoreError> {
        self.write(|_| async { Ok(()) }.boxed()).await
    }
}
