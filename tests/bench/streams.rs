//! Ten thousand visitors at once, each with an answer of their own that comes at a token a second: that none is lost, what memory a
//! stream takes, and how long an answer from the cache takes meanwhile.
//!
//! The service is the release build. The provider is this program once more, in a process of its own, since each side has as many open
//! sockets as there are streams. Questions are asked of the demo, so that each prompt carries passages of the manual.

#[path = "parts/figures.rs"]
mod figures;
#[path = "parts/service.rs"]
mod service;
#[path = "parts/wire.rs"]
mod wire;

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep};

use figures::{Target, figure, median, quantile};
use service::Service;

const STREAMS: usize = 10_000;
/// Files that a process has open beside its sockets.
const OTHER_FILES: usize = 80;
const PACE: Duration = Duration::from_secs(1);
/// New streams a second: all are open when the first is half told.
const OPENED_A_SECOND: usize = 400;
const TOKENS: usize = 60;
/// How long all are watched together.
const WATCHED: Duration = Duration::from_secs(20);
const BETWEEN_CACHED: Duration = Duration::from_millis(10);

type Error = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let files = usize::try_from(rlimit::increase_nofile_limit(u64::MAX)?).unwrap_or(usize::MAX);
    if std::env::args().nth(1).as_deref() == Some("provider") {
        return serve().await;
    }
    // The service has two sockets for each stream.
    let streams = STREAMS.min((files - OTHER_FILES) / 2);
    let provider = Provider::start()?;
    let folder = tempfile::tempdir()?;
    let limits = "[limits]\nper_visitor_per_minute = 1000000\nper_site_per_day = 1000000\n";
    let service = Service::start(folder.path(), provider.address, limits)?;
    let address = service.address;
    println!("  {streams} streams of {TOKENS} tokens (a process may have {files} files open here)");

    // The code, the tables of the index and the pools are touched before anything is counted.
    let cached = request(address, "What does the service need to run?", false);
    let mut probe = connect(address).await?;
    let slowest = ask(&mut probe, &cached).await?;
    let mut quiet = cached_answers(&mut probe, &cached, WATCHED / 4).await?;
    let before = service.resident()?;

    let open = Arc::new(AtomicUsize::new(0));
    let mut visitors = JoinSet::new();
    let mut due = interval(Duration::from_secs(1) / OPENED_A_SECOND as u32);
    for n in 0..streams {
        due.tick().await;
        visitors.spawn(visit(address, n, open.clone()));
    }
    sleep(PACE * 2).await;
    let (began, at_once) = (Instant::now(), open.load(Ordering::Relaxed));
    let mut busy = cached_answers(&mut probe, &cached, WATCHED).await?;
    let still = open.load(Ordering::Relaxed);
    let after = service.resident()?;
    println!(
        "  watched for {:.0} s while all were open",
        began.elapsed().as_secs_f64()
    );

    let (mut whole, mut pauses, mut problem) = (0, Vec::new(), None);
    while let Some(ended) = visitors.join_next().await {
        match ended? {
            Ok(pause) => {
                whole += 1;
                pauses.push(pause.as_secs_f64());
            }
            Err(error) => problem = Some(error),
        }
    }
    if let Some(problem) = problem {
        println!("  one that was lost: {problem}");
    }
    figure(
        "open at the same time",
        at_once.min(still) as f64,
        "",
        Some(Target::Least(streams as f64)),
    );
    figure(
        "lost or not whole",
        (streams - whole) as f64,
        "",
        Some(Target::Most(0.0)),
    );
    figure("memory of the service before", before / 1e6, " MB", None);
    figure("memory of the service with all open", after / 1e6, " MB", None);
    let each = (after - before) / streams as f64 / 1e3;
    figure("memory a stream", each, " KB", Some(Target::Most(20.0)));
    if !pauses.is_empty() {
        figure(
            "longest pause between two tokens (median stream)",
            median(&mut pauses),
            " s",
            None,
        );
        figure(
            "longest pause between two tokens (99th percentile)",
            quantile(&mut pauses, 0.99),
            " s",
            None,
        );
    }
    figure(
        "the same answer from its model",
        slowest.as_secs_f64() * 1e3,
        " ms",
        None,
    );
    figure(
        "an answer from the cache, nobody else there, p99",
        quantile(&mut quiet, 0.99),
        " ms",
        None,
    );
    figure(
        "an answer from the cache meanwhile, median",
        median(&mut busy),
        " ms",
        None,
    );
    let p99 = quantile(&mut busy, 0.99);
    figure(
        "an answer from the cache meanwhile, p99",
        p99,
        " ms",
        Some(Target::Most(50.0)),
    );
    Ok(())
}

