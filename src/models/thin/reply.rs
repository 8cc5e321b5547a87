//! What a provider replies: the head at once, the body piece by piece, each given on as soon as it came.

use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use tokio::io::{AsyncRead, ReadBuf};

use super::framing::Framing;
use super::idle::{Connection, Idle};
use crate::models::error::CallError;

/// At most this much is read at once, onto the stack.
pub const PIECE: usize = 16 << 10;
const MOST_HEADERS: usize = 100;

pub struct Head {
    pub status: u16,
    pub content_type: Option<String>,
    pub retry_after: Option<String>,
    /// Its own length in bytes.
    pub length: usize,
    pub framing: Framing,
    /// The connection may be used again.
    pub keeps: bool,
}

impl Head {
    /// `None`: it is not whole yet.
    pub fn read(bytes: &[u8]) -> Result<Option<Self>, String> {
        let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
        let mut response = httparse::Response::new(&mut headers);
        let length = match response.parse(bytes).map_err(|error| error.to_string())? {
            httparse::Status::Complete(length) => length,
            httparse::Status::Partial => return Ok(None),
        };
        let mut head = Self {
            status: response.code.unwrap_or_default(),
            content_type: None,
            retry_after: None,
            length,
            framing: Framing::UntilClose,
            keeps: response.version == Some(1),
        };
        let (mut body_length, mut coding) = (None, None);
        for header in response.headers.iter() {
            let value = String::from_utf8_lossy(header.value);
            let value = value.trim();
            let has = |word: &str| value.split(',').any(|one| one.trim().eq_ignore_ascii_case(word));
            match header.name.to_ascii_lowercase().as_str() {
                "content-type" => head.content_type = Some(value.to_owned()),
                "retry-after" => head.retry_after = Some(value.to_owned()),
                "connection" if has("close") => head.keeps = false,
                "connection" if has("keep-alive") => head.keeps = true,
                "transfer-encoding" => coding = value.rsplit(',').next().map(|last| last.trim().to_owned()),
                "content-encoding" if !has("identity") => return Err(format!("nobody asked for `{value}`")),
                "content-length" => {
                    let length = value.parse::<u64>().map_err(|_| format!("a length of `{value}`"))?;
                    if body_length.replace(length).is_some_and(|other| other != length) {
                        return Err("it has two lengths".to_owned());
                    }
                }
                _ => {}
            }
        }
        // RFC 9112, section 6.3.
        head.framing = match (coding, body_length) {
            _ if matches!(head.status, 204 | 304) => Framing::NOTHING,
            (Some(last), _) if last.eq_ignore_ascii_case("chunked") => Framing::CHUNKED,
            (None, Some(length)) => Framing::Length(length),
            _ => Framing::UntilClose,
        };
        Ok(Some(head))
    }
}

/// Takes a piece of a body.
pub type Take<'a> = dyn FnMut(&[u8]) -> Result<(), CallError> + Send + 'a;

/// A body that is still to come. Dropping it ends the call.
pub struct Body {
    /// `None`: the body has ended.
    connection: Option<Connection>,
    framing: Framing,
    /// What came together with the head.
    early: Vec<u8>,
    keeps: bool,
    idle: Arc<Idle>,
}

impl Body {
    pub fn new(connection: Connection, head: &Head, early: &[u8], idle: Arc<Idle>) -> Self {
        let mut body = Self {
            connection: Some(connection),
            framing: head.framing,
            early: early.to_owned(),
            keeps: head.keeps,
            idle,
        };
        if body.early.is_empty() {
            body.end_if_ended(&[]);
        }
        body
    }

    /// Waits for bytes and gives what they hold of the body to `take`; false: it has ended. Losing the future loses nothing.
    pub async fn read(&mut self, take: &mut Take<'_>) -> Result<bool, CallError> {
        std::future::poll_fn(|context| self.poll_read(context, take)).await
    }

    /// Its first bytes, `most` of them.
    pub async fn start(mut self, most: usize) -> Vec<u8> {
        let mut start = Vec::new();
        let mut take = |piece: &[u8]| {
            let room = most - start.len();
            start.extend_from_slice(&piece[..piece.len().min(room)]);
            match start.len() < most {
                true => Ok(()),
                false => Err(CallError::Unreadable("it is longer than is wanted".to_owned())),
            }
        };
        while let Ok(true) = self.read(&mut take).await {}
        start
    }

