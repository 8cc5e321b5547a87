//! Where the body of a response ends (RFC 9112, sections 6 and 7), read piece by piece and without a buffer.

/// A chunk's line of size and extensions, or a trailer's, may be this long.
const LONGEST_LINE: u16 = 8 << 10;

/// What is still to come of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    Length(u64),
    Chunked(Chunk),
    /// It goes on until the connection is closed.
    UntilClose,
}

/// Where in a chunked body the next byte stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chunk {
    /// `None`: no digit of the size was read yet.
    Size(Option<u64>),
    /// Behind the size, up to the end of its line; so many bytes of that line were passed over.
    Extension {
        size: u64,
        passed: u16,
    },
    Data(u64),
    /// Behind the data, before its line end.
    AfterData,
    /// In a line of the trailer that has so many bytes so far.
    Trailer(u16),
    Ended,
}

/// It is not chunked as it says it is.
#[derive(Debug, PartialEq, Eq)]
pub struct Malformed;

impl Framing {
    pub const NOTHING: Framing = Framing::Length(0);
    pub const CHUNKED: Framing = Framing::Chunked(Chunk::Size(None));

    pub fn has_ended(self) -> bool {
        matches!(self, Framing::Length(0) | Framing::Chunked(Chunk::Ended))
    }

    /// Takes what `bytes` hold of the next piece of the body off their start. An empty piece is no end: call it again until
    /// nothing is left of `bytes`, or the body has ended.
    pub fn next<'a>(&mut self, bytes: &mut &'a [u8]) -> Result<&'a [u8], Malformed> {
        match self {
            Framing::UntilClose => Ok(std::mem::take(bytes)),
            Framing::Length(left) => Ok(first(bytes, left)),
            Framing::Chunked(chunk) => chunk.next(bytes),
        }
    }
}

impl Chunk {
    fn next<'a>(&mut self, bytes: &mut &'a [u8]) -> Result<&'a [u8], Malformed> {
        if let Chunk::Data(left) = self {
            let piece = first(bytes, left);
            if *left == 0 {
                *self = Chunk::AfterData;
            }
            return Ok(piece);
        }
        if let ([byte, rest @ ..], false) = (*bytes, *self == Chunk::Ended) {
            *bytes = rest;
            *self = self.after(*byte)?;
        }
        Ok(&[])
    }

    /// Behind a byte that is no data. A line ends with a line feed; the carriage return before it may be missing (section 2.2).
    fn after(self, byte: u8) -> Result<Self, Malformed> {
        let longer = |passed: u16| {
            Some(passed + 1)
                .filter(|passed| *passed < LONGEST_LINE)
                .ok_or(Malformed)
        };
        Ok(match (self, byte) {
            (Chunk::Size(size), byte) if byte.is_ascii_hexdigit() => {
                let digit = u64::from(char::from(byte).to_digit(16).unwrap_or_default());
                let size = size.unwrap_or_default();
                Chunk::Size(Some(size.checked_mul(16).ok_or(Malformed)? + digit))
            }
            (Chunk::Size(Some(0)) | Chunk::Extension { size: 0, .. }, b'\n') => Chunk::Trailer(0),
            (Chunk::Size(Some(size)) | Chunk::Extension { size, .. }, b'\n') => Chunk::Data(size),
            (Chunk::Size(Some(size)), b'\r' | b';' | b' ' | b'\t') => Chunk::Extension { size, passed: 0 },
            (Chunk::Extension { size, passed }, _) => Chunk::Extension {
                size,
                passed: longer(passed)?,
            },
            (Chunk::AfterData, b'\r') => Chunk::AfterData,
            (Chunk::AfterData, b'\n') => Chunk::Size(None),
            (Chunk::Trailer(0), b'\n') => Chunk::Ended,
            (Chunk::Trailer(0), b'\r') => Chunk::Trailer(0),
            (Chunk::Trailer(_), b'\n') => Chunk::Trailer(0),
            (Chunk::Trailer(passed), _) => Chunk::Trailer(longer(passed)?),
            _ => return Err(Malformed),
        })
    }
}

/// As many bytes as there are, but not more than are left.
fn first<'a>(bytes: &mut &'a [u8], left: &mut u64) -> &'a [u8] {
    let there = bytes.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
    let (piece, rest) = bytes.split_at(there);
    (*bytes, *left) = (rest, *left - there as u64);
    piece
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What these pieces hold of a body, and what came behind its end.
    fn read(mut framing: Framing, pieces: &[&[u8]]) -> Result<(String, String, bool), Malformed> {
        let (mut body, mut behind) = (Vec::new(), Vec::new());
        for mut piece in pieces.iter().copied() {
            while !piece.is_empty() && !framing.has_ended() {
                body.extend_from_slice(framing.next(&mut piece)?);
            }
            behind.extend_from_slice(piece);
        }
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Ok((text(body), text(behind), framing.has_ended()))
    }

    #[test]
    fn every_cut_gives_the_same_body() {
        let sent =
            b"5\r\nHello\r\n1;name=\"value\"\r\n,\r\n00A \r\n 10 chunks\r\n0\r\nchecksum: 1\r\nmore: 2\r\n\r\nnext";
        let whole = ("Hello, 10 chunks".to_owned(), "next".to_owned(), true);
        assert_eq!(read(Framing::CHUNKED, &[sent]), Ok(whole.clone()));
        for cut in 0..sent.len() {
            let (one, two) = sent.split_at(cut);
            assert_eq!(read(Framing::CHUNKED, &[one, two]), Ok(whole.clone()), "cut at {cut}");
        }
        let bytes: Vec<&[u8]> = sent.chunks(1).collect();
        assert_eq!(read(Framing::CHUNKED, &bytes), Ok(whole));
    }

    #[test]
    fn a_body_that_breaks_off_has_not_ended() {
        let sent = b"5\r\nHello\r\n0\r\n\r\n";
        for cut in 0..sent.len() {
            let (_, _, ended) = read(Framing::CHUNKED, &[&sent[..cut]]).unwrap();
            assert!(!ended, "cut at {cut}");
        }
    }

    #[test]
    fn what_is_not_chunked_is_refused() {
        for sent in [
            "data: {}\n\n",
            "5\r\nHello!\r\n",
            "\r\n",
            "-1\r\n",
            "11111111111111111\r\n",
        ] {
            assert_eq!(read(Framing::CHUNKED, &[sent.as_bytes()]), Err(Malformed), "{sent}");
        }
        let endless = [b"1;".as_slice(), &[b'x'; LONGEST_LINE as usize + 1]].concat();
        assert_eq!(read(Framing::CHUNKED, &[&endless]), Err(Malformed));
    }

    #[test]
    fn a_body_with_a_length_ends_there() {
        let told = read(Framing::Length(4), &[b"ab", b"cdnext"]);
        assert_eq!(told, Ok(("abcd".to_owned(), "next".to_owned(), true)));
        let told = read(Framing::UntilClose, &[b"ab", b"cd"]);
        assert_eq!(told, Ok(("abcd".to_owned(), String::new(), false)));
    }
}
