//! Golden sets: questions with what a good answer to each holds, how answers are judged by them, and a report that can be compared with
//! an earlier one.

mod compare;
mod judge;
mod report;
mod set;

pub use compare::{Change, changes};
pub use judge::{Fault, faults};
pub use report::{Judged, Report, ReportError, print};
pub use set::{GoldenError, GoldenQuestion, GoldenSet, MAX_TURNS};

#[cfg(test)]
mod tests;
