//! Where a term stands: numbers of passages, growing, each told as its distance from the last, and how often it stands there.

/// Seven bits a byte, the lowest first; the high bit says that more follow.
pub(super) fn write_number(bytes: &mut Vec<u8>, mut number: u32) {
    while number >= 0x80 {
        bytes.push((number as u8) | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// How many bytes [`write_number`] writes.
fn length_of(number: u32) -> usize {
    (32 - (number | 1).leading_zeros()).div_ceil(7) as usize
}

/// The next number of a list that [`write_number`] wrote.
#[inline]
pub(super) fn read_number(bytes: &mut std::slice::Iter<'_, u8>) -> Option<u32> {
    let first = *bytes.next()?;
    if first < 0x80 {
        return Some(u32::from(first));
    }
    let mut number = u32::from(first & 0x7f);
    let mut shift = 7;
    loop {
        let byte = *bytes.next()?;
        number |= u32::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(number);
        }
        shift += 7;
    }
}

/// One term's passages.
#[derive(Default)]
pub(super) struct Postings {
    bytes: Vec<u8>,
    /// One more than the passage that was added last.
    next: u32,
    /// How many passages.
    pub found: u32,
}

impl Postings {
    /// Passages must come in the order of their numbers, each once.
    pub fn push(&mut self, passage: u32, count: u32) {
        let distance = passage - self.next;
        self.next = passage + 1;
        self.found += 1;
        // Most terms stand in a passage once, which costs one bit and not a number.
        let head = distance << 1 | u32::from(count > 1);
        self.make_room(length_of(head) + if count > 1 { length_of(count) } else { 0 });
        write_number(&mut self.bytes, head);
        if count > 1 {
            write_number(&mut self.bytes, count);
        }
    }

    /// A list that doubles by itself is a third air, and these lists are most of an index. Allocators give eight bytes at a time.
    fn make_room(&mut self, more: usize) {
        let length = self.bytes.len();
        if self.bytes.capacity() - length < more {
            let room = (length + more + length / 8).next_multiple_of(8);
            self.bytes.reserve_exact(room - length);
        }
    }

    /// Passage and count, in order.
    #[inline]
    pub fn each(&self, mut see: impl FnMut(u32, u32)) {
        let mut bytes = self.bytes.iter();
        let mut next = 0;
        while let Some(head) = read_number(&mut bytes) {
            let passage = next + (head >> 1);
            next = passage + 1;
            let count = if head & 1 == 1 {
                read_number(&mut bytes).unwrap_or(1)
            } else {
                1
            };
            see(passage, count);
        }
    }

    pub fn bytes(&self) -> usize {
        self.bytes.capacity() + size_of::<Self>()
    }

    /// Gives back what growing took in reserve.
    pub fn shrink(&mut self) {
        self.bytes.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_pushed_is_seen() {
        let mut postings = Postings::default();
        let pushed = [(0, 1), (1, 3), (2, 1), (500, 200), (1_000_000, 1), (16_000_000, 70_000)];
        for (passage, count) in pushed {
            postings.push(passage, count);
        }
        let mut seen = Vec::new();
        postings.each(|passage, count| seen.push((passage, count)));
        assert_eq!(seen, pushed);
        assert_eq!(postings.found, 6);
    }
}
