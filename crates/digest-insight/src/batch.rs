//! Some lines of a digest, read: their text, and what stands in it as numbers.

use std::net::IpAddr;

use digest_core::{DigestLine, Edge, LineFault};
use memchr::memchr;

/// Lines that follow one another.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    text: Vec<u8>,
    rows: Vec<Row>,
}

/// A line. Names are where they stand in the text.
#[derive(Debug, Clone, Copy)]
struct Row {
    account: (u32, u32),
    interface: (u32, u32),
    action: (u32, u32),
    srcaddr: IpAddr,
    dstaddr: IpAddr,
    ports: Option<(u16, u16)>,
    protocol: u8,
    packets: u64,
    bytes: u64,
    start: i64,
    end: i64,
}

impl Batch {
    /// Reads whole lines, each ended by a newline, in place of what was read before.
    ///
    /// # Errors
    /// The first line that is none of a digest's, counted from 0, and what is wrong with it.
    pub(crate) fn read(&mut self, lines: &[u8]) -> Result<(), (u64, LineFault)> {
        self.rows.clear();
        self.text.clear();
        self.text.extend_from_slice(lines);
        let mut at = 0;
        while let Some(rest) = self.text.get(at..).filter(|rest| !rest.is_empty()) {
            let length = memchr(b'\n', rest).unwrap_or(rest.len());
            let line = rest.get(..length).unwrap_or_default();
            let DigestLine { edge, start, end } =
                DigestLine::parse(line).map_err(|fault| (self.rows.len() as u64, fault))?;
            // Version and a blank before the account, a blank and the status behind the action.
            let account = (at + 2, edge.account_id.len());
            let interface = (account.0 + account.1 + 1, edge.interface_id.len());
            let action = (at + length - 3 - edge.action.len(), edge.action.len());
            // A block is far shorter than 4 GiB.
            let place = |(from, length): (usize, usize)| (from as u32, (from + length) as u32);
            self.rows.push(Row {
                account: place(account),
                interface: place(interface),
                action: place(action),
                srcaddr: edge.srcaddr,
                dstaddr: edge.dstaddr,
                ports: edge.ports,
                protocol: edge.protocol,
                packets: edge.packets,
                bytes: edge.bytes,
                start,
                end,
            });
            at += length + 1;
        }
        Ok(())
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    #[inline]
    pub(crate) fn line(&self, at: usize) -> Option<DigestLine<'_>> {
        let row = self.rows.get(at)?;
        let name = |(from, to): (u32, u32)| self.text.get(from as usize..to as usize).unwrap_or_default();
        Some(DigestLine {
            edge: Edge {
                account_id: name(row.account),
                interface_id: name(row.interface),
                srcaddr: row.srcaddr,
                dstaddr: row.dstaddr,
                ports: row.ports,
                protocol: row.protocol,
                packets: row.packets,
                bytes: row.bytes,
                action: name(row.action),
                dimensions: digest_core::Dimensions::default(),
                history: None,
            },
            start: row.start,
            end: row.end,
        })
    }
}
