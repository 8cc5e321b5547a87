//! A small web server for crawls: pages by path, with entity tags, and a count of who asked for what.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

#[derive(Default)]
struct State {
    pages: HashMap<String, Page>,
    asked: HashMap<String, usize>,
    not_modified: HashMap<String, usize>,
}

#[derive(Clone)]
enum Page {
    Body {
        kind: String,
        body: Vec<u8>,
    },
    Redirect(String),
    /// So many bytes of the body, whose length is not told before, with these lines in the head.
    Long {
        head: &'static str,
        piece: Vec<u8>,
        times: usize,
    },
    /// A status with these lines in the head, so many times; after that it is the page.
    Busy {
        head: &'static str,
        times: usize,
        then: Box<Page>,
    },
}

pub struct Web {
    address: String,
    state: Arc<Mutex<State>>,
}

impl Web {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let state: Arc<Mutex<State>> = Arc::default();
        let shared = state.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, shared.clone()));
            }
        });
        Self { address, state }
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.address)
    }

    pub fn put(&self, path: &str, kind: &str, body: impl Into<Vec<u8>>) {
        let page = Page::Body {
            kind: kind.to_owned(),
            body: body.into(),
        };
        self.state.lock().pages.insert(path.to_owned(), page);
    }

    /// A page without end, or nearly: `piece` so many times.
    pub fn put_long(&self, path: &str, head: &'static str, piece: &[u8], times: usize) {
        let piece = piece.to_vec();
        let page = Page::Long { head, piece, times };
        self.state.lock().pages.insert(path.to_owned(), page);
    }

    /// What is there answers otherwise for a number of times: `head` is a status line and more lines.
    pub fn busy(&self, path: &str, head: &'static str, times: usize) {
        let mut state = self.state.lock();
        let then = Box::new(state.pages.remove(path).expect("a page"));
        state.pages.insert(path.to_owned(), Page::Busy { head, times, then });
    }

    pub fn redirect(&self, path: &str, to: &str) {
        self.state
            .lock()
            .pages
            .insert(path.to_owned(), Page::Redirect(to.to_owned()));
    }

    /// How often a page was asked for.
    pub fn asked(&self, path: &str) -> usize {
        self.state.lock().asked.get(path).copied().unwrap_or(0)
    }

    /// How often it was told that a page has not changed.
    pub fn not_modified(&self, path: &str) -> usize {
        self.state.lock().not_modified.get(path).copied().unwrap_or(0)
    }
}

/// One request a connection.
async fn serve(mut stream: TcpStream, state: Arc<Mutex<State>>) {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        match stream.read(&mut byte).await {
            Ok(1) => request.push(byte[0]),
            _ => return,
        }
    }
    let request = String::from_utf8_lossy(&request).into_owned();
    let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
    let known = request
        .lines()
        .find_map(|line| line.strip_prefix("if-none-match: "))
        .unwrap_or_default();
    let (page, is_known) = state.lock().asked(&path, known);
    // A caller who has gone wants no answer.
    let _ = answer(&mut stream, page, is_known).await;
    let _ = stream.shutdown().await;
}

impl State {
    /// What is to be sent, and whether the caller has it already.
    fn asked(&mut self, path: &str, known: &str) -> (Option<Page>, bool) {
        *self.asked.entry(path.to_owned()).or_default() += 1;
        let mut page = self.pages.get(path).cloned();
        if let Some(Page::Busy { times, then, .. }) = self.pages.get_mut(path) {
            page = match times {
                0 => Some(Page::clone(then)),
                _ => page,
            };
            *times = times.saturating_sub(1);
        }
        let is_known = matches!(&page, Some(Page::Body { body, .. }) if tag(body) == known);
        if is_known {
            *self.not_modified.entry(path.to_owned()).or_default() += 1;
        }
        (page, is_known)
    }
}

fn tag(body: &[u8]) -> String {
    format!("\"{}\"", &blake3::hash(body).to_hex().as_str()[..16])
}

async fn answer(stream: &mut TcpStream, page: Option<Page>, is_known: bool) -> std::io::Result<()> {
    let empty = "content-length: 0\r\nconnection: close\r\n\r\n";
    let head = match &page {
        None => format!("HTTP/1.1 404 Not Found\r\n{empty}"),
        Some(Page::Redirect(to)) => format!("HTTP/1.1 302 Found\r\nlocation: {to}\r\n{empty}"),
        Some(Page::Busy { head, .. }) => format!("HTTP/1.1 {head}\r\n{empty}"),
        Some(Page::Body { body, .. }) if is_known => {
            format!(
                "HTTP/1.1 304 Not Modified\r\netag: {}\r\nconnection: close\r\n\r\n",
                tag(body)
            )
        }
        Some(Page::Body { kind, body }) => format!(
            "HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\netag: {}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            tag(body),
            body.len()
        ),
        Some(Page::Long { head, .. }) => format!("HTTP/1.1 200 OK\r\n{head}\r\nconnection: close\r\n\r\n"),
    };
    stream.write_all(head.as_bytes()).await?;
    match &page {
        Some(Page::Body { body, .. }) if !is_known => stream.write_all(body).await,
        Some(Page::Long { piece, times, .. }) => {
            for _ in 0..*times {
                stream.write_all(piece).await?;
            }
            Ok(())
        }
        _ => Ok(()),
    }
}
