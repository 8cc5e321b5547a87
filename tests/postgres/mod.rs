//! A Postgres of the tests' own, in a temporary folder on a free port, gone when the last test that uses it is.

use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

use tempfile::TempDir;

pub const USER: &str = "pennypress";
/// With signs that have to be written otherwise in an address.
pub const PASSWORD: &str = "hush/p@ss word%";
pub const PASSWORD_IN_URL: &str = "hush%2Fp%40ss%20word%25";

const NEEDED: &str = "these tests need a Postgres server (Debian: apt install postgresql)";
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Postgres {
    process: Option<Child>,
    port: u16,
    pub folder: TempDir,
    pub options: Vec<String>,
    databases: AtomicU32,
}

impl Postgres {
    /// One that other tests use as well, each with a database of its own.
    pub fn shared() -> Arc<Self> {
        static SHARED: Mutex<Weak<Postgres>> = Mutex::new(Weak::new());
        // A test that failed while it started one leaves nothing half made behind.
        let mut shared = SHARED.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        shared.upgrade().unwrap_or_else(|| {
            let started = Arc::new(Self::start(&[]));
            *shared = Arc::downgrade(&started);
            started
        })
    }

    /// One that this test may stop.
    pub fn start(options: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let password = folder.path().join("password");
        std::fs::write(&password, PASSWORD).expect("to write");
        for path in [folder.path(), &password] {
            give(path);
        }
        let made = as_its_user("initdb")
            .arg("--pgdata")
            .arg(folder.path().join("data"))
            .arg("--pwfile")
            .arg(&password)
            .args([
                "--username",
                USER,
                "--auth",
                "scram-sha-256",
                "--encoding",
                "UTF8",
                "--locale",
                "C.UTF-8",
                "--no-sync",
            ])
            .current_dir("/")
            .output();
        succeeded("initdb", made.expect(NEEDED));
        let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let mut postgres = Self {
            process: None,
            port: free.expect("a free port").port(),
            folder,
            options: options.iter().map(|option| (*option).to_owned()).collect(),
            databases: AtomicU32::new(0),
        };
        postgres.start_again();
        postgres
    }

    pub fn start_again(&mut self) {
        let mut command = as_its_user("postgres");
        command
            .arg("-D")
            .arg(self.folder.path().join("data"))
            .arg("-k")
            .arg(self.folder.path())
            .args(["-h", "127.0.0.1", "-p", &self.port.to_string()])
            // What is tested is what happens to services, not to disks.
            .args([
                "-c",
                "fsync=off",
                "-c",
                "max_connections=200",
                "-c",
                "shared_buffers=32MB",
            ])
            .args(&self.options)
            .current_dir("/")
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        self.process = Some(command.spawn().expect(NEEDED));
        let began = Instant::now();
        while !self.ready() {
            assert!(began.elapsed() < PATIENCE, "Postgres does not start");
            std::thread::sleep(Duration::from_millis(30));
        }
    }

    /// A server that starts listens before it lets anybody in.
    fn ready(&self) -> bool {
        TcpStream::connect(("127.0.0.1", self.port)).is_ok() && self.psql("postgres", "SELECT 1").status.success()
    }

    /// At once, with every connection.
    pub fn stop(&mut self) {
        let Some(mut process) = self.process.take() else { return };
        // "Fast shutdown": running transactions are undone.
        let _ = Command::new("kill").args(["-INT", &process.id().to_string()]).status();
        let began = Instant::now();
        while matches!(process.try_wait(), Ok(None)) && began.elapsed() < Duration::from_secs(10) {
            std::thread::sleep(Duration::from_millis(10));
        }
        // Either fails only when the process is gone already.
        let _ = process.kill();
        let _ = process.wait();
    }

    /// Stops every process of it in the middle of what it does, or lets them go on: `STOP` or `CONT`.
    pub fn signal(&self, signal: &str) {
        let server = self.process.as_ref().expect("it runs").id().to_string();
        let children = Command::new("ps").args(["-o", "pid=", "--ppid", &server]).output();
        let children = succeeded("ps", children.expect("to run ps (Debian: apt install procps)"));
        for process in children.split_whitespace().chain([server.as_str()]) {
            // One that ended meanwhile needs none.
            let _ = Command::new("kill").args([&format!("-{signal}"), process]).status();
        }
    }

    /// The address of a new database.
    pub fn database(&self) -> String {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.sql("postgres", &format!("CREATE DATABASE {name}"));
        self.url(&name)
    }

    pub fn url(&self, database: &str) -> String {
        format!("postgres://{USER}:{PASSWORD_IN_URL}@127.0.0.1:{}/{database}", self.port)
    }

    /// What a statement told, a row a line.
    pub fn sql(&self, database: &str, sql: &str) -> String {
        succeeded(sql, self.psql(database, sql))
    }

    fn psql(&self, database: &str, sql: &str) -> Output {
        Command::new(program("psql"))
            .args([
                "-X",
                "-q",
                "-A",
                "-t",
                "-v",
                "ON_ERROR_STOP=1",
                "-h",
                "127.0.0.1",
                "-U",
                USER,
            ])
            .args(["-p", &self.port.to_string(), "-d", database, "-c", sql])
            .env("PGPASSWORD", PASSWORD)
            .stdin(Stdio::null())
            .output()
            .expect(NEEDED)
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // A test that failed may have left it stopped.
        if self.process.is_some() {
            self.signal("CONT");
        }
        self.stop();
    }
}

fn succeeded(what: &str, output: Output) -> String {
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{what}: {error}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// On the PATH, or where Debian has the programs of a server: the newest.
fn program(name: &str) -> PathBuf {
    let on_path = std::env::var_os("PATH").and_then(|path| {
        std::env::split_paths(&path)
            .map(|folder| folder.join(name))
            .find(|file| file.exists())
    });
    let of_debian = || {
        let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
        let version = |entry: &std::fs::DirEntry| entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok());
        let newest = versions.flatten().max_by_key(version)?;
        Some(newest.path().join("bin").join(name)).filter(|file| file.exists())
    };
    on_path.or_else(of_debian).expect(NEEDED)
}

/// A server does not run as root; it then runs as the user that its package made.
fn as_its_user(name: &str) -> Command {
    let mut command = Command::new(program(name));
    if let Some((user, group)) = its_user() {
        command.uid(user).gid(group);
    }
    command
}

/// User and group, when we are root.
fn its_user() -> Option<(u32, u32)> {
    use std::os::unix::fs::MetadataExt;
    let is_root = std::fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0);
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let of = |name: &str| {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut numbers = line.split(':').skip(2).map(str::parse::<u32>);
        Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
    };
    is_root.then(|| of("postgres").or_else(|| of("nobody")).expect(NEEDED))
}

/// To the user as which the server runs.
pub fn give(path: &Path) {
    if let Some((user, group)) = its_user() {
        std::os::unix::fs::chown(path, Some(user), Some(group)).expect("to give it to the server");
    }
}
