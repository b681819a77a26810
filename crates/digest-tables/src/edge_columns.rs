//! The columns of the table of edges: what stands in them, and what of an edge goes where.

use digest_core::Edge;

use crate::column::{AnyColumn, Column, Ip, Numbers, Plain, Ports};
use crate::origins::Origin;

/// The table's columns, in order. Text that a format or a record lacks is null, never `-`.
pub(crate) const SCHEMA: &str = "message edges {
    optional binary account_id (string);
    optional binary region (string);
    optional binary interface_id (string);
    optional binary flow_direction (string);
    optional int32 traffic_path;
    required binary srcaddr (string);
    required binary dstaddr (string);
    optional int64 srcaddr_v4;
    optional int64 dstaddr_v4;
    optional binary pkt_srcaddr (string);
    optional binary pkt_dstaddr (string);
    optional int32 srcport;
    optional int32 dstport;
    required int32 protocol;
    optional binary action (string);
    optional binary reject_reason (string);
    required binary fold (string);
    required int64 packets;
    required int64 bytes;
    required int64 records;
    required int64 syn_records;
    required int64 synack_records;
    required int64 rst_records;
    required int64 first_seen;
    required int64 last_seen;
    optional int32 folded_port_min;
    optional int32 folded_port_max;
    optional int32 tcp_flags;
    required int64 log_versions;
    optional binary src_aws_service (string);
    optional binary dst_aws_service (string);
}";

/// Columns with a bloom filter: what is asked for by its one value.
pub(crate) const FILTERED: [&str; 7] = [
    "interface_id",
    "srcaddr",
    "dstaddr",
    "pkt_srcaddr",
    "pkt_dstaddr",
    "srcaddr_v4",
    "dstaddr_v4",
];

type Text = Column<Vec<u8>>;

/// The columns of some edges.
#[derive(Debug, Default)]
pub(crate) struct EdgeColumns {
    account_id: Text,
    region: Text,
    interface_id: Text,
    flow_direction: Text,
    traffic_path: Column<i32>,
    srcaddr: Column<Ip>,
    dstaddr: Column<Ip>,
    srcaddr_v4: Numbers,
    dstaddr_v4: Numbers,
    pkt_srcaddr: Column<Ip>,
    pkt_dstaddr: Column<Ip>,
    srcport: Ports,
    dstport: Ports,
    protocol: Column<i32>,
    action: Text,
    reject_reason: Text,
    fold: Text,
    packets: Column<i64>,
    bytes: Plain,
    records: Column<i64>,
    syn_records: Column<i64>,
    synack_records: Column<i64>,
    rst_records: Column<i64>,
    first_seen: Column<i64>,
    last_seen: Column<i64>,
    folded_port_min: Ports,
    folded_port_max: Ports,
    tcp_flags: Column<i32>,
    log_versions: Column<i64>,
    src_aws_service: Text,
    dst_aws_service: Text,
}

impl EdgeColumns {
    /// An edge with a history, whose records were delivered there.
    pub(crate) fn push(&mut self, edge: &Edge<'_>, origin: Origin<'_>) {
        self.push_keys(edge, origin);
        self.push_measures(edge);
    }

    fn push_keys(&mut self, edge: &Edge<'_>, origin: Origin<'_>) {
        let account = named(edge.account_id).or(origin.account.map(str::as_bytes));
        self.account_id.push_option(account);
        self.region.push_option(origin.region.map(str::as_bytes));
        self.interface_id.push_option(named(edge.interface_id));
        let further = &edge.dimensions;
        self.flow_direction.push_option(further.flow_direction);
        self.traffic_path.push_option(further.traffic_path.as_ref());
        self.srcaddr.push(&Ip(edge.srcaddr));
        self.dstaddr.push(&Ip(edge.dstaddr));
        self.pkt_srcaddr.push_option(further.pkt_srcaddr.map(Ip).as_ref());
        self.pkt_dstaddr.push_option(further.pkt_dstaddr.map(Ip).as_ref());
        self.srcport.push(edge.ports.map(|(src, _)| src));
        self.dstport.push(edge.ports.map(|(_, dst)| dst));
        self.protocol.push(&edge.protocol.into());
        self.action.push_option(named(edge.action));
        self.reject_reason.push_option(further.reject_reason);
        self.src_aws_service.push_option(further.pkt_src_aws_service);
        self.dst_aws_service.push_option(further.pkt_dst_aws_service);
    }

