//! A digest as text: 14 columns of the default format, and that text as one gzip member.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::net::IpAddr;

use flate2::{Compression, GzBuilder};
use sha2::{Digest as _, Sha256};

use crate::digest::Digest;
use crate::edge::Edge;

/// Text written at a time.
const BLOCK: usize = 64 * 1024;

/// What was written as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextSummary {
    /// Lines, one an edge.
    pub lines: u64,
    /// Bytes of text.
    pub bytes: u64,
    /// SHA-256 of the text, in hex.
    pub sha256: String,
}

/// What was written as gzip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GzipSummary {
    /// The text inside.
    pub text: TextSummary,
    /// Bytes of gzip.
    pub bytes: u64,
    /// SHA-256 of the gzip bytes, in hex.
    pub sha256: String,
}

impl Digest {
    /// Writes the digest's text: a line an edge, each ended by a newline; nothing at all for an empty digest.
    ///
    /// Columns: version (always 2), account-id, interface-id, srcaddr, dstaddr, srcport, dstport, protocol, packets,
    /// bytes, start and end (of the whole digest), action, log-status (always OK).
    ///
    /// # Errors
    /// Whatever `out` returns.
    pub fn write_text(&self, out: &mut dyn Write) -> io::Result<TextSummary> {
        let mut out = Measured::new(out);
        let times = self
            .span()
            .map_or(String::new(), |(start, end)| format!("{start} {end}"));
        let mut block = Vec::with_capacity(BLOCK + 1024);
        for edge in self.lines() {
            push_line(&mut block, &edge, &times);
            if block.len() >= BLOCK {
                out.write_all(&block)?;
                block.clear();
            }
        }
        out.write_all(&block)?;
        out.flush()?;
        let (bytes, sha256) = out.finish();
        Ok(TextSummary {
            lines: self.edges() as u64,
            bytes,
            sha256,
        })
    }

    /// Writes the text as one gzip member, whose header names neither a time nor a file nor a system, so that one
    /// build of the program always gives the same bytes.
    ///
    /// # Errors
    /// Whatever `out` returns.
    pub fn write_gzip(&self, out: &mut dyn Write) -> io::Result<GzipSummary> {
        /// "Unknown" in the gzip header.
        const NO_SYSTEM: u8 = 255;
        let mut encoder = GzBuilder::new()
            .mtime(0)
            .operating_system(NO_SYSTEM)
            .write(Measured::new(out), Compression::default());
        let text = self.write_text(&mut encoder)?;
        let mut out = encoder.finish()?;
        out.flush()?;
        let (bytes, sha256) = out.finish();
        Ok(GzipSummary { text, bytes, sha256 })
    }
}

/// One line of the digest.
fn push_line(out: &mut Vec<u8>, edge: &Edge<'_>, times: &str) {
    out.extend_from_slice(b"2 ");
    for name in [edge.account_id, edge.interface_id] {
        out.extend_from_slice(name);
        out.push(b' ');
    }
    for address in [edge.srcaddr, edge.dstaddr] {
        push_address(out, address);
        out.push(b' ');
    }
    match edge.ports {
        Some((src, dst)) => {
            push_number(out, src.into());
            out.push(b' ');
            push_number(out, dst.into());
        }
        None => out.extend_from_slice(b"- -"),
    }
    for number in [edge.protocol.into(), edge.packets, edge.bytes] {
        out.push(b' ');
        push_number(out, number);
    }
    out.push(b' ');
    out.extend_from_slice(times.as_bytes());
    out.push(b' ');
    out.extend_from_slice(edge.action);
    out.extend_from_slice(b" OK\n");
}

/// IPv4 dotted; IPv6 in its one canonical spelling (RFC 5952), which the standard library writes.
fn push_address(out: &mut Vec<u8>, address: IpAddr) {
    match address {
        IpAddr::V4(address) => {
            let [a, b, c, d] = address.octets();
            push_number(out, a.into());
            for octet in [b, c, d] {
                out.push(b'.');
                push_number(out, octet.into());
            }
        }
        IpAddr::V6(address) => {
            let mut text = String::with_capacity(40);
            // Writing to a string cannot fail.
            let _ = write!(text, "{address}");
            out.extend_from_slice(text.as_bytes());
        }
    }
}

fn push_number(out: &mut Vec<u8>, mut number: u64) {
    let from = out.len();
    loop {
        out.push(b'0' + (number % 10) as u8);
        number /= 10;
        if number == 0 {
            break;
        }
    }
    if let Some(digits) = out.get_mut(from..) {
        digits.reverse();
    }
}

/// A writer that measures what passes through.
struct Measured<'w> {
    out: &'w mut dyn Write,
    hash: Sha256,
    bytes: u64,
}

impl<'w> Measured<'w> {
    fn new(out: &'w mut dyn Write) -> Self {
        Self {
            out,
            hash: Sha256::new(),
            bytes: 0,
        }
    }

    fn finish(self) -> (u64, String) {
        let mut hex = String::with_capacity(64);
        for byte in self.hash.finalize() {
            // Writing to a string cannot fail.
            let _ = write!(hex, "{byte:02x}");
        }
        (self.bytes, hex)
    }
}

impl Write for Measured<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.hash.update(bytes.get(..written).unwrap_or(bytes));
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
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
