//! Rows of a table of edges as edges.

use digest_core::{Dimensions, Edge, History};

use crate::edge_schema::Side;
use crate::reading::addresses::Addresses;
use crate::reading::chunk;
use crate::reading::condition::Looked;
use crate::reading::error::{TableReadError, corrupt};
use crate::reading::table_file::TableFile;
use crate::reading::told::Told;
use crate::reading::values::{Column, Rows, Values};

/// Which columns are read besides those of the text: what is not read is as if nothing were known of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wanted {
    /// Records, their flags, and the ports that became 0.
    pub connections: bool,
    /// When it was first and last seen.
    pub seen: bool,
    /// Region, versions, and what tells edges of one line apart.
    pub further: bool,
}

impl Wanted {
    /// All columns.
    pub const ALL: Self = Self {
        connections: true,
        seen: true,
        further: true,
    };
}

/// Rows of a row group, in the table's order.
#[derive(Debug)]
pub struct EdgeRows {
    count: usize,
    wanted: Wanted,
    account: Column,
    interface: Column,
    source: Addresses,
    destination: Addresses,
    srcport: Column,
    dstport: Column,
    protocol: Column,
    action: Column,
    packets: Column,
    bytes: Column,
    /// Records, syn, synack, rst, flags.
    connections: [Column; 5],
    folded: [Column; 2],
    seen: [Column; 2],
    versions: Column,
    region: Column,
    direction: Column,
    path: Column,
    packet: [Addresses; 2],
    reason: Column,
    services: [Column; 2],
    told: Told,
}

const ABSENT: &[u8] = b"-";
const FLAGS: [&str; 5] = [
    "records",
    "syn_records",
    "synack_records",
    "rst_records",
    "tcp_flags",
];

/// A column of numbers that lie between two bounds.
fn numbers(
    file: &TableFile,
    group: usize,
    name: &str,
    rows: Rows<'_>,
    greatest: i64,
) -> Result<Column, TableReadError> {
    let column = chunk::read_named(file, group, name, rows)?;
    match &column.values {
        Values::Numbers(values) if values.iter().all(|value| (0..=greatest).contains(value)) => Ok(column),
        _ => Err(corrupt("a number that is out of its column's range")),
    }
}

