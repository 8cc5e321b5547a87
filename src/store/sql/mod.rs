//! Everything that SQLite and Postgres have in common: statements, rows, and the one task that writes. These files are compiled once
//! for each engine, which says in its `dialect` what differs; so each statement is written once, each type is a real one, and SQLite
//! pays nothing for the other.

mod commands;
mod conversations;
mod curated;
mod documents;
mod encodings;
mod evaluations;
mod gaps;
mod ledger;
mod ledger_read;
mod operator;
mod overview;
mod recorded;
mod repeated;
mod review;
mod revisions;
mod rows;
mod running;
mod sites;
mod statement;
mod syncs;
mod trials;
mod writer;

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use hashbrown::HashMap;
use parking_lot::Mutex;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::task::JoinHandle;

use self::commands::{Batch, Command, Done, QUEUE, Work};
use self::running::Running;
use self::statement::{Builder, query, query_scalar};
use self::writer::{Pending, Writer};
use super::dialect::{self, Arguments, Connection, Db, Link, Pool, Row, Transaction, Value};
use crate::domain::ConversationId;
use crate::store::{Store, StoreError};

/// Everything that is kept: one connection that writes, a few that read.
pub struct Engine {
    readers: Pool,
    queue: mpsc::Sender<Command>,
    urgent: Arc<Notify>,
    pending: Pending,
    /// Said by the writer: nothing can be read or written for now.
    away: Arc<AtomicBool>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

impl Engine {
    pub(super) fn new(link: Link, readers: Pool) -> Self {
        let (queue, commands) = mpsc::channel(QUEUE);
        let pending: Pending = Arc::new(Mutex::new(HashMap::new()));
        let (urgent, away) = (Arc::new(Notify::new()), Arc::new(AtomicBool::new(false)));
        let writer = Writer {
            link,
            queue: commands,
            urgent: urgent.clone(),
            pending: pending.clone(),
            away: away.clone(),
            deleted: VecDeque::new(),
            running: Running::default(),
            backlog: Batch::default(),
            closing: None,
            batch: 0,
        };
        Self {
            readers,
            queue,
            urgent,
            pending,
            away,
            writer: Mutex::new(Some(tokio::spawn(writer.run()))),
        }
    }

    /// Nobody waits for a database of which it is known that it is away.
    fn readers(&self) -> Result<&Pool, StoreError> {
        self.reach()?;
        Ok(&self.readers)
    }

    fn reach(&self) -> Result<(), StoreError> {
        match self.away.load(Ordering::Relaxed) {
            true => Err(StoreError::Away),
            false => Ok(()),
        }
    }

    /// Hands something to the writer that nobody waits for; false when it is lost. Waits only while ten thousand things wait already,
    /// and not at all for a database that is away.
    async fn hand(&self, command: Command) -> bool {
        match self.away.load(Ordering::Relaxed) {
            true => self.queue.try_send(command).is_ok(),
            false => self.queue.send(command).await.is_ok(),
        }
    }

    /// Does a piece of work in the writer's next transaction, after everything that was recorded before; returns once it is on the
    /// disk. What fails is undone.
    async fn write<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut Connection) -> BoxFuture<'c, Result<T, StoreError>> + Send + 'static,
    {
        self.write_and_forget(work, |_| None).await
    }

    /// The same; `deleted` reads off the outcome of which conversation nothing more is to be written.
    async fn write_and_forget<T, F, D>(&self, work: F, deleted: D) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut Connection) -> BoxFuture<'c, Result<T, StoreError>> + Send + 'static,
        D: FnOnce(&T) -> Option<ConversationId> + Send + 'static,
    {
        self.reach()?;
        let (tell, told) = oneshot::channel();
        let work: Work = Box::new(move |connection| {
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
        match told.await {
            Ok(result) => result,
            // It was dropped undone.
            Err(_) if self.queue.is_closed() => Err(StoreError::Closed),
            Err(_) => {
                self.reach()?;
                Err(StoreError::NotWritten(
                    "what was to be written with it failed".to_owned(),
                ))
            }
        }
    }

    /// Waits until everything recorded so far is on the disk.
    async fn flush(&self) -> Result<(), StoreError> {
        self.write(|_| async { Ok(()) }.boxed()).await
    }
}

#[async_trait]
impl Store for Engine {
    async fn close(&self) {
        // Refused when it is closed already, which is as good.
        let is_told = self.hand(Command::Close).await || self.queue.is_closed();
        self.urgent.notify_one();
        self.readers.close().await;
        let writer = self.writer.lock().take();
        if let (Some(writer), false) = (&writer, is_told) {
            tracing::error!("the database is away, and all that waits to be written is lost");
            writer.abort();
            return;
        }
        if let Some(Err(error)) = match writer {
            Some(writer) => Some(writer.await),
            None => None,
        } {
            tracing::error!(%error, "the store's writer did not end by itself");
        }
    }

    async fn instance_secret(&self) -> Result<[u8; 32], StoreError> {
        self.write(|connection| {
            async move {
                let fresh: [u8; 32] = rand::random();
                query("INSERT INTO meta (key, value) VALUES ('instance_secret', $1) ON CONFLICT DO NOTHING")
                    .bind(fresh.as_slice())
                    .execute(&mut *connection)
                    .await?;
                let kept: Vec<u8> = query_scalar("SELECT value FROM meta WHERE key = 'instance_secret'")
                    .fetch_one(connection)
                    .await?;
                kept.try_into()
                    .map_err(|_| rows::unreadable("meta", "value", "the instance secret is not 32 bytes long"))
            }
            .boxed()
        })
        .await
    }
}
