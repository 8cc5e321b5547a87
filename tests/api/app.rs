//! The real service in a process of its own, with settings, store and port of its own.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};
use tempfile::TempDir;

use crate::provider::{PATIENCE, Provider};
use crate::stored::Kept;

pub const BINARY: &str = env!("CARGO_BIN_EXE_pennypress");

/// Site A: the key, an origin on its list, its secret.
pub const SITE_A: &str = "site_a";
pub const ORIGIN_A: &str = "https://a.example";
pub const SECRET_A: &str = "a secret as an operator types it";
/// Site B has a secret in the form that the service makes.
pub const SITE_B: &str = "site_b";
pub const ORIGIN_B: &str = "https://b.example:8443";
pub const SECRET_B: &str = "whsec_c2l4dGVlbiBieXRlcyBhbmQgc2l4dGVlbiBtb3JlISE=";
/// What no visitor may ever see.
pub const PROVIDER_NAME: &str = "hush-provider";
pub const PROVIDER_KEY: &str = "sk-hush-0123456789";
/// The key of the program `rails`.
pub const PROGRAM_KEY: &str = "pk-rails-0123456789";

/// Settings in the making. Every change may be made again; the last one counts.
#[derive(Clone)]
pub struct Settings {
    base_url: Option<String>,
    models: Vec<String>,
    simple: Option<String>,
    context_tokens: u32,
    sites: bool,
    per_visitor_per_minute: u32,
    per_site_per_day: u32,
    cache: String,
    ttl_seconds: u32,
    timeout_ms: u32,
    retries: u32,
    trusted_proxies: &'static str,
    store: Kept,
    environment: Vec<(String, String)>,
    more: String,
}

/// No provider, two sites, limits that no test reaches by accident.
pub fn settings() -> Settings {
    Settings {
        base_url: None,
        models: Vec::new(),
        simple: None,
        context_tokens: 128_000,
        sites: true,
        per_visitor_per_minute: 100_000,
        per_site_per_day: 1_000_000,
        cache: "memory".to_owned(),
        ttl_seconds: 86_400,
        timeout_ms: 5_000,
        retries: 1,
        trusted_proxies: "[]",
        store: Kept::usual(),
        environment: Vec::new(),
        more: String::new(),
    }
}

impl Settings {
    /// Every tier's chain is `models`, all of them of this provider.
    pub fn models(mut self, provider: &Provider, models: &[&str]) -> Self {
        self.base_url = Some(provider.base_url());
        self.models = models.iter().map(|model| (*model).to_owned()).collect();
        self
    }

    /// The chain of the simple tier is this model alone.
    pub fn simple(mut self, model: &str) -> Self {
        self.simple = Some(model.to_owned());
        self
    }

    pub fn base_url(mut self, url: &str) -> Self {
        self.base_url = Some(url.to_owned());
        self
    }

    pub fn context_tokens(mut self, tokens: u32) -> Self {
        self.context_tokens = tokens;
        self
    }

    /// As on a first start: only the demo site is there.
    pub fn no_sites(mut self) -> Self {
        self.sites = false;
        self
    }

    pub fn per_visitor_per_minute(mut self, questions: u32) -> Self {
        self.per_visitor_per_minute = questions;
        self
    }

    pub fn per_site_per_day(mut self, questions: u32) -> Self {
        self.per_site_per_day = questions;
        self
    }

    pub fn redis(mut self, url: &str) -> Self {
        self.cache = url.to_owned();
        self
    }

    pub fn ttl_seconds(mut self, seconds: u32) -> Self {
        self.ttl_seconds = seconds;
        self
    }

    /// How long a provider may take to the first word and between words.
    pub fn timeout_ms(mut self, milliseconds: u32) -> Self {
        self.timeout_ms = milliseconds;
        self
    }

    pub fn retries(mut self, retries: u32) -> Self {
        self.retries = retries;
        self
    }

    pub fn behind_a_proxy(mut self) -> Self {
        self.trusted_proxies = "[\"127.0.0.1/32\"]";
        self
    }

    pub fn store(mut self, store: Kept) -> Self {
        self.store = store;
        self
    }