impl EdgeRows {
    /// Reads the wanted columns of these rows. What was looked at already is not read again.
    pub(crate) fn read(
        file: &TableFile,
        group: usize,
        wanted: Wanted,
        rows: Rows<'_>,
        looked: Looked,
    ) -> Result<Self, TableReadError> {
        let (port, any) = (u16::MAX.into(), i64::MAX);
        let number = |name: &str, greatest: i64, is_wanted: bool| match is_wanted {
            true => numbers(file, group, name, rows, greatest),
            false => Ok(Column::absent()),
        };
        let text = |name: &str, is_wanted: bool| match is_wanted {
            true => chunk::read_named(file, group, name, rows),
            false => Ok(Column::absent()),
        };
        let side = |looked: Option<Addresses>, side: Side| match looked {
            Some(looked) => looked.of(rows).with_v6(file, group, side, rows),
            None => Addresses::read_v4(file, group, side, rows)?.with_v6(file, group, side, rows),
        };
        let packet = |name: &str| match wanted.further {
            true => Addresses::by_text(file, group, name, rows),
            false => Ok(Addresses::default()),
        };
        let [records, syn, synack, rst, flags] = FLAGS;
        let (connections, seen, further) = (wanted.connections, wanted.seen, wanted.further);
        let seen_at = |name: &str| text(name, seen);
        Ok(Self {
            count: rows.len(),
            wanted,
            account: text("account_id", true)?,
            interface: text("interface_id", true)?,
            source: side(looked.source, Side::SOURCE)?,
            destination: side(looked.destination, Side::DESTINATION)?,
            srcport: number("srcport", port, true)?,
            dstport: number("dstport", port, true)?,
            protocol: number("protocol", u8::MAX.into(), true)?,
            action: text("action", true)?,
            packets: number("packets", any, true)?,
            bytes: number("bytes", any, true)?,
            connections: [
                number(records, any, connections)?,
                number(syn, any, connections)?,
                number(synack, any, connections)?,
                number(rst, any, connections)?,
                number(flags, u8::MAX.into(), connections)?,
            ],
            folded: [
                number("folded_port_min", port, connections)?,
                number("folded_port_max", port, connections)?,
            ],
            seen: [seen_at("first_seen")?, seen_at("last_seen")?],
            versions: number("log_versions", u32::MAX.into(), further)?,
            region: text("region", further)?,
            direction: text("flow_direction", further)?,
            path: number("traffic_path", i32::MAX.into(), further)?,
            packet: [packet("pkt_srcaddr")?, packet("pkt_dstaddr")?],
            reason: text("reject_reason", further)?,
            services: [
                text("src_aws_service", further)?,
                text("dst_aws_service", further)?,
            ],
            told: Told::read(rows, |name| text(name, further))?,
        })
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// All of them, in order: as [`EdgeRows::edge`], with what columns have in common found out once.
    ///
    /// # Errors
    /// What `take` returns, at once.
    pub fn for_each<E>(&self, mut take: impl FnMut(usize, &Edge<'_>) -> Result<(), E>) -> Result<(), E> {
        let (account, interface) = (self.account.texts(), self.interface.texts());
        let action = self.action.texts();
        let (srcport, dstport) = (self.srcport.numbers(), self.dstport.numbers());
        let (protocol, packets, bytes) = (
            self.protocol.numbers(),
            self.packets.numbers(),
            self.bytes.numbers(),
        );
        let (has_history, has_dimensions) = (self.wanted != Wanted::default(), self.wanted.further);
        for row in 0..self.count {
            let (Some(srcaddr), Some(dstaddr)) = (self.source.get(row), self.destination.get(row)) else {
                break;
            };
            let ports = srcport.get(row).zip(dstport.get(row));
            let edge = Edge {
                account_id: account.get(row).unwrap_or(ABSENT),
                interface_id: interface.get(row).unwrap_or(ABSENT),
                srcaddr,
                dstaddr,
                ports: ports.map(|(src, dst)| (src as u16, dst as u16)),
                protocol: protocol.count(row) as u8,
                packets: packets.count(row),
                bytes: bytes.count(row),
                action: action.get(row).unwrap_or(ABSENT),
                dimensions: match has_dimensions {
                    true => self.dimensions(row),
                    false => Dimensions::default(),
                },
                history: match has_history {
                    true => Some(self.history(row)),
                    false => None,
                },
            };
            take(row, &edge)?;
        }
        Ok(())
    }

    /// One of them, counted from 0. It has a history where any of it was wanted, with what was wanted of it. The account is that
    /// of the object's key where the records' format had none.
    #[inline]
    #[must_use]
    pub fn edge(&self, row: usize) -> Option<Edge<'_>> {
        Some(Edge {
            packets: self.packets.count(row),
            bytes: self.bytes.count(row),
            history: (self.wanted != Wanted::default()).then(|| self.history(row)),
            ..self.key(row)?
        })
    }

    /// The same, as far as it takes to put it in order: without history.
    #[inline]
    pub(crate) fn key(&self, row: usize) -> Option<Edge<'_>> {
        let (src, dst) = (self.source.get(row)?, self.destination.get(row)?);
        let ports = self.srcport.number(row).zip(self.dstport.number(row));
        Some(Edge {
            account_id: self.account.text(row).unwrap_or(ABSENT),
            interface_id: self.interface.text(row).unwrap_or(ABSENT),
            srcaddr: src,
            dstaddr: dst,
            ports: ports.map(|(src, dst)| (src as u16, dst as u16)),
            protocol: self.protocol.count(row) as u8,
            packets: 0,
            bytes: 0,
            action: self.action.text(row).unwrap_or(ABSENT),
            dimensions: if self.wanted.further {
                self.dimensions(row)
            } else {
                Dimensions::default()
            },
            history: None,
        })
    }

    /// Where an edge's records were delivered, by the keys of their objects.
    #[must_use]
    pub fn region(&self, row: usize) -> Option<&[u8]> {
        self.region.text(row)
    }

    fn history(&self, row: usize) -> History {
        let [records, syn, synack, rst, flags] = &self.connections;
        let [first, last] = &self.seen;
        let [least, greatest] = &self.folded;
        let folded = least.number(row).zip(greatest.number(row));
        History {
            records: records.count(row),
            syn: syn.count(row),
            synack: synack.count(row),
            rst: rst.count(row),
            first_seen: first.number(row).unwrap_or_default(),
            last_seen: last.number(row).unwrap_or_default(),
            tcp_flags: flags.number(row).map(|flags| flags as u8),
            versions: self.versions.count(row) as u32,
            folded_ports: folded.map(|(least, greatest)| (least as u16, greatest as u16)),
        }
    }

    fn dimensions(&self, row: usize) -> Dimensions<'_> {
        let [source, destination] = &self.packet;
        let [from, to] = &self.services;
        Dimensions {
            pkt_srcaddr: source.get(row),
            pkt_dstaddr: destination.get(row),
            flow_direction: self.direction.text(row),
            traffic_path: self.path.number(row).map(|path| path as i32),
            reject_reason: self.reason.text(row),
            pkt_src_aws_service: from.text(row),
            pkt_dst_aws_service: to.text(row),
            interface: self.told.of(row),
        }
    }
}
