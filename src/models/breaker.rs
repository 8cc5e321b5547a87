//! A breaker before each model: one that keeps failing is left alone for a while, then probed by a single question.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// Outcomes that are looked back on.
const WINDOW: usize = 20;
/// Older outcomes say nothing about now.
const MEMORY: Duration = Duration::from_secs(60);
/// With fewer failures than this nothing is concluded.
const FEWEST_FAILURES: usize = 3;
/// Opens when at least this share of the remembered calls failed, in percent.
const FAILING_PERCENT: usize = 50;
const FIRST_PAUSE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Whether a model is worth a call now.
#[derive(Debug, Default)]
pub struct Breaker(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// When each call ended, and whether it failed; the oldest first.
    outcomes: VecDeque<(Instant, bool)>,
    open: Option<Open>,
}

#[derive(Debug, Clone, Copy)]
struct Open {
    /// The next question after this is the probe.
    until: Instant,
    pause: Duration,
}

impl Breaker {
    /// Whether a call may be made. A breaker that was open long enough lets one caller through and waits for what becomes
    /// of it; should that caller vanish, the next pause lets another through.
    pub fn allows(&self, now: Instant) -> bool {
        let mut state = self.0.lock();
        let Some(open) = &mut state.open else { return true };
        if now < open.until {
            return false;
        }
        open.until = now + open.pause;
        true
    }

    /// The same question without taking the probe's turn.
    pub fn would_allow(&self, now: Instant) -> bool {
        self.0.lock().open.is_none_or(|open| now >= open.until)
    }

    pub fn succeeded(&self, now: Instant) {
        let mut state = self.0.lock();
        if state.open.take().is_some() {
            state.outcomes.clear();
        }
        state.note(now, false);
    }

    /// `pause` is what the provider asked for, when it did.
    pub fn failed(&self, now: Instant, pause: Option<Duration>) {
        let mut state = self.0.lock();
        state.note(now, true);
        let open = match state.open {
            // The probe failed.
            Some(open) => Some((open.pause * 2).min(LONGEST_PAUSE)),
            None => state.is_failing().then_some(FIRST_PAUSE),
        };
        let asked = pause
            .map(|pause| pause.min(LONGEST_PAUSE))
            .filter(|pause| *pause >= FIRST_PAUSE);
        if let Some(pause) = open.max(asked) {
            state.open = Some(Open {
                until: now + pause,
                pause,
            });
        }
    }
}

impl State {
    fn note(&mut self, now: Instant, failed: bool) {
        self.outcomes.push_back((now, failed));
        while self.outcomes.len() > WINDOW
            || self
                .outcomes
                .front()
                .is_some_and(|(at, _)| now.saturating_duration_since(*at) > MEMORY)
        {
            self.outcomes.pop_front();
        }
    }

    fn is_failing(&self) -> bool {
        let failures = self.outcomes.iter().filter(|(_, failed)| *failed).count();
        failures >= FEWEST_FAILURES && failures * 100 >= self.outcomes.len() * FAILING_PERCENT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_model_is_left_alone_and_probed() {
        let (breaker, start) = (Breaker::default(), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        breaker.succeeded(at(0));
        breaker.failed(at(0), None);
        breaker.failed(at(0), None);
        assert!(breaker.allows(at(0)), "two failures are chance");
        breaker.failed(at(0), None);
        assert!(!breaker.allows(at(1)));
        assert!(breaker.allows(at(6)), "the probe");
        assert!(!breaker.allows(at(6)), "one probe only");
        breaker.failed(at(7), None);
        assert!(!breaker.allows(at(16)), "twice as long after a failed probe");
        assert!(breaker.allows(at(18)));
        breaker.succeeded(at(18));
        assert!(breaker.allows(at(18)));
        breaker.failed(at(19), None);
        assert!(breaker.allows(at(19)), "its past is forgiven");
    }

    #[test]
    fn a_provider_that_asks_for_a_long_pause_gets_it_at_once() {
        let (breaker, start) = (Breaker::default(), Instant::now());
        breaker.failed(start, Some(Duration::from_secs(30)));
        assert!(!breaker.allows(start + Duration::from_secs(29)));
        assert!(breaker.allows(start + Duration::from_secs(31)));
    }

    #[test]
    fn seldom_failures_do_not_open_it() {
        let (breaker, start) = (Breaker::default(), Instant::now());
        for i in 0..100 {
            let now = start + Duration::from_millis(i * 10);
            match i % 4 {
                0 => breaker.failed(now, None),
                _ => breaker.succeeded(now),
            }
            assert!(breaker.allows(now));
        }
    }
}
