//! The columns of the table of edges: what stands in them, and what of an edge goes where.

use digest_core::{Dimensions, Edge};

use crate::addresses::{Addresses, Numbers};
use crate::column::AnyColumn;
use crate::delta::Width;
use crate::measured::Measured;
use crate::numbers::{Near, Written, signed};
use crate::origins::Origin;
use crate::page::{Page, ROWS_OF_A_PAGE};
use crate::texts::{Texts, named};

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

/// The columns that have an address.
pub(crate) mod side {
    /// The columns of one side's address: as text, and as a number where it is of IPv4.
    #[derive(Debug, Clone, Copy)]
    pub(crate) struct Side {
        pub(crate) text: &'static str,
        pub(crate) number: &'static str,
    }

    pub(crate) const SOURCE: Side = Side {
        text: "srcaddr",
        number: "srcaddr_v4",
    };
    pub(crate) const DESTINATION: Side = Side {
        text: "dstaddr",
        number: "dstaddr_v4",
    };
}

/// Which port folding made 0, as the column `fold` names it.
const FOLDS: &[&str] = &["portless", "equal", "src", "dst"];
const PORTLESS: i64 = 0;
const EQUAL: i64 = 1;
const SRC: i64 = 2;
const DST: i64 = 3;

/// Measures that are the same from edge to edge where flags are not logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Seldom {
    syn: u64,
    synack: u64,
    rst: u64,
    tcp_flags: Option<u8>,
    versions: u32,
}

/// The columns of some edges.
#[derive(Debug)]
pub(crate) struct EdgeColumns {
    rows: u32,
    /// Pages are made here.
    page: Page,
    /// Whether the last row had none of the columns that [`EdgeColumns::push_further`] fills.
    is_bare: bool,
    /// What [`EdgeColumns::push_seldom`] was last told.
    seldom: Option<Seldom>,
    account_id: Texts,
    region: Texts,
    interface_id: Texts,
    flow_direction: Texts,
    traffic_path: Near,
    srcaddr: Addresses,
    dstaddr: Addresses,
    srcaddr_v4: Numbers,
    dstaddr_v4: Numbers,
    pkt_srcaddr: Addresses,
    pkt_dstaddr: Addresses,
    srcport: Near,
    dstport: Near,
    protocol: Near,
    action: Texts,
    reject_reason: Texts,
    fold: Near,
    packets: Measured,
    bytes: Measured,
    records: Measured,
    syn_records: Near,
    synack_records: Near,
    rst_records: Near,
    first_seen: Measured,
    last_seen: Measured,
    folded_port_min: Measured,
    folded_port_max: Measured,
    tcp_flags: Near,
    log_versions: Near,
    src_aws_service: Texts,
    dst_aws_service: Texts,
}

impl Default for EdgeColumns {
    fn default() -> Self {
        let int32 = || Near::small(Written::Int32);
        let int64 = || Near::small(Written::Int64);
        let sum = || Measured::required(Width::Int64);
        let port = || Measured::optional(Width::Int32);
        Self {
            rows: 0,
            page: Page::default(),
            is_bare: false,
            seldom: None,
            account_id: Texts::default(),
            region: Texts::default(),
            interface_id: Texts::default(),
            flow_direction: Texts::default(),
            traffic_path: int32(),
            srcaddr: Addresses::default(),
            dstaddr: Addresses::default(),
            srcaddr_v4: Numbers::default(),
            dstaddr_v4: Numbers::default(),
            pkt_srcaddr: Addresses::default(),
            pkt_dstaddr: Addresses::default(),
            srcport: int32(),
            dstport: int32(),
            protocol: int32(),
            action: Texts::default(),
            reject_reason: Texts::default(),
            fold: Near::small(Written::Names(FOLDS)),
            packets: sum(),
            bytes: sum(),
            records: sum(),
            syn_records: int64(),
            synack_records: int64(),
            rst_records: int64(),
            first_seen: sum(),
            last_seen: sum(),
            folded_port_min: port(),
            folded_port_max: port(),
            tcp_flags: int32(),
            log_versions: int64(),
            src_aws_service: Texts::default(),
            dst_aws_service: Texts::default(),
        }
    }
}

impl EdgeColumns {
    /// Rows that were pushed.
    pub(crate) fn rows(&self) -> u32 {
        self.rows
    }

    /// The edges that are pushed from here on are of this edge's interface, whose records were delivered there.
    pub(crate) fn begin_interface(&mut self, edge: &Edge<'_>, origin: Origin<'_>) {
        let row = self.rows;
        let account = named(edge.account_id).or(origin.account.map(str::as_bytes));
        self.account_id.push_option(row, account);
        self.region.push_option(row, origin.region.map(str::as_bytes));
        self.interface_id.push_option(row, named(edge.interface_id));
    }

