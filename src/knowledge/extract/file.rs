//! Files: by their names' endings, within bounds.

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

use super::{docx, pdf};
use crate::knowledge::Text;

const MB: u64 = 1_024 * 1_024;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    Markdown,
    Html,
    Text,
    Pdf,
    Docx,
    /// A WordPress export, which is read as a stream.
    Wxr,
}

/// Why nothing can be read of a file; the text is for whoever brought it.
#[derive(Debug, thiserror::Error)]
pub enum ExtractError {
    #[error("The PDF is protected by a password; save it without one.")]
    EncryptedPdf,
    #[error("The PDF cannot be read: {0}.")]
    Pdf(String),
    #[error("Reading the PDF took more than {0} seconds or too much memory; it was stopped.")]
    Exhausted(u64),
    #[error("The PDF holds no text; perhaps its pages are pictures.")]
    NoText,
    #[error("The document is protected by a password, or in the old format .doc; save it as .docx without a password.")]
    EncryptedDocx,
    #[error("The document is no DOCX file: {0}.")]
    Docx(String),
    #[error("The document unfolds to more than {0} MB, as only a bomb does; it was not read.")]
    Bomb(u64),
}

impl FileKind {
    /// `None`: files of this name are not read.
    pub fn of(name: &str) -> Option<Self> {
        let (_, ending) = name.rsplit_once('.')?;
        match ending.to_ascii_lowercase().as_str() {
            "md" | "markdown" => Some(Self::Markdown),
            "html" | "htm" | "xhtml" => Some(Self::Html),
            "txt" | "text" => Some(Self::Text),
            "pdf" => Some(Self::Pdf),
            "docx" => Some(Self::Docx),
            "xml" | "wxr" => Some(Self::Wxr),
            _ => None,
        }
    }

    pub fn most_bytes(self) -> u64 {
        match self {
            Self::Markdown | Self::Html | Self::Text => 10 * MB,
            Self::Pdf | Self::Docx => 50 * MB,
            Self::Wxr => 4 * 1_024 * MB,
        }
    }

    pub fn too_large(self, bytes: u64) -> String {
        format!(
            "It has {} MB; at most {} MB of such a file are read.",
            bytes.div_ceil(MB),
            self.most_bytes() / MB
        )
    }
}

/// The text of a file that is no export. PDF is read in a process of its own, the others in a thread.
pub async fn file(kind: FileKind, bytes: Vec<u8>) -> Result<Text, ExtractError> {
    Ok(match kind {
        FileKind::Markdown => Text::Markdown(decoded(&bytes)),
        FileKind::Html => Text::Html(decoded(&bytes)),
        FileKind::Text | FileKind::Wxr => Text::Plain(decoded(&bytes)),
        FileKind::Pdf => Text::Markdown(pdf::read(bytes).await?),
        FileKind::Docx => {
            let read = tokio::task::spawn_blocking(move || docx::read(&bytes)).await;
            Text::Read(read.map_err(|_| ExtractError::Docx("its parts do not fit together".to_owned()))??)
        }
    })
}

/// Text in whatever encoding it says, else in UTF-8, else in the one that old Windows programs write. Never fails.
pub fn decoded(bytes: &[u8]) -> String {
    if let Some((encoding, _)) = Encoding::for_bom(bytes) {
        return encoding.decode(bytes).0.into_owned();
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return text.to_owned();
    }
    let encoding = declared(bytes)
        .filter(|encoding| *encoding != UTF_8)
        .unwrap_or(WINDOWS_1252);
    encoding.decode_without_bom_handling(bytes).0.into_owned()
}

/// What `<meta charset=…>` at the beginning of a page says.
fn declared(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(2_048)]).to_ascii_lowercase();
    let (_, rest) = head.split_once("charset=")?;
    let label: String = rest
        .trim_start_matches(['"', '\'', ' '])
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ':'))
        .collect();
    Encoding::for_label(label.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::decoded;

    #[test]
    fn texts_of_any_encoding_are_read() {
        assert_eq!(decoded("Öfen".as_bytes()), "Öfen");
        assert_eq!(decoded(b"\xd6fen"), "Öfen");
        assert_eq!(decoded(b"\xff\xfeO\0f\0"), "Of");
        assert_eq!(
            decoded(b"<meta charset=\"koi8-r\">\xf0\xf2\xe9"),
            "<meta charset=\"koi8-r\">ПРИ"
        );
    }
}
