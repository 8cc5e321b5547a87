//! How long a model usually takes to its first token, or to the end of an answer in one piece, as far as was seen here lately.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// Calls that are looked back on.
const WINDOW: usize = 100;
/// Older ones say nothing about now.
const MEMORY: Duration = Duration::from_secs(30 * 60);
/// With fewer nothing is usual.
const FEWEST: usize = 20;

/// Such times of one model, the oldest first.
#[derive(Debug, Default)]
pub struct Pace(Mutex<VecDeque<(Instant, Duration)>>);

impl Pace {
    pub fn note(&self, now: Instant, took: Duration) {
        let mut times = self.0.lock();
        times.push_back((now, took));
        let is_old = |at: &Instant| now.saturating_duration_since(*at) > MEMORY;
        while times.len() > WINDOW || times.front().is_some_and(|(at, _)| is_old(at)) {
            times.pop_front();
        }
    }

    /// The 95th percentile by the nearest-rank method; `None` as long as too little was seen.
    pub fn usual(&self, now: Instant) -> Option<Duration> {
        let times = self.0.lock();
        let recent = times
            .iter()
            .filter(|(at, _)| now.saturating_duration_since(*at) <= MEMORY);
        let mut recent: Vec<Duration> = recent.map(|(_, took)| *took).collect();
        drop(times);
        if recent.len() < FEWEST {
            return None;
        }
        let rank = (recent.len() * 95).div_ceil(100) - 1;
        Some(*recent.select_nth_unstable(rank).1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_is_what_nineteen_of_twenty_keep_to() {
        let (pace, start) = (Pace::default(), Instant::now());
        let ms = Duration::from_millis;
        for i in 0..19 {
            pace.note(start, ms(100 + i));
        }
        assert_eq!(pace.usual(start), None, "too few");
        pace.note(start, ms(9_000));
        assert_eq!(pace.usual(start), Some(ms(118)));
        for _ in 0..WINDOW {
            pace.note(start, ms(50));
        }
        assert_eq!(pace.usual(start), Some(ms(50)), "the latest count");
        assert_eq!(pace.usual(start + MEMORY + ms(1)), None, "and only for a while");
    }
}