    /// The next row: an edge with a history.
    #[inline]
    pub(crate) fn push(&mut self, edge: &Edge<'_>) {
        let row = self.rows;
        self.srcaddr.push(row, edge.srcaddr);
        self.dstaddr.push(row, edge.dstaddr);
        self.srcaddr_v4.push(edge.srcaddr);
        self.dstaddr_v4.push(edge.dstaddr);
        // Taken apart once: read as one, the pair would have to wait until both stores of it are in the cache.
        let ports = edge.ports.map(|(src, dst)| (i64::from(src), i64::from(dst)));
        self.srcport.push_option(row, ports.map(|(src, _)| src));
        self.dstport.push_option(row, ports.map(|(_, dst)| dst));
        self.protocol.push(row, edge.protocol.into());
        self.action.push_option(row, named(edge.action));
        self.push_further(row, &edge.dimensions);
        self.push_measures(row, edge, ports);
        self.rows += 1;
        if self.rows.is_multiple_of(ROWS_OF_A_PAGE) {
            self.end_pages();
        }
    }

    #[inline]
    fn push_further(&mut self, row: u32, further: &Dimensions<'_>) {
        // Few formats have any of them.
        let is_bare = *further == Dimensions::default();
        if is_bare && self.is_bare {
            return;
        }
        self.is_bare = is_bare;
        self.flow_direction.push_option(row, further.flow_direction);
        self.traffic_path
            .push_option(row, further.traffic_path.map(i64::from));
        self.pkt_srcaddr.push_option(row, further.pkt_srcaddr);
        self.pkt_dstaddr.push_option(row, further.pkt_dstaddr);
        self.reject_reason.push_option(row, further.reject_reason);
        self.src_aws_service.push_option(row, further.pkt_src_aws_service);
        self.dst_aws_service.push_option(row, further.pkt_dst_aws_service);
    }

    #[inline]
    fn push_measures(&mut self, row: u32, edge: &Edge<'_>, ports: Option<(i64, i64)>) {
        let history = edge.history.unwrap_or_default();
        let folded = history
            .folded_ports
            .map(|(least, greatest)| (i64::from(least), i64::from(greatest)));
        self.fold.push(row, fold_of(ports, folded));
        self.packets.push(signed(edge.packets));
        self.bytes.push(signed(edge.bytes));
        self.records.push(signed(history.records));
        self.first_seen.push(history.first_seen);
        self.last_seen.push(history.last_seen);
        self.folded_port_min.push_option(folded.map(|(least, _)| least));
        self.folded_port_max
            .push_option(folded.map(|(_, greatest)| greatest));
        let seldom = Seldom {
            syn: history.syn,
            synack: history.synack,
            rst: history.rst,
            tcp_flags: history.tcp_flags,
            versions: history.versions,
        };
        if self.seldom != Some(seldom) {
            self.seldom = Some(seldom);
            self.push_seldom(row, &seldom);
        }
    }

    fn push_seldom(&mut self, row: u32, measures: &Seldom) {
        self.syn_records.push(row, signed(measures.syn));
        self.synack_records.push(row, signed(measures.synack));
        self.rst_records.push(row, signed(measures.rst));
        self.tcp_flags.push_option(row, measures.tcp_flags.map(i64::from));
        self.log_versions.push(row, measures.versions.into());
    }

    /// Makes pages of what has come since the last ones, in columns that do not wait for all rows.
    fn end_pages(&mut self) {
        let page = &mut self.page;
        for addresses in [&mut self.srcaddr_v4, &mut self.dstaddr_v4] {
            addresses.end_page(page);
        }
        for measured in [
            &mut self.packets,
            &mut self.bytes,
            &mut self.records,
            &mut self.first_seen,
            &mut self.last_seen,
            &mut self.folded_port_min,
            &mut self.folded_port_max,
        ] {
            measured.end_page(page);
        }
    }

    /// Forgets all rows.
    pub(crate) fn clear(&mut self) {
        self.all().into_iter().for_each(AnyColumn::clear);
        self.rows = 0;
        self.is_bare = false;
        self.seldom = None;
    }

    /// All columns, full, in the schema's order.
    pub(crate) fn all(&mut self) -> [&mut dyn AnyColumn; 31] {
        self.end_pages();
        self.srcaddr_v4.end(&self.srcaddr);
        self.dstaddr_v4.end(&self.dstaddr);
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
fn fold_of(ports: Option<(i64, i64)>, folded: Option<(i64, i64)>) -> i64 {
    match (ports, folded) {
        (None, _) => PORTLESS,
        (Some((src, dst)), Some((least, greatest))) if least == greatest && least == src.max(dst) => EQUAL,
        (Some((0, _)), _) => SRC,
        (Some(_), _) => DST,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fold_says_which_port_is_lost() {
        let fold = |ports, folded| FOLDS[fold_of(ports, folded) as usize];
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