    pub fn environment(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// More tables behind all others.
    pub fn more(mut self, toml: &str) -> Self {
        self.more.push_str(toml);
        self
    }

    fn toml(&self, directory: &Path) -> String {
        let mut text = format!(
            "[server]\nlisten = \"127.0.0.1:0\"\ntrusted_proxies = {}\n\
             [store]\nurl = \"{}\"\n\
             [cache]\nurl = \"{}\"\nredis_timeout_ms = 2000\nttl_seconds = {}\n\
             [limits]\nper_visitor_per_minute = {}\nper_site_per_day = {}\n\
             [upstream]\nconnect_timeout_ms = 3000\nfirst_token_timeout_ms = {timeout}\n\
             between_tokens_timeout_ms = {timeout}\nretries = {}\n",
            self.trusted_proxies,
            self.store.url(directory),
            self.cache,
            self.ttl_seconds,
            self.per_visitor_per_minute,
            self.per_site_per_day,
            self.retries,
            timeout = self.timeout_ms,
        );
        if let Some(url) = &self.base_url {
            let _ = write!(
                text,
                "[[providers]]\nname = \"{PROVIDER_NAME}\"\nbase_url = \"{url}\"\napi_key_env = \"HUSH_KEY\"\n"
            );
            let known = self.models.iter().chain(&self.simple);
            for model in known {
                let _ = write!(
                    text,
                    "[[models]]\nid = \"{model}\"\nprovider = \"{PROVIDER_NAME}\"\ncontext_tokens = {}\n\
                     input_usd_per_million = 2.0\noutput_usd_per_million = 10.0\n",
                    self.context_tokens
                );
            }
            let chain = format!("{:?}", self.models);
            let simple = self
                .simple
                .as_ref()
                .map_or(chain.clone(), |model| format!("[{model:?}]"));
            let _ = write!(
                text,
                "[routing]\nsimple = {simple}\nstandard = {chain}\ncomplex = {chain}\n"
            );
        }
        if self.sites {
            let _ = write!(
                text,
                "[[sites]]\nkey = \"{SITE_A}\"\nsecret_env = \"SECRET_A\"\norigins = [\"{ORIGIN_A}\"]\nname = \"Anna's\"\n\
                 persona = \"You are PERSONA-A.\"\ncontact = \"help@a.example\"\n\
                 [[sites]]\nkey = \"{SITE_B}\"\nsecret_env = \"SECRET_B\"\norigins = [\"{ORIGIN_B}\"]\nname = \"Ben's\"\n\
                 persona = \"You are PERSONA-B.\"\ngreeting = \"Moin!\"\nsuggestions = [\"What is it?\"]\naccent = \"#ffee00\"\n"
            );
        }
        text + "[[api_keys]]\nname = \"rails\"\nkey_env = \"RAILS_KEY\"\n" + &self.more
    }

    /// A command of the service with these settings, in a directory of its own.
    pub fn command(&self, directory: &Path, arguments: &[&str]) -> Command {
        let file = directory.join("pennypress.toml");
        std::fs::write(&file, self.toml(directory)).expect("to write the settings");
        let mut command = Command::new(BINARY);
        command
            .args(arguments)
            .current_dir(directory)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("SECRET_A", SECRET_A)
            .env("SECRET_B", SECRET_B)
            .env("HUSH_KEY", PROVIDER_KEY)
            .env("RAILS_KEY", PROGRAM_KEY)
            .envs(self.environment.iter().cloned())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs a command to its end.
    pub async fn run(&self, arguments: &[&str]) -> Output {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let mut command = self.command(directory.path(), arguments);
        tokio::task::spawn_blocking(move || command.output())
            .await
            .expect("no panic")
            .expect("the binary runs")
    }

    pub async fn start(self) -> App {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let process = Process::start(&self, directory.path()).await;
        App {
            settings: self,
            process,
            directory,
            client: client(),
        }
    }
}

/// No proxy, no redirects followed, no decompression behind our back.
pub fn client() -> reqwest::Client {
    reqwest::Client::builder()
        .no_proxy()
        .no_gzip()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .expect("a client")
}

pub struct App {
    settings: Settings,
    process: Process,
    directory: TempDir,
    pub client: reqwest::Client,
}

impl App {
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.process.address)
    }

