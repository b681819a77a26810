//! What must hold of any bytes that are read as a table, whoever wrote them: for fuzzing, and for the test that tries again what
//! fuzzing was started from and what it found.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a check that does not hold ends the program"
)]

use std::net::IpAddr;
use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use digest_core::Edge;

use crate::{Condition, EdgesTable, InterfacesTable, Test, Wanted};

mod sound;

/// What every Parquet file begins with.
const MAGIC: &[u8] = b"PAR1";
/// Row groups that are read of a table, and rows that are looked at of a group.
const GROUPS: usize = 8;
const ROWS: usize = 2000;

/// Sound tables: of edges and of interfaces, each as this crate writes it and with pages that are not compressed.
static SOUND: LazyLock<[Vec<u8>; 4]> = LazyLock::new(sound::tables);

/// A sound table of which a check makes others: of edges, of interfaces, and both once more with pages that are not compressed.
#[must_use]
pub fn sound_table(which: u8) -> &'static [u8] {
    &SOUND[usize::from(which % 4)]
}

/// Any bytes as a table of edges and as one of interfaces. Those that do not begin as Parquet does are changes to a sound table,
/// which the first byte chooses: three bytes each, place and difference. Nothing panics; an edge that is read has what was
/// asked for, and is the same one after the other or by itself.
pub fn tables(bytes: &[u8]) {
    let file = match bytes.split_first() {
        Some((&which, changes)) if !bytes.starts_with(MAGIC) => changed(sound_table(which), changes),
        _ => bytes.to_vec(),
    };
    let file = Bytes::from(file);
    if let Ok(table) = EdgesTable::open(Arc::new(file.clone())) {
        edges(&table);
    }
    if let Ok(table) = InterfacesTable::open(Arc::new(file)) {
        for group in 0..=table.groups().min(GROUPS) {
            let _ = table.read(group);
        }
    }
}

fn changed(sound: &[u8], changes: &[u8]) -> Vec<u8> {
    let mut changed = sound.to_vec();
    for change in changes.chunks_exact(3) {
        let at = usize::from(u16::from_le_bytes([change[0], change[1]])) % changed.len();
        changed[at] ^= change[2];
    }
    changed
}

fn edges(table: &EdgesTable) {
    let _ = (table.rows(), table.seen());
    for group in 0..=table.groups().min(GROUPS) {
        for wanted in every_wanted() {
            look(table, group, wanted, &[]);
        }
        for conditions in every_conditions() {
            look(table, group, Wanted::default(), &conditions);
        }
        look(table, group, Wanted::ALL, &every_conditions()[0]);
    }
}

/// Reads the rows of a group of which the conditions hold.
fn look(table: &EdgesTable, group: usize, wanted: Wanted, conditions: &[Condition]) {
    let Ok(Some(rows)) = table.read(group, wanted, conditions) else {
        return;
    };
    assert!(!rows.is_empty());
    let _ = rows.for_each(|row, edge| {
        assert_eq!(rows.edge(row), Some(*edge), "row {row}");
        assert_eq!(edge.history.is_some(), wanted != Wanted::default());
        let _ = rows.region(row);
        for condition in conditions {
            assert!(
                // Ports are told by two columns, of which a table that is not ours may lack one.
                condition
                    .0
                    .iter()
                    .any(|test| holds(test, edge) || matches!(test, Test::Port(_)) && edge.ports.is_none()),
                "{edge:?}: {condition:?}"
            );
        }
        if row < ROWS { Ok(()) } else { Err(()) }
    });
    assert_eq!(rows.edge(rows.len()), None);
}

/// Every set of columns.
fn every_wanted() -> impl Iterator<Item = Wanted> {
    (0..8).map(|set| Wanted {
        connections: set & 1 > 0,
        seen: set & 2 > 0,
        further: set & 4 > 0,
    })
}

/// Conditions of every kind, about what sound tables have and what they lack.
fn every_conditions() -> Vec<Vec<Condition>> {
    let one = |address: &str| {
        let address: IpAddr = address.parse().expect("an address");
        (address, address)
    };
    let wide = |from: &str, to: &str| (one(from).0, one(to).0);
    let any = |tests: &[Test]| Condition(tests.to_vec());
    vec![
        vec![
            any(&[Test::Source(vec![
                wide("10.0.0.0", "10.0.0.255"),
                wide("2001:db8::", "2001:db8::ff"),
            ])]),
            any(&[
                Test::Destination(vec![wide("0.0.0.0", "255.255.255.255")]),
                Test::Action(vec![b"REJECT".to_vec()]),
            ]),
        ],
        vec![any(&[
            Test::Source(vec![one("10.0.0.7")]),
            Test::Destination(vec![one("10.0.0.7")]),
        ])],
        vec![any(&[Test::Destination(vec![one("2001:db8::7")])])],
        vec![any(&[Test::Interface(vec![b"eni-1".to_vec(), b"-".to_vec()])])],
        vec![
            any(&[Test::Action(vec![b"ACCEPT".to_vec()])]),
            any(&[Test::Port(vec![(1, 1023), (40_000, 40_010)])]),
        ],
        vec![any(&[Test::Source(vec![one("198.18.0.1")])])],
        vec![any(&[])],
    ]
}

/// Whether a test holds of an edge.
#[must_use]
pub fn holds(test: &Test, edge: &Edge<'_>) -> bool {
    let inside = |ranges: &[(IpAddr, IpAddr)], address: IpAddr| {
        ranges
            .iter()
            .any(|(least, greatest)| *least <= address && address <= *greatest)
    };
    match test {
        Test::Source(ranges) => inside(ranges, edge.srcaddr),
        Test::Destination(ranges) => inside(ranges, edge.dstaddr),
        Test::Interface(names) => names.iter().any(|name| name == edge.interface_id),
        Test::Action(names) => names.iter().any(|name| name == edge.action),
        Test::Port(ranges) => edge.ports.is_some_and(|(src, dst)| {
            ranges
                .iter()
                .any(|(least, most)| (least..=most).contains(&&src) || (least..=most).contains(&&dst))
        }),
    }
}