    fn push_measures(&mut self, edge: &Edge<'_>) {
        let history = edge.history.unwrap_or_default();
        let folded = history.folded_ports;
        self.fold.push(fold_of(edge.ports, folded));
        self.packets.push(&signed(edge.packets));
        self.bytes.push(signed(edge.bytes));
        self.records.push(&signed(history.records));
        self.syn_records.push(&signed(history.syn));
        self.synack_records.push(&signed(history.synack));
        self.rst_records.push(&signed(history.rst));
        self.first_seen.push(&history.first_seen);
        self.last_seen.push(&history.last_seen);
        self.folded_port_min.push(folded.map(|(least, _)| least));
        self.folded_port_max.push(folded.map(|(_, greatest)| greatest));
        self.tcp_flags
            .push_option(history.tcp_flags.map(i32::from).as_ref());
        self.log_versions.push(&history.versions.into());
    }

    /// All columns, full, in the schema's order.
    pub(crate) fn all(&mut self) -> [&mut dyn AnyColumn; 31] {
        self.srcaddr_v4.of(&self.srcaddr);
        self.dstaddr_v4.of(&self.dstaddr);
        [
            &mut self.account_id,
            &mut self.region,
            &mut self.interface_id,
            &mut self.flow_direction,
            &mut self.traffic_path,
            &mut self.srcaddr,
            &mut self.dstaddr,
            &mut self.srcaddr_v4,
            &mut self.dstaddr_v4,
            &mut self.pkt_srcaddr,
            &mut self.pkt_dstaddr,
            &mut self.srcport,
            &mut self.dstport,
            &mut self.protocol,
            &mut self.action,
            &mut self.reject_reason,
            &mut self.fold,
            &mut self.packets,
            &mut self.bytes,
            &mut self.records,
            &mut self.syn_records,
            &mut self.synack_records,
            &mut self.rst_records,
            &mut self.first_seen,
            &mut self.last_seen,
            &mut self.folded_port_min,
            &mut self.folded_port_max,
            &mut self.tcp_flags,
            &mut self.log_versions,
            &mut self.src_aws_service,
            &mut self.dst_aws_service,
        ]
    }
}

/// Which port folding made 0. Where both ports of every record were equal, nothing was lost by it.
fn fold_of(ports: Option<(u16, u16)>, folded: Option<(u16, u16)>) -> &'static [u8] {
    match (ports, folded) {
        (None, _) => b"portless",
        (Some((src, dst)), Some((least, greatest))) if least == greatest && least == src.max(dst) => b"equal",
        (Some((0, _)), _) => b"src",
        (Some(_), _) => b"dst",
    }
}

/// What a name says; nothing where it says nothing.
fn named(name: &[u8]) -> Option<&[u8]> {
    Some(name).filter(|name| *name != b"-")
}

/// Sums are at most `i64::MAX`, and no log has more records than that.
fn signed(sum: u64) -> i64 {
    i64::try_from(sum).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fold_says_which_port_is_lost() {
        let fold = |ports, folded| str::from_utf8(fold_of(ports, folded)).unwrap();
        assert_eq!(fold(None, None), "portless");
        assert_eq!(fold(Some((0, 443)), Some((50_000, 50_001))), "src");
        assert_eq!(fold(Some((443, 0)), Some((50_000, 50_000))), "dst");
        assert_eq!(fold(Some((0, 123)), Some((123, 123))), "equal");
        assert_eq!(fold(Some((0, 123)), Some((123, 124))), "src");
        // What has no ports of its own, ICMP for one, is logged with 0 for both.
        assert_eq!(fold(Some((0, 0)), Some((0, 0))), "equal");
        assert_eq!(fold(Some((0, 0)), Some((0, 80))), "src");
    }

    #[test]
    fn every_column_has_its_place() {
        let names = SCHEMA
            .lines()
            .filter(|line| line.trim_start().starts_with(['o', 'r']));
        assert_eq!(names.count(), EdgeColumns::default().all().len());
        for name in FILTERED {
            assert!(SCHEMA.contains(&format!(" {name}")), "{name}");
        }
    }
}