    /// Everything that it wrote to stderr since it was started last.
    pub fn log(&self) -> String {
        self.process.log.text()
    }

    /// The address of its store.
    pub fn store_url(&self) -> String {
        self.settings.store.url(self.directory())
    }

    /// Where its settings and, mostly, its store are.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Ends it as a power cut would.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Starts it again with the same settings and store; it may have another port.
    pub async fn start_again(&mut self) {
        self.process.kill();
        self.process = Process::start(&self.settings, self.directory.path()).await;
        self.client = client();
    }

    pub fn signal(&self, signal: &str) {
        let id = self.process.child.id().to_string();
        let status = Command::new("kill").args([signal, &id]).status().expect("to run kill");
        assert!(status.success(), "kill {signal}");
    }

    /// Waits for its end.
    pub async fn ended(&mut self) -> ExitStatus {
        let began = Instant::now();
        loop {
            if let Some(status) = self.process.child.try_wait().expect("our own child") {
                return status;
            }
            assert!(began.elapsed() < PATIENCE, "it does not end; its log is {}", self.log());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// The value of a metric, with its labels as Prometheus writes them; 0 when it is not there yet.
    pub async fn metric(&self, name: &str) -> f64 {
        let text = self.client.get(self.url("/metrics")).send().await.expect("metrics");
        let text = text.text().await.expect("text");
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.map_or(0.0, |value| value.parse().expect("a number"))
    }

    pub async fn until_metric(&self, name: &str, wanted: f64) {
        until(&format!("{name} {wanted}"), async || self.metric(name).await == wanted).await;
    }
}

/// Waits until `done`.
pub async fn until(what: &str, mut done: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    while !done().await {
        assert!(began.elapsed() < PATIENCE, "never happened: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

struct Process {
    child: Child,
    address: String,
    log: Log,
}

impl Process {
    async fn start(settings: &Settings, directory: &Path) -> Self {
        let mut child = settings
            .command(directory, &["serve"])
            .stdout(Stdio::null())
            .spawn()
            .expect("the binary runs");
        let log = Log::follow(child.stderr.take().expect("stderr is a pipe"));
        let waiting = log.clone();
        let address = tokio::task::spawn_blocking(move || waiting.address())
            .await
            .expect("no panic");
        let Some(address) = address else {
            // Fails only when it is gone already.
            let _ = child.kill();
            let ended = child.wait();
            panic!("it did not start ({ended:?}): {}", log.text());
        };
        Self { child, address, log }
    }

    fn kill(&mut self) {
        // Fails only when it is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            eprintln!("the service's log:\n{}", self.log.text());
        }
    }
}

#[derive(Clone)]
struct Log(Arc<(Mutex<LogState>, Condvar)>);

#[derive(Default)]
struct LogState {
    text: String,
    address: Option<String>,
    ended: bool,
}

impl Log {
    fn follow(stderr: std::process::ChildStderr) -> Self {
        let log = Log(Arc::default());
        let writer = log.clone();
        // Ends with the process whose stderr it reads.
        std::thread::spawn(move || {
            let mut lines = BufReader::new(stderr);
            let mut line = Vec::new();
            while matches!(lines.read_until(b'\n', &mut line), Ok(n) if n > 0) {
                let text = String::from_utf8_lossy(&line);
                let mut state = writer.0.0.lock();
                state.text.push_str(&text);
                if let Some((_, rest)) = text.split_once("listening on http://") {
                    let address = rest.split_whitespace().next().unwrap_or_default();
                    state.address.get_or_insert(format!("http://{address}"));
                }
                drop(state);
                writer.0.1.notify_all();
                line.clear();
            }
            writer.0.0.lock().ended = true;
            writer.0.1.notify_all();
        });
        log
    }

    /// Where it listens; `None` when it ends, or takes too long, before it says so.
    fn address(&self) -> Option<String> {
        let mut state = self.0.0.lock();
        while state.address.is_none() && !state.ended {
            if self.0.1.wait_for(&mut state, PATIENCE).timed_out() {
                break;
            }
        }
        state.address.clone()
    }

    fn text(&self) -> String {
        self.0.0.lock().text.clone()
    }
}
