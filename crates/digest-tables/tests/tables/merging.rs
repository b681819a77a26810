//! Tables of adjacent windows merged: what a table of all records would have been.

use std::sync::Arc;

use bytes::Bytes;
use digest_core::{Digest, FoldOptions, Window};
use digest_tables::{
    EdgesTable, InterfacesTable, MergeTablesError, Origins, merge_edges, merge_interfaces, write_interfaces,
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

/// Starts of all records, so that windows cut the logs where they are.
fn starts(logs: &[Vec<u8>]) -> Vec<i64> {
    let mut starts = Vec::new();
    let all = digest_with(&FoldOptions::default(), logs, None, 1);
    all.for_each_edge(|edge| {
        let history = edge.history.unwrap();
        starts.extend([history.first_seen, history.last_seen]);
        Ok(())
    })
    .unwrap();
    starts.sort_unstable();
    starts
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn the_merged_tables_of_adjacent_windows_are_the_tables_of_the_whole(
        logs in vec(corpus::sound_log(), 1..4),
        cuts in vec(any::<prop::sample::Index>(), 1..4),
        keyed in any::<bool>(),
    ) {
        let logs: Vec<Vec<u8>> = logs.iter().map(corpus::Log::text).collect();
        let starts = starts(&logs);
        let (Some(first), Some(last)) = (starts.first(), starts.last()) else {
            return Ok(());
        };
        let minute = |unix: i64| unix.div_euclid(60) * 60;
        let whole = (minute(*first), minute(*last) + 60);
        prop_assume!(Window::from_unix(whole.0, whole.1).is_ok());
        let mut bounds: Vec<i64> = cuts.iter().map(|cut| minute(*cut.get(&starts))).collect();
        bounds.extend([whole.0, whole.1]);
        bounds.sort_unstable();
        bounds.dedup();
        let mut origins = Origins::default();
        if keyed {
            origins.enter("123456789010", "eu-west-1", "fl-1", &[]);
        }
        let (mut of_edges, mut of_interfaces) = (Vec::new(), Vec::new());
        for pair in bounds.windows(2) {
            let digest = of_window(&logs, pair[0], pair[1]);
            of_edges.push(table(&digest, &origins).0);
            of_interfaces.push(interfaces(&digest, &origins));
        }
        let union = of_window(&logs, whole.0, whole.1);
        // Whatever the order in which they are named.
        of_edges.reverse();
        prop_assert_eq!(shown(&merged(&of_edges)), shown(&table(&union, &origins).0));
        prop_assert!(merged(&of_edges) == table(&union, &origins).0, "another file of the same rows");
        let expected = interfaces(&union, &origins);
        let found = merged_interfaces(&of_interfaces, whole);
        prop_assert_eq!(shown(&found), shown(&expected));
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
