//! `pennypress serve`.

use std::io::Write;
use std::process::ExitCode;

use tokio::signal::unix::{SignalKind, signal};

use super::Outcome;
use crate::settings::Settings;
use crate::startup::Application;
use crate::telemetry;

pub async fn serve(settings: &Settings) -> Outcome {
    let _logs = telemetry::init(settings.log)?;
    open_many_files();
    // Before the service listens, so that no signal is missed.
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let application = Application::build(settings).await?;
    // In one piece, for programs that wait for it: `eprintln` writes each part by itself.
    let line = format!("listening on http://{}\n", application.address());
    std::io::stderr().write_all(line.as_bytes())?;
    if let Some(link) = application.setup_link() {
        eprintln!("set the operator's password: {link}");
    }
    let stop = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    };
    application.run_until(stop).await?;
    Ok(ExitCode::SUCCESS)
}

/// A stream takes two sockets, the visitor's and the provider's, and most systems start a program with 1,024 files: as many as it
/// may raise them to are allowed from now on.
fn open_many_files() {
    match rlimit::increase_nofile_limit(u64::MAX) {
        Ok(files) => tracing::info!(files, streams = files / 2, "files that may be open at once"),
        Err(error) => tracing::warn!(%error, "the limit of open files cannot be raised"),
    }
}
