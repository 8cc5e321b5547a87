//! The connection that writes: it comes back by itself, and it is how a service shows that it lives.

use std::io::{Error as IoError, ErrorKind};
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection as _};
use tokio::time::timeout;

use super::dialect::{Connection, Transaction};

/// Advisory locks of Pennypress are of this class ("Penn"); in it, each service holds the one with its number, and who writes holds
/// the one with the number 0.
pub(super) const SERVICES: i32 = 0x5065_6e6e;

/// Services write in turns, as processes do with SQLite: what one reads in its transaction stays so until it ends, and two that write
/// the same rows cannot block each other. A turn takes milliseconds.
const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED; SELECT pg_advisory_xact_lock(1348824686, 0)";

/// A connection is made, or found dead, within this time.
const CONNECT: Duration = Duration::from_secs(5);

pub(super) struct Link {
    options: PgConnectOptions,
    /// `None` while the database is away.
    connection: Option<Connection>,
    service: i32,
}

impl Link {
    /// A statement or a transaction that takes longer is given up.
    pub const LONGEST: Option<Duration> = Some(Duration::from_secs(60));
    /// How often a connection that nothing is written to is looked after.
    pub const LOOK: Option<Duration> = Some(Duration::from_secs(2));

    pub async fn open(options: &PgConnectOptions) -> Result<Self, sqlx::Error> {
        let options = options.clone().options([
            // Who hangs in the middle of a transaction, or is cut off, does not keep others from writing for longer than this.
            ("idle_in_transaction_session_timeout", "20s"),
            ("lock_timeout", "30s"),
            // A machine that is gone is noticed in a minute, not in two hours.
            ("tcp_keepalives_idle", "30"),
            ("tcp_keepalives_interval", "10"),
            ("tcp_keepalives_count", "3"),
        ]);
        let mut connection = connect(&options).await?;
        let service = loop {
            let number = rand::random_range(1..=i32::MAX);
            let is_free: bool = sqlx::query_scalar("SELECT pg_try_advisory_lock($1, $2)")
                .bind(SERVICES)
                .bind(number)
                .fetch_one(&mut connection)
                .await?;
            if is_free {
                break number;
            }
        };
        // A number that another service had before would make its batches pass for written.
        sqlx::query("DELETE FROM writers WHERE service = $1 OR written_at < now() - interval '7 days'")
            .bind(i64::from(service))
            .execute(&mut connection)
            .await?;
        Ok(Self {
            options,
            connection: Some(connection),
            service,
        })
    }

    /// What calls under way are marked with.
    pub fn process(&self) -> i64 {
        i64::from(self.service)
    }

    /// `None`: this batch is in the database already. A commit whose answer was lost with the connection may have been done or not; its
    /// number tells.
    pub async fn begin(&mut self, batch: i64) -> Result<Option<Transaction<'_>>, sqlx::Error> {
        // A connection that died is found out before anything is handed over.
        self.look().await?;
        let Some(connection) = &mut self.connection else {
            return Err(IoError::from(ErrorKind::NotConnected).into());
        };
        let mut transaction = connection.begin_with(BEGIN).await?;
        let noted = sqlx::query(
            "INSERT INTO writers (service, batch) VALUES ($1, $2) ON CONFLICT (service)
             DO UPDATE SET batch = excluded.batch, written_at = now() WHERE writers.batch < excluded.batch",
        )
        .bind(i64::from(self.service))
        .bind(batch)
        .execute(&mut *transaction)
        .await?;
        Ok((noted.rows_affected() > 0).then_some(transaction))
    }

    /// Whether the connection lives; makes a new one when it does not.
    pub async fn look(&mut self) -> Result<(), sqlx::Error> {
        if let Some(connection) = &mut self.connection {
            if let Ok(Ok(())) = timeout(CONNECT, connection.ping()).await {
                return Ok(());
            }
            self.connection = None;
        }
        let mut connection = connect(&self.options).await?;
        // The server may not have noticed yet that the connection before is gone, and what it did there must end first.
        sqlx::query(
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 2
                 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
                 AND classid::bigint = $1 AND objid::bigint = $2 AND pid <> pg_backend_pid()",
        )
        .bind(i64::from(SERVICES))
        .bind(i64::from(self.service))
        .execute(&mut connection)
        .await?;
        sqlx::query("SELECT pg_advisory_lock($1, $2)")
            .bind(SERVICES)
            .bind(self.service)
            .execute(&mut connection)
            .await?;
        self.connection = Some(connection);
        Ok(())
    }

    /// The connection is not to be used any more.
    pub fn lost(&mut self) {
        self.connection = None;
    }

    pub fn is_down(&self) -> bool {
        self.connection.is_none()
    }

    pub async fn close(self) -> Result<(), sqlx::Error> {
        let Some(mut connection) = self.connection else {
            return Ok(());
        };
        sqlx::query("DELETE FROM writers WHERE service = $1")
            .bind(i64::from(self.service))
            .execute(&mut connection)
            .await?;
        connection.close().await
    }
}

/// Connects, but does not wait for a server that says nothing.
pub(super) async fn connect(options: &PgConnectOptions) -> Result<Connection, sqlx::Error> {
    match timeout(CONNECT, options.connect()).await {
        Ok(connected) => connected,
        Err(_) => Err(IoError::new(ErrorKind::TimedOut, "it does not answer").into()),
    }
}
