//! One flow record, and the judgement of a row: is it counted, and if not, why.
//!
//! The checks run in one order, which decides what a row with several faults is called:
//!
//! 1. A header is a header, whatever its width. Another row must have its layout's width, or it is a bad row.
//! 2. The status: `OK` (or a format without that column) goes on. Other rows end here, and need no times; one whose
//!    start can be read and lies outside the window counts as outside, like any other record.
//! 3. The start, and by it the window. Of a row outside the window nothing more is looked at: a digest answers for its
//!    own records only.
//! 4. Whether a transit gateway tells of the flow a second time (`sighting.rs`). If so, nothing more is looked at.
//! 5. The values in the order of the digest's columns (srcaddr … bytes, end), then tcp-flags and version. The first one
//!    that is not as it should be decides: `-` makes the row unusable, anything else makes it a bad row. TCP flags,
//!    version, account, interface and action may be `-`.

use crate::address::Address;
use crate::error::{RowFault, quoted};
use crate::facet::{self, FURTHER};
use crate::field::Field;
use crate::layout::{Layout, Row, is_header, strange_header};
use crate::number::{self, MOST_COUNTER, decimal};
use crate::window::Window;

/// What stands where a value is absent.
pub(crate) const ABSENT: &[u8] = b"-";

/// Times of so much and more are milliseconds: as seconds they would lie beyond the year 5000.
pub(crate) const MILLISECONDS: u64 = 100_000_000_000;

/// Greatest version of the format that is understood as one: a bit each is kept.
const MOST_VERSION: u64 = 31;

/// A record that is counted, with its values.
#[derive(Debug)]
pub(crate) struct FlowRecord<'a> {
    /// Account, or `-`.
    pub(crate) account: &'a [u8],
    /// Interface, or `-`.
    pub(crate) interface: &'a [u8],
    pub(crate) src: Address,
    pub(crate) dst: Address,
    /// Source and destination port; `None` where the layout lacks either.
    pub(crate) ports: Option<(u16, u16)>,
    pub(crate) protocol: u8,
    pub(crate) packets: u64,
    pub(crate) bytes: u64,
    /// Action, or `-`.
    pub(crate) action: &'a [u8],
    /// What the edge may be told apart by besides, as it stands there.
    pub(crate) further: facet::Tokens<'a>,
    pub(crate) span: Span,
    /// `None` where the layout lacks the column or the value is `-`.
    pub(crate) tcp_flags: Option<u8>,
    /// `None` where the layout lacks the column or the value is `-`.
    pub(crate) version: Option<u8>,
    /// Whether it may tell of a flow a second time for all that the layout tells.
    pub(crate) is_doubtful: bool,
}

/// First and last second of a record, Unix time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: i64,
    pub(crate) end: i64,
}

impl Span {
    /// Both spans and what lies between them.
    pub(crate) fn with(self, other: Self) -> Self {
        Self {
            start: self.start.min(other.start),
            end: self.end.max(other.end),
        }
    }
}

/// What a row is.
#[derive(Debug)]
#[allow(
    clippy::large_enum_variant,
    reason = "nearly every verdict is the large one, and none is kept"
)]
pub(crate) enum Verdict<'a> {
    Counted(FlowRecord<'a>),
    Outside,
    /// A transit gateway's second row of one flow.
    SecondSighting,
    NoData(Silent<'a>),
    SkipData(Silent<'a>),
    OtherStatus(&'a [u8]),
    /// The field holds `-`, and a counted record needs its value.
    Unusable(Field),
    Header,
}

/// A row that tells of an interface's silence, or of records that were lost.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Silent<'a> {
    /// Account, or `-`.
    pub(crate) account: &'a [u8],
    /// Interface, or `-`.
    pub(crate) interface: &'a [u8],
    /// Where it can be read; and the whole span, where both ends can.
    pub(crate) start: Option<i64>,
    pub(crate) span: Option<Span>,
}

/// Judges a line that is not blank.
#[inline]
pub(crate) fn judge<'a>(
    line: &'a [u8],
    layout: &Layout,
    window: Option<&Window>,
) -> Result<Verdict<'a>, RowFault> {
    let row = match layout.split(line) {
        Ok(row) => row,
        Err(_) if is_header(line) => return Ok(Verdict::Header),
        Err(found) => {
            return Err(strange_header(line).unwrap_or_else(|| RowFault::FieldCount {
                found,
                expected: layout.width(),
                layout: layout.origin(),
            }));
        }
    };
    judge_row(&row, layout, window, || is_header(line)).map_err(|fault| strange_header(line).unwrap_or(fault))
}

/// Judges a row whose values stand in their places. Where its time cannot be read it may be a header.
#[inline]
pub(crate) fn judge_row<'a>(
    row: &Row<'a>,
    layout: &Layout,
    window: Option<&Window>,
    is_header: impl FnOnce() -> bool,
) -> Result<Verdict<'a>, RowFault> {
    let when = layout.time();
    // A line with a number is no header, so only a row whose time cannot be read may be one.
    let start = match seconds(row.get(when)) {
        Some(start) => Ok(start),
        None if is_header() => return Ok(Verdict::Header),
        None => Err(()),
    };
    let inside = |start: i64| window.is_none_or(|window| window.contains(start));
    if layout.has(Field::LogStatus) && row.get(Field::LogStatus) != b"OK" {
        return Ok(match start {
            Ok(start) if !inside(start) => Verdict::Outside,
            start => other_status(row, layout, start.ok()),
        });
    }
    let Ok(start) = start else {
        return unreadable(when, row.get(when), MOST_COUNTER);
    };
    if !inside(start) {
        return Ok(Verdict::Outside);
    }
    if layout.sightings().is_second(row) {
        return Ok(Verdict::SecondSighting);
    }
    values(row, layout, start)
}

