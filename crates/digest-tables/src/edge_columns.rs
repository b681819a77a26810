//! The columns of the table of edges in the making: what of an edge goes where.

use digest_core::{Dimensions, Edge, FACTS_OF_EDGES};

use crate::addresses::{self, Addresses};
use crate::column::AnyColumn;
use crate::delta::Width;
use crate::measured::Measured;
use crate::numbers::{Near, Written, signed};
use crate::origins::Origin;
use crate::page::{Page, ROWS_OF_A_PAGE};
use crate::texts::{Texts, named};

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
    srcaddr_v4: Measured,
    dstaddr_v4: Measured,
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
    /// Facts of interfaces that the format does not name, as [`FACTS_OF_EDGES`] has them.
    told: [Texts; FACTS_OF_EDGES.len()],
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
            srcaddr_v4: Measured::optional(Width::Int64),
            dstaddr_v4: Measured::optional(Width::Int64),
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
            told: Default::default(),
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

    /// The next rows: edges with a history.
    pub(crate) fn push(&mut self, edges: &[Edge<'_>]) {
        let mut edges = edges;
        while !edges.is_empty() {
            let room = ROWS_OF_A_PAGE - self.rows % ROWS_OF_A_PAGE;
            let (here, behind) = edges.split_at(edges.len().min(room as usize));
            self.push_keys(here);
            self.push_further(here);
            self.push_measures(here);
            self.rows += here.len() as u32;
            if here.len() == room as usize {
                self.end_pages();
            }
            edges = behind;
        }
    }

    // Column by column: each is written to in one go, and what one has to wait for the next ones need not.

    fn push_keys(&mut self, edges: &[Edge<'_>]) {
        let rows = self.rows..;
        for (row, edge) in rows.clone().zip(edges) {
            self.srcaddr.push(row, edge.srcaddr);
        }
        for (row, edge) in rows.clone().zip(edges) {
            self.dstaddr.push(row, edge.dstaddr);
        }
        for edge in edges {
            self.srcaddr_v4.push_option(addresses::number(edge.srcaddr));
        }
        for edge in edges {
            self.dstaddr_v4.push_option(addresses::number(edge.dstaddr));
        }
        for (row, edge) in rows.clone().zip(edges) {
            let (src, dst) = edge.ports.unzip();
            self.srcport.push_option(row, src.map(i64::from));
            self.dstport.push_option(row, dst.map(i64::from));
            let folded = edge.history.and_then(|history| history.folded_ports);
            self.fold.push(row, fold_of(edge.ports, folded));
        }
        let mut action: Option<&[u8]> = None;
        for (row, edge) in rows.zip(edges) {
            self.protocol.push(row, edge.protocol.into());
            // Most often it is the last one's, in the same place.
            if !action.is_some_and(|action| std::ptr::eq(action, edge.action)) {
                action = Some(edge.action);
                self.action.push_option(row, named(edge.action));
            }
        }
    }

    fn push_further(&mut self, edges: &[Edge<'_>]) {
        for (row, edge) in (self.rows..).zip(edges) {
            let further = &edge.dimensions;
            // Few formats have any of them.
            let is_bare = *further == Dimensions::default();
            if is_bare && self.is_bare {
                continue;
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
            for (column, place) in self.told.iter_mut().zip(FACTS_OF_EDGES) {
                column.push_option(row, further.interface.get(place));
            }
        }
    }

    fn push_measures(&mut self, edges: &[Edge<'_>]) {
        edges
            .iter()
            .for_each(|edge| self.packets.push(signed(edge.packets)));
        edges.iter().for_each(|edge| self.bytes.push(signed(edge.bytes)));
        // Edges without one are refused behind.
        let histories = || edges.iter().filter_map(|edge| edge.history.as_ref());
        histories().for_each(|history| self.records.push(signed(history.records)));
        histories().for_each(|history| self.first_seen.push(history.first_seen));
        histories().for_each(|history| self.last_seen.push(history.last_seen));
        for history in histories() {
            let (least, greatest) = history.folded_ports.unzip();
            self.folded_port_min.push_option(least.map(i64::from));
            self.folded_port_max.push_option(greatest.map(i64::from));
        }
        for (row, history) in (self.rows..).zip(histories()) {
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
        for measured in [
            &mut self.srcaddr_v4,
            &mut self.dstaddr_v4,
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
    pub(crate) fn all(&mut self) -> Vec<&mut dyn AnyColumn> {
        self.end_pages();
        let mut all: Vec<&mut dyn AnyColumn> = vec![
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
        ];
        all.extend(self.told.iter_mut().map(|column| column as &mut dyn AnyColumn));
        all
    }
}

/// Which port folding made 0. Where both ports of every record were equal, nothing was lost by it.
fn fold_of(ports: Option<(u16, u16)>, folded: Option<(u16, u16)>) -> i64 {
    match (ports, folded) {
        (None, _) => PORTLESS,
        (Some((src, dst)), Some((least, greatest))) if least == greatest && least == src.max(dst) => EQUAL,
        (Some((0, _)), _) => SRC,
        (Some(_), _) => DST,
    }
}

#[cfg(test)]
mod tests {
    use digest_core::FACTS;

    use super::*;
    use crate::edge_schema::SCHEMA;
    use crate::interface_columns::column_of;

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
        assert_eq!(names.clone().count(), EdgeColumns::default().all().len());
        let told =
            FACTS_OF_EDGES.map(|place| format!("optional binary {} (string);", column_of(FACTS[place])));
        let last = names.skip(EdgeColumns::default().all().len() - told.len());
        assert_eq!(last.map(str::trim_start).collect::<Vec<_>>(), told);
    }
}
