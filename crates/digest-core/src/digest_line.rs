//! A line of a digest, read back: what `line` writes, and what the Go service wrote.

use thiserror::Error;

use crate::address::Address;
use crate::dimensions::Dimensions;
use crate::edge::Edge;
use crate::error::{RowFault, quoted};
use crate::field::Field;
use crate::flow_record::ABSENT;
use crate::number::{self, MOST_COUNTER, decimal};

/// Columns of a line.
const COLUMNS: usize = 14;

/// One line of a digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DigestLine<'t> {
    /// The edge; its history is not in a line.
    pub edge: Edge<'t>,
    /// Least start of the digest's records, Unix seconds.
    pub start: i64,
    /// Greatest end of the digest's records, Unix seconds.
    pub end: i64,
}

/// Why a line is none of a digest's.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LineFault {
    /// A value cannot be, or there are more or fewer than 14.
    #[error(transparent)]
    Row(#[from] RowFault),
    /// Another version than 2.
    #[error("version is not 2: {0:?}")]
    Version(String),
    /// Another log-status than OK.
    #[error("log-status is not OK: {0:?}")]
    Status(String),
    /// More than 4 GiB of lines were to be read at once.
    #[error("more than 4 GiB of lines at once")]
    TooMuch,
    /// One port is there and the other is not.
    #[error("only one of srcport and dstport is -")]
    OnePort,
}

impl<'t> DigestLine<'t> {
    /// Reads a line without its newline. One blank stands between two columns.
    ///
    /// # Errors
    /// The first fault, from left to right.
    #[inline]
    pub fn parse(line: &'t [u8]) -> Result<Self, LineFault> {
        let mut tokens = Tokens { rest: Some(line) };
        let mut next = || tokens.next().ok_or_else(|| short(line));
        let version = next()?;
        if version != b"2" {
            return Err(LineFault::Version(quoted(version)));
        }
        let (account_id, interface_id) = (next()?, next()?);
        let srcaddr = address(Field::SrcAddr, next()?)?;
        let dstaddr = address(Field::DstAddr, next()?)?;
        let ports = ports(next()?, next()?)?;
        let protocol = counter(Field::Protocol, next()?, u8::MAX.into())? as u8;
        let packets = counter(Field::Packets, next()?, MOST_COUNTER)?;
        let bytes = counter(Field::Bytes, next()?, MOST_COUNTER)?;
        let start = counter(Field::Start, next()?, MOST_COUNTER)?;
        let end = counter(Field::End, next()?, MOST_COUNTER)?;
        let (action, status) = (next()?, next()?);
        if tokens.rest.is_some() || account_id.is_empty() || interface_id.is_empty() || action.is_empty() {
            return Err(short(line));
        }
        if status != b"OK" {
            return Err(LineFault::Status(quoted(status)));
        }
        let edge = Edge {
            account_id,
            interface_id,
            srcaddr: srcaddr.into(),
            dstaddr: dstaddr.into(),
            ports,
            protocol,
            packets,
            bytes,
            action,
            dimensions: Dimensions::default(),
            history: None,
        };
        // Both are at most i64::MAX.
        Ok(Self {
            edge,
            start: start as i64,
            end: end as i64,
        })
    }
}

/// Columns of a line; `None` behind the last.
struct Tokens<'t> {
    rest: Option<&'t [u8]>,
}

impl<'t> Tokens<'t> {
    #[inline]
    fn next(&mut self) -> Option<&'t [u8]> {
        let rest = self.rest?;
        let Some(at) = rest.iter().position(|&byte| byte == b' ') else {
            self.rest = None;
            return Some(rest);
        };
        self.rest = rest.get(at + 1..);
        rest.get(..at)
    }
}

#[inline]
fn address(field: Field, token: &[u8]) -> Result<Address, LineFault> {
    Address::parse(token).ok_or_else(|| {
        let (field, token) = (field.name(), quoted(token));
        RowFault::NotAnAddress { field, token }.into()
    })
}

#[inline]
fn counter(field: Field, token: &[u8], most: u64) -> Result<u64, LineFault> {
    decimal(token, most).ok_or_else(|| number::fault(field, token, most).into())
}

#[inline]
fn ports(src: &[u8], dst: &[u8]) -> Result<Option<(u16, u16)>, LineFault> {
    match (src == ABSENT, dst == ABSENT) {
        (true, true) => Ok(None),
        (false, false) => {
            let most = u16::MAX.into();
            let src = counter(Field::SrcPort, src, most)? as u16;
            Ok(Some((src, counter(Field::DstPort, dst, most)? as u16)))
        }
        _ => Err(LineFault::OnePort),
    }
}

#[cold]
fn short(line: &[u8]) -> LineFault {
    let blanks = line.iter().filter(|&&byte| byte == b' ').count();
    let fault = RowFault::FieldCount {
        found: blanks + 1,
        expected: COLUMNS,
        layout: "digest",
    };
    fault.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = "2 123 eni-1 10.0.0.1 2001:db8::1 0 443 6 3 100 5 9 ACCEPT OK";

    #[test]
    fn a_line_is_an_edge_and_its_times() {
        let line = DigestLine::parse(LINE.as_bytes()).unwrap();
        assert_eq!((line.start, line.end), (5, 9));
        let edge = line.edge;
        assert_eq!((edge.account_id, edge.interface_id), (&b"123"[..], &b"eni-1"[..]));
        assert_eq!(edge.srcaddr.to_string(), "10.0.0.1");
        assert_eq!(edge.dstaddr.to_string(), "2001:db8::1");
        assert_eq!((edge.ports, edge.protocol), (Some((0, 443)), 6));
        assert_eq!((edge.packets, edge.bytes, edge.action), (3, 100, &b"ACCEPT"[..]));
        let without = LINE.replace("0 443", "- -");
        assert_eq!(DigestLine::parse(without.as_bytes()).unwrap().edge.ports, None);
    }

    #[test]
    fn what_is_no_line_is_told_by_its_first_fault() {
        for (from, to, told) in [
            ("2 123", "3 123", "version is not 2"),
            ("2 123", "2  123", "srcaddr is not an IP address"),
            (" OK", "", "13 fields where the digest has 14"),
            (" OK", " OK ", "15 fields where the digest has 14"),
            (" OK", " NODATA", "log-status is not OK"),
            ("10.0.0.1", "10.0.0.256", "srcaddr is not an IP address"),
            ("2001:db8::1", "-", "dstaddr is not an IP address"),
            ("0 443", "- 443", "only one of srcport and dstport"),
            ("0 443", "0 65536", "dstport is out of range"),
            (" 6 ", " 256 ", "protocol is out of range"),
            (" 100 ", " 9223372036854775808 ", "bytes is out of range"),
            (" 100 ", " -1 ", "bytes is not a number"),
        ] {
            let line = LINE.replacen(from, to, 1);
            let fault = DigestLine::parse(line.as_bytes()).unwrap_err().to_string();
            assert!(fault.contains(told), "{line}: {fault}");
        }
    }
}
