//! Text that is written in steps of a fixed size: a short piece is copied with more bytes than it has, which costs one or
//! two moves instead of a call, and the next piece is written over what was too much.

use crate::dotted::OCTETS;

/// Bytes of a [`Piece`] that is copied at once.
const STEP: usize = 64;
/// Bytes by which a page grows at least.
const GROWTH: usize = 64 << 10;
/// Bytes that any number takes at most.
const DIGITS: usize = 20;
/// Bytes of memory that a number of eight digits or an address is written to.
const ROOM: usize = 20;
/// Numbers from here on have more than eight digits.
const EIGHT_DIGITS: u64 = 100_000_000;
/// `00000000`.
const ZEROS: u64 = u64::from_le_bytes([b'0'; 8]);

/// A piece of text that is written many times.
#[derive(Debug, Clone)]
pub(crate) struct Piece {
    bytes: Vec<u8>,
    length: usize,
}

/// Text in the making.
#[derive(Debug, Default)]
pub(crate) struct Page {
    bytes: Vec<u8>,
    length: usize,
    none: [u8; ROOM],
}

/// The eight digits of a number below 10^8 by their values, the first of them lowest.
#[inline]
fn digits(number: u32) -> u64 {
    // Halves of four digits, quarters of two, and each digit: quotients by multiplication, which are right for numbers so small.
    let halves = u64::from(number / 10_000) | u64::from(number % 10_000) << 32;
    let hundreds = ((halves * 10_486) >> 20) & 0x0000_007f_0000_007f;
    let quarters = hundreds | (halves - hundreds * 100) << 16;
    let tens = ((quarters * 103) >> 10) & 0x000f_000f_000f_000f;
    tens | (quarters - tens * 10) << 8
}

impl Piece {
    pub(crate) fn new(mut bytes: Vec<u8>) -> Self {
        let length = bytes.len();
        bytes.resize(length.max(STEP), 0);
        Self { bytes, length }
    }
}

impl Page {
    /// Begins anew, with memory that is used again.
    pub(crate) fn again(&mut self, bytes: Vec<u8>) {
        (self.bytes, self.length) = (bytes, 0);
    }

    /// The text that was written.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        let mut bytes = std::mem::take(&mut self.bytes);
        bytes.truncate(self.length);
        self.length = 0;
        bytes
    }

    #[inline]
    pub(crate) fn piece(&mut self, piece: &Piece) {
        match piece.bytes.first_chunk::<STEP>() {
            Some(bytes) if piece.length <= STEP => self.put(bytes, piece.length),
            _ => self.slice(piece.bytes.get(..piece.length).unwrap_or_default()),
        }
    }

    /// Any text.
    pub(crate) fn slice(&mut self, text: &[u8]) {
        let end = self.length + text.len();
        match self.bytes.get_mut(self.length..end) {
            Some(room) => room.copy_from_slice(text),
            None => self.grow(text),
        }
        self.length = end;
    }

    /// A number and what stands behind it.
    #[inline]
    pub(crate) fn number(&mut self, number: u64, behind: u8) {
        if number >= EIGHT_DIGITS {
            return self.long_number(number, behind);
        }
        let digits = digits(number as u32);
        // A zero has one digit.
        let skipped = (digits.trailing_zeros() / 8).min(7);
        let length = 8 - skipped as usize;
        let room = self.room();
        let text = (digits | ZEROS) >> (8 * skipped);
        if let Some(place) = room.first_chunk_mut() {
            *place = text.to_le_bytes();
        }
        if let Some(place) = room.get_mut(length) {
            *place = behind;
        }
        self.length += length + 1;
    }

    #[cold]
    fn long_number(&mut self, number: u64, behind: u8) {
        let (mut text, mut from, mut left) = ([behind; DIGITS + 1], DIGITS, number);
        while left > 0 {
            from -= 1;
            if let Some(place) = text.get_mut(from) {
                *place = b'0' + (left % 10) as u8;
            }
            left /= 10;
        }
        self.slice(text.get(from..).unwrap_or_default());
    }

    /// Four octets and a blank.
    #[inline]
    pub(crate) fn dotted(&mut self, address: u32) {
        let room = self.room();
        let mut at = 0;
        for octet in address.to_be_bytes() {
            let (digits, length) = OCTETS.get(usize::from(octet)).copied().unwrap_or_default();
            if let Some(place) = room.get_mut(at..at + 4) {
                place.copy_from_slice(&digits);
            }
            at += usize::from(length);
        }
        if let Some(last) = room.get_mut(at - 1) {
            *last = b' ';
        }
        self.length += at;
    }

    /// Memory behind the text, for a number or an address. They are made where they belong: what is put together in small
    /// pieces elsewhere cannot be read in a large one before all of it has reached the cache.
    #[inline]
    fn room(&mut self) -> &mut [u8; ROOM] {
        if self.bytes.len() < self.length + ROOM {
            self.grow(&[0; ROOM]);
        }
        match self
            .bytes
            .get_mut(self.length..)
            .and_then(<[u8]>::first_chunk_mut)
        {
            Some(room) => room,
            // It has just grown.
            None => &mut self.none,
        }
    }

    /// Writes all of `bytes`, of which so many count.
    #[inline]
    pub(crate) fn put<const N: usize>(&mut self, bytes: &[u8; N], length: usize) {
        let room = self
            .bytes
            .get_mut(self.length..)
            .and_then(<[u8]>::first_chunk_mut::<N>);
        match room {
            Some(room) => *room = *bytes,
            None => self.grow(bytes),
        }
        self.length += length;
    }

    #[cold]
    fn grow(&mut self, bytes: &[u8]) {
        let end = self.length + bytes.len();
        self.bytes.resize(end + GROWTH, 0);
        if let Some(room) = self.bytes.get_mut(self.length..end) {
            room.copy_from_slice(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn numbers_and_addresses_are_written_as_std_writes_them() {
        let (mut page, mut expected) = (Page::default(), String::new());
        page.again(vec![b'x'; 10]);
        let numbers = (0..20).map(|power| 10u64.pow(power));
        let numbers = numbers.flat_map(|number| [number - 1, number, number + 1, number / 7 * 5]);
        for number in numbers.chain(0..1000).chain([u64::MAX, u64::MAX / 3]) {
            page.number(number, b'\n');
            expected += &format!("{number}\n");
        }
        for number in (0..200_000_000u64).step_by(9973) {
            page.number(number, b' ');
            expected += &format!("{number} ");
        }
        for octet in 0..=255u8 {
            let [one, two] =
                [octet, octet.wrapping_mul(31)].map(|first| Ipv4Addr::new(first, octet / 9, 0, octet));
            page.dotted(one.into());
            page.dotted(two.into());
            expected += &format!("{one} {two} ");
        }
        assert_eq!(String::from_utf8(page.take()).unwrap(), expected);
    }

    #[test]
    fn pieces_of_every_length_stand_one_behind_the_other() {
        let (mut page, mut expected) = (Page::default(), Vec::new());
        for length in 0..300u32 {
            let piece: Vec<u8> = (0..length).map(|at| (at * 7 + length) as u8).collect();
            for _ in 0..3 {
                page.piece(&Piece::new(piece.clone()));
                expected.extend_from_slice(&piece);
                page.slice(b"between");
                expected.extend_from_slice(b"between");
            }
        }
        assert_eq!(page.take(), expected);
    }
}
