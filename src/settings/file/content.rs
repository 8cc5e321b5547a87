//! `[content]`: what is made of a site's own content.

use serde::Deserialize;

use super::{Layers, SettingsError};
use crate::knowledge::ABSTAIN_BELOW;
use crate::settings::Content;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ContentFile {
    abstain_below: f32,
    translate: bool,
}

impl Default for ContentFile {
    fn default() -> Self {
        Self {
            abstain_below: ABSTAIN_BELOW,
            translate: true,
        }
    }
}

impl ContentFile {
    pub fn check(self, at: &Layers) -> Result<Content, SettingsError> {
        if !(0.0..=1.0).contains(&self.abstain_below) {
            let found = format!("is {}; it must be between 0 (never abstain) and 1", self.abstain_below);
            return Err(at.wrong("content.abstain_below", found));
        }
        Ok(Content {
            abstain_below: self.abstain_below,
            translate: self.translate,
        })
    }
}
