//! Tables that claim more than they have, or that would become more than anybody has: they are refused before they do.

use std::sync::Arc;

use bytes::Bytes;
use digest_tables::{Condition, EdgesTable, InterfacesTable, TableReadError, Test, Wanted};
use parquet::basic::{Compression, Encoding, Type, ZstdLevel};
use parquet::bloom_filter::Sbbf;
use parquet::column::page::{CompressedPage, Page, PageWriter};
use parquet::column::writer::ColumnCloseResult;
use parquet::file::metadata::{ColumnChunkMetaData, OffsetIndexBuilder, ParquetMetaDataReader};
use parquet::file::writer::{SerializedFileWriter, SerializedPageWriter, TrackedWrite};
use parquet::schema::parser::parse_message_type;

/// The columns that a table of edges needs.
const EDGES: &str = "message edges {
    required binary account_id (string);
    required binary interface_id (string);
    required binary srcaddr (string);
    required binary dstaddr (string);
    required int32 srcport;
    required int32 dstport;
    required int32 protocol;
    required binary action (string);
    required int64 packets;
    required int64 bytes;
}";
/// The same of interfaces.
const INTERFACES: &str = "message interfaces {
    required binary interface_id (string);
    optional binary ipv4_address (string);
    optional binary ipv6_address (string);
    required int64 ok_records;
    required int64 minutes_reported;
}";

/// A table of one row group on its way: each column has one value, which all rows have.
struct Table {
    schema: &'static str,
    /// What the row group claims.
    rows: u64,
    /// What each page claims.
    values: u32,
    /// The text of the interface's name, compressed, and how the chunk says it is.
    name: Vec<u8>,
    compression: Compression,
    filter: Option<Sbbf>,
}

/// A dictionary's text as it stands there, compressed.
fn text(text: &[u8]) -> Vec<u8> {
    let length = (text.len() as u32).to_le_bytes();
    zstd::bulk::compress(&[&length, text].concat(), 1).unwrap()
}

impl Table {
    fn of(schema: &'static str, rows: u32) -> Self {
        Self {
            schema,
            rows: rows.into(),
            values: rows,
            name: text(b"eni-1"),
            compression: Compression::ZSTD(ZstdLevel::default()),
            filter: None,
        }
    }

    fn file(&self) -> Vec<u8> {
        let schema = Arc::new(parse_message_type(self.schema).unwrap());
        let mut file = SerializedFileWriter::new(Vec::new(), schema, Arc::default()).unwrap();
        let columns = file.schema_descr().columns().to_vec();
        let mut group = file.next_row_group().unwrap();
        for of in &columns {
            let (values, kind) = (self.values, of.physical_type());
            let dictionary = match (of.name(), kind) {
                ("interface_id", _) => self.name.clone(),
                ("ipv6_address", _) => text(b"2001:db8::1"),
                (_, Type::INT32) => zstd::bulk::compress(&[0; 4], 1).unwrap(),
                (_, Type::INT64) => zstd::bulk::compress(&[0; 8], 1).unwrap(),
                _ => text(b"10.0.0.1"),
            };
            // One run each of levels and of numbers, whatever their count.
            let mut run = varint(u64::from(values) << 1);
            run.push(0);
            let mut page = Vec::new();
            if of.max_def_level() > 0 {
                page.extend((run.len() as u32).to_le_bytes());
                page.extend(&run[..run.len() - 1]);
                page.push(1);
            }
            page.push(1);
            page.extend(&run);
            let pages = [
                Page::DictionaryPage {
                    buf: dictionary.into(),
                    num_values: 1,
                    encoding: Encoding::PLAIN,
                    is_sorted: false,
                },
                Page::DataPage {
                    buf: zstd::bulk::compress(&page, 1).unwrap().into(),
                    num_values: values,
                    encoding: Encoding::RLE_DICTIONARY,
                    def_level_encoding: Encoding::RLE,
                    rep_level_encoding: Encoding::RLE,
                    statistics: None,
                },
            ];
            let mut sink = TrackedWrite::new(Vec::new());
            let mut writer = SerializedPageWriter::new(&mut sink);
            let written = pages.map(|page| writer.write_page(CompressedPage::new(page, 9)).unwrap());
            writer.close().unwrap();
            let size = written.iter().map(|page| page.compressed_size as i64).sum();
            let [first, second] = written;
            let metadata = ColumnChunkMetaData::builder(of.clone())
                .set_compression(self.compression)
                .set_encodings(vec![Encoding::RLE_DICTIONARY])
                .set_total_compressed_size(size)
                .set_total_uncompressed_size(size)
                .set_num_values(values.into())
                .set_dictionary_page_offset(Some(first.offset as i64))
                .set_data_page_offset(second.offset as i64)
                .build();
            let mut places = OffsetIndexBuilder::new();
            places.append_row_count(values.into());
            places.append_offset_and_size(second.offset as i64, second.compressed_size as i32);
            let close = ColumnCloseResult {
                bytes_written: size as u64,
                rows_written: self.rows,
                metadata: metadata.unwrap(),
                bloom_filter: self.filter.clone().filter(|_| of.name() == "interface_id"),
                column_index: None,
                offset_index: Some(places.build()),
            };
            let bytes = Bytes::from(sink.into_inner().unwrap());
            group.append_column(&bytes, close).unwrap();
        }
        group.close().unwrap();
        file.into_inner().unwrap()
    }

