//! As much of HTTP/1.1 as clients of the OpenAI API send: a head, and a body whose length it tells.

use std::collections::BTreeMap;
use std::io::{Error, ErrorKind, Result};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const LONGEST_HEAD: usize = 64 << 10;
const LONGEST_BODY: usize = 32 << 20;

pub struct Request {
    pub method: String,
    pub path: String,
    pub query: String,
    /// Names in lower case.
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

/// A connection, and what has come in on it.
pub struct Connection {
    pub stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    pub fn new(stream: TcpStream) -> Self {
        // Words must leave at once; a socket that refuses this is gone already.
        let _ = stream.set_nodelay(true);
        Self {
            stream,
            buffer: Vec::new(),
        }
    }

    /// The next request; `None` when the client has closed.
    pub async fn request(&mut self) -> Result<Option<Request>> {
        let end = loop {
            if let Some(at) = self.buffer.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            if self.buffer.len() > LONGEST_HEAD {
                return Err(Error::new(ErrorKind::InvalidData, "a head too long"));
            }
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Ok(None);
            }
        };
        let head = String::from_utf8_lossy(&self.buffer[..end]).into_owned();
        let mut lines = head.split("\r\n");
        let mut first = lines.next().unwrap_or_default().split(' ');
        let method = first.next().unwrap_or_default().to_owned();
        let target = first.next().unwrap_or_default();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let (path, query) = (path.to_owned(), query.to_owned());
        let headers: BTreeMap<String, String> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        if headers.contains_key("transfer-encoding") {
            return Err(Error::new(ErrorKind::Unsupported, "a request body without a length"));
        }
        if headers
            .get("expect")
            .is_some_and(|value| value.eq_ignore_ascii_case("100-continue"))
        {
            self.stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
        }
        let length: usize = headers
            .get("content-length")
            .map_or(Ok(0), |value| value.parse())
            .map_err(|_| Error::new(ErrorKind::InvalidData, "a length that is none"))?;
        if length > LONGEST_BODY {
            return Err(Error::new(ErrorKind::InvalidData, "a body too long"));
        }
        while self.buffer.len() < end + length {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
        let body = self.buffer[end..end + length].to_vec();
        self.buffer.drain(..end + length);
        Ok(Some(Request {
            method,
            path,
            query,
            headers,
            body,
        }))
    }

    /// A whole answer with its length.
    pub async fn answer(&mut self, status: u16, content_type: &str, more: &[(&str, &str)], body: &[u8]) -> Result<()> {
        let mut head = head(status, content_type, more);
        head.push_str(&format!("content-length: {}\r\n\r\n", body.len()));
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(body);
        self.stream.write_all(&bytes).await
    }

    /// Runs `play` on the writing half until it ends, or until the client is seen to have left (`None`).
    pub async fn while_client_listens<T>(
        &mut self,
        play: impl AsyncFnOnce(&mut tokio::net::tcp::WriteHalf<'_>) -> T,
    ) -> Option<T> {
        let (mut read, mut write) = self.stream.split();
        let buffer = &mut self.buffer;
        let left = async {
            // What comes meanwhile is the next request, or the end.
            while matches!(read.read_buf(buffer).await, Ok(n) if n > 0 && buffer.len() <= LONGEST_HEAD) {}
        };
        tokio::select! {
            biased;
            played = play(&mut write) => Some(played),
            () = left => None,
        }
    }
}

/// The head without its last line end.
pub fn head(status: u16, content_type: &str, more: &[(&str, &str)]) -> String {
    let reason = match status {
        200 => "OK",
        204 => "No Content",
        400 => "Bad Request",
        401 => "Unauthorized",
        404 => "Not Found",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        503 => "Service Unavailable",
        _ => "Status",
    };
    let mut head = format!("HTTP/1.1 {status} {reason}\r\ncontent-type: {content_type}\r\n");
    for (name, value) in more {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head
}
