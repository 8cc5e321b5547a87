//! The front door beside the provider that stands behind it: the same load, made directly and through the service, in turns.
//! Provider and load are this process, on bare sockets, so that they take as little of the machine as can be; the service is
//! the release build. Each token is a write of its own, as providers send them.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use std::io::{BufRead, BufReader};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

const TOKENS: usize = 20;
/// What a caller sees: the role, the tokens, the end, `[DONE]`.
const EVENTS: usize = TOKENS + 3;
const CONNECTIONS: usize = 50;
const ROUND: Duration = Duration::from_secs(4);
const ROUNDS: usize = 5;
const SINGLE_CALLS: usize = 2_000;
const KEY: &str = "pk-bench-0123456789abcdef";

type Error = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main(worker_threads = 2)]
async fn main() -> Result<(), Error> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let provider = listener.local_addr()?;
    tokio::spawn(serve(listener));
    let folder = tempfile::tempdir()?;
    let mut service = Service::start(folder.path(), provider)?;
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
    if let Some(memory) = service.resident_mib() {
        figure("memory of the service after it", memory, " MiB", None);
    }
    service.stop();
    Ok(())
}

enum Target {
    Least(f64),
    Most(f64),
}

/// A line as tests/bench/README.md tells it.
fn figure(name: &str, value: f64, unit: &str, target: Option<Target>) {
    let (held, wanted) = match target {
        None => (None, String::new()),
        Some(Target::Least(least)) => (Some(value >= least), format!("  (target: at least {least}{unit})")),
        Some(Target::Most(most)) => (Some(value <= most), format!("  (target: at most {most}{unit})")),
    };
    let word = match held {
        None => "      ",
        Some(true) => "held  ",
        Some(false) => "MISSED",
    };
    println!("  {word}  {name:<58} {value:.3}{unit}{wanted}");
}

fn median(numbers: &mut [f64]) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
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
    loop {
        buffer.clear();
        while !is_whole_request(&buffer) {
            if stream.read_buf(&mut buffer).await? == 0 {
                return Ok(());
            }
        }
        // The service asks for the usage, as OpenAI sends it then.
        let asks_usage = memchr::memmem::find(&buffer, b"\"include_usage\":true").is_some();
        for piece in if asks_usage { &with_usage } else { &plain } {
            stream.write_all(piece).await?;
        }
    }
}

fn is_whole_request(bytes: &[u8]) -> bool {
    let Some(head) = memchr::memmem::find(bytes, b"\r\n\r\n") else {
        return false;
    };
    let text = std::str::from_utf8(&bytes[..head])
        .unwrap_or_default()
        .to_ascii_lowercase();
    let length = text.lines().find_map(|line| line.strip_prefix("content-length:"));
    let length: usize = length.and_then(|value| value.trim().parse().ok()).unwrap_or(0);
    bytes.len() >= head + 4 + length
}

/// What is written, each piece at once: the head with the role, every token, and the end.
fn pieces(with_usage: bool) -> Vec<Vec<u8>> {
    let event = |delta: &str, finish: &str| {
        format!(
            "data: {{\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion.chunk\",\"created\":1790000000,\"model\":\"bench\",\
             \"choices\":[{{\"index\":0,\"delta\":{delta},\"logprobs\":null,\"finish_reason\":{finish}}}]}}\n\n"
        )
    };
    let chunk = |text: &str| format!("{:x}\r\n{text}\r\n", text.len());
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
    let mut pieces = vec![head.to_owned() + &chunk(&event("{\"role\":\"assistant\",\"content\":\"\"}", "null"))];
    for i in 0..TOKENS {
        pieces.push(chunk(&event(&format!("{{\"content\":\"word{i} \"}}"), "null")));
    }
    pieces.push(chunk(&event("{}", "\"stop\"")));
    if with_usage {
        let usage = "{\"prompt_tokens\":30,\"completion_tokens\":20,\"total_tokens\":50}";
        pieces.push(chunk(&format!(
            "data: {{\"id\":\"chatcmpl-bench\",\"choices\":[],\"usage\":{usage}}}\n\n"
        )));
    }
    pieces.push(chunk("data: [DONE]\n\n") + "0\r\n\r\n");
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

struct Service {
    child: Child,
    address: SocketAddr,
}

impl Service {
    fn start(folder: &Path, provider: SocketAddr) -> Result<Self, Error> {
        let binaries = std::env::var("PENNYPRESS_TEST_BINARIES").unwrap_or_else(|_| "target/release".to_owned());
        let file = folder.join("pennypress.toml");
        let settings = format!(
            "[server]\nlisten = \"127.0.0.1:0\"\n[store]\nurl = \"sqlite://{}\"\n\
             [[providers]]\nname = \"bench\"\nbase_url = \"http://{provider}/v1\"\n\
             [[models]]\nid = \"bench\"\nprovider = \"bench\"\ninput_usd_per_million = 1.0\noutput_usd_per_million = 2.0\n\
             [[api_keys]]\nname = \"bench\"\nkey_env = \"BENCH_KEY\"\n",
            folder.join("pennypress.db").display()
        );
        std::fs::write(&file, settings)?;
        let mut child = Command::new(Path::new(&binaries).join("pennypress"))
            .arg("--config")
            .arg(&file)
            .arg("serve")
            .env("BENCH_KEY", KEY)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        let mut lines = BufReader::new(child.stderr.take().ok_or("no stderr")?).lines();
        let address = loop {
            let line = lines.next().ok_or("the service did not start")??;
            if let Some((_, rest)) = line.split_once("listening on http://") {
                break rest.split_whitespace().next().unwrap_or_default().parse()?;
            }
        };
        // Its log is read and dropped: one that nobody reads would hold it up.
        std::thread::spawn(move || lines.for_each(drop));
        Ok(Self { child, address })
    }

    /// The second field of statm (proc(5)), in pages of 4 KiB.
    fn resident_mib(&self) -> Option<f64> {
        let statm = std::fs::read_to_string(format!("/proc/{}/statm", self.child.id())).ok()?;
        let pages: f64 = statm.split_whitespace().nth(1)?.parse().ok()?;
        Some(pages * 4096.0 / f64::from(1 << 20))
    }

    fn stop(&mut self) {
        // Fails only when it is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.stop();
    }
}
