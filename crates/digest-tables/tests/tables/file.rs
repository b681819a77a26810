//! What engines find in the file: row groups of bounded size, indexes, filters, and values that repeat or never do.

use std::fmt::Write as _;
use std::io;

use bytes::Bytes;
use digest_core::checks::HeldRuns;
use digest_core::{Fold, FoldOptions};
use digest_tables::{Origins, ROWS_OF_A_GROUP, TableError, write_edges};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::bloom_filter::Sbbf;
use parquet::file::page_index::column_index::ColumnIndexMetaData;
use parquet::file::reader::{ChunkReader, FileReader, SerializedFileReader};
use parquet::file::serialized_reader::ReadOptionsBuilder;

use crate::reading::{digest, number, rows, table, text};

const COLUMNS: &str = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start \
    end action log-status";

/// Columns of numbers that differ from edge to edge.
const MEASURED: [&str; 9] = [
    "srcaddr_v4",
    "dstaddr_v4",
    "packets",
    "bytes",
    "records",
    "first_seen",
    "last_seen",
    "folded_port_min",
    "folded_port_max",
];

/// A log of so many edges: two in three of their own, IPv6 behind IPv4.
fn log(edges: u32) -> Vec<u8> {
    let mut log = format!("{COLUMNS}\n");
    for at in 0..edges {
        let (one, two) = (at >> 8 & 0xff, at & 0xff);
        let (src, dst) = if at % 5 == 4 {
            (
                format!("2001:db8::{:x}:{:x}", at >> 16, at & 0xffff),
                "2001:db8:1::1".to_owned(),
            )
        } else {
            (format!("10.{}.{one}.{two}", at >> 16), "10.9.9.9".to_owned())
        };
        let bytes = u64::from(at).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
        writeln!(
            log,
            "2 123456789010 eni-1 {src} {dst} {} 443 6 {at} {bytes} 1539734400 1539734460 ACCEPT OK",
            30_000 + at % 7
        )
        .unwrap();
    }
    log.into_bytes()
}

#[test]
fn a_large_table_has_row_groups_of_bounded_size_and_loses_no_row() {
    let edges = ROWS_OF_A_GROUP as u32 + 1000;
    let digest_of = |threads, budget| digest(&[log(edges)], budget, threads);
    let held = digest_of(2, None);
    let (file, summary) = table(&held, &Origins::default());
    assert_eq!(summary.rows, u64::from(edges));
    let reader = SerializedFileReader::new(Bytes::from(file.clone())).unwrap();
    let groups: Vec<i64> = reader
        .metadata()
        .row_groups()
        .iter()
        .map(|group| group.num_rows())
        .collect();
    assert_eq!(groups, [ROWS_OF_A_GROUP as i64, 1000]);
    let (mut at, mut seen) = (0, rows(&file).into_iter());
    held.for_each_edge(|edge| {
        let row = seen.next().unwrap();
        assert_eq!(text(&row, "srcaddr"), edge.srcaddr.to_string());
        assert_eq!(number(&row, "bytes"), Some(edge.bytes as i64), "row {at}");
        assert_eq!(
            number(&row, "folded_port_min").unwrap(),
            i64::from(edge.history.unwrap().folded_ports.unwrap().0)
        );
        at += 1;
        Ok(())
    })
    .unwrap();
    // One thread, or runs that were merged, make the same file.
    assert!(table(&digest_of(1, None), &Origins::default()).0 == file);
    let spilled = digest_of(2, Some(HeldRuns::budget(1 << 20)));
    assert!(spilled.is_spilled());
    assert!(table(&spilled, &Origins::default()).0 == file);
}

