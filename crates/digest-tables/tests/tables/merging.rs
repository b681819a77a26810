//! Tables of adjacent windows merged: what a table of all records would have been.

use std::sync::Arc;

use bytes::Bytes;
use digest_core::{Digest, FoldOptions, Window};
use digest_tables::{
    EdgesTable, InterfaceRow, InterfacesTable, MergeTablesError, Origins, merge_edges, merge_interfaces,
    write_interfaces,
};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::corpus;
use crate::reading::{digest_with, rows, table};

fn of_window(logs: &[Vec<u8>], start: i64, stop: i64) -> Digest {
    let options = FoldOptions {
        window: Some(Window::from_unix(start, stop).unwrap()),
        ..FoldOptions::default()
    };
    digest_with(&options, logs, None, 1)
}

fn edges(file: &[u8]) -> EdgesTable {
    EdgesTable::open(Arc::new(Bytes::from(file.to_vec()))).unwrap()
}

fn interfaces(digest: &Digest, origins: &Origins) -> Vec<u8> {
    let mut file = Vec::new();
    write_interfaces(digest, origins, &mut file).unwrap();
    file
}

fn merged(files: &[Vec<u8>]) -> Vec<u8> {
    let mut out = Vec::new();
    let tables = files.iter().map(|file| edges(file)).collect();
    let summary = merge_edges(tables, &mut out).unwrap();
    assert_eq!(
        (summary.rows, summary.bytes),
        (rows(&out).len() as u64, out.len() as u64)
    );
    out
}

fn merged_interfaces(files: &[Vec<u8>], within: (i64, i64)) -> Vec<u8> {
    let tables: Vec<_> = files
        .iter()
        .map(|file| InterfacesTable::open(Arc::new(Bytes::from(file.clone()))).unwrap())
        .collect();
    let mut out = Vec::new();
    merge_interfaces(&tables, Some(within), &mut out).unwrap();
    out
}

fn shown(file: &[u8]) -> Vec<String> {
    rows(file).iter().map(ToString::to_string).collect()
}

/// Whether some rows name their account and others do not.
fn is_mixed(digest: &Digest) -> bool {
    let (mut named, mut unnamed) = (false, false);
    let known = digest.for_each_interface(|interface| {
        named |= interface.account_id != b"-";
        unnamed |= interface.account_id == b"-";
        Ok(())
    });
    assert!(known.unwrap());
    named && unnamed
}

/// The rows of a table of interfaces, but for what keys of objects know better.
fn known_interfaces(file: &[u8], keyed: bool) -> Vec<InterfaceRow> {
    let table = InterfacesTable::open(Arc::new(Bytes::from(file.to_vec()))).unwrap();
    let rows = (0..table.groups()).flat_map(|group| table.read(group).unwrap());
    let mut rows: Vec<_> = rows.collect();
    for row in &mut rows {
        row.changed.retain(|column| !keyed || column != b"region");
    }
    rows
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn the_merged_tables_of_adjacent_windows_are_the_tables_of_the_whole(
        logs in vec(corpus::sound_log(), 1..4),
        cuts in vec(1_i64..60, 1..4),
        keyed in any::<bool>(),
    ) {
        let logs: Vec<Vec<u8>> = logs.iter().map(corpus::Log::text).collect();
        let at = |minute: i64| corpus::BEGIN + minute * 60;
        let whole = (at(0), at(60));
        let union = of_window(&logs, whole.0, whole.1);
        let keyed = keyed && !is_mixed(&union);
        let mut origins = Origins::default();
        if keyed {
            origins.enter("123456789010", "eu-west-1", "fl-1", &[]);
        }
        let mut bounds = cuts;
        bounds.extend([0, 60]);
        bounds.sort_unstable();
        bounds.dedup();
        let (mut of_edges, mut of_interfaces) = (Vec::new(), Vec::new());
        for pair in bounds.windows(2) {
            let digest = of_window(&logs, at(pair[0]), at(pair[1]));
            of_edges.push(table(&digest, &origins).0);
            of_interfaces.push(interfaces(&digest, &origins));
        }
        // Whatever the order in which they are named.
        of_edges.reverse();
        prop_assert_eq!(shown(&merged(&of_edges)), shown(&table(&union, &origins).0));
        prop_assert!(merged(&of_edges) == table(&union, &origins).0, "another file of the same rows");
        let expected = known_interfaces(&interfaces(&union, &origins), keyed);
        prop_assert_eq!(known_interfaces(&merged_interfaces(&of_interfaces, whole), keyed), expected);
    }
}

#[test]
fn what_does_not_merge_is_refused() {
    let log = |packets: u64| {
        let rows = [format!(
            "2 1 eni-1 10.0.0.1 10.0.0.2 40000 443 6 {packets} 100 60 70 ACCEPT OK"
        )];
        rows.join("\n").into_bytes()
    };
    let one = |packets| {
        table(
            &digest_with(&FoldOptions::default(), &[log(packets)], None, 1),
            &Origins::default(),
        )
        .0
    };
    let most = i64::MAX as u64;
    let refused = merge_edges(vec![edges(&one(most)), edges(&one(1))], &mut Vec::new()).unwrap_err();
    assert!(
        matches!(refused, MergeTablesError::Overflow { measure: "packets" }),
        "{refused}"
    );
    assert_eq!(rows(&merged(&[one(1), one(most - 1)])).len(), 1);
    assert_eq!(rows(&merged(&[])).len(), 0);
}
