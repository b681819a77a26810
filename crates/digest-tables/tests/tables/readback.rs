//! Tables read back by what this crate reads them with: as much as is asked for, and nothing that does not meet the
//! conditions.

use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use digest_core::{Dimensions, Edge, FoldOptions, History, InterfaceFacts, Window};
use digest_tables::checks::holds;
use digest_tables::{
    Condition, EdgesTable, InterfacesTable, Origins, TableReadError, Test, Wanted, write_interfaces,
};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::corpus;
use crate::reading::{digest, digest_with, table};

pub(crate) fn open(file: &[u8]) -> EdgesTable {
    EdgesTable::open(Arc::new(Bytes::from(file.to_vec()))).unwrap()
}

/// The rows of a table that meet the conditions, as their debugging text.
pub(crate) fn read(table: &EdgesTable, wanted: Wanted, conditions: &[Condition]) -> Vec<String> {
    let mut found = Vec::new();
    for group in 0..table.groups() {
        if let Some(rows) = table.read(group, wanted, conditions).unwrap() {
            assert!(!rows.is_empty());
            let told: Result<(), ()> = rows.for_each(|row, edge| {
                // One after the other or by itself, it is the same edge.
                assert_eq!(rows.edge(row), Some(*edge));
                found.push(format!("{edge:?}"));
                Ok(())
            });
            assert_eq!(told, Ok(()));
            assert_eq!(rows.edge(rows.len()), None);
        }
    }
    found
}

