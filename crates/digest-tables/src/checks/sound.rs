//! Sound tables, small, with values of every kind in their columns.

use std::io::Cursor;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use digest_core::{FoldOptions, Source, fold_parallel};
use parquet::basic::Compression;
use parquet::column::reader::ColumnReader;
use parquet::data_type::{ByteArrayType, Int32Type, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::writer::SerializedFileWriter;

use crate::{Origins, write_edges, write_interfaces};

/// Of edges, of interfaces, and both once more with pages that are not compressed.
pub(super) fn tables() -> [Vec<u8>; 4] {
    let source = Mutex::new(Some(("a log".to_owned(), Cursor::new(log()))));
    let next = || -> Option<Source> {
        let (name, log) = source.lock().expect("no thread died").take()?;
        Some((name, Box::new(log)))
    };
    let digest = fold_parallel(&FoldOptions::default(), None, 1, next, |_, _| {}).expect("a sound log");
    let (mut edges, mut interfaces) = (Vec::new(), Vec::new());
    write_edges(&digest, &Origins::default(), &mut edges).expect("a digest with edges");
    write_interfaces(&digest, &Origins::default(), &mut interfaces).expect("a digest with interfaces");
    let [plain_edges, plain_interfaces] =
        [&edges, &interfaces].map(|file| plain(file).expect("a sound table"));
    [edges, interfaces, plain_edges, plain_interfaces]
}

/// Edges of both families, with ports and without, and with what only later versions of the format say.
fn log() -> Vec<u8> {
    let mut text = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action \
                    log-status vpc-id tcp-flags pkt-srcaddr pkt-dstaddr flow-direction traffic-path\n"
        .to_owned();
    for row in 0..40 {
        let start = 1_539_734_400 + 60 * (row / 10);
        let (address, ports, protocol) = match row % 13 {
            7 => ("2001:db8::7", "0 0", 58),
            11 => ("10.0.0.9", "- -", 1),
            _ => ("10.0.0.7", "40001 443", 6),
        };
        let (status, action) = if row == 39 {
            ("NODATA", "-")
        } else {
            ("OK", ["ACCEPT", "REJECT"][row % 2])
        };
        text += &format!(
            "5 123456789012 eni-{} {address} 10.0.1.{} {ports} {protocol} {row} {} {start} {} {action} {status} vpc-{} 2 \
             10.0.0.{} - egress {}\n",
            row / 20,
            row % 7,
            40 * row,
            start + 30,
            row % 2,
            row % 3,
            row % 8 + 1,
        );
    }
    text.into_bytes()
}

/// A table's values in pages that are not compressed, some with a dictionary.
fn plain(file: &[u8]) -> Result<Vec<u8>, ParquetError> {
    let reader = SerializedFileReader::new(Bytes::from(file.to_vec()))?;
    let schema = reader.metadata().file_metadata().schema_descr().root_schema_ptr();
    let properties = WriterProperties::builder()
        .set_compression(Compression::UNCOMPRESSED)
        .build();
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties))?;
    for group in 0..reader.num_row_groups() {
        let from = reader.get_row_group(group)?;
        let rows = from.metadata().num_rows() as usize;
        let mut to = writer.next_row_group()?;
        let mut at = 0;
        while let Some(mut column) = to.next_column()? {
            let mut levels = Vec::new();
            macro_rules! copy {
                ($reader:expr, $type:ty) => {{
                    let mut values = Vec::new();
                    $reader.read_records(rows, Some(&mut levels), None, &mut values)?;
                    // Required columns have none.
                    let levels = Some(&levels[..]).filter(|levels| !levels.is_empty());
                    column.typed::<$type>().write_batch(&values, levels, None)?;
                }};
            }
            match from.get_column_reader(at)? {
                ColumnReader::Int32ColumnReader(mut reader) => copy!(reader, Int32Type),
                ColumnReader::Int64ColumnReader(mut reader) => copy!(reader, Int64Type),
                ColumnReader::ByteArrayColumnReader(mut reader) => copy!(reader, ByteArrayType),
                _ => return Err(ParquetError::General("a column of no table".to_owned())),
            }
            column.close()?;
            at += 1;
        }
        to.close()?;
    }
    writer.into_inner()
}
