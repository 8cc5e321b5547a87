//! The release build of the service, started as an operator would, and stopped with the bench.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::Error;

/// With which a program may call `/v1`.
pub const KEY: &str = "pk-bench-0123456789abcdef";

pub struct Service {
    child: Child,
    pub address: SocketAddr,
}

impl Service {
    /// With one provider, whose model is called `bench`; `extra` are further settings.
    pub fn start(folder: &Path, provider: SocketAddr, extra: &str) -> Result<Self, Error> {
        let binaries = std::env::var("PENNYPRESS_TEST_BINARIES").unwrap_or_else(|_| "target/release".to_owned());
        let file = folder.join("pennypress.toml");
        let settings = format!(
            "[server]\nlisten = \"127.0.0.1:0\"\n[store]\nurl = \"sqlite://{}\"\n\
             [[providers]]\nname = \"bench\"\nbase_url = \"http://{provider}/v1\"\n\
             [[models]]\nid = \"bench\"\nprovider = \"bench\"\ninput_usd_per_million = 1.0\noutput_usd_per_million = 2.0\n\
             [[api_keys]]\nname = \"bench\"\nkey_env = \"BENCH_KEY\"\n{extra}",
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

    /// Resident memory in bytes: the second field of statm (proc(5)), in pages of 4 KiB.
    pub fn resident(&self) -> Result<f64, Error> {
        let statm = std::fs::read_to_string(format!("/proc/{}/statm", self.child.id()))?;
        let pages: f64 = statm.split_whitespace().nth(1).ok_or("no statm")?.parse()?;
        Ok(pages * 4096.0)
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