#[test]
fn pages_are_indexed_and_addresses_have_filters() {
    let (file, _) = table(&digest(&[log(40_000)], None, 2), &Origins::default());
    let options = ReadOptionsBuilder::new().with_page_index().build();
    let bytes = Bytes::from(file);
    let reader = SerializedFileReader::new_with_options(bytes.clone(), options).unwrap();
    let group = &reader.metadata().row_groups()[0];
    let columns = group.columns();
    assert_eq!(columns.len(), 40);
    let at = |name: &str| {
        columns
            .iter()
            .position(|column| column.column_path().string() == name)
            .unwrap()
    };
    for column in columns {
        // Differences are as short as they are; whatever repeats is compressed.
        let measured = column
            .encodings()
            .any(|encoding| encoding == Encoding::DELTA_BINARY_PACKED);
        let name = column.column_path().string();
        assert_eq!(measured, MEASURED.contains(&name.as_str()), "{name}");
        let compression = match measured {
            true => Compression::UNCOMPRESSED,
            false => Compression::ZSTD(ZstdLevel::default()),
        };
        assert_eq!(column.compression(), compression, "{name}");
        assert!(column.offset_index_offset().is_some() && column.column_index_offset().is_some());
        assert!(column.statistics().is_some());
    }
    let dictionary = |name: &str| {
        columns[at(name)]
            .encodings()
            .any(|encoding| encoding == Encoding::RLE_DICTIONARY)
    };
    assert!(
        dictionary("dstaddr") && dictionary("interface_id") && !dictionary("bytes") && !dictionary("srcaddr")
    );
    let index = reader.metadata().page_index_for_row_group(0);
    let Some(ColumnIndexMetaData::INT64(sources)) = index.column_index(at("srcaddr_v4")) else {
        panic!("srcaddr_v4 is no column of numbers");
    };
    let (least, greatest): (Vec<_>, Vec<_>) = (
        sources.min_values_iter().collect(),
        sources.max_values_iter().collect(),
    );
    assert_eq!(least.len(), 3, "40,000 rows are three pages");
    assert_eq!(least[0], Some(&i64::from(u32::from_be_bytes([10, 0, 0, 0]))));
    assert!(greatest[0] < least[1], "sorted pages do not overlap");
    let column = &columns[at("srcaddr")];
    let start = column.bloom_filter_offset().unwrap() as u64;
    let length = column.bloom_filter_length().unwrap() as usize;
    let filter = Sbbf::from_bytes(&bytes.get_bytes(start, length).unwrap()).unwrap();
    assert!(filter.check("10.0.0.1") && filter.check("2001:db8::4"));
    let alarms = (0..1000)
        .filter(|at| filter.check(format!("172.16.1.{at}").as_str()))
        .count();
    assert!(alarms < 50, "{alarms} false alarms in a thousand");
}

#[test]
fn a_digest_without_edges_is_a_table_without_rows() {
    let (file, summary) = table(&digest(&[], None, 2), &Origins::default());
    assert_eq!((summary.rows, rows(&file).len()), (0, 0));
}

#[test]
fn where_objects_were_delivered_says_region_and_a_missing_account() {
    let log = "interface-id srcaddr dstaddr protocol packets bytes start end\n\
        eni-1 10.0.0.1 10.0.0.2 6 1 1 1539734400 1539734460\n\
        eni-2 10.0.0.1 10.0.0.2 6 1 1 1539734400 1539734460\n";
    let mut origins = Origins::default();
    origins.enter("111122223333", "eu-west-1", "", &[b"eni-1"[..].into()]);
    origins.enter("444455556666", "us-east-1", "", &[b"eni-2"[..].into()]);
    let (file, _) = table(&digest(&[log.into()], None, 1), &origins);
    let said: Vec<[String; 4]> = rows(&file)
        .iter()
        .map(|row| ["account_id", "region", "interface_id", "fold"].map(|name| text(row, name)))
        .collect();
    assert_eq!(
        said,
        [
            ["111122223333", "eu-west-1", "eni-1", "portless"],
            ["444455556666", "us-east-1", "eni-2", "portless"]
        ]
    );
}

#[test]
fn a_digest_without_history_is_refused() {
    let options = FoldOptions {
        edges: false,
        ..FoldOptions::default()
    };
    let mut fold = Fold::new(&options);
    fold.read_object("a log", &mut log(10).as_slice()).unwrap();
    let written = write_edges(&fold.finish().unwrap(), &Origins::default(), &mut Vec::new());
    assert!(matches!(written, Err(TableError::NoHistory)), "{written:?}");
}

/// Fails once so many bytes have come.
struct Full(usize);

impl io::Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self
            .0
            .checked_sub(bytes.len())
            .ok_or(io::ErrorKind::StorageFull)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_writer_that_fails_is_told_and_nobody_waits() {
    let digest = digest(&[log(2 * ROWS_OF_A_GROUP as u32)], None, 3);
    for room in [0, 3, 100_000, 1_000_000] {
        let written = write_edges(&digest, &Origins::default(), &mut Full(room));
        let said = written.unwrap_err().to_string();
        assert!(
            said.contains("no storage space") || said.contains("full"),
            "{said}"
        );
    }
}
