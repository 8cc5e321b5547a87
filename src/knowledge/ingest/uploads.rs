//! Files that the operator sends: each is a document of its own, which stays until it is deleted.

use std::io::Write;

use super::intake::{Intake, Nobody, Shelves};
use super::{IngestError, Wanted, ingest};
use crate::knowledge::extract::{self, FileKind};
use crate::knowledge::{Incoming, Text};
use crate::store::StoreError;

/// A file as it was sent.
pub struct Upload {
    pub name: String,
    pub bytes: Vec<u8>,
}

/// As what uploaded files are kept.
pub const SOURCE: &str = "upload";

/// Reads files one after the other; what is wrong with one stands in the log.
pub async fn upload(shelves: Shelves, site: &str, files: Vec<Upload>) -> Result<(), IngestError> {
    let (exports, files): (Vec<Upload>, Vec<Upload>) = files
        .into_iter()
        .partition(|file| FileKind::of(&file.name) == Some(FileKind::Wxr));
    if !files.is_empty() {
        let mut intake = Intake::begin(shelves.clone(), site, SOURCE, Box::new(Nobody)).await?;
        intake.expect(files.len());
        for file in files {
            take(file, &mut intake).await?;
        }
        intake.close("").await?;
    }
    for export in exports {
        let path = std::env::temp_dir().join(format!("pennypress-{}.xml", uuid::Uuid::new_v4().simple()));
        let unwritten = |error: std::io::Error| IngestError::Unreadable(export.name.clone(), error.to_string());
        let mut file = std::fs::OpenOptions::new();
        file.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut file, 0o600);
        let written = file.open(&path).and_then(|mut file| file.write_all(&export.bytes));
        let result = match written {
            Ok(()) => {
                ingest(
                    shelves.clone(),
                    site,
                    &path.to_string_lossy(),
                    &Wanted::default(),
                    Box::new(Nobody),
                )
                .await
            }
            Err(error) => Err(unwritten(error)),
        };
        // Left behind it would only take room.
        let _ = std::fs::remove_file(&path);
        result?;
    }
    Ok(())
}

async fn take(file: Upload, intake: &mut Intake) -> Result<(), StoreError> {
    let name: String = file.name.chars().filter(|c| !c.is_control()).take(200).collect();
    let id = format!("upload:{}", name.trim());
    intake.at(&name).await?;
    let Some(kind) = FileKind::of(&name) else {
        intake.failed(
            &id,
            &name,
            "Files of this kind are not read. Send Markdown, HTML, text, PDF, DOCX or a WordPress export.",
        );
        return Ok(());
    };
    if file.bytes.len() as u64 > kind.most_bytes() {
        intake.failed(&id, &name, &kind.too_large(file.bytes.len() as u64));
        return Ok(());
    }
    let text: Result<Text, _> = extract::file(kind, file.bytes).await;
    match text {
        Err(error) => intake.failed(&id, &name, &error.to_string()),
        Ok(text) => {
            let incoming = Incoming {
                id,
                url: String::new(),
                title: String::new(),
                text,
                locale: String::new(),
                kind: "file".to_owned(),
                source: SOURCE.to_owned(),
                modified_ms: jiff::Timestamp::now().as_millisecond(),
            };
            intake.take(incoming).await?;
        }
    }
    Ok(())
}
