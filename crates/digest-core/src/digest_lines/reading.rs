//! Reading lines: each as nearly all are, or by itself.

use memchr::memchr;

use super::{
    ACCEPT, Cell, DST_AT, DST_PORT_AT, HAS_PORTS, Names, Other, PROTOCOL_AT, REJECT, Row, Rows, SRC_AT,
    SRC_PORT_AT, service,
};
use crate::address::Address;
use crate::digest_line::DigestLine;
use crate::number::{MOST_COUNTER, decimal};
use crate::regular::{Own, cell, no_places, split};
use crate::vector::{BEFORE, Lanes, PAD, Padded, Pass, View};

/// Columns of a line.
const COLUMNS: usize = 14;

/// Lines that are to be read.
pub(super) struct Reading<'a> {
    pub(super) text: Padded<'a>,
    pub(super) rows: &'a mut Rows,
}

/// What the next line is held against: a line that was read, and where in its view account and interface end, and the
/// times stand, each with the delimiter behind it.
#[derive(Clone, Copy)]
struct Before<'a> {
    line: &'a View,
    names_end: u32,
    times: Cell,
}

impl Pass for Reading<'_> {
    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let Self { text, rows } = self;
        let mut own = no_places();
        let mut before: Option<Before<'_>> = None;
        let mut at = PAD as u32;
        while at < text.end() {
            let regular = match text.view(at) {
                Some(line) => regular(lanes, line, at, &mut own, &mut before, rows),
                None => None,
            };
            let length = match regular {
                Some(length) => length,
                None => {
                    before = None;
                    match rows.push_other(text, at) {
                        Some(length) => length,
                        None => return,
                    }
                }
            };
            at += length;
        }
    }
}

/// Reads a line as nearly all are; gives its length with its newline. As in every pass, the standard library calls no
/// closure: what it calls would not be compiled for the vectors.
#[inline(always)]
fn regular<'a, L: Lanes>(
    lanes: L,
    line: &'a View,
    at: u32,
    own: &mut Own,
    before: &mut Option<Before<'a>>,
    rows: &mut Rows,
) -> Option<u32> {
    let behind = split(lanes, line, BEFORE, own.get_mut(..=COLUMNS)?, true)?;
    let (version, action, status) = (cell(own, 0), cell(own, 12), cell(own, 13));
    if line.get(version.0, version.1) != b"2" || line.get(status.0, status.1) != b"OK" {
        return None;
    }
    let action = match line.get(action.0, action.1) {
        b"ACCEPT" => ACCEPT,
        b"REJECT" => REJECT,
        _ => return None,
    };
    // Six at a time: the last is read twice.
    let [src, dst, protocol] = [cell(own, 5), cell(own, 6), cell(own, 7)];
    let [packets, bytes] = [cell(own, 8), cell(own, 9)];
    let [src, dst, protocol, packets, bytes, _] =
        lanes.numbers(line, [src, dst, protocol, packets, bytes, bytes])?;
    if src | dst > 0xffff || protocol > 0xff {
        return None;
    }
    let ends = [cell(own, 3), cell(own, 4)];
    let (addresses, are_other) = lanes.addresses(line, ends);
    let mut other = 0;
    if are_other != 0 {
        let action = cell(own, 12);
        let action = (at + action.0 - BEFORE, at + action.1 - BEFORE);
        rows.others.push(others(line, ends, action)?);
        other = rows.others.len() as u32;
    }
    let names_end = cell(own, 2).1;
    let times = (cell(own, 10).0, cell(own, 11).1);
    let is_alike = match before {
        Some(before) => {
            before.names_end == names_end
                && before.times.1 - before.times.0 == times.1 - times.0
                && lanes.same(before.line, BEFORE, line, BEFORE, names_end + 1 - BEFORE)
                && lanes.same(before.line, before.times.0, line, times.0, times.1 + 1 - times.0)
        }
        None => false,
    };
    if !is_alike {
        rows.names.push(names(line, at, own)?);
        *before = Some(Before {
            line,
            names_end,
            times,
        });
    }
    // Of addresses that are others the key's order is not asked.
    let [srcaddr, dstaddr] = addresses;
    rows.rows.push(Row {
        key: (srcaddr as u128) << SRC_AT
            | (dstaddr as u128) << DST_AT
            | HAS_PORTS
            | (src as u128) << SRC_PORT_AT
            | (dst as u128) << DST_PORT_AT
            | (protocol as u128) << PROTOCOL_AT
            | action,
        packets: packets as u64,
        bytes: bytes as u64,
        names: (rows.names.len() - 1) as u32,
        other,
    });
    Some(behind - BEFORE)
}

/// What the key of a line with an IPv6 address does not say; `None` where one of them is none.
#[inline(never)]
fn others(line: &View, [src, dst]: [Cell; 2], action: Cell) -> Option<Other> {
    Some(Other {
        srcaddr: Address::parse(line.get(src.0, src.1))?.into(),
        dstaddr: Address::parse(line.get(dst.0, dst.1))?.into(),
        action,
    })
}

/// What a line shares with its neighbours; `None` where its times are none.
#[inline(never)]
fn names(line: &View, at: u32, own: &Own) -> Option<Names> {
    let time = |column: u8| {
        let (from, to) = cell(own, column);
        // At most i64::MAX.
        decimal(line.get(from, to), MOST_COUNTER).map(|time| time as i64)
    };
    let place = |column: u8| {
        let (from, to) = cell(own, column);
        (at + from - BEFORE, at + to - BEFORE)
    };
    Some(Names {
        account: place(1),
        interface: place(2),
        start: time(10)?,
        end: time(11)?,
    })
}

impl Rows {
    /// Reads a line by itself; gives its length with its newline. `None` where it is none of a digest's.
    #[inline(never)]
    fn push_other(&mut self, text: Padded<'_>, at: u32) -> Option<u32> {
        let rest = text.get(at, text.end());
        let length = memchr(b'\n', rest).unwrap_or(rest.len());
        let line = rest.get(..length).unwrap_or_default();
        let DigestLine { edge, start, end } = match DigestLine::parse(line) {
            Ok(line) => line,
            Err(fault) => {
                self.fault = Some(fault);
                return None;
            }
        };
        // Version and a blank before the account, a blank and the status behind the action.
        let account = at + 2;
        let interface = account + edge.account_id.len() as u32 + 1;
        let action = at + (length - 3 - edge.action.len()) as u32;
        let place = |from: u32, token: &[u8]| (from, from + token.len() as u32);
        let is_alike = self.names.last().is_some_and(|names| {
            let token = |(from, to): Cell| text.get(from, to);
            token(names.account) == edge.account_id
                && token(names.interface) == edge.interface_id
                && (names.start, names.end) == (start, end)
        });
        if !is_alike {
            self.names.push(Names {
                account: place(account, edge.account_id),
                interface: place(interface, edge.interface_id),
                start,
                end,
            });
        }
        self.others.push(Other {
            srcaddr: edge.srcaddr,
            dstaddr: edge.dstaddr,
            action: place(action, edge.action),
        });
        self.rows.push(Row {
            key: service(edge.ports, edge.protocol),
            packets: edge.packets,
            bytes: edge.bytes,
            names: (self.names.len() - 1) as u32,
            other: self.others.len() as u32,
        });
        Some(length as u32 + 1)
    }
}
