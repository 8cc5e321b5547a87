//! A file, or a folder of files.

use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use url::Url;

use super::IngestError;
use super::intake::Intake;
use super::wxr::{self, Unread};
use crate::knowledge::extract::{self, FileKind};
use crate::knowledge::{Incoming, Text};

/// Folders within each other.
const DEEPEST: usize = 32;
const MOST_FILES: usize = 50_000;

/// A path that is there.
pub struct Place {
    path: PathBuf,
    is_folder: bool,
}

impl Place {
    pub fn new(path: &Path) -> Result<Self, IngestError> {
        let unreadable = |error: std::io::Error| IngestError::Unreadable(path.display().to_string(), error.to_string());
        let path = path.canonicalize().map_err(unreadable)?;
        let is_folder = path.is_dir();
        if !is_folder && FileKind::of(&path.to_string_lossy()).is_none() {
            return Err(IngestError::UnknownKind(path.display().to_string()));
        }
        Ok(Self { path, is_folder })
    }

    /// An export brings its own name: the site that it is of.
    pub fn is_export(&self) -> bool {
        !self.is_folder && FileKind::of(&self.path.to_string_lossy()) == Some(FileKind::Wxr)
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// As what its documents are kept.
    pub fn source(&self) -> String {
        format!("file:{}", self.path.display())
    }

    /// Before the ids of its documents, so that two folders with a file of the same name do not take it from each other.
    fn prefix(&self) -> String {
        let hash = blake3::hash(self.path.to_string_lossy().as_bytes()).to_hex();
        let name = self
            .path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        format!(
            "file:{}-{}",
            name.chars().take(60).collect::<String>(),
            &hash.as_str()[..6]
        )
    }
}

/// Reads every file of a place; whether that is all it has. `base` is where visitors find the folder's files.
pub async fn read(place: &Place, base: Option<&Url>, intake: &mut Intake) -> Result<bool, IngestError> {
    let mut is_whole = true;
    let files = match place.is_folder {
        false => vec![place.path.clone()],
        true => {
            let root = place.path.clone();
            let found = tokio::task::spawn_blocking(move || list(&root)).await;
            let found = found.map_err(|error| IngestError::Inside(error.to_string()))??;
            for folder in &found.unreadable {
                intake.trouble(&folder.0, &folder.1);
                is_whole = false;
            }
            found.files
        }
    };
    intake.expect(files.len());
    let prefix = place.prefix();
    for file in files {
        let inner = file.strip_prefix(&place.path).unwrap_or(&file);
        let relative = inner.to_string_lossy().replace('\\', "/");
        let shown = if relative.is_empty() {
            file.display().to_string()
        } else {
            relative.clone()
        };
        intake.at(&shown).await?;
        if FileKind::of(&shown) == Some(FileKind::Wxr) {
            // An export within a folder: its posts belong to the folder.
            if let Err(error) = wxr::read(&file, intake).await? {
                intake.trouble(&shown, &error.to_string());
                is_whole &= matches!(error, Unread::NoExport);
            }
            continue;
        }
        let id = match relative.is_empty() {
            true => prefix.clone(),
            false => short(format!("{prefix}/{relative}")),
        };
        match open(&file).await {
            Ok((text, modified_ms)) => {
                let incoming = Incoming {
                    id,
                    url: base.map(|base| address(base, &shown)).unwrap_or_default(),
                    title: String::new(),
                    text,
                    locale: String::new(),
                    kind: "file".to_owned(),
                    source: intake.source().to_owned(),
                    modified_ms,
                };
                intake.take(incoming).await?;
            }
            Err(why) => intake.failed(&id, &shown, &why),
        }
    }
    Ok(is_whole)
}

async fn open(file: &Path) -> Result<(Text, i64), String> {
    let metadata = tokio::fs::metadata(file)
        .await
        .map_err(|error| format!("It cannot be read: {error}."))?;
    let kind = FileKind::of(&file.to_string_lossy()).ok_or("This kind of file is not known.")?;
    if metadata.len() > kind.most_bytes() {
        return Err(kind.too_large(metadata.len()));
    }
    let bytes = tokio::fs::read(file)
        .await
        .map_err(|error| format!("It cannot be read: {error}."))?;
    let text = extract::file(kind, bytes).await.map_err(|error| error.to_string())?;
    let modified = metadata
        .modified()
        .ok()
        .and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    Ok((
        text,
        modified.map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(0)),
    ))
}

struct Found {
    files: Vec<PathBuf>,
    unreadable: Vec<(String, String)>,
}

/// Every file of a known kind, by path. Links and hidden files are left alone, so that nothing outside the folder comes in.
fn list(root: &Path) -> Result<Found, IngestError> {
    let mut found = Found {
        files: Vec::new(),
        unreadable: Vec::new(),
    };
    let mut folders = vec![(root.to_owned(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        let entries = match std::fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) => {
                found.unreadable.push((
                    folder.display().to_string(),
                    format!("The folder cannot be read: {error}."),
                ));
                continue;
            }
        };
        for entry in entries.flatten() {
            let hidden = entry.file_name().to_string_lossy().starts_with('.');
            let Some(kind) = entry.file_type().ok().filter(|_| !hidden) else {
                continue;
            };
            if kind.is_dir() && depth < DEEPEST {
                folders.push((entry.path(), depth + 1));
            } else if kind.is_file() && FileKind::of(&entry.file_name().to_string_lossy()).is_some() {
                found.files.push(entry.path());
            }
        }
        if found.files.len() > MOST_FILES {
            return Err(IngestError::TooMany(MOST_FILES));
        }
    }
    found.files.sort();
    Ok(found)
}

/// Where visitors find a file: `guide/install.md` under `guide/install/`, `guide/index.md` under `guide/`, others as they are.
fn address(base: &Url, relative: &str) -> String {
    let lower = relative.to_ascii_lowercase();
    let path = match lower.strip_suffix(".md").or_else(|| lower.strip_suffix(".markdown")) {
        None => relative.to_owned(),
        Some(stem) => {
            let stem = &relative[..stem.len()];
            match stem.rsplit('/').next() {
                Some("index" | "README" | "readme" | "_index") => stem
                    .rsplit_once('/')
                    .map_or(String::new(), |(folder, _)| format!("{folder}/")),
                _ => format!("{stem}/"),
            }
        }
    };
    let mut url = base.clone();
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty();
        segments.extend(path.split('/'));
    }
    url.into()
}

/// An id that is longer than is allowed becomes its hash, with its end to be recognised by.
fn short(id: String) -> String {
    let length = id.chars().count();
    if length <= 300 {
        return id;
    }
    let hash = blake3::hash(id.as_bytes()).to_hex();
    let end: String = id.chars().skip(length - 200).collect();
    format!("file:{}…{}", &hash.as_str()[..16], end.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_found_where_a_site_shows_them() {
        let base = Url::parse("https://a.example/docs").expect("an address");
        for (file, url) in [
            ("guide/install.md", "https://a.example/docs/guide/install/"),
            ("guide/index.md", "https://a.example/docs/guide/"),
            ("index.md", "https://a.example/docs/"),
            ("a b.html", "https://a.example/docs/a%20b.html"),
            ("paper.pdf", "https://a.example/docs/paper.pdf"),
        ] {
            assert_eq!(address(&base, file), url);
        }
        let slashed = Url::parse("https://a.example/docs/").expect("an address");
        assert_eq!(address(&slashed, "x.txt"), "https://a.example/docs/x.txt");
        assert!(short("é".repeat(400)).chars().count() <= 300);
    }
}
