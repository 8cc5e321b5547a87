//! A provider's bytes, cut into server-sent events (WHATWG HTML, section 9.2.6) without changing one of them.

use std::borrow::Cow;

use bytes::{Buf, Bytes, BytesMut};

use super::chunk;
use crate::models::error::CallError;

/// An event may be this long; a provider that sends more is broken.
const LONGEST_EVENT: usize = 8 << 20;

#[derive(Default)]
pub struct Splitter {
    /// The beginning of an event.
    held: BytesMut,
    scan: Scan,
}

/// How far the beginning of an event was looked through.
#[derive(Default, Clone, Copy)]
struct Scan {
    at: usize,
    line: usize,
}

impl Splitter {
    /// Adds the events that are whole now, each with the blank line that ends it.
    pub fn feed(&mut self, mut chunk: Bytes, events: &mut Vec<Bytes>) -> Result<(), CallError> {
        if !self.held.is_empty() {
            self.held.extend_from_slice(&chunk);
            chunk = self.held.split().freeze();
        }
        let mut scan = std::mem::take(&mut self.scan);
        while let Some(end) = event_end(&chunk, &mut scan) {
            events.push(chunk.split_to(end));
            scan = Scan::default();
        }
        if chunk.has_remaining() {
            if chunk.len() > LONGEST_EVENT {
                let problem = format!("an event longer than {LONGEST_EVENT} bytes");
                return Err(CallError::Unreadable(problem));
            }
            self.held.extend_from_slice(&chunk);
            self.scan = scan;
        }
        Ok(())
    }

    /// What is left when the stream has ended: an event without its blank line, which it gets here.
    pub fn end(&mut self) -> Option<Bytes> {
        let mut rest = self.held.split();
        if rest.iter().all(|byte| byte.is_ascii_whitespace()) {
            return None;
        }
        rest.extend_from_slice(b"\n\n");
        Some(rest.freeze())
    }
}

/// Behind the next blank line, whatever its line ends are.
fn event_end(bytes: &[u8], scan: &mut Scan) -> Option<usize> {
    while let Some(found) = bytes[scan.at..].iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
        let at = scan.at + found;
        let is_blank = at == scan.line;
        let next = match (bytes[at], bytes.get(at + 1)) {
            (b'\r', Some(b'\n')) => at + 2,
            // Whether a line feed follows is not known yet, unless this stream's line ends are plain returns.
            (b'\r', None) if !(is_blank && at > 0 && bytes[at - 1] == b'\r') => {
                scan.at = at;
                return None;
            }
            _ => at + 1,
        };
        *scan = Scan { at: next, line: next };
        if is_blank {
            return Some(next);
        }
    }
    scan.at = bytes.len();
    None
}

/// The data of an event; empty when it is only a comment.
pub fn data_of(event: &[u8]) -> Cow<'_, [u8]> {
    let mut lines = event.split(|byte| matches!(byte, b'\n' | b'\r')).filter_map(|line| {
        let value = line.strip_prefix(b"data:")?;
        Some(value.strip_prefix(b" ").unwrap_or(value))
    });
    let first = lines.next().unwrap_or_default();
    match lines.next() {
        None => Cow::Borrowed(first),
        Some(second) => {
            let mut all = [first, b"\n", second].concat();
            for line in lines {
                all.push(b'\n');
                all.extend_from_slice(line);
            }
            Cow::Owned(all)
        }
    }
}

/// A recorded stream without the event that tells the usage and nothing else.
pub fn without_usage(events: &[u8]) -> Bytes {
    let (mut splitter, mut all) = (Splitter::default(), Vec::new());
    // What was recorded was cut before, so no event is too long.
    if splitter.feed(Bytes::copy_from_slice(events), &mut all).is_err() {
        return Bytes::new();
    }
    all.extend(splitter.end());
    let is_usage = |event: &Bytes| {
        let said = chunk::read(data_of(event).trim_ascii(), &mut String::new());
        said.is_ok_and(|said| said.only_usage)
    };
    all.retain(|event| !is_usage(event));
    Bytes::from(all.concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(pieces: &[&[u8]]) -> Vec<Vec<u8>> {
        let (mut splitter, mut events) = (Splitter::default(), Vec::new());
        for piece in pieces {
            splitter.feed(Bytes::copy_from_slice(piece), &mut events).unwrap();
        }
        events.extend(splitter.end());
        events.iter().map(|event| event.to_vec()).collect()
    }

    #[test]
    fn every_cut_and_every_line_end_gives_the_same_events() {
        for end in ["\n", "\r\n", "\r"] {
            let whole =
                "data: one\n\n: a comment\n\ndata: two\ndata: more\n\nid: 1\ndata: three\n\n".replace('\n', end);
            let bytes = whole.as_bytes();
            let events = split(&[bytes]);
            let data: Vec<_> = events.iter().map(|event| data_of(event).into_owned()).collect();
            let wanted: [&[u8]; 4] = [b"one", b"", b"two\nmore", b"three"];
            assert_eq!(data, wanted, "{end:?}");
            assert_eq!(events.concat(), bytes, "no byte is changed");
            for cut in 0..bytes.len() {
                assert_eq!(split(&[&bytes[..cut], &bytes[cut..]]), events, "{end:?}, cut at {cut}");
            }
            let single: Vec<&[u8]> = bytes.chunks(1).collect();
            assert_eq!(split(&single), events, "{end:?}");
        }
    }

    #[test]
    fn what_has_no_end_gets_one() {
        assert_eq!(
            split(&[b"data: a\n\ndata: b"]),
            [b"data: a\n\n".to_vec(), b"data: b\n\n".to_vec()]
        );
        assert_eq!(split(&[b"data: a\n\n\r\n"]).len(), 2);
    }
}
