//! A gzip member's header (RFC 1952, 2.3): read past, whatever stands in it, and checked where it says how.

use std::io::{self, BufRead};

use super::GZIP;
use crate::checksum::Checksum;

const DEFLATE: u8 = 8;

const CHECKED: u8 = 1 << 1;
const EXTRA: u8 = 1 << 2;
const NAME: u8 = 1 << 3;
const COMMENT: u8 = 1 << 4;
/// What no compressor sets.
const RESERVED: u8 = 0b1110_0000;

/// Reads past a header, up to the first byte of deflate.
pub(crate) fn skip(input: &mut dyn BufRead) -> io::Result<()> {
    let mut header = Header {
        input,
        checksum: Checksum::default(),
    };
    let [id1, id2, method, flags, ..] = header.take::<10>()?;
    if [id1, id2] != GZIP || method != DEFLATE || flags & RESERVED != 0 {
        return Err(unknown());
    }
    if flags & EXTRA != 0 {
        let length = u16::from_le_bytes(header.take()?);
        for _ in 0..length {
            header.take::<1>()?;
        }
    }
    for text in [NAME, COMMENT] {
        if flags & text != 0 {
            while header.take()? != [0] {}
        }
    }
    if flags & CHECKED != 0 {
        let seen = header.checksum.sum() & 0xffff;
        if u32::from(u16::from_le_bytes(header.take()?)) != seen {
            return Err(unknown());
        }
    }
    Ok(())
}

struct Header<'a> {
    input: &'a mut dyn BufRead,
    checksum: Checksum,
}

impl Header<'_> {
    fn take<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        self.input.read_exact(&mut bytes)?;
        self.checksum.update(&bytes);
        Ok(bytes)
    }
}

fn unknown() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "a gzip member's header is not sound")
}
