//! A redis-server of the test's own, gone when the test is.

use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

pub struct RedisServer {
    process: Child,
    port: u16,
    options: Vec<String>,
    _directory: tempfile::TempDir,
}

impl RedisServer {
    pub fn start(options: &[&str]) -> Self {
        let port = free_port();
        let directory = tempfile::tempdir().expect("a temporary directory");
        let mut all = vec!["--dir".to_owned(), directory.path().display().to_string()];
        all.extend(options.iter().map(|option| (*option).to_owned()));
        let process = spawn(port, &all);
        Self {
            process,
            port,
            options: all,
            _directory: directory,
        }
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn kill(&mut self) {
        self.process.kill().expect("to kill redis-server");
        self.process.wait().expect("redis-server to end");
    }

    pub fn restart(&mut self) {
        self.process = spawn(self.port, &self.options);
    }

    pub fn signal(&self, signal: &str) {
        let status = Command::new("kill")
            .args([signal, &self.process.id().to_string()])
            .status()
            .expect("to run kill");
        assert!(status.success(), "kill {signal}");
    }

    pub fn cli(&self, words: &[&str]) {
        let port = self.port.to_string();
        let output = Command::new("redis-cli")
            .args(["-p", &port])
            .args(words)
            .output()
            .expect("redis-cli (apt: redis-tools)");
        assert!(output.status.success(), "redis-cli {words:?}");
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        // Either fails only when the process is gone already, which is what is wanted.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .expect("a free port")
        .port()
}

fn spawn(port: u16, options: &[String]) -> Child {
    let mut process = Command::new("redis-server")
        .args([
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "no",
            "--port",
            &port.to_string(),
        ])
        .args(options)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("these tests need redis-server on the PATH (Debian: apt install redis-server)");
    for _ in 0..100 {
        if TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return process;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    let ended = process.kill().and_then(|()| process.wait());
    panic!("redis-server ({ended:?}) did not listen within 5 seconds");
}
