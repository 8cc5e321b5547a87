//! How a visitor's question goes to a provider: HTTP/1.1 over a connection that holds next to nothing while it waits for the next word.
//!
//! The usual client (reqwest, with hyper below it) has a task, two buffers of 8 KB and a queue for 32 requests for each connection,
//! which is most of what ten thousand waiting visitors would take. Here nothing is kept between two words: bytes are read onto the
//! stack when they have come, and are given on at once.

mod connect;
mod framing;
mod idle;
mod reply;

use std::io::Write;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use reqwest::header::HeaderValue;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use url::Url;

use connect::Goal;
use idle::{Connection, Idle};
use reply::{Head, PIECE};

pub use connect::Ways;
pub use reply::Body;

/// A head may be this long.
const LONGEST_HEAD: usize = 64 << 10;

/// Posts JSON to one address.
pub struct Client {
    ways: Arc<Ways>,
    goal: Result<Goal, http::uri::InvalidUri>,
    /// From the address, for those who have no other.
    authorization: Option<HeaderValue>,
    idle: Arc<Idle>,
}

pub struct Reply {
    pub status: u16,
    pub content_type: Option<String>,
    pub retry_after: Option<String>,
    pub body: Body,
}

impl Client {
    pub fn new(ways: Arc<Ways>, mut address: Url) -> Self {
        let authorization = authorization_in(&address);
        // These do not fail for addresses that have a host.
        let _ = address.set_username("").and_then(|()| address.set_password(None));
        Self {
            goal: http::Uri::try_from(address.as_str()).map(|uri| ways.goal(uri)),
            ways,
            authorization,
            idle: Arc::default(),
        }
    }

    /// Ready when the head of the reply is there; an error is told in words.
    pub async fn post(&self, authorization: Option<&HeaderValue>, body: &[u8]) -> Result<Reply, String> {
        let goal = self.goal.as_ref().map_err(ToString::to_string)?;
        let request = self.request(goal, authorization, body);
        let connection = match self.idle.take() {
            Some(connection) => connection,
            None => self.ways.connect(goal).await.map_err(|error| deepest(&*error))?,
        };
        let mut exchange = Exchange {
            connection,
            unsent: &request,
            is_flushed: false,
            failed: None,
            came: Vec::new(),
        };
        let mut head = std::future::poll_fn(|context| exchange.poll(context)).await?;
        // One that was refused in the middle of its request would take what is left of it for the next one.
        head.keeps &= exchange.is_flushed;
        let early = &exchange.came[head.length..];
        Ok(Reply {
            body: Body::new(exchange.connection, &head, early, self.idle.clone()),
            status: head.status,
            content_type: head.content_type,
            retry_after: head.retry_after,
        })
    }

    fn request(&self, goal: &Goal, authorization: Option<&HeaderValue>, body: &[u8]) -> Vec<u8> {
        let uri = &goal.uri;
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let host = uri.authority().map_or("", |authority| authority.as_str());
        let mut request = Vec::with_capacity(body.len() + 512);
        let target = match goal.plain_proxy() {
            Some(_) => uri.to_string(),
            None => path.to_owned(),
        };
        // Writing into memory does not fail.
        let _ = write!(
            request,
            "POST {target} HTTP/1.1\r\nhost: {host}\r\nuser-agent: pennypress/{}\r\naccept: */*\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n",
            env!("CARGO_PKG_VERSION"),
            body.len()
        );
        let named = [
            ("authorization", authorization.or(self.authorization.as_ref())),
            ("proxy-authorization", goal.proxy_authorization()),
        ];
        for (name, value) in named {
            if let Some(value) = value {
                request.extend_from_slice(name.as_bytes());
                request.extend_from_slice(b": ");
                request.extend_from_slice(value.as_bytes());
                request.extend_from_slice(b"\r\n");
            }
        }
        request.extend_from_slice(b"\r\n");
        request.extend_from_slice(body);
        request
    }
}

/// A user and a password that stand in an address (RFC 7617).
fn authorization_in(address: &Url) -> Option<HeaderValue> {
    if address.username().is_empty() && address.password().is_none() {
        return None;
    }
    let plain = |text: &str| percent_encoding::percent_decode_str(text).collect::<Vec<u8>>();
    let user = [plain(address.username()), plain(address.password().unwrap_or_default())].join(&b':');
    let mut value = HeaderValue::from_str(&format!("Basic {}", BASE64_STANDARD.encode(user))).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// A request on its way, and the head that comes back, maybe before all was sent.
struct Exchange<'a> {
    connection: Connection,
    unsent: &'a [u8],
    is_flushed: bool,
    /// Nothing more can be sent, but why may still be told.
    failed: Option<std::io::Error>,
    came: Vec<u8>,
}

impl Exchange<'_> {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<Head, String>> {
        if !self.is_flushed && self.failed.is_none() {
            match self.poll_send(context) {
                Poll::Ready(Ok(())) => self.is_flushed = true,
                Poll::Ready(Err(error)) => self.failed = Some(error),
                Poll::Pending => {}
            }
        }
        loop {
            let mut space = [MaybeUninit::uninit(); PIECE];
            let mut piece = ReadBuf::uninit(&mut space);
            let read = ready!(Pin::new(&mut self.connection).poll_read(context, &mut piece));
            let is_closed = read.is_err() || piece.filled().is_empty();
            if is_closed {
                let error = self.failed.take().or(read.err());
                let told = error.map_or("it was closed before the answer came".to_owned(), |error| {
                    error.to_string()
                });
                return Poll::Ready(Err(told));
            }
            self.came.extend_from_slice(piece.filled());
            // Heads that only say that the real one will come (RFC 9110, section 15.2) are passed over.
            while let Some(head) = Head::read(&self.came)? {
                if !matches!(head.status, 100 | 102..=199) {
                    return Poll::Ready(Ok(head));
                }
                self.came.drain(..head.length);
            }
            if self.came.len() > LONGEST_HEAD {
                return Poll::Ready(Err(format!("a head longer than {LONGEST_HEAD} bytes")));
            }
        }
    }

    fn poll_send(&mut self, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        while !self.unsent.is_empty() {
            match ready!(Pin::new(&mut self.connection).poll_write(context, self.unsent))? {
                0 => return Poll::Ready(Err(std::io::ErrorKind::WriteZero.into())),
                sent => self.unsent = &self.unsent[sent..],
            }
        }
        Pin::new(&mut self.connection).poll_flush(context)
    }
}

/// What was at the bottom of it.
fn deepest(error: &(dyn std::error::Error + 'static)) -> String {
    let mut deepest = error;
    while let Some(deeper) = deepest.source() {
        deepest = deeper;
    }
    deepest.to_string()
}

#[cfg(test)]
mod tests;
