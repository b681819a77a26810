//! The loops in plain Rust, eight bytes at a time. Serves every processor; the measure of the vector ones.

use super::{Grid, KeyColumns, PAD, Padded, Seen};
use crate::address;
use crate::key::{Key, NO_PORTS, folded_ports};
use crate::number::decimal;

const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
const HIGH: u64 = 0x8080_8080_8080_8080;
/// Added to seven bits, it reaches the eighth for bytes above the blank (0x20).
const ABOVE_BLANK: u64 = 0x5f5f_5f5f_5f5f_5f5f;

pub(super) fn delimiters(text: Padded<'_>, at: &mut [u32]) -> Seen {
    let mut seen = Seen {
        delimiters: 0,
        newlines: 0,
        regular: true,
    };
    let mut last = PAD as u32 - 1;
    let mut see = |byte: u8, position: u32| {
        seen.newlines += usize::from(byte == b'\n');
        seen.regular &= matches!(byte, b' ' | b'\n') && position != last + 1;
        last = position;
        if matches!(byte, b' ' | b'\n') {
            seen.delimiters += 1;
            if let Some(place) = at.get_mut(seen.delimiters) {
                *place = position;
            }
        }
    };
    let lines = text.lines();
    let (words, rest) = lines.as_chunks::<8>();
    let mut position = PAD as u32;
    for bytes in words {
        let word = u64::from_le_bytes(*bytes);
        let mut found = !(((word & LOW) + ABOVE_BLANK) | word) & HIGH;
        while found != 0 {
            let place = found.trailing_zeros() / 8;
            see((word >> (8 * place)) as u8, position + place);
            found &= found - 1;
        }
        position += 8;
    }
    for byte in rest {
        if *byte <= b' ' {
            see(*byte, position);
        }
        position += 1;
    }
    seen
}

pub(super) fn numbers(
    text: Padded<'_>,
    rows: Grid<'_>,
    column: usize,
    most: u32,
    out: &mut [u32],
    odd: &mut [u8],
) {
    for (row, (out, odd)) in out.iter_mut().zip(odd).enumerate().take(rows.count) {
        let (start, end) = rows.field(row, column);
        let (value, is_odd) = number(text, start, end);
        *out = value;
        *odd |= is_odd | u8::from(value > most);
    }
}

/// One number, and 1 where the field is none or does not fit.
#[inline]
pub(super) fn number(text: Padded<'_>, start: u32, end: u32) -> (u32, u8) {
    let length = end.wrapping_sub(start);
    if length == 0 || length > 8 {
        return long(text.get(start, end));
    }
    let digits = digits_before(text, end, length);
    if (((digits & LOW) + 0x7676_7676_7676_7676) | digits) & HIGH != 0 {
        return (0, 1);
    }
    let pairs = (digits.wrapping_mul(10) + (digits >> 8)) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs.wrapping_mul(100) + (pairs >> 16)) & 0x0000_ffff_0000_ffff;
    ((fours.wrapping_mul(10_000) + (fours >> 32)) as u32, 0)
}

/// The digits of a token of 1 to 8 bytes that ends here, the last one highest, with zeros for those it lacks. Bytes that
/// are no digits come out above 9: by XOR, never by subtraction, where a borrow would change the next digit without a
/// trace.
#[inline]
pub(super) fn digits_before(text: Padded<'_>, end: u32, length: u32) -> u64 {
    (text.word_before(end) ^ 0x3030_3030_3030_3030) & u64::MAX << (64 - 8 * length)
}

/// A number of any other length: times have ten digits.
fn long(token: &[u8]) -> (u32, u8) {
    match decimal(token, u32::MAX.into()) {
        Some(value) => (value as u32, 0),
        None => (0, 1),
    }
}

pub(super) fn addresses(text: Padded<'_>, rows: Grid<'_>, column: usize, out: &mut [u32], other: &mut [u8]) {
    for (row, (out, other)) in out.iter_mut().zip(other).enumerate().take(rows.count) {
        let (start, end) = rows.field(row, column);
        match address::v4(text.get(start, end)) {
            Some(value) => (*out, *other) = (value, 0),
            None => (*out, *other) = (0, 1),
        }
    }
}

pub(super) fn changes(text: Padded<'_>, rows: Grid<'_>, runs: &[(usize, usize)], firsts: &mut Vec<u32>) {
    for row in 0..rows.count {
        let same = |&(first, last): &(usize, usize)| {
            let run = |row: usize| (rows.field(row, first).0, rows.field(row, last).1);
            let ((one, one_end), (other, other_end)) = (run(row - 1), run(row));
            one_end - one == other_end - other && text.same(one, other, one_end - one)
        };
        if row == 0 || !runs.iter().all(same) {
            firsts.push(row as u32);
        }
    }
}

#[inline(always)]
pub(super) fn keys(count: usize, columns: KeyColumns<'_>, keys: &mut [Key], folded: &mut [u32]) {
    let ((src, src_other), (dst, dst_other)) = (columns.src, columns.dst);
    let addresses = src.iter().zip(src_other).zip(dst.iter().zip(dst_other));
    let out = keys.iter_mut().zip(folded).zip(columns.protocol).take(count);
    match columns.ports {
        Some((srcport, dstport)) => {
            let ports = srcport.iter().zip(dstport);
            for ((((key, out), protocol), ((src, src_other), (dst, dst_other))), (srcport, dstport)) in
                out.zip(addresses).zip(ports)
            {
                let (kept, folded) = folded_ports(*srcport as u16, *dstport as u16);
                *out = folded.into();
                *key = Key::of_parts((*src, *src_other), (*dst, *dst_other), kept, *protocol as u8, 0);
            }
        }
        None => {
            for (((key, out), protocol), ((src, src_other), (dst, dst_other))) in out.zip(addresses) {
                *out = 0;
                *key = Key::of_parts(
                    (*src, *src_other),
                    (*dst, *dst_other),
                    NO_PORTS,
                    *protocol as u8,
                    0,
                );
            }
        }
    }
}
