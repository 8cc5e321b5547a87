//! The front door beside the provider that stands behind it: the same load, made directly and through the service, in turns.
//! Provider and load are this process, on bare sockets, so that they take as little of the machine as can be; the service is
//! the release build. Each token is a write of its own, as providers send them.

#[path = "parts/figures.rs"]
mod figures;
#[path = "parts/service.rs"]
mod service;
#[path = "parts/wire.rs"]
mod wire;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use figures::{Target, figure, median};
use service::{KEY, Service};

const TOKENS: usize = 20;
/// What a caller sees: the role, the tokens, the end, `[DONE]`.
const EVENTS: usize = TOKENS + 3;
const CONNECTIONS: usize = 50;
const ROUND: Duration = Duration::from_secs(4);
const ROUNDS: usize = 5;
const SINGLE_CALLS: usize = 2_000;

type Error = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main(worker_threads = 2)]
async fn main() -> Result<(), Error> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let provider = listener.local_addr()?;
    tokio::spawn(serve(listener));
    let folder = tempfile::tempdir()?;
    let service = Service::start(folder.path(), provider, "")?;
    // Connections, caches and the allocator find their size.
    for address in [provider, service.address] {
        load(address, CONNECTIONS, Duration::from_secs(1)).await?;
    }
    println!(
        "  {TOKENS}-token streams, {CONNECTIONS} connections, {ROUNDS} rounds of {} s each way",
        ROUND.as_secs()
    );
    let (mut ratios, mut direct_rates, mut rates) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let direct = load(provider, CONNECTIONS, ROUND).await?;
        let through = load(service.address, CONNECTIONS, ROUND).await?;
        ratios.push(through / direct);
        direct_rates.push(direct);
        rates.push(through);
    }
    figure("streams a second, directly", median(&mut direct_rates), "/s", None);
    figure(
        "streams a second, through the front door",
        median(&mut rates),
        "/s",
        None,
    );
    figure(
        "rate through the front door, of the direct one",
        median(&mut ratios),
        "",
        Some(Target::Least(0.25)),
    );
    let (mut direct, mut through) = (Vec::new(), Vec::new());
    let mut connections = (
        Caller::connect(provider).await?,
        Caller::connect(service.address).await?,
    );
    for _ in 0..SINGLE_CALLS {
        direct.push(connections.0.call().await?.as_secs_f64() * 1000.0);
        through.push(connections.1.call().await?.as_secs_f64() * 1000.0);
    }
    let (direct, through) = (median(&mut direct), median(&mut through));
    figure("first word at one connection, directly", direct, " ms", None);
    figure(
        "first word at one connection, through the front door",
        through,
        " ms",
        None,
    );
    figure(
        "what the front door adds to the first word",
        through - direct,
        " ms",
        Some(Target::Most(0.5)),
    );
    let memory = service.resident()? / f64::from(1 << 20);
    figure("memory of the service after it", memory, " MiB", None);
    Ok(())
}

/// The provider: every request gets the same stream.
async fn serve(listener: TcpListener) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(async move {
            // Ends when the other side closes, which is no error here.
            let _ = answer(stream).await;
        });
    }
}

async fn answer(mut stream: TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let (plain, with_usage) = (pieces(false), pieces(true));
    let mut buffer = Vec::with_capacity(4096);
    while wire::read_request(&mut stream, &mut buffer).await? {
        // The service asks for the usage, as OpenAI sends it then.
        let asks_usage = memchr::memmem::find(&buffer, b"\"include_usage\":true").is_some();
        for piece in if asks_usage { &with_usage } else { &plain } {
            stream.write_all(piece).await?;
        }
    }
    Ok(())
}

/// What is written, each piece at once: the head with the role, every token, and the end.
fn pieces(with_usage: bool) -> Vec<Vec<u8>> {
    let mut pieces = vec![wire::HEAD.to_owned() + &wire::event("{\"role\":\"assistant\",\"content\":\"\"}", "null")];
    for i in 0..TOKENS {
        pieces.push(wire::event(&format!("{{\"content\":\"word{i} \"}}"), "null"));
    }
    pieces.push(wire::event("{}", "\"stop\""));
    if with_usage {
        pieces.push(wire::usage(30, TOKENS));
    }
    pieces.push(wire::done());
    pieces.into_iter().map(String::into_bytes).collect()
}

/// Whole answers a second, over so many connections that are kept open.
async fn load(address: SocketAddr, connections: usize, time: Duration) -> Result<f64, Error> {
    let mut callers = JoinSet::new();
    for _ in 0..connections {
        let mut caller = Caller::connect(address).await?;
        callers.spawn(async move {
            let until = Instant::now() + time;
            let mut answers = 0u64;
            while Instant::now() < until {
                caller.call().await?;
                answers += 1;
            }
            Ok::<_, Error>(answers)
        });
    }
    let began = Instant::now();
    let mut answers = 0;
    while let Some(ended) = callers.join_next().await {
        answers += ended??;
    }
    Ok(answers as f64 / began.elapsed().as_secs_f64())
}

struct Caller {
    stream: TcpStream,
    request: Vec<u8>,
    buffer: Vec<u8>,
}

impl Caller {
    async fn connect(address: SocketAddr) -> Result<Self, Error> {
        let body = r#"{"model":"bench","stream":true,"messages":[{"role":"system","content":"You are a helpful support assistant."},{"role":"user","content":"How do I install the plugin, and where do I enter the key?"}]}"#;
        let request = format!(
            "POST /v1/chat/completions HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {KEY}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            request: request.into_bytes(),
            buffer: Vec::with_capacity(16 << 10),
        })
    }

    /// One whole answer; the time to its first word.
    async fn call(&mut self) -> Result<Duration, Error> {
        let began = Instant::now();
        self.stream.write_all(&self.request).await?;
        self.buffer.clear();
        let mut first = None;
        while !self.buffer.ends_with(b"\r\n0\r\n\r\n") {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(format!("it closed after {}", String::from_utf8_lossy(&self.buffer)).into());
            }
            if first.is_none() && memchr::memmem::find(&self.buffer, b"word0").is_some() {
                first = Some(began.elapsed());
            }
        }
        let events = memchr::memmem::find_iter(&self.buffer, b"data: ").count();
        match first {
            Some(first) if events == EVENTS => Ok(first),
            _ => Err(format!("{events} events: {}", String::from_utf8_lossy(&self.buffer)).into()),
        }
    }
}
