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

/// The bars of one daring. The bench `near` shows what they give on real questions, and how much they may move.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bars {
    /// From here two questions are one, unless something tells them apart.
    pub sure: f32,
    /// Of what both are about, weighed by rarity, less than this share is named by one of them alone.
    pub differing: f32,
    /// From here asking a model pays. Below it nothing is looked at.
    pub grey: f32,
}

const CAUTIOUS: Bars = Bars {
    sure: 0.91,
    differing: 0.33,
    grey: 0.80,
};
const BOLD: Bars = Bars {
    sure: 0.88,
    differing: 0.4,
    grey: 0.70,
};

impl Daring {
    /// `None`: there is no near cache.
    pub fn bars(self) -> Option<Bars> {
        match self {
            Self::Off => None,
            Self::Cautious => Some(CAUTIOUS),
            Self::Bold => Some(BOLD),
        }
    }

    /// Stored answers that a model is asked about for one question, at most. The second is right less often than the first, and
    /// what a verifier errs in counts more there.
    pub fn asked_about(self) -> usize {
        match self {
            Self::Off => 0,
            Self::Cautious => 1,
            Self::Bold => 2,
        }
    }
}

impl Bars {
    /// The zone of two questions that are so similar. `differing` is the share of what they are about that one of them has alone,
    /// 0 to 1; `bar` is what was learned there from visitors, 0 when nothing.
    pub fn zone(self, asked: &Phrase, kept: &Phrase, similarity: f32, differing: f32, bar: f32) -> Zone {
        if similarity < self.grey {
            return Zone::No;
        }
        let is_one = similarity >= self.sure.max(bar) && differing < self.differing && asked.asking == kept.asking;
        match apart(asked, kept) {
            // Another number wants another answer nearly always; a model need not be paid to say so.
            Some(Difference::Number) => Zone::No,
            None if is_one => Zone::Sure,
            _ => Zone::Grey,
        }
    }
}
