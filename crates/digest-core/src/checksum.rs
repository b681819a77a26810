//! The checksum and the length that end a gzip member (RFC 1952, 2.3.1), by libdeflate: it has the processor's widest
//! carry-less multiplication where there is one, and takes less than a third of the time that 128 bits take.

#![allow(unsafe_code, reason = "calls a C library")]

use libdeflate_sys::libdeflate_crc32;

/// CRC-32 and length of a member's text so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Checksum {
    sum: u32,
    length: u32,
}

impl Checksum {
    /// Bytes of a trailer.
    pub(crate) const TRAILER: usize = 8;

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        // SAFETY: the library reads so many bytes from there on.
        self.sum = unsafe { libdeflate_crc32(self.sum, bytes.as_ptr().cast(), bytes.len()) };
        // Lengths count modulo 2^32.
        self.length = self.length.wrapping_add(bytes.len() as u32);
    }

    pub(crate) fn sum(self) -> u32 {
        self.sum
    }

    pub(crate) fn length(self) -> u32 {
        self.length
    }

    /// The last bytes of a member.
    pub(crate) fn trailer(self) -> [u8; Self::TRAILER] {
        let [a, b, c, d] = self.sum.to_le_bytes();
        let [e, f, g, h] = self.length.to_le_bytes();
        [a, b, c, d, e, f, g, h]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_have_the_checksum_of_the_whole() {
        let text: Vec<u8> = (0..100_000u32)
            .map(|at| (at.wrapping_mul(at) >> 3) as u8)
            .collect();
        let mut known = flate2::Crc::new();
        known.update(&text);
        for piece in [1, 7, 4096, text.len()] {
            let mut checksum = Checksum::default();
            text.chunks(piece).for_each(|some| checksum.update(some));
            assert_eq!(
                (checksum.sum(), checksum.length()),
                (known.sum(), known.amount()),
                "{piece}"
            );
        }
        let mut few = Checksum::default();
        few.update(b"123456789");
        assert_eq!(
            few.trailer(),
            [0x26, 0x39, 0xf4, 0xcb, 9, 0, 0, 0],
            "the check value of CRC-32"
        );
        few.update(b"");
        assert_eq!(few.length(), 9);
    }
}
