//! Connections that wait for their next request.

use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A connection's two directions, encrypted or not.
pub trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

pub type Connection = Box<dyn Duplex>;

/// A connection is kept this long for the next question.
const KEPT: Duration = Duration::from_secs(90);
/// No more are kept: after a rush of thousands their memory and files are given back.
const MOST: usize = 128;

/// One provider's.
#[derive(Default)]
pub struct Idle(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    /// The one that came last is at the end.
    connections: Vec<(Connection, Instant)>,
    is_swept: bool,
}

impl Idle {
    /// The one that was used last and that the other side has not closed.
    pub fn take(&self) -> Option<Connection> {
        loop {
            let (mut connection, since) = self.0.lock().connections.pop()?;
            if since.elapsed() < KEPT && is_quiet(&mut connection) {
                return Some(connection);
            }
        }
    }

    pub fn put(self: &Arc<Self>, connection: Connection) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return;
        };
        let mut waiting = self.0.lock();
        if waiting.connections.len() < MOST {
            waiting.connections.push((connection, Instant::now()));
        }
        if !std::mem::replace(&mut waiting.is_swept, true) {
            runtime.spawn(sweep(Arc::downgrade(self)));
        }
    }
}

/// Closes those that nobody wanted, until none is left.
async fn sweep(idle: Weak<Idle>) {
    loop {
        tokio::time::sleep(KEPT).await;
        let Some(idle) = idle.upgrade() else { return };
        let mut waiting = idle.0.lock();
        waiting.connections.retain(|(_, since)| since.elapsed() < KEPT);
        if waiting.connections.is_empty() {
            waiting.is_swept = false;
            return;
        }
    }
}

/// Neither closed by the other side, nor does it say what nobody asked for.
fn is_quiet(connection: &mut Connection) -> bool {
    let mut byte = [0];
    let mut context = Context::from_waker(Waker::noop());
    Pin::new(connection)
        .poll_read(&mut context, &mut ReadBuf::new(&mut byte))
        .is_pending()
}