    fn edges(&self) -> Result<usize, TableReadError> {
        edges(self.file(), &[])
    }
}

fn edges(file: Vec<u8>, conditions: &[Condition]) -> Result<usize, TableReadError> {
    let table = EdgesTable::open(Arc::new(Bytes::from(file)))?;
    let rows = table.read(0, Wanted::default(), conditions)?;
    Ok(rows.map_or(0, |rows| rows.len()))
}

fn interfaces(file: Vec<u8>) -> Result<usize, TableReadError> {
    Ok(InterfacesTable::open(Arc::new(Bytes::from(file)))?.read(0)?.len())
}

fn varint(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}

fn refused<T: std::fmt::Debug>(read: Result<T, TableReadError>, why: &str) {
    let told = read.unwrap_err().to_string();
    assert!(told.contains(why), "{told}");
}

fn named(name: &[u8]) -> [Condition; 1] {
    [Condition(vec![Test::Interface(vec![name.to_vec()])])]
}

#[test]
fn such_tables_are_read_where_they_claim_what_they_have() {
    let table = Table::of(EDGES, 300);
    assert_eq!(table.edges().unwrap(), 300);
    assert_eq!(edges(table.file(), &named(b"eni-1")).unwrap(), 300);
    assert_eq!(edges(table.file(), &named(b"eni-2")).unwrap(), 0);
    assert_eq!(interfaces(Table::of(INTERFACES, 300).file()).unwrap(), 300);
}

#[test]
fn rows_that_a_file_cannot_have_are_refused_before_there_is_room_for_them() {
    for rows in [1_000_000, 1 << 32, 1 << 62] {
        let table = Table {
            rows,
            ..Table::of(EDGES, 10)
        };
        refused(edges(table.file(), &named(b"eni-1")), "row");
        refused(edges(table.file(), &[]), "row");
        refused(
            interfaces(
                Table {
                    rows,
                    ..Table::of(INTERFACES, 10)
                }
                .file(),
            ),
            "row",
        );
    }
    for values in [11, u32::MAX >> 1] {
        let table = Table {
            values,
            ..Table::of(EDGES, 10)
        };
        refused(table.edges(), "more values than its group has rows");
        refused(
            edges(table.file(), &named(b"eni-1")),
            "more values than its group has rows",
        );
    }
}

#[test]
fn what_inflates_to_more_than_a_table_has_is_refused() {
    // Frames of a few thousand bytes: a text of 64 MiB, and as many bytes in place of a text that is wanted.
    for name in [
        text(&[b'a'; 64 << 20]),
        zstd::bulk::compress(&[0xff; 64 << 20], 1).unwrap(),
    ] {
        let table = Table {
            name,
            ..Table::of(EDGES, 10)
        };
        assert!(table.file().len() < 32 * 1024);
        refused(table.edges(), "inflates to more");
    }
    // A frame that says it is of 2 GiB and of 16 EiB, and is of nothing.
    for claim in [
        &[0xa0, 0, 0, 0, 0x7f][..],
        &[0xe0, 255, 255, 255, 255, 255, 255, 255, 255],
    ] {
        let name = [&[0x28, 0xb5, 0x2f, 0xfd][..], claim, &[1, 0, 0]].concat();
        assert!(
            Table {
                name,
                ..Table::of(EDGES, 10)
            }
            .edges()
            .is_err()
        );
    }
}

#[test]
fn pages_of_another_compression_are_refused_by_name() {
    for compression in [
        Compression::SNAPPY,
        Compression::GZIP(Default::default()),
        Compression::LZ4_RAW,
    ] {
        let table = Table {
            compression,
            ..Table::of(EDGES, 10)
        };
        refused(table.edges(), "column account_id is compressed as");
    }
}

#[test]
fn one_text_in_many_rows_is_not_copied_without_end() {
    let table = Table {
        name: text(&[b'a'; 1 << 20]),
        ..Table::of(INTERFACES, 1000)
    };
    refused(interfaces(table.file()), "more text than any has");
}

#[test]
fn a_filter_without_a_block_says_nothing() {
    let filter = Some(Sbbf::new(&[]));
    let table = Table {
        filter,
        ..Table::of(EDGES, 10)
    };
    assert_eq!(edges(table.file(), &named(b"eni-1")).unwrap(), 10);
}

#[test]
fn more_pages_than_bytes_and_groups_in_groups_are_refused() {
    let mut file = Table::of(EDGES, 10).file();
    let metadata = ParquetMetaDataReader::new().parse_and_finish(&Bytes::from(file.clone()));
    let at = metadata
        .unwrap()
        .row_group(0)
        .column(0)
        .offset_index_offset()
        .unwrap() as usize;
    file[at..at + 7].copy_from_slice(&[0x19, 0xfc, 0xff, 0xff, 0xff, 0xff, 7]);
    refused(edges(file, &[]), "more elements than there are bytes");
    let elements = [0x48, 1, b'a', 0x15, 2, 0].repeat(100_000);
    let footer = [&[0x15, 2, 0x19, 0xfc][..], &varint(100_000), &elements, &[0]].concat();
    let length = (footer.len() as u32).to_le_bytes();
    let file = [&b"PAR1"[..], &footer, &length, b"PAR1"].concat();
    refused(edges(file.clone(), &[]), "groups in groups");
    refused(interfaces(file), "groups in groups");
}
