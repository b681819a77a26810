//! Lines of a digest: the 14 columns of the default format.

use std::fmt::Write as _;
use std::net::IpAddr;
use std::sync::LazyLock;

use crate::digest::{Digest, Names, Section, Visitor};
use crate::key::{Key, KeyAddress};
use crate::memory::Memory;
use crate::table::Entry;

/// Writes lines behind what a buffer holds.
pub(crate) struct Lines<'d> {
    names: &'d Names,
    /// What follows the bytes of a line with this action: times, action, status.
    endings: Vec<Vec<u8>>,
    out: Vec<u8>,
    /// The source address written last, as text: many lines in a row share it.
    last: (Option<KeyAddress>, Vec<u8>),
}

/// `0` to `255` as text, with its length.
static OCTETS: LazyLock<[([u8; 3], u8); 256]> = LazyLock::new(|| {
    std::array::from_fn(|octet| {
        let text = octet.to_string();
        let mut bytes = [0; 3];
        for (place, byte) in bytes.iter_mut().zip(text.bytes()) {
            *place = byte;
        }
        (bytes, text.len() as u8)
    })
});

impl<'d> Lines<'d> {
    pub(crate) fn of(digest: &'d Digest) -> Self {
        let times = digest
            .span()
            .map_or(String::new(), |(start, end)| format!("{start} {end}"));
        let ending = |action: &Vec<u8>| [b" ", times.as_bytes(), b" ", action, b" OK\n"].concat();
        Self {
            names: &digest.names,
            endings: digest.names.actions.iter().map(ending).collect(),
            out: Vec::new(),
            last: (None, Vec::new()),
        }
    }

    /// Writes these lines of the digest into a buffer that is used again.
    pub(crate) fn write(&mut self, digest: &'d Digest, lines: std::ops::Range<usize>, out: &mut Vec<u8>) {
        out.clear();
        std::mem::swap(&mut self.out, out);
        digest.visit(lines, self);
        std::mem::swap(&mut self.out, out);
    }

    fn push_key(&mut self, key: Key) {
        let (src, dst) = (key.src(), key.dst());
        if self.last.0 != Some(src) {
            self.last.0 = Some(src);
            self.last.1.clear();
            push_address(&mut self.last.1, self.names, src);
        }
        self.out.extend_from_slice(&self.last.1);
        push_address(&mut self.out, self.names, dst);
        match key.ports() {
            Some((src, dst)) => {
                push_number(&mut self.out, src.into());
                self.out.push(b' ');
                push_number(&mut self.out, dst.into());
            }
            None => self.out.extend_from_slice(b"- -"),
        }
        self.out.push(b' ');
        push_number(&mut self.out, key.protocol().into());
    }
}

impl Visitor for Lines<'_> {
    fn visit<M: Memory>(&mut self, section: &Section<M>, entries: &[Entry<M>]) {
        let begin = [b"2 ", &*section.account, b" ", &*section.interface, b" "].concat();
        for entry in entries {
            self.out.extend_from_slice(&begin);
            self.push_key(entry.key);
            for number in [entry.packets, entry.bytes] {
                self.out.push(b' ');
                push_number(&mut self.out, number);
            }
            let ending = self.endings.get(entry.key.action() as usize);
            self.out
                .extend_from_slice(ending.map_or(b"\n".as_slice(), Vec::as_slice));
        }
    }
}

/// An address and a blank: IPv4 dotted; IPv6 in its one canonical spelling (RFC 5952), which the standard library
/// writes.
fn push_address(out: &mut Vec<u8>, names: &Names, address: KeyAddress) {
    if let KeyAddress::V4(value) = address {
        let mut text = [b'.'; 16];
        let mut at = 0;
        for octet in value.to_be_bytes() {
            let (digits, length) = OCTETS.get(usize::from(octet)).copied().unwrap_or_default();
            if let Some(place) = text.get_mut(at..at + 3) {
                place.copy_from_slice(&digits);
            }
            at += usize::from(length) + 1;
            if let Some(dot) = text.get_mut(at - 1) {
                *dot = b'.';
            }
        }
        if let Some(blank) = text.get_mut(at - 1) {
            *blank = b' ';
        }
        out.extend_from_slice(text.get(..at).unwrap_or_default());
        return;
    }
    let mut text = String::with_capacity(40);
    let address: IpAddr = names.address(address);
    // Writing to a string cannot fail.
    let _ = write!(text, "{address} ");
    out.extend_from_slice(text.as_bytes());
}

fn push_number(out: &mut Vec<u8>, mut number: u64) {
    let mut digits = [0; 20];
    let mut from = digits.len();
    while let Some(place) = digits.get_mut(from.wrapping_sub(1)) {
        from -= 1;
        *place = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(digits.get(from..).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_std_writes_them() {
        for number in [0, 1, 9, 10, 255, 65_535, 1_234_567_890, u64::MAX] {
            let mut out = b"x".to_vec();
            push_number(&mut out, number);
            assert_eq!(out, format!("x{number}").into_bytes());
        }
    }
}