/// Reads what a counted record needs beyond its start.
#[inline]
fn values<'a>(row: &Row<'a>, layout: &Layout, start: i64) -> Result<Verdict<'a>, RowFault> {
    macro_rules! address {
        ($field:expr) => {
            match Address::parse(row.get($field)) {
                Some(address) => address,
                None => return unreadable_address($field, row.get($field)),
            }
        };
    }
    macro_rules! number {
        ($field:expr, $most:expr) => {
            match decimal(row.get($field), $most) {
                Some(value) => value,
                None => return unreadable($field, row.get($field), $most),
            }
        };
    }
    let src = address!(Field::SrcAddr);
    let dst = address!(Field::DstAddr);
    let ports = if layout.has_ports() {
        let most = u64::from(u16::MAX);
        Some((
            number!(Field::SrcPort, most) as u16,
            number!(Field::DstPort, most) as u16,
        ))
    } else {
        None
    };
    let protocol = number!(Field::Protocol, u64::from(u8::MAX)) as u8;
    let packets = number!(Field::Packets, MOST_COUNTER);
    let bytes = number!(Field::Bytes, MOST_COUNTER);
    let end = if layout.has(Field::End) && layout.has(Field::Start) {
        match seconds(row.get(Field::End)) {
            Some(end) => end,
            None => return unreadable(Field::End, row.get(Field::End), MOST_COUNTER),
        }
    } else {
        start
    };
    Ok(Verdict::Counted(FlowRecord {
        account: or_absent(row.get(Field::AccountId)),
        interface: or_absent(row.get(Field::InterfaceId)),
        src,
        dst,
        ports,
        protocol,
        packets,
        bytes,
        action: or_absent(row.get(Field::Action)),
        further: FURTHER.map(|field| row.get(field)),
        span: Span { start, end },
        tcp_flags: optional(row, Field::TcpFlags, u64::from(u8::MAX))?,
        version: optional(row, Field::Version, MOST_VERSION)?,
        is_doubtful: layout.sightings().is_doubtful(row),
    }))
}

#[cold]
fn other_status<'a>(row: &Row<'a>, layout: &Layout, start: Option<i64>) -> Verdict<'a> {
    Verdict::of_status(row.get(Field::LogStatus), || {
        let end = if layout.has(Field::End) {
            seconds(row.get(Field::End))
        } else {
            start
        };
        Silent {
            account: or_absent(row.get(Field::AccountId)),
            interface: or_absent(row.get(Field::InterfaceId)),
            start,
            span: start.zip(end).map(|(start, end)| Span { start, end }),
        }
    })
}

impl<'a> Verdict<'a> {
    /// The verdict on a row whose status is not `OK`, and whose start is not outside the window.
    pub(crate) fn of_status(status: &'a [u8], silent: impl FnOnce() -> Silent<'a>) -> Self {
        match status {
            b"NODATA" => Self::NoData(silent()),
            b"SKIPDATA" => Self::SkipData(silent()),
            status => Self::OtherStatus(status),
        }
    }
}

/// A value that may be absent: by column, or as `-`. It fits a byte.
#[inline]
fn optional(row: &Row<'_>, field: Field, most: u64) -> Result<Option<u8>, RowFault> {
    let token = row.get(field);
    if token.is_empty() || token == ABSENT {
        return Ok(None);
    }
    match decimal(token, most) {
        Some(value) => Ok(Some(value as u8)),
        None => Err(number::fault(field, token, most)),
    }
}

/// A time in seconds, from seconds or milliseconds.
#[inline]
fn seconds(token: &[u8]) -> Option<i64> {
    i64::try_from(seconds_of(decimal(token, MOST_COUNTER)?)).ok()
}

/// A time in seconds, from seconds or milliseconds.
#[inline]
pub(crate) fn seconds_of(time: u64) -> u64 {
    if time >= MILLISECONDS { time / 1000 } else { time }
}

#[inline]
fn or_absent(token: &[u8]) -> &[u8] {
    if token.is_empty() { ABSENT } else { token }
}

#[cold]
fn unreadable<'a>(field: Field, token: &[u8], most: u64) -> Result<Verdict<'a>, RowFault> {
    if token == ABSENT {
        Ok(Verdict::Unusable(field))
    } else {
        Err(number::fault(field, token, most))
    }
}

#[cold]
fn unreadable_address<'a>(field: Field, token: &[u8]) -> Result<Verdict<'a>, RowFault> {
    if token == ABSENT {
        return Ok(Verdict::Unusable(field));
    }
    Err(RowFault::NotAnAddress {
        field: field.name(),
        token: quoted(token),
    })
}
