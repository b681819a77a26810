//! A text log's Parquet copy, as AWS documents its own: numbers as INT32 and INT64, all else as text, every column
//! optional, GZIP pages. For tests, which need files of the same records.

use std::sync::Arc;

use parquet::basic::{Compression, LogicalType, Repetition, Type as Physical};
use parquet::data_type::{ByteArray, ByteArrayType, Int32Type, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;

/// The copy of a log that begins with its header; rows of another width than the header's are left out.
///
/// # Errors
/// The writer's.
pub fn parquet_copy(text: &str, rows_together: usize) -> Result<Vec<u8>, ParquetError> {
    let properties = WriterProperties::builder()
        .set_compression(Compression::GZIP(Default::default()))
        .build();
    parquet_file(text, rows_together, properties)
}

/// The same, written in another way.
pub(crate) fn parquet_file(
    text: &str,
    rows_together: usize,
    properties: WriterProperties,
) -> Result<Vec<u8>, ParquetError> {
    let mut lines = text
        .lines()
        .map(|line| -> Vec<&str> { line.split_ascii_whitespace().collect() });
    let columns = lines.next().unwrap_or_default();
    let rows: Vec<Vec<&str>> = lines.filter(|row| row.len() == columns.len()).collect();
    let fields = columns.iter().map(|name| field(name).map(Arc::new));
    let schema = Type::group_type_builder("flow_logs")
        .with_fields(fields.collect::<Result<_, _>>()?)
        .build()?;
    let mut writer = SerializedFileWriter::new(Vec::new(), Arc::new(schema), Arc::new(properties))?;
    for rows in rows.chunks(rows_together.max(1)) {
        let mut group = writer.next_row_group()?;
        for (at, name) in columns.iter().enumerate() {
            let Some(mut column) = group.next_column()? else {
                break;
            };
            let values: Vec<Option<&str>> = rows
                .iter()
                .map(|row| row.get(at).copied().filter(|value| *value != "-"))
                .collect();
            let levels: Vec<i16> = values.iter().map(|value| i16::from(value.is_some())).collect();
            let values = values.into_iter().flatten();
            match physical(name) {
                Physical::INT32 => {
                    let values: Vec<i32> = values.filter_map(|value| value.parse().ok()).collect();
                    column
                        .typed::<Int32Type>()
                        .write_batch(&values, Some(&levels), None)?;
                }
                Physical::INT64 => {
                    let values: Vec<i64> = values.filter_map(|value| value.parse().ok()).collect();
                    column
                        .typed::<Int64Type>()
                        .write_batch(&values, Some(&levels), None)?;
                }
                _ => {
                    let values: Vec<ByteArray> = values.map(ByteArray::from).collect();
                    column
                        .typed::<ByteArrayType>()
                        .write_batch(&values, Some(&levels), None)?;
                }
            }
            column.close()?;
        }
        group.close()?;
    }
    writer.into_inner()
}

fn physical(name: &str) -> Physical {
    match name {
        "version" | "srcport" | "dstport" | "protocol" | "tcp-flags" | "traffic-path" => Physical::INT32,
        "packets" | "bytes" | "start" | "end" => Physical::INT64,
        _ => Physical::BYTE_ARRAY,
    }
}

fn field(name: &str) -> Result<Type, ParquetError> {
    let physical = physical(name);
    let logical = (physical == Physical::BYTE_ARRAY).then_some(LogicalType::String);
    Type::primitive_type_builder(&name.replace('-', "_"), physical)
        .with_repetition(Repetition::OPTIONAL)
        .with_logical_type(logical)
        .build()
}