    fn poll_read(&mut self, context: &mut Context<'_>, take: &mut Take<'_>) -> Poll<Result<bool, CallError>> {
        if !self.early.is_empty() {
            let early = std::mem::take(&mut self.early);
            return Poll::Ready(self.pass_on(&early, take).map(|()| true));
        }
        let Some(connection) = &mut self.connection else {
            return Poll::Ready(Ok(false));
        };
        let mut space = [MaybeUninit::uninit(); PIECE];
        let mut piece = ReadBuf::uninit(&mut space);
        let came = ready!(Pin::new(connection).poll_read(context, &mut piece));
        let has_come = came.is_ok() && !piece.filled().is_empty();
        Poll::Ready(match came {
            Ok(()) if has_come => self.pass_on(piece.filled(), take).map(|()| true),
            came => {
                self.connection = None;
                match (came, self.framing) {
                    (Err(error), _) => Err(CallError::Broken(error.to_string())),
                    (Ok(()), Framing::UntilClose) => Ok(false),
                    (Ok(()), _) => Err(CallError::Broken("the connection was closed".to_owned())),
                }
            }
        })
    }

    fn pass_on(&mut self, bytes: &[u8], take: &mut Take<'_>) -> Result<(), CallError> {
        let passed = self.pass_pieces(bytes, take);
        if passed.is_err() {
            // What came behind is lost.
            self.connection = None;
        }
        passed
    }

    fn pass_pieces(&mut self, mut bytes: &[u8], take: &mut Take<'_>) -> Result<(), CallError> {
        while !bytes.is_empty() && !self.framing.has_ended() {
            let unreadable = |_| CallError::Unreadable("its chunks are not what HTTP calls chunks".to_owned());
            let piece = self.framing.next(&mut bytes).map_err(unreadable)?;
            if !piece.is_empty() {
                take(piece)?;
            }
        }
        self.end_if_ended(bytes);
        Ok(())
    }

    /// Gives the connection back when the body is whole and nothing stands behind it.
    fn end_if_ended(&mut self, behind: &[u8]) {
        if !self.framing.has_ended() {
            return;
        }
        if let Some(connection) = self.connection.take().filter(|_| self.keeps && behind.is_empty()) {
            self.idle.put(connection);
        }
    }
}

impl Drop for Body {
    /// Who reads a stream of events leaves at its last one. If the body's end has come as well, the connection is still good.
    fn drop(&mut self) {
        let mut context = Context::from_waker(Waker::noop());
        if self.keeps && self.connection.is_some() {
            // However it goes, nobody reads on.
            let _ = self.poll_read(&mut context, &mut |_| Ok(()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(text: &str) -> Head {
        Head::read(text.as_bytes()).unwrap().unwrap()
    }

    #[test]
    fn a_head_tells_how_its_body_ends() {
        let told = head(
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: gzip, Chunked\r\nContent-Length: 9\r\n\r\n",
        );
        assert_eq!((told.status, told.framing, told.keeps), (200, Framing::CHUNKED, true));
        assert_eq!(told.content_type.as_deref(), Some("text/event-stream"));
        let told = head("HTTP/1.1 429 \r\nretry-after: 7\r\ncontent-length: 3\r\nconnection: close\r\n\r\nabc");
        assert_eq!(
            (told.status, told.framing, told.keeps),
            (429, Framing::Length(3), false)
        );
        assert_eq!(told.retry_after.as_deref(), Some("7"));
        let told = head("HTTP/1.0 200 OK\r\n\r\n");
        assert_eq!((told.framing, told.keeps), (Framing::UntilClose, false));
        let told = head("HTTP/1.0 200 OK\r\nconnection: Keep-Alive\r\ncontent-length: 0\r\n\r\n");
        assert_eq!((told.framing, told.keeps), (Framing::NOTHING, true));
        assert_eq!(head("HTTP/1.1 204 No Content\r\n\r\n").framing, Framing::NOTHING);
        assert!(Head::read(b"HTTP/1.1 200 OK\r\ncontent-").unwrap().is_none());
        for wrong in [
            "SSH-2.0-OpenSSH\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n",
        ] {
            assert!(Head::read(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }
}
