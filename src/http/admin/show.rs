//! How numbers, money and times are written on the pages.

use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, ZonedDateTime};
use rust_decimal::Decimal;

use crate::domain::Usd;

/// `1,234,567`.
pub(super) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut shown = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

/// Cents from a dollar on; below it as many places as show something.
pub(super) fn usd(amount: Usd) -> String {
    let amount = amount.0;
    if amount.is_zero() {
        return "$0".to_owned();
    }
    let smallest = Decimal::new(1, 6);
    if amount < smallest {
        return "< $0.000001".to_owned();
    }
    let places = if amount >= Decimal::ONE {
        2
    } else if amount >= Decimal::new(1, 2) {
        4
    } else {
        6
    };
    let shown = format!("{:.*}", places as usize, amount.round_dp(places));
    match shown.split_once('.') {
        Some((whole, _)) if whole.len() > 3 => format!("${}", count(whole.parse().unwrap_or(u64::MAX))),
        _ => format!("${shown}"),
    }
}

/// `38%`; a share of nothing is none.
pub(super) fn percent(part: u64, whole: u64) -> String {
    match whole {
        0 => "–".to_owned(),
        whole => format!("{}%", (part * 100 + whole / 2) / whole),
    }
}

/// `120 ms` or `1.4 s`.
pub(super) fn milliseconds(ms: Option<u32>) -> String {
    match ms {
        None => "–".to_owned(),
        Some(ms) if ms < 1_000 => format!("{ms} ms"),
        Some(ms) => format!("{}.{} s", ms / 1_000, ms % 1_000 / 100),
    }
}

/// A call's outcome, for people; a word that is not known here is shown as it stands.
pub(super) fn outcome(word: &str) -> String {
    let said = match word {
        "connect" => "no connection",
        "first_token_timeout" => "no first word in time",
        "between_tokens_timeout" => "silent in the middle",
        "rate_limited" => "rate limited",
        "status" => "an error status",
        "broken" => "broke off",
        "reported" => "an error in the stream",
        "unreadable" => "unreadable",
        "empty" => "an empty answer",
        "hedged" => "another was faster",
        "aborted" => "the service was killed",
        other => return other.replace('_', " "),
    };
    said.to_owned()
}

/// `24 Nov 2026, 13:05`, by the clock of the service's machine.
pub(super) fn when(ms: i64) -> String {
    at(ms).map_or_else(|| "?".to_owned(), |time| time.strftime("%-d %b %Y, %H:%M").to_string())
}

/// For `<time datetime>` and exports: `2026-11-24T12:05:00Z`.
pub(super) fn iso(ms: i64) -> String {
    Timestamp::from_millisecond(ms / 1_000 * 1_000).map_or_else(|_| String::new(), |time| time.to_string())
}

/// `24 Nov`.
pub(super) fn day(ms: i64) -> String {
    at(ms).map_or_else(|| "?".to_owned(), |time| time.strftime("%-d %b").to_string())
}

/// When today began, or the day so many days ago, in Unix milliseconds.
pub(super) fn start_of_day(days_ago: u32) -> i64 {
    let now = ZonedDateTime::now();
    let began = now
        .checked_sub(i64::from(days_ago).days())
        .and_then(|day| day.start_of_day());
    began.unwrap_or(now).timestamp().as_millisecond()
}

pub(super) fn now_ms() -> i64 {
    Timestamp::now().as_millisecond()
}

pub(super) fn wait(time: Duration) -> String {
    match time.as_secs() + 1 {
        seconds if seconds < 100 => format!("{seconds} seconds"),
        seconds => format!("{} minutes", seconds.div_ceil(60)),
    }
}

fn at(ms: i64) -> Option<ZonedDateTime> {
    Timestamp::from_millisecond(ms)
        .ok()
        .map(|time| time.to_zoned_datetime(TimeZone::system()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_readable() {
        assert_eq!((count(7).as_str(), count(1_234_567).as_str()), ("7", "1,234,567"));
        let shown = |text: &str| usd(Usd(text.parse().expect("money")));
        assert_eq!(shown("0"), "$0");
        assert_eq!(shown("0.0000000001"), "< $0.000001");
        assert_eq!(shown("0.000123456"), "$0.000123");
        assert_eq!(shown("0.0213"), "$0.0213");
        assert_eq!(shown("12.345"), "$12.34");
        assert_eq!(shown("12345.6"), "$12,345");
        assert_eq!((percent(1, 0).as_str(), percent(1, 3).as_str()), ("–", "33%"));
        assert_eq!(milliseconds(Some(1_449)), "1.4 s");
        assert_eq!(iso(1_000), "1970-01-01T00:00:01Z");
        assert!(start_of_day(0) <= now_ms() && start_of_day(1) < start_of_day(0));
        assert_eq!(wait(Duration::from_secs(4)), "5 seconds");
    }
}
