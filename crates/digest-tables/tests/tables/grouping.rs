//! The text digest is a grouping of the table's rows, whatever the logs.

use std::net::IpAddr;

use digest_core::checks::HeldRuns;
use digest_core::{Digest, Edge, FACTS, FACTS_OF_EDGES};
use digest_tables::Origins;
use parquet::record::Row;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::corpus;
use crate::reading::{digest, number, rows, table, text};

/// The columns that tell lines of the text apart.
fn line_key(row: &Row) -> Vec<String> {
    let mut key: Vec<String> = ["account_id", "interface_id", "srcaddr", "dstaddr"]
        .iter()
        .map(|name| text(row, name))
        .collect();
    for name in ["srcport", "dstport", "protocol"] {
        key.push(number(row, name).map_or("-".to_owned(), |number| number.to_string()));
    }
    key.push(text(row, "action"));
    key
}

/// The text that the rows group to. Rows of one line stand side by side.
fn grouped(rows: &[Row]) -> String {
    let start = rows.iter().filter_map(|row| number(row, "first_seen")).min();
    let end = rows.iter().filter_map(|row| number(row, "last_seen")).max();
    let mut lines: Vec<(Vec<String>, i64, i64)> = Vec::new();
    for row in rows {
        let (key, packets, bytes) = (line_key(row), number(row, "packets"), number(row, "bytes"));
        match lines.last_mut().filter(|(known, ..)| *known == key) {
            Some(line) => {
                line.1 += packets.unwrap();
                line.2 += bytes.unwrap();
            }
            None => lines.push((key, packets.unwrap(), bytes.unwrap())),
        }
    }
    let mut text = String::new();
    for (key, packets, bytes) in lines {
        let (begin, action) = (key[..7].join(" "), &key[7]);
        let (start, end) = (start.unwrap(), end.unwrap());
        text += &format!("2 {begin} {packets} {bytes} {start} {end} {action} OK\n");
    }
    text
}

/// That a row says all that the edge does.
fn check_row(row: &Row, edge: &Edge<'_>) {
    let history = edge.history.unwrap();
    let bytes = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let option = |value: Option<&[u8]>| value.map_or("-".to_owned(), bytes);
    let address = |value: Option<IpAddr>| value.map_or("-".to_owned(), |value| value.to_string());
    let further = &edge.dimensions;
    for (name, expected) in [
        ("account_id", bytes(edge.account_id)),
        ("interface_id", bytes(edge.interface_id)),
        ("region", "-".to_owned()),
        ("srcaddr", edge.srcaddr.to_string()),
        ("dstaddr", edge.dstaddr.to_string()),
        ("pkt_srcaddr", address(further.pkt_srcaddr)),
        ("pkt_dstaddr", address(further.pkt_dstaddr)),
        ("flow_direction", option(further.flow_direction)),
        ("reject_reason", option(further.reject_reason)),
        ("src_aws_service", option(further.pkt_src_aws_service)),
        ("dst_aws_service", option(further.pkt_dst_aws_service)),
        ("action", bytes(edge.action)),
    ] {
        assert_eq!(text(row, name), expected, "{name} of {edge:?}");
    }
    for place in FACTS_OF_EDGES {
        let column = FACTS[place].replace('-', "_");
        assert_eq!(
            text(row, &column),
            option(further.interface.get(place)),
            "{column} of {edge:?}"
        );
    }
    let v4 = |address: IpAddr| match address {
        IpAddr::V4(address) => Some(u32::from(address).into()),
        IpAddr::V6(_) => None,
    };
    let folded = history.folded_ports;
    for (name, expected) in [
        ("srcaddr_v4", v4(edge.srcaddr)),
        ("dstaddr_v4", v4(edge.dstaddr)),
        ("traffic_path", further.traffic_path.map(i64::from)),
        ("srcport", edge.ports.map(|(port, _)| port.into())),
        ("dstport", edge.ports.map(|(_, port)| port.into())),
        ("protocol", Some(edge.protocol.into())),
        ("packets", Some(edge.packets as i64)),
        ("bytes", Some(edge.bytes as i64)),
        ("records", Some(history.records as i64)),
        ("syn_records", Some(history.syn as i64)),
        ("synack_records", Some(history.synack as i64)),
        ("rst_records", Some(history.rst as i64)),
        ("first_seen", Some(history.first_seen)),
        ("last_seen", Some(history.last_seen)),
        ("folded_port_min", folded.map(|(port, _)| port.into())),
        ("folded_port_max", folded.map(|(_, port)| port.into())),
        ("tcp_flags", history.tcp_flags.map(i64::from)),
        ("log_versions", Some(history.versions.into())),
    ] {
        assert_eq!(number(row, name), expected, "{name} of {edge:?}");
    }
}

fn check(digest: &Digest) -> Vec<u8> {
    let (file, summary) = table(digest, &Origins::default());
    let rows = rows(&file);
    assert_eq!(
        (rows.len() as u64, file.len() as u64),
        (summary.rows, summary.bytes)
    );
    let mut expected = Vec::new();
    digest.write_text(&mut expected).unwrap();
    assert_eq!(grouped(&rows), String::from_utf8_lossy(&expected));
    let mut at = 0;
    digest
        .for_each_edge(|edge| {
            check_row(&rows[at], edge);
            at += 1;
            Ok(())
        })
        .unwrap();
    assert_eq!(at, rows.len());
    file
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn the_text_is_a_grouping_of_the_tables_rows(logs in vec(corpus::sound_log(), 1..4)) {
        let logs: Vec<Vec<u8>> = logs.iter().map(corpus::Log::text).collect();
        let file = check(&digest(&logs, None, 1));
        // Nor do threads or edges that left memory change a byte.
        prop_assert_eq!(&table(&digest(&logs, None, 3), &Origins::default()).0, &file);
        let spilled = digest(&logs, Some(HeldRuns::budget(1)), 2);
        prop_assert_eq!(&table(&spilled, &Origins::default()).0, &file);
    }
}
