//! A line of the log for people: time, level, message, then `name=value` for each field. What is told is data: nothing in it ends the
//! line or speaks to a terminal.

use std::cell::RefCell;
use std::fmt::{self, Debug, Write};

use jiff::Timestamp;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// The field that tracing keeps the message in.
const MESSAGE: &str = "message";

/// It leaves spans out: the service has none.
pub(super) struct Plain;

impl<S, N> FormatEvent<S, N> for Plain
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut out: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        write_time(&mut out, Timestamp::now())?;
        // As wide as the longest, so that what follows stands below each other.
        out.write_str(match *event.metadata().level() {
            Level::ERROR => " ERROR",
            Level::WARN => "  WARN",
            Level::INFO => "  INFO",
            Level::DEBUG => " DEBUG",
            Level::TRACE => " TRACE",
        })?;
        let mut fields = Fields { out, told: Ok(()) };
        event.record(&mut fields);
        fields.told?;
        fields.out.write_char('\n')
    }
}

thread_local! {
    /// The second that was written last, and how: thousands of lines have it in common.
    static SECOND: RefCell<(i64, String)> = const { RefCell::new((i64::MIN, String::new())) };
}

/// As RFC 3339 has it, in UTC, to the microsecond.
fn write_time(out: &mut impl Write, at: Timestamp) -> fmt::Result {
    // The fraction of a time before 1970 counts backwards.
    if at < Timestamp::UNIX_EPOCH {
        return write!(out, "{at:.6}");
    }
    SECOND.with_borrow_mut(|(second, written)| {
        if *second != at.as_second() {
            written.clear();
            write!(written, "{:.0}", at)?;
            written.truncate(written.trim_end_matches('Z').len());
            *second = at.as_second();
        }
        write!(out, "{written}.{:06}Z", at.subsec_microsecond())
    })
}

struct Fields<'w> {
    out: Writer<'w>,
    told: fmt::Result,
}

impl Fields<'_> {
    fn tell(&mut self, field: &Field, value: impl FnOnce(&mut Writer<'_>) -> fmt::Result) {
        let named = |out: &mut Writer<'_>| {
            out.write_char(' ')?;
            if field.name() != MESSAGE {
                out.write_str(field.name())?;
                out.write_char('=')?;
            }
            value(out)
        };
        if self.told.is_ok() {
            self.told = named(&mut self.out);
        }
    }
}

impl Visit for Fields<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        let is_plain = |byte: u8| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\');
        self.tell(field, |out| match value.bytes().all(is_plain) {
            true => {
                out.write_char('"')?;
                out.write_str(value)?;
                out.write_char('"')
            }
            false => write!(out, "{value:?}"),
        });
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.tell(field, |out| write!(out, "{value}"));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.tell(field, |out| write!(out, "{value}"));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.tell(field, |out| write!(out, "{value}"));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.tell(field, |out| write!(out, "{value}"));
    }

    /// The message comes this way, and what a field shows by `%` or `?`.
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.tell(field, |out| write!(Harmless(out), "{value:?}"));
    }
}

/// Writes control characters as `\u{…}`.
struct Harmless<'o, 'w>(&'o mut Writer<'w>);

impl Write for Harmless<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text;
        while let Some(at) = rest.find(char::is_control) {
            let (plain, from) = rest.split_at(at);
            self.0.write_str(plain)?;
            let control = from.chars().next().unwrap_or_default();
            write!(self.0, "{}", control.escape_unicode())?;
            rest = &from[control.len_utf8()..];
        }
        self.0.write_str(rest)
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::Arc;

    use parking_lot::Mutex;

    use super::*;

    #[derive(Clone, Default)]
    struct Out(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Out {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What a line says behind its time.
    fn told(tell: impl FnOnce()) -> String {
        let out = Out::default();
        let taken = out.clone();
        let log = tracing_subscriber::fmt()
            .with_writer(move || taken.clone())
            .event_format(Plain)
            .finish();
        tracing::subscriber::with_default(log, tell);
        let line = String::from_utf8(out.0.lock().clone()).expect("text");
        let (time, rest) = line.split_at("2026-11-27T00:34:13.123456Z".len());
        time.parse::<Timestamp>().expect("a time");
        rest.to_owned()
    }

    #[test]
    fn a_line_names_level_message_and_fields() {
        let line = told(|| {
            let ms = 1.25;
            tracing::info!(path = "/a?b", status = 200_u16, ms, whole = true, id = %"x-1", none = None::<bool>, "request");
        });
        assert_eq!(
            line,
            "  INFO request path=\"/a?b\" status=200 ms=1.25 whole=true id=x-1\n"
        );
        assert_eq!(told(|| tracing::warn!("two {}", 2)), "  WARN two 2\n");
    }

    #[test]
    fn a_time_is_written_as_its_library_writes_it() {
        for nanosecond in [
            0,
            1_000,
            999_999_000,
            1_000_000_000,
            1_795_764_853_123_456_000,
            -1_000,
            -2_000_000_000,
        ] {
            let at = Timestamp::from_nanosecond(nanosecond).expect("a time");
            let mut written = String::new();
            write_time(&mut written, at).expect("written");
            assert_eq!(written, format!("{at:.6}"));
        }
    }

    #[test]
    fn nothing_that_is_told_ends_the_line_or_speaks_to_a_terminal() {
        let hostile = "a\nb\u{1b}[31m\"\\ é\u{9b}";
        let line = told(|| tracing::error!(quoted = hostile, shown = %hostile, "said: {hostile}"));
        assert_eq!(
            line,
            " ERROR said: a\\u{a}b\\u{1b}[31m\"\\ é\\u{9b} quoted=\"a\\nb\\u{1b}[31m\\\"\\\\ é\\u{9b}\" \
             shown=a\\u{a}b\\u{1b}[31m\"\\ é\\u{9b}\n"
        );
    }
}
