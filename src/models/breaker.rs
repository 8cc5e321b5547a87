//! A breaker before each model: one that keeps failing, or keeps visitors waiting, is left alone for a while, then probed by
//! a single question.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// Outcomes that are looked back on.
const WINDOW: usize = 20;
/// Older outcomes say nothing about now.
const MEMORY: Duration = Duration::from_secs(60);
/// With fewer failures than this nothing is concluded.
const FEWEST_FAILURES: usize = 3;
/// With fewer slow answers than this nothing is concluded; slow is not as bad as failed.
const FEWEST_SLOW: usize = 5;
/// Opens when at least this share of the remembered calls failed (or was slow or failed), in percent.
const FAILING_PERCENT: usize = 50;
const FIRST_PAUSE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Whether a model is worth a call now.
#[derive(Debug, Default)]
pub struct Breaker(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// When each call ended, and how; the oldest first.
    outcomes: VecDeque<(Instant, Outcome)>,
    open: Option<Open>,
    /// Other services have not heard of the latest change.
    is_news: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Good,
    Slow,
    Failed,
}

#[derive(Debug, Clone, Copy)]
struct Open {
    /// The next question after this is the probe.
    until: Instant,
    pause: Duration,
}

/// A breaker as other services are told of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News {
    Closed,
    /// How long until the probe, and the pause that this wait is a part of.
    Open {
        left: Duration,
        pause: Duration,
    },
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
        state.is_news = true;
        true
    }

    /// The same question without taking the probe's turn.
    pub fn would_allow(&self, now: Instant) -> bool {
        self.0.lock().open.is_none_or(|open| now >= open.until)
    }

    /// Nothing speaks against the model now.
    pub fn is_closed(&self) -> bool {
        self.0.lock().open.is_none()
    }

    pub fn succeeded(&self, now: Instant) {
        let mut state = self.0.lock();
        if state.open.take().is_some() {
            state.outcomes.clear();
            state.is_news = true;
        }
        state.note(now, Outcome::Good);
    }

    /// It answered, but its first word was long in coming.
    pub fn was_slow(&self, now: Instant) {
        self.0.lock().went_wrong(now, Outcome::Slow, None);
    }

    /// `pause` is what the provider asked for, when it did.
    pub fn failed(&self, now: Instant, pause: Option<Duration>) {
        let asked = pause
            .map(|pause| pause.min(LONGEST_PAUSE))
            .filter(|pause| *pause >= FIRST_PAUSE);
        self.0.lock().went_wrong(now, Outcome::Failed, asked);
    }

    /// The latest change, once.
    pub fn take_news(&self, now: Instant) -> Option<News> {
        let mut state = self.0.lock();
        std::mem::take(&mut state.is_news).then(|| match state.open {
            None => News::Closed,
            Some(Open { until, pause }) => News::Open {
                left: until.saturating_duration_since(now),
                pause,
            },
        })
    }

    /// The news that was taken reached nobody.
    pub fn keep_news(&self) {
        self.0.lock().is_news = true;
    }

    /// What another service found out. False: there is a change here that is newer.
    pub fn hear(&self, now: Instant, news: News) -> bool {
        let mut state = self.0.lock();
        if state.is_news {
            return false;
        }
        match news {
            News::Closed if state.open.take().is_some() => state.outcomes.clear(),
            News::Closed => {}
            News::Open { left, pause } => {
                let (left, pause) = (left.min(LONGEST_PAUSE), pause.clamp(FIRST_PAUSE, LONGEST_PAUSE));
                let until = now + left;
                state.open = Some(Open { until, pause });
            }
        }
        true
    }
}

impl State {
    fn note(&mut self, now: Instant, outcome: Outcome) {
        self.outcomes.push_back((now, outcome));
        while self.outcomes.len() > WINDOW
            || self
                .outcomes
                .front()
                .is_some_and(|(at, _)| now.saturating_duration_since(*at) > MEMORY)
        {
            self.outcomes.pop_front();
        }
    }

    fn went_wrong(&mut self, now: Instant, outcome: Outcome, asked: Option<Duration>) {
        self.note(now, outcome);
        let open = match self.open {
            // The probe, or a call that began before.
            Some(open) => Some((open.pause * 2).min(LONGEST_PAUSE)),
            None => (self.is_failing() || self.is_slow()).then_some(FIRST_PAUSE),
        };
        if let Some(pause) = open.max(asked) {
            let until = now + pause;
            self.open = Some(Open { until, pause });
            self.is_news = true;
        }
    }

    fn is_failing(&self) -> bool {
        let failures = self.count(|outcome| outcome == Outcome::Failed);
        failures >= FEWEST_FAILURES && failures * 100 >= self.outcomes.len() * FAILING_PERCENT
    }

    fn is_slow(&self) -> bool {
        let not_good = self.count(|outcome| outcome != Outcome::Good);
        not_good >= FEWEST_SLOW && not_good * 100 >= self.outcomes.len() * FAILING_PERCENT
    }

    fn count(&self, is_meant: impl Fn(Outcome) -> bool) -> usize {
        self.outcomes.iter().filter(|(_, outcome)| is_meant(*outcome)).count()
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

    #[test]
    fn a_slow_model_is_left_alone_later_than_a_failing_one() {
        let (breaker, now) = (Breaker::default(), Instant::now());
        for _ in 0..4 {
            breaker.was_slow(now);
        }
        assert!(breaker.allows(now), "four may be chance");
        breaker.was_slow(now);
        assert!(!breaker.allows(now));
        let probed = now + FIRST_PAUSE;
        assert!(breaker.allows(probed));
        breaker.was_slow(probed);
        assert!(!breaker.allows(probed + FIRST_PAUSE), "a slow probe is a failed one");
    }

    #[test]
    fn what_one_service_finds_out_another_hears() {
        let (here, there, now) = (Breaker::default(), Breaker::default(), Instant::now());
        assert_eq!(here.take_news(now), None);
        for _ in 0..3 {
            here.failed(now, None);
        }
        let opened = here.take_news(now).expect("it opened");
        assert_eq!(here.take_news(now), None, "told once");
        assert!(there.hear(now, opened) && !there.allows(now));
        assert_eq!(there.take_news(now), None, "what was heard is no news");
        let probed = now + FIRST_PAUSE;
        assert!(there.allows(probed));
        let probing = there.take_news(probed).expect("a probe is on its way");
        assert!(here.hear(probed, probing) && !here.allows(probed), "one probe for both");
        there.succeeded(probed);
        assert!(!there.hear(probed, opened), "what is known here is newer");
        let closed = there.take_news(probed).expect("it closed");
        assert!(here.hear(probed, closed) && here.allows(probed));
    }
}
