//! Lines of a digest: the 14 columns of the default format.

use std::fmt::Write as _;
use std::net::IpAddr;
use std::ops::Range;
use std::sync::LazyLock;

use crate::address::Address;
use crate::digest::{Held, Section, Visitor};
use crate::edge::Edge;
use crate::key::ports_of;
use crate::memory::Memory;
use crate::merge::Part;
use crate::run::Row;
use crate::table::Entry;

/// Writes lines into a buffer that is used again.
pub(crate) struct Lines {
    /// What follows the bytes of a line with this action: times, action, status.
    endings: Vec<Vec<u8>>,
    out: Vec<u8>,
    /// The source address written last, as text: many lines in a row share it.
    last: (Option<Address>, Vec<u8>),
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

impl Lines {
    /// Lines of a digest with this span and these actions.
    pub(crate) fn of(span: Option<(i64, i64)>, actions: &[Vec<u8>]) -> Self {
        let times = span.map_or(String::new(), |(start, end)| format!("{start} {end}"));
        let ending = |action: &Vec<u8>| [b" ", times.as_bytes(), b" ", action, b" OK\n"].concat();
        Self {
            endings: actions.iter().map(ending).collect(),
            out: Vec::new(),
            last: (None, Vec::new()),
        }
    }

    /// Writes these lines of a digest in memory.
    pub(crate) fn write(&mut self, held: &Held, lines: Range<usize>, out: &mut Vec<u8>) {
        out.clear();
        std::mem::swap(&mut self.out, out);
        held.visit(lines, &mut Writing(self));
        std::mem::swap(&mut self.out, out);
    }

    /// Writes the lines of merged edges.
    pub(crate) fn write_parts(&mut self, parts: &[Part], out: &mut Vec<u8>) {
        out.clear();
        std::mem::swap(&mut self.out, out);
        for part in parts {
            let begin = begin(&part.names.0, &part.names.1);
            for (row, sums) in &part.rows {
                self.push(&begin, row, sums.packets, sums.bytes);
            }
        }
        std::mem::swap(&mut self.out, out);
    }

    fn push(&mut self, begin: &[u8], row: &Row, packets: u64, bytes: u64) {
        self.out.extend_from_slice(begin);
        if self.last.0 != Some(row.src) {
            self.last.0 = Some(row.src);
            self.last.1.clear();
            push_address(&mut self.last.1, row.src);
        }
        self.out.extend_from_slice(&self.last.1);
        push_address(&mut self.out, row.dst);
        match ports_of(row.service) {
            Some((src, dst)) => {
                push_number(&mut self.out, src.into());
                self.out.push(b' ');
                push_number(&mut self.out, dst.into());
            }
            None => self.out.extend_from_slice(b"- -"),
        }
        for number in [(row.service & 0xff).into(), packets, bytes] {
            self.out.push(b' ');
            push_number(&mut self.out, number);
        }
        let ending = self.endings.get(row.action as usize);
        self.out
            .extend_from_slice(ending.map_or(b"\n".as_slice(), Vec::as_slice));
    }
}

/// Appends an edge's line, as a digest of this span has it.
pub(crate) fn push_line(out: &mut Vec<u8>, edge: &Edge<'_>, (start, end): (i64, i64)) {
    out.extend_from_slice(&begin(edge.account_id, edge.interface_id));
    push_address(out, edge.srcaddr.into());
    push_address(out, edge.dstaddr.into());
    match edge.ports {
        Some((src, dst)) => {
            push_number(out, src.into());
            out.push(b' ');
            push_number(out, dst.into());
        }
        None => out.extend_from_slice(b"- -"),
    }
    let protocol = edge.protocol.into();
    for number in [protocol, edge.packets, edge.bytes, start as u64, end as u64] {
        out.push(b' ');
        push_number(out, number);
    }
    out.push(b' ');
    out.extend_from_slice(edge.action);
    out.extend_from_slice(b" OK\n");
}

/// What every line of an interface begins with.
fn begin(account: &[u8], interface: &[u8]) -> Vec<u8> {
    [b"2 ", account, b" ", interface, b" "].concat()
}

/// Lines on their way from a digest in memory.
struct Writing<'l>(&'l mut Lines);

impl Visitor for Writing<'_> {
    fn visit<M: Memory>(&mut self, section: &Section<M>, entries: &[Entry<M>]) {
        let begin = begin(&section.account, &section.interface);
        for entry in entries {
            let row = section.row(entry.key);
            self.0.push(&begin, &row, entry.packets, entry.bytes);
        }
    }
}

/// An address and a blank: IPv4 dotted; IPv6 in its one canonical spelling (RFC 5952), which the standard library
/// writes.
fn push_address(out: &mut Vec<u8>, address: Address) {
    if let Address::V4(value) = address {
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
    let address = IpAddr::from(address);
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
