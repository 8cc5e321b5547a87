//! The log's way out: lines are gathered in memory, and a thread of their own writes them. A thread that is woken for every line costs a
//! busy service more than the line does, so it takes what came within a moment; a quiet service's line waits no longer than that.

use std::io::Write;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use tracing_subscriber::fmt::MakeWriter;

/// How long the first line waits for company.
const GATHER: Duration = Duration::from_millis(10);
/// What waits at most while nobody takes it, in bytes; lines beyond that are lost and counted.
const MOST_WAITING: usize = 8 << 20;

/// Takes lines. Clones are one.
#[derive(Clone, Default)]
pub(super) struct Lines(Arc<Shared>);

#[derive(Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    woken: Condvar,
}

#[derive(Default)]
struct Waiting {
    bytes: Vec<u8>,
    lost: u64,
    ends: bool,
}

impl Lines {
    /// Writes what comes to `out` until the guard is dropped.
    pub(super) fn write_to(&self, out: impl Write + Send + 'static) -> std::io::Result<LogGuard> {
        let lines = self.clone();
        let thread = std::thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || lines.write_all_to(out))?;
        Ok(LogGuard {
            lines: self.clone(),
            thread: Some(thread),
        })
    }

    fn write_all_to(&self, mut out: impl Write) {
        let mut taken = Vec::new();
        loop {
            let (lost, ends) = self.take(&mut taken);
            // Nobody can be told that the log cannot be written.
            let _ = out.write_all(&taken);
            if lost > 0 {
                let _ = writeln!(
                    out,
                    "{lost} lines of the log were lost: they came faster than they were read"
                );
            }
            let _ = out.flush();
            taken.clear();
            if ends {
                return;
            }
        }
    }

    /// Waits for lines, then a moment for more, and exchanges them for the empty `taken`. True: these are the last.
    fn take(&self, taken: &mut Vec<u8>) -> (u64, bool) {
        let mut waiting = self.0.waiting.lock();
        while waiting.bytes.is_empty() && !waiting.ends {
            self.0.woken.wait(&mut waiting);
        }
        if !waiting.ends {
            // Only an end wakes it now, since the buffer is not empty.
            self.0.woken.wait_for(&mut waiting, GATHER);
        }
        std::mem::swap(&mut waiting.bytes, taken);
        (std::mem::take(&mut waiting.lost), waiting.ends)
    }
}

impl Write for &Lines {
    /// Always takes everything, or counts it as lost.
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        let mut waiting = self.0.waiting.lock();
        if waiting.bytes.len() + line.len() > MOST_WAITING {
            waiting.lost += 1;
            return Ok(line.len());
        }
        let was_empty = waiting.bytes.is_empty();
        waiting.bytes.extend_from_slice(line);
        drop(waiting);
        if was_empty {
            self.0.woken.notify_one();
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = &'a Lines;

    fn make_writer(&'a self) -> Self::Writer {
        self
    }
}

/// Keep it: dropping it writes the last lines.
pub struct LogGuard {
    lines: Lines,
    thread: Option<JoinHandle<()>>,
}

impl Drop for LogGuard {
    fn drop(&mut self) {
        self.lines.0.waiting.lock().ends = true;
        self.lines.0.woken.notify_one();
        if let Some(thread) = self.thread.take() {
            // It does not panic; if it did, there would be nothing left to write.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Default)]
    struct Out(Arc<Mutex<Vec<u8>>>);

    impl Write for Out {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn every_line_is_written_whole_and_in_order_before_the_guard_is_gone() {
        let (lines, out) = (Lines::default(), Out::default());
        let guard = lines.write_to(out.clone()).expect("a thread");
        std::thread::scope(|scope| {
            for name in ["a", "b"] {
                let lines = &lines;
                scope.spawn(move || {
                    for n in 0..2_000 {
                        let mut writer = lines.make_writer();
                        writer.write_all(format!("{name}{n}\n").as_bytes()).expect("taken");
                    }
                });
            }
        });
        drop(guard);
        let text = String::from_utf8(out.0.lock().clone()).expect("text");
        for name in ["a", "b"] {
            let numbers: Vec<usize> = text
                .lines()
                .filter_map(|line| line.strip_prefix(name)?.parse().ok())
                .collect();
            assert_eq!(numbers, (0..2_000).collect::<Vec<_>>(), "{name}");
        }
    }

    #[test]
    fn what_nobody_takes_is_bounded_and_told() {
        let (lines, out) = (Lines::default(), Out::default());
        let line = [b'x'; 1 << 20];
        for _ in 0..10 {
            (&lines).write_all(&line).expect("taken");
        }
        drop(lines.write_to(out.clone()).expect("a thread"));
        let text = String::from_utf8(out.0.lock().clone()).expect("text");
        assert_eq!(text.matches('x').count(), MOST_WAITING, "the first ones are there");
        assert!(text.contains("2 lines of the log were lost"));
    }
}
