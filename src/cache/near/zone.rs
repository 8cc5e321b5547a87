//! How close is close enough. A plain threshold is either useless or wrong (see the bench `near`), so there are three zones.

use super::apart::{Difference, apart};
use super::phrase::Phrase;

/// How much the near cache dares.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Daring {
    Off,
    /// What is sure, and what a model confirmed.
    #[default]
    Cautious,
    /// The same with lower bars: more hits, and more of them wrong.
    Bold,
}

/// What is to be done with a stored answer for a question that was put otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Zone {
    /// It answers the question.
    Sure,
    /// A model is asked whether it does.
    Grey,
    No,
}

/// From here two questions are one, unless something tells them apart.
const SURE: f32 = 0.95;
const SURE_BOLD: f32 = 0.92;
/// From here asking a model pays.
const GREY: f32 = 0.70;
const GREY_BOLD: f32 = 0.60;

impl Daring {
    /// The zone of two questions that are so similar; `bar` is what was learned there from visitors, 0 when nothing.
    pub fn zone(self, asked: &Phrase, kept: &Phrase, similarity: f32, bar: f32) -> Zone {
        let (sure, grey) = match self {
            Self::Off => return Zone::No,
            Self::Cautious => (SURE, GREY),
            Self::Bold => (SURE_BOLD, GREY_BOLD),
        };
        if similarity < grey {
            return Zone::No;
        }
        match apart(asked, kept) {
            // Another number wants another answer nearly always; a model need not be paid to say so.
            Some(Difference::Number) => Zone::No,
            None if similarity >= sure.max(bar) => Zone::Sure,
            _ => Zone::Grey,
        }
    }

    /// Below this similarity nothing is looked at.
    pub fn floor(self) -> f32 {
        match self {
            Self::Off => f32::INFINITY,
            Self::Cautious => GREY,
            Self::Bold => GREY_BOLD,
        }
    }
}
