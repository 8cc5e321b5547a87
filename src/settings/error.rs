//! What is wrong with the settings, in words that name the place.

use std::path::Path;

/// The settings cannot be used. Its text says which key of which file (or which variable), what was found, what is allowed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {problem}")]
pub struct SettingsError {
    place: String,
    problem: String,
}

impl SettingsError {
    pub(super) fn new(place: impl Into<String>, problem: impl Into<String>) -> Self {
        Self {
            place: place.into(),
            problem: problem.into(),
        }
    }

    pub(super) fn unreadable(file: &Path, error: &std::io::Error) -> Self {
        Self::new(
            file.display().to_string(),
            format!("the settings file cannot be read: {error}"),
        )
    }
}