/// Conditions about what the edge has, and about what lies beside it.
fn conditions(edge: &Edge<'_>, shape: u8) -> Vec<Condition> {
    let only = |address: IpAddr| vec![(address, address)];
    let wide = |address: IpAddr| {
        let other: IpAddr = if address.is_ipv4() {
            "255.255.255.255"
        } else {
            "ffff::"
        }
        .parse()
        .unwrap();
        vec![(address.min(other), address.max(other))]
    };
    let absent = "198.18.7.9".parse().unwrap();
    let port = edge.ports.map_or(1, |(src, dst)| src.max(dst));
    match shape % 8 {
        0 => vec![Condition(vec![
            Test::Source(only(edge.srcaddr)),
            Test::Destination(only(edge.srcaddr)),
        ])],
        1 => vec![
            Condition(vec![Test::Source(only(edge.srcaddr))]),
            Condition(vec![Test::Destination(only(edge.dstaddr))]),
        ],
        2 => vec![Condition(vec![Test::Destination(wide(edge.dstaddr))])],
        3 => vec![Condition(vec![Test::Interface(vec![edge.interface_id.to_vec()])])],
        4 => vec![Condition(vec![Test::Action(vec![edge.action.to_vec()])])],
        5 => vec![Condition(vec![Test::Port(vec![(port, port)])])],
        6 => vec![Condition(vec![Test::Source(only(absent))])],
        _ => vec![
            Condition(vec![
                Test::Source(wide(edge.srcaddr)),
                Test::Port(vec![(1, port)]),
            ]),
            Condition(vec![Test::Action(vec![b"ACCEPT".to_vec()])]),
        ],
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_table_read_back_is_the_digests_edges_of_which_the_conditions_hold(
        logs in vec(corpus::sound_log(), 1..4),
        choice in any::<prop::sample::Index>(),
        shape in any::<u8>(),
    ) {
        let logs: Vec<Vec<u8>> = logs.iter().map(corpus::Log::text).collect();
        let digest = digest(&logs, None, 1);
        let (file, summary) = table(&digest, &Origins::default());
        let table = open(&file);
        prop_assert_eq!(table.rows(), summary.rows);
        let mut edges = Vec::new();
        digest.for_each_edge(|edge| { edges.push(format!("{edge:?}")); Ok(()) }).unwrap();
        prop_assert_eq!(&read(&table, Wanted::ALL, &[]), &edges);
        if edges.is_empty() {
            return Ok(());
        }
        let (mut at, chosen) = (0, choice.index(edges.len()));
        let mut conditions_of = Vec::new();
        digest.for_each_edge(|edge| {
            if at == chosen { conditions_of = conditions(edge, shape); }
            at += 1;
            Ok(())
        }).unwrap();
        let mut expected = Vec::new();
        digest.for_each_edge(|edge| {
            if conditions_of.iter().all(|condition| condition.0.iter().any(|test| holds(test, edge))) {
                expected.push(format!("{edge:?}"));
            }
            Ok(())
        }).unwrap();
        prop_assert_eq!(read(&table, Wanted::ALL, &conditions_of), expected);
        // What is not wanted is as if nothing were known of it.
        let mut bare = Vec::new();
        digest.for_each_edge(|edge| {
            let edge = Edge { dimensions: Dimensions::default(), history: None, ..*edge };
            bare.push(format!("{edge:?}"));
            Ok(())
        }).unwrap();
        prop_assert_eq!(read(&table, Wanted::default(), &[]), bare);
    }

    #[test]
    fn a_file_that_is_cut_or_changed_is_refused_or_read_but_never_fells_the_program(
        at in any::<prop::sample::Index>(), flip in 1_u8.., cut in any::<bool>(),
    ) {
        let mut file = include_bytes!("../fixtures/edges.parquet").to_vec();
        let at = at.index(file.len());
        if cut { file.truncate(at) } else { file[at] ^= flip }
        if let Ok(table) = EdgesTable::open(Arc::new(Bytes::from(file))) {
            for group in 0..table.groups() {
                let _ = table.read(group, Wanted::ALL, &[]);
            }
        }
    }
}

#[test]
fn seen_spans_all_rows() {
    let log = include_str!("../fixtures/edges.log");
    let logs: Vec<Vec<u8>> = log.split("\n\n").map(|log| log.as_bytes().to_vec()).collect();
    let digest = digest(&logs, None, 1);
    let mut seen: Option<(i64, i64)> = None;
    digest
        .for_each_edge(|edge| {
            let History {
                first_seen,
                last_seen,
                ..
            } = edge.history.unwrap();
            seen = Some(seen.map_or((first_seen, last_seen), |seen| {
                (seen.0.min(first_seen), seen.1.max(last_seen))
            }));
            Ok(())
        })
        .unwrap();
    assert_eq!(open(&table(&digest, &Origins::default()).0).seen(), seen);
}

#[test]
fn interfaces_read_back_are_what_the_digest_knows() {
    let logs = include_str!("../fixtures/edges.log").split("\n\n");
    let logs = logs.chain(include_str!("../fixtures/interfaces.log").split("\n\n"));
    let options = FoldOptions {
        window: Some(Window::parse("2018-10-17T00:00:00Z", "2018-10-17T01:00:00Z").unwrap()),
        ..FoldOptions::default()
    };
    let logs: Vec<_> = logs.map(|log| log.as_bytes().to_vec()).collect();
    let digest = digest_with(&options, &logs, None, 1);
    let mut file = Vec::new();
    write_interfaces(&digest, &Origins::default(), &mut file).unwrap();
    let table = InterfacesTable::open(Arc::new(Bytes::from(file.clone()))).unwrap();
    let rows: Vec<_> = (0..table.groups())
        .flat_map(|group| table.read(group).unwrap())
        .collect();
    let mut at = 0;
    digest
        .for_each_interface(|one: &InterfaceFacts<'_>| {
            let row = &rows[at];
            let named = |name: &[u8]| Some(name.to_vec()).filter(|name| name != b"-");
            assert_eq!(row.account_id, named(one.account_id));
            assert_eq!(row.interface_id, named(one.interface_id));
            assert_eq!((row.ipv4, row.ipv6), (one.ipv4, one.ipv6));
            assert_eq!(row.reported, one.reported);
            assert_eq!(
                (
                    row.ok_records,
                    row.nodata_records,
                    row.skipdata_records,
                    row.minutes_reported
                ),
                (one.records, one.no_data, one.skip_data, one.minutes)
            );
            assert_eq!(Some((row.first_seen, row.last_seen)), one.seen);
            assert_eq!(row.changed.len(), one.changed().count());
            at += 1;
            Ok(())
        })
        .unwrap();
    assert_eq!(at, rows.len());
    assert!(
        rows.iter()
            .any(|row| row.fact("instance_tag") == Some(b"front-end"))
    );
    // Neither is taken for the other.
    let refused = EdgesTable::open(Arc::new(Bytes::from(file))).unwrap_err();
    assert!(
        matches!(refused, TableReadError::NoTable { kind: "edges", .. }),
        "{refused}"
    );
}