fn request(address: SocketAddr, question: &str, stream: bool) -> Vec<u8> {
    let body = format!(
        "{{\"site\":\"site_demo\",\"message\":\"{question}\",\"page\":{{\"url\":\"http://{address}/pricing\",\"title\":\"Pricing\"}},\
         \"locale\":\"en\",\"stream\":{stream}}}"
    );
    let length = body.len();
    format!(
        "POST /api/v1/chat HTTP/1.1\r\nhost: {address}\r\norigin: http://{address}\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

async fn connect(address: SocketAddr) -> Result<TcpStream, Error> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// The time that a whole answer takes.
async fn ask(stream: &mut TcpStream, request: &[u8]) -> Result<Duration, Error> {
    let began = Instant::now();
    stream.write_all(request).await?;
    let mut answer = Vec::with_capacity(4096);
    while !answer.ends_with(b"}") {
        if stream.read_buf(&mut answer).await? == 0 {
            return Err("the connection was closed in the middle of an answer".into());
        }
    }
    match answer.starts_with(b"HTTP/1.1 200") {
        true => Ok(began.elapsed()),
        false => Err(String::from_utf8_lossy(&answer).into()),
    }
}

/// Asks what is cached for a while, and gives the milliseconds of each answer.
async fn cached_answers(stream: &mut TcpStream, request: &[u8], time: Duration) -> Result<Vec<f64>, Error> {
    let until = Instant::now() + time;
    let mut times = Vec::new();
    while Instant::now() < until {
        times.push(ask(stream, request).await?.as_secs_f64() * 1e3);
        sleep(BETWEEN_CACHED).await;
    }
    Ok(times)
}

/// What visitors ask about; with a number it is a question that nobody asked before.
const SUBJECTS: [&str; 5] = [
    "How do I set a monthly budget for shop",
    "Where do I see the thumbs of visitors on page",
    "How do I add a folder of PDF files to site",
    "Which settings does Redis need for branch",
    "How do I install the plugin on blog",
];

/// One visitor: reads a whole answer, and tells the longest pause between two of its tokens.
async fn visit(address: SocketAddr, n: usize, open: Arc<AtomicUsize>) -> Result<Duration, Error> {
    let mut stream = connect(address).await?;
    let question = format!("{} {n}?", SUBJECTS[n % SUBJECTS.len()]);
    stream.write_all(&request(address, &question, true)).await?;
    let mut buffer = Vec::with_capacity(1024);
    let (mut tokens, mut pause, mut latest) = (0, Duration::ZERO, None);
    loop {
        if stream.read_buf(&mut buffer).await? == 0 {
            return Err(format!("it closed after {tokens} tokens: {}", String::from_utf8_lossy(&buffer)).into());
        }
        // Whole events only; the rest waits for its end.
        while let Some(end) = memchr::memmem::find(&buffer, b"\n\n") {
            let event: Vec<u8> = buffer.drain(..end + 2).collect();
            let text = String::from_utf8_lossy(&event);
            if text.contains("event: delta") {
                if !text.contains(&format!("word{tokens} ")) {
                    return Err(format!("token {tokens} is missing: {text}").into());
                }
                tokens += text.matches("word").count();
                let now = Instant::now();
                match latest.replace(now) {
                    Some(latest) => pause = pause.max(now - latest),
                    None => drop(open.fetch_add(1, Ordering::Relaxed)),
                }
            }
            if text.contains("event: error") || tokens > TOKENS {
                return Err(text.into());
            }
            if text.contains("event: done") {
                open.fetch_sub(1, Ordering::Relaxed);
                return match tokens == TOKENS && text.contains("\"stop\"") {
                    true => Ok(pause),
                    false => Err(format!("it ended after {tokens} tokens: {text}").into()),
                };
            }
        }
    }
}

/// This program as the provider, in another process.
struct Provider {
    child: Child,
    address: SocketAddr,
}

impl Provider {
    fn start() -> Result<Self, Error> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg("provider")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().ok_or("no stdout")?).read_line(&mut line)?;
        let address = line.trim().parse()?;
        Ok(Self { child, address })
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        // Fails only when it is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn serve() -> Result<(), Error> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(async move {
            // Ends when the other side closes, which is no error here.
            let _ = answer(stream).await;
        });
    }
}

async fn answer(mut stream: TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = Vec::with_capacity(1024);
    while wire::read_request(&mut stream, &mut buffer).await? {
        let is_one_of_many = SUBJECTS
            .iter()
            .any(|subject| memchr::memmem::find(&buffer, subject.as_bytes()).is_some());
        let prompt = buffer.len() / 4;
        buffer = Vec::new();
        let head = wire::HEAD.to_owned() + &wire::event("{\"role\":\"assistant\",\"content\":\"\"}", "null");
        stream.write_all(head.as_bytes()).await?;
        let mut pace = interval(PACE);
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        for i in 0..TOKENS {
            if is_one_of_many {
                pace.tick().await;
            }
            let event = wire::event(&format!("{{\"content\":\"word{i} \"}}"), "null");
            stream.write_all(event.as_bytes()).await?;
        }
        let end = wire::event("{}", "\"stop\"") + &wire::usage(prompt, TOKENS) + &wire::done();
        stream.write_all(end.as_bytes()).await?;
    }
    Ok(())
}
