//! What is not there is known without reading what is: a row group is passed over by its bounds and its bloom filters.

use std::fmt::Write;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use digest_tables::checks::holds;
use digest_tables::{Condition, EdgesTable, Origins, TableSource, Test, Wanted};
use parquet::file::reader::{FileReader, SerializedFileReader};

use crate::reading::{digest, table};

/// A table that knows the first of its bytes that was read.
struct Watched {
    file: Bytes,
    first: Arc<AtomicU64>,
}

impl TableSource for Watched {
    fn size(&self) -> u64 {
        self.file.size()
    }

    fn read_at(&self, at: u64, length: usize) -> io::Result<Bytes> {
        self.first.fetch_min(at, Ordering::Relaxed);
        self.file.read_at(at, length)
    }
}

/// Edges from addresses that are even to one that lies between, of both families.
fn log() -> Vec<u8> {
    let mut log =
        "account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action\n"
            .to_owned();
    for at in 0..60_000_u32 {
        let low = 2 * (at & 0x7f);
        let (src, dst) = if at % 3 == 0 {
            (format!("2001:db8::{:x}:{low:x}", at >> 7), "2001:db8::7:8")
        } else {
            (
                format!("10.{}.{}.{low}", at >> 15, at >> 7 & 0xff),
                "10.0.200.100",
            )
        };
        let action = if at % 5 == 0 { "REJECT" } else { "ACCEPT" };
        writeln!(
            log,
            "1 eni-1 {src} {dst} 40000 443 6 {at} {at} 1539734400 1539734460 {action}"
        )
        .unwrap();
    }
    log.into_bytes()
}

#[test]
fn what_no_row_has_is_not_looked_for_in_rows() {
    let (file, _) = table(&digest(&[log()], None, 2), &Origins::default());
    let file = Bytes::from(file);
    // Filters, indexes and the footer stand behind all columns.
    let reader = SerializedFileReader::new(file.clone()).unwrap();
    let columns = reader.metadata().row_group(0).columns().iter();
    let ends = columns.map(|column| column.byte_range().0 + column.byte_range().1);
    let end_of_rows = ends.max().unwrap();
    let first = Arc::new(AtomicU64::new(0));
    let watched = Watched {
        file,
        first: Arc::clone(&first),
    };
    let edges = EdgesTable::open(Arc::new(watched)).unwrap();
    let ask = |test: Test| {
        first.store(u64::MAX, Ordering::Relaxed);
        let conditions = [Condition(vec![test])];
        let rows = edges.read(0, Wanted::default(), &conditions).unwrap();
        let is_looked_at = first.load(Ordering::Relaxed) < end_of_rows;
        (rows.map(|rows| rows.len()), is_looked_at)
    };
    let range = |least: &str, greatest: &str| -> Vec<(IpAddr, IpAddr)> {
        vec![(least.parse().unwrap(), greatest.parse().unwrap())]
    };
    let only = |address: &str| range(address, address);
    assert_eq!(ask(Test::Source(only("10.0.100.100"))), (Some(1), true));
    assert_eq!(ask(Test::Source(only("2001:db8::3:6"))), (Some(1), true));
    for test in [
        Test::Source(only("10.0.100.101")),
        Test::Source(only("2001:db8::7:9")),
        Test::Destination(only("10.0.200.101")),
        Test::Destination(only("10.0.200.99")),
        Test::Source(range("192.0.2.0", "192.0.2.255")),
        Test::Destination(range("10.0.200.101", "10.0.200.255")),
        Test::Interface(vec![b"eni-2".to_vec()]),
    ] {
        let asked = format!("{test:?}");
        assert_eq!(ask(test), (None, false), "{asked}");
    }
}

/// Rows of both families on each of several pages: what a row has is its own, and not its neighbour's or another page's.
#[test]
fn rows_here_and_there_on_several_pages_are_the_digests_edges() {
    let digest = digest(&[log()], None, 2);
    let (file, _) = table(&digest, &Origins::default());
    let edges = EdgesTable::open(Arc::new(Bytes::from(file))).unwrap();
    let only = |address: &str| -> Vec<(IpAddr, IpAddr)> {
        let address = address.parse().unwrap();
        vec![(address, address)]
    };
    for (test, least) in [
        (Test::Action(vec![b"REJECT".to_vec()]), 12_000),
        (Test::Destination(only("10.0.200.100")), 30_000),
        (Test::Destination(only("2001:db8::7:8")), 15_000),
    ] {
        let conditions = [Condition(vec![test])];
        let mut expected = Vec::new();
        digest
            .for_each_edge(|edge| {
                if conditions[0].0.iter().any(|test| holds(test, edge)) {
                    expected.push(format!("{edge:?}"));
                }
                Ok(())
            })
            .unwrap();
        assert!(expected.len() >= least, "{} edges", expected.len());
        let rows = edges.read(0, Wanted::ALL, &conditions).unwrap().unwrap();
        let mut found = Vec::new();
        let told: Result<(), ()> = rows.for_each(|_, edge| {
            found.push(format!("{edge:?}"));
            Ok(())
        });
        told.unwrap();
        assert!(found == expected, "{conditions:?}");
    }
}
