//! How likely the answer stands in the content at all.

use super::Hit;
use super::asked::Asked;
use super::look::Seen;

/// From 0 to 1.
pub(super) fn confidence(asked: &[Asked], looked: &[(Hit, Seen)]) -> f32 {
    if asked.is_empty() {
        return 0.0;
    }
    looked.iter().take(10).map(|(_, seen)| seen.covered).fold(0.0, f32::max)
}
