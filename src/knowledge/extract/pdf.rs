//! PDF, in a process of its own: whatever a hostile file does to its reader, it ends with that process, within bounds of time and
//! memory that the system keeps.

use std::io::{Read, Write};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;

use super::ExtractError;
use super::markdown::plain;

/// The hidden command that reads a PDF from its input and writes Markdown to its output.
pub const COMMAND: &str = "read-pdf";

const SECONDS: u64 = 60;
/// Of address space.
const MOST_MEMORY: u64 = 2 * 1_024 * 1_024 * 1_024;
const MOST_TEXT: u64 = 10 * 1_024 * 1_024;
/// How the process says that there is a password.
const ENCRYPTED: i32 = 3;
const UNREADABLE: i32 = 4;

/// A PDF's text as Markdown, with a heading for each page that leads to it
/// (https://www.rfc-editor.org/rfc/rfc8118#section-3, `page=`).
pub async fn read(bytes: Vec<u8>) -> Result<String, ExtractError> {
    let broken = |error: std::io::Error| ExtractError::Pdf(error.to_string());
    let program = std::env::current_exe().map_err(broken)?;
    let mut child = Command::new(program)
        .arg(COMMAND)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(broken)?;
    let (Some(mut input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
        return Err(ExtractError::Pdf("its reader cannot be spoken to".to_owned()));
    };
    let work = async move {
        let mut text = Vec::new();
        let mut output = output.take(MOST_TEXT);
        let feed = async move {
            // A reader that ends early has seen enough.
            let _ = input.write_all(&bytes).await;
        };
        let (_, read) = tokio::join!(feed, output.read_to_end(&mut text));
        read?;
        // Closed, so that a reader with more to tell ends.
        drop(output);
        Ok::<_, std::io::Error>((child.wait().await?, text))
    };
    let done = tokio::time::timeout(Duration::from_secs(SECONDS), work).await;
    let (status, text) = done.map_err(|_| ExtractError::Exhausted(SECONDS))?.map_err(broken)?;
    let text = String::from_utf8_lossy(&text).into_owned();
    match status.code() {
        Some(0) if text.trim().is_empty() => Err(ExtractError::NoText),
        Some(0) => Ok(text),
        Some(ENCRYPTED) => Err(ExtractError::EncryptedPdf),
        Some(UNREADABLE) => Err(ExtractError::Pdf(text.chars().take(200).collect())),
        // A reader that was stopped because there was too much to tell has told enough.
        _ if text.len() as u64 == MOST_TEXT => Ok(text),
        Some(_) => Err(ExtractError::Pdf("its reader failed on it".to_owned())),
        None => Err(ExtractError::Exhausted(SECONDS)),
    }
}

/// What the process does; its exit code says how it went.
pub fn read_stdin() -> u8 {
    // Where the system knows no such limits, the time still ends it.
    let _ = rlimit::setrlimit(rlimit::Resource::AS, MOST_MEMORY, MOST_MEMORY);
    let _ = rlimit::setrlimit(rlimit::Resource::CPU, SECONDS, SECONDS);
    let _ = rlimit::setrlimit(rlimit::Resource::CORE, 0, 0);
    let mut bytes = Vec::new();
    if std::io::stdin().lock().read_to_end(&mut bytes).is_err() {
        return 1;
    }
    // Its panics are no news of ours.
    std::panic::set_hook(Box::new(|_| {}));
    let read = std::panic::catch_unwind(|| pdf_extract::extract_text_from_mem_by_pages(&bytes));
    let (text, code) = match read {
        Ok(Ok(pages)) => (as_markdown(&pages), 0),
        Ok(Err(pdf_extract::OutputError::PdfError(error))) if is_about_a_password(&error.to_string()) => {
            (String::new(), ENCRYPTED)
        }
        Ok(Err(error)) => (error.to_string(), UNREADABLE),
        Err(_) => ("its parts do not fit together".to_owned(), UNREADABLE),
    };
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Ok(()) => u8::try_from(code).unwrap_or(1),
        Err(_) => 1,
    }
}

fn is_about_a_password(error: &str) -> bool {
    let error = error.to_ascii_lowercase();
    ["password", "decrypt", "encrypt"]
        .iter()
        .any(|word| error.contains(word))
}

fn as_markdown(pages: &[String]) -> String {
    let mut out = String::new();
    for (number, page) in pages.iter().enumerate() {
        let text = plain(page).markdown;
        if text.is_empty() {
            continue;
        }
        if pages.len() > 1 {
            out.push_str(&format!("## Page {n} {{#page={n}}}\n\n", n = number + 1));
        }
        out.push_str(&text);
        out.push_str("\n\n");
    }
    out
}
