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
    Body { kind: String, body: String },
    Redirect(String),
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

    pub fn put(&self, path: &str, kind: &str, body: &str) {
        let page = Page::Body {
            kind: kind.to_owned(),
            body: body.to_owned(),
        };
        self.state.lock().pages.insert(path.to_owned(), page);
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
    let answer = {
        let mut state = state.lock();
        *state.asked.entry(path.clone()).or_default() += 1;
        match state.pages.get(&path).cloned() {
            None => "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n".to_owned(),
            Some(Page::Redirect(to)) => format!("HTTP/1.1 302 Found\r\nlocation: {to}\r\ncontent-length: 0\r\n"),
            Some(Page::Body { kind, body }) => {
                let tag = format!("\"{}\"", &blake3::hash(body.as_bytes()).to_hex().as_str()[..16]);
                if known == tag {
                    *state.not_modified.entry(path).or_default() += 1;
                    format!("HTTP/1.1 304 Not Modified\r\netag: {tag}\r\n")
                } else {
                    let length = body.len();
                    format!(
                        "HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\netag: {tag}\r\ncontent-length: {length}\r\n\u{0}{body}"
                    )
                }
            }
        }
    };
    let (head, body) = answer.split_once('\u{0}').unwrap_or((&answer, ""));
    // A caller who has gone wants no answer.
    let _ = stream
        .write_all(format!("{head}connection: close\r\n\r\n{body}").as_bytes())
        .await;
    let _ = stream.shutdown().await;
}
