//! Numbers and texts as runs have them: seven bits of a number to a byte, lowest first; a text behind its length.

use std::io::{self, BufRead, Read};

pub(crate) fn push_text(out: &mut Vec<u8>, text: &[u8]) {
    push_number(out, text.len() as u64);
    out.extend_from_slice(text);
}

/// A number of any sign: the nearer to 0, the shorter.
pub(crate) fn push_signed(out: &mut Vec<u8>, number: i64) {
    push_number(out, (number << 1 ^ number >> 63).cast_unsigned());
}

pub(crate) fn push_number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

pub(crate) fn text(input: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let length = number(input)?;
    let mut text = Vec::new();
    if input.take(length).read_to_end(&mut text)? as u64 == length {
        Ok(text)
    } else {
        Err(cut())
    }
}

pub(crate) fn signed(input: &mut impl BufRead) -> io::Result<i64> {
    let number = number(input)?;
    Ok((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
}

pub(crate) fn number(input: &mut impl BufRead) -> io::Result<u64> {
    let (mut number, mut shift) = (0, 0);
    loop {
        let byte = byte(input)?;
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok(number);
        }
        shift += 7;
        if shift > 63 {
            return Err(cut());
        }
    }
}

/// Nearly always it is buffered.
#[inline]
pub(crate) fn byte(input: &mut impl BufRead) -> io::Result<u8> {
    let byte = *input.fill_buf()?.first().ok_or_else(cut)?;
    input.consume(1);
    Ok(byte)
}

/// The error of a run that ends too early.
#[cold]
pub(crate) fn cut() -> io::Error {
    io::Error::new(
        io::ErrorKind::UnexpectedEof,
        "a temporary file is not as it was written",
    )
}
