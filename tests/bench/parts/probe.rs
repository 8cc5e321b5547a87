//! A visitor with a stopwatch: plain HTTP/1.1 over one kept connection, so that what is measured is the other side.
//!
//! `bench-probe first-word COUNT PROVIDER URL BODY [HEADER…]`: asks COUNT times and prints a JSON array with, for each,
//! `[sent to provider, provider's first word to ours, asked to first word]` in milliseconds. PROVIDER is the fake provider's
//! address, whose log says when it sent the word; `{n}` in BODY becomes a number that is new each time.
//! `bench-probe whole COUNT URL`: gets URL COUNT times and prints the milliseconds of each.

use std::io::{Error, Read, Result, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let texts: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match texts.as_slice() {
        ["first-word", count, provider, url, body, headers @ ..] => {
            let times = first_words(number(count)?, provider, url, body, headers)?;
            println!("{}", serde_json::to_string(&times)?);
        }
        ["whole", count, url] => {
            let mut server = Server::at(url)?;
            let mut times = Vec::new();
            for _ in 0..number(count)? {
                let asked = Instant::now();
                server.call("GET", "", &[], &mut |_| {})?;
                times.push(asked.elapsed().as_secs_f64() * 1e3);
            }
            println!("{}", serde_json::to_string(&times)?);
        }
        _ => return Err(Error::other("usage: the head of tests/bench/parts/probe.rs")),
    }
    Ok(())
}

fn number(text: &str) -> Result<usize> {
    text.parse().map_err(Error::other)
}

fn first_words(count: usize, provider: &str, url: &str, body: &str, headers: &[&str]) -> Result<Vec<[f64; 3]>> {
    let mut server = Server::at(url)?;
    let mut log = Server::at(&format!("{provider}/control/requests"))?;
    // A process of its own each time may ask again what an earlier one asked: the answer must not come from a cache.
    let run = now_ns();
    let mut times = Vec::new();
    for n in 0..count {
        log.call("DELETE", "", &[], &mut |_| {})?;
        let body = body.replace("{n}", &format!("{run}-{n}"));
        let (mut text, mut seen) = (Vec::new(), 0);
        let asked = now_ns();
        server.call("POST", &body, headers, &mut |bytes| {
            text.extend_from_slice(bytes);
            if seen == 0 && text.windows(12).any(|window| window == b"event: delta") {
                seen = now_ns();
            }
        })?;
        if seen == 0 {
            return Err(Error::other(format!(
                "no word came: {}",
                String::from_utf8_lossy(&text)
            )));
        }
        let mut entries = Vec::new();
        log.call("GET", "", &[], &mut |bytes| entries.extend_from_slice(bytes))?;
        let entries: serde_json::Value = serde_json::from_slice(&entries)?;
        let at = |value: &serde_json::Value| value.as_u64().ok_or_else(|| Error::other(format!("{entries}")));
        let (received, sent) = (at(&entries[0]["received_ns"])?, at(&entries[0]["token_ns"][0])?);
        let ms = |from: u64, to: u64| (to as f64 - from as f64) / 1e6;
        times.push([ms(asked, received), ms(sent, seen), ms(asked, seen)]);
    }
    Ok(times)
}

/// The clock of the fake provider's log.
fn now_ns() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| u64::try_from(since.as_nanos()).unwrap_or(0))
}

/// One resource, and a kept connection to where it is.
struct Server {
    host: String,
    path: String,
    stream: Option<TcpStream>,
}

impl Server {
    fn at(url: &str) -> Result<Self> {
        let rest = url.strip_prefix("http://").ok_or_else(|| Error::other("not http"))?;
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        Ok(Self {
            host: host.to_owned(),
            path: format!("/{path}"),
            stream: None,
        })
    }

    /// Sends a request and hands over the answer's body as it comes.
    fn call(&mut self, method: &str, body: &str, headers: &[&str], take: &mut dyn FnMut(&[u8])) -> Result<()> {
        let mut request = format!("{method} {} HTTP/1.1\r\nhost: {}\r\n", self.path, self.host);
        for header in headers {
            request.push_str(&format!("{header}\r\n"));
        }
        if method == "POST" {
            request.push_str(&format!(
                "content-type: application/json\r\ncontent-length: {}\r\n",
                body.len()
            ));
        }
        request.push_str(&format!("\r\n{body}"));
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => {
                let stream = TcpStream::connect(&self.host)?;
                stream.set_nodelay(true)?;
                stream.set_read_timeout(Some(Duration::from_secs(20)))?;
                stream
            }
        };
        stream.write_all(request.as_bytes())?;
        if read_answer(&mut stream, take)? {
            self.stream = Some(stream);
        }
        Ok(())
    }
}

/// Whether the connection may be used again. Chunks are taken apart, since a chunk may end in the middle of a word.
fn read_answer(stream: &mut TcpStream, take: &mut dyn FnMut(&[u8])) -> Result<bool> {
    let mut held = Vec::new();
    let head = loop {
        if let Some(end) = held.windows(4).position(|window| window == b"\r\n\r\n") {
            let rest = held.split_off(end + 4);
            break String::from_utf8_lossy(&std::mem::replace(&mut held, rest)).to_lowercase();
        }
        more(stream, &mut held)?;
    };
    let status = head.split(' ').nth(1).unwrap_or_default();
    if !status.starts_with('2') {
        return Err(Error::other(format!("{head}{}", String::from_utf8_lossy(&held))));
    }
    let field = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    let keeps = field("connection:") != Some("close");
    if field("transfer-encoding:") == Some("chunked") {
        loop {
            while !held.windows(2).any(|window| window == b"\r\n") {
                more(stream, &mut held)?;
            }
            let line = held.windows(2).position(|window| window == b"\r\n").unwrap_or(0);
            let size =
                usize::from_str_radix(String::from_utf8_lossy(&held[..line]).trim(), 16).map_err(Error::other)?;
            while held.len() < line + 2 + size + 2 {
                more(stream, &mut held)?;
            }
            take(&held[line + 2..line + 2 + size]);
            held.drain(..line + 2 + size + 2);
            if size == 0 {
                return Ok(keeps);
            }
        }
    }
    let length = field("content-length:").map_or(Ok(0), number)?;
    while held.len() < length {
        more(stream, &mut held)?;
    }
    take(&held[..length]);
    Ok(keeps)
}

fn more(stream: &mut TcpStream, held: &mut Vec<u8>) -> Result<()> {
    let mut buffer = [0; 16 * 1024];
    match stream.read(&mut buffer)? {
        0 => Err(Error::other("the connection was closed in the middle of an answer")),
        read => {
            held.extend_from_slice(&buffer[..read]);
            Ok(())
        }
    }
}
