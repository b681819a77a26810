//! Parquet files of the same rows as a log's, written in any of many physical layouts by the crate `parquet`.

use std::sync::Arc;

use parquet::basic::{
    Compression, Encoding, GzipLevel, LogicalType, Repetition, TimeUnit, Type as Physical, ZstdLevel,
};
use parquet::data_type::{ByteArray, ByteArrayType, Int32Type, Int64Type};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterVersion};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::{ColumnPath, Type};

use crate::long_logs::Dice;

/// Columns by their names in text, and rows of tokens.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rows {
    pub(crate) columns: Vec<String>,
    pub(crate) rows: Vec<Vec<String>>,
}

impl Rows {
    /// The rows below the header that a text begins with, up to the next header; blank lines are none, and rows of
    /// another width are left out: a table has no such rows.
    pub(crate) fn of(text: &[u8]) -> Self {
        let text = String::from_utf8_lossy(text);
        let mut lines = text.lines().map(|line| -> Vec<String> {
            let tokens = line.split([' ', '\t', '\r']).filter(|token| !token.is_empty());
            tokens.map(str::to_owned).collect()
        });
        let columns = lines.next().unwrap_or_default();
        let is_header = |tokens: &Vec<String>| tokens.iter().any(|token| token == "dstaddr");
        let rows = lines.take_while(|tokens| !is_header(tokens));
        let rows = rows.filter(|tokens| tokens.len() == columns.len()).collect();
        Self { columns, rows }
    }

    /// The same as text: a header, and a line for each row.
    pub(crate) fn text(&self) -> Vec<u8> {
        let lines = [&self.columns].into_iter().chain(&self.rows);
        lines
            .map(|tokens| tokens.join(" ") + "\n")
            .collect::<String>()
            .into_bytes()
    }

    /// The same as Parquet, laid out as the dice fall.
    pub(crate) fn parquet(&self, dice: &mut Dice) -> Vec<u8> {
        let mut columns: Vec<Column> = (0..self.columns.len())
            .map(|at| Column::of(self, at, dice))
            .collect();
        for at in (1..columns.len()).rev() {
            columns.swap(at, dice.below(at as u64 + 1) as usize);
        }
        write(&columns, self.rows.len(), dice)
    }
}

/// How a column is stored.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Stored {
    Text,
    Int32,
    UInt32,
    Int64,
    UInt64,
    Millis,
    Micros,
}

/// A column, each value as what it is written as.
#[derive(Debug)]
struct Column {
    name: String,
    stored: Stored,
    is_optional: bool,
    texts: Vec<Option<String>>,
    numbers: Vec<Option<i64>>,
}

impl Column {
    fn of(rows: &Rows, at: usize, dice: &mut Dice) -> Self {
        let field = rows.columns[at].as_str();
        let tokens: Vec<&str> = rows.rows.iter().map(|row| row[at].as_str()).collect();
        let dashes = dice.below(4);
        let texts: Vec<Option<String>> = tokens
            .iter()
            .map(
                |&token| match (token, if dashes == 3 { dice.below(3) } else { dashes }) {
                    ("-", 0) => None,
                    ("-", 1) => Some(String::new()),
                    _ => Some(token.to_owned()),
                },
            )
            .collect();
        let numbers = numbers(field, &tokens);
        let stored = match (&numbers, field) {
            (None, _) => Stored::Text,
            (Some(_), _) if dice.one_in(4) => Stored::Text,
            (Some(numbers), _) => {
                let fits = |least: i64, greatest: i64| {
                    numbers
                        .iter()
                        .flatten()
                        .all(|number| (least..=greatest).contains(number))
                };
                let mut may = vec![Stored::Int64];
                if fits(0, i64::MAX) {
                    may.push(Stored::UInt64);
                }
                if fits(i32::MIN.into(), i32::MAX.into()) {
                    may.push(Stored::Int32);
                }
                if fits(0, u32::MAX.into()) && field != "account-id" {
                    may.push(Stored::UInt32);
                }
                if fits(0, 9_000_000_000_000) && matches!(field, "start" | "end") {
                    may.extend([Stored::Millis, Stored::Micros]);
                }
                may[dice.below(may.len() as u64) as usize]
            }
        };
        let numbers = numbers.unwrap_or_default();
        let numbers: Vec<Option<i64>> = numbers
            .into_iter()
            .map(|number| {
                number.map(|number| match stored {
                    // A time of a unit is no longer seconds or milliseconds by its size.
                    Stored::Millis => millis(number),
                    Stored::Micros => millis(number) * 1000,
                    _ => number,
                })
            })
            .collect();
        let absent = match stored {
            Stored::Text => texts.iter().any(Option::is_none),
            _ => numbers.iter().any(Option::is_none),
        };
        let name = if dice.one_in(3) {
            field.to_owned()
        } else {
            field.replace('-', "_")
        };
        Self {
            name,
            stored,
            is_optional: absent || dice.one_in(2),
            texts,
            numbers,
        }
    }

    fn schema(&self) -> Type {
        let physical = match self.stored {
            Stored::Text => Physical::BYTE_ARRAY,
            Stored::Int32 | Stored::UInt32 => Physical::INT32,
            _ => Physical::INT64,
        };
        let logical = match self.stored {
            Stored::Text => Some(LogicalType::String),
            Stored::Int32 | Stored::Int64 => None,
            Stored::UInt32 => Some(LogicalType::integer(32, false)),
            Stored::UInt64 => Some(LogicalType::integer(64, false)),
            Stored::Millis => Some(LogicalType::timestamp(true, TimeUnit::MILLIS)),
            Stored::Micros => Some(LogicalType::timestamp(true, TimeUnit::MICROS)),
        };
        let repetition = if self.is_optional {
            Repetition::OPTIONAL
        } else {
            Repetition::REQUIRED
        };
        Type::primitive_type_builder(&self.name, physical)
            .with_repetition(repetition)
            .with_logical_type(logical)
            .build()
            .unwrap()
    }
}

/// All tokens as numbers, if they mean the same so; a dash is none.
fn numbers(field: &str, tokens: &[&str]) -> Option<Vec<Option<i64>>> {
    let is_number = matches!(
        field,
        "version"
            | "srcport"
            | "dstport"
            | "protocol"
            | "packets"
            | "bytes"
            | "start"
            | "end"
            | "tcp-flags"
            | "traffic-path"
    );
    if !is_number && field != "account-id" {
        return None;
    }
    tokens
        .iter()
        .map(|token| match *token {
            "-" => Some(None),
            token if token.starts_with('+') => None,
            token if field == "account-id" && (token.len() != 12 || token.starts_with('-')) => None,
            token => token.parse().ok().map(Some),
        })
        .collect()
}

fn millis(time: i64) -> i64 {
    if time >= 100_000_000_000 {
        time
    } else {
        time * 1000
    }
}

fn write(columns: &[Column], rows: usize, dice: &mut Dice) -> Vec<u8> {
    let fields = columns.iter().map(|column| Arc::new(column.schema())).collect();
    let schema = Type::group_type_builder("schema")
        .with_fields(fields)
        .build()
        .unwrap();
    let codec = match dice.below(4) {
        0 => Compression::UNCOMPRESSED,
        1 => Compression::SNAPPY,
        2 => Compression::ZSTD(ZstdLevel::default()),
        _ => Compression::GZIP(GzipLevel::default()),
    };
    let version = [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0][dice.below(2) as usize];
    let mut properties = WriterProperties::builder()
        .set_compression(codec)
        .set_writer_version(version)
        .set_write_batch_size([7, 100, 3000][dice.below(3) as usize])
        .set_data_page_row_count_limit([50, 700, 100_000][dice.below(3) as usize])
        .set_dictionary_page_size_limit([40, 1 << 20][dice.below(2) as usize])
        .set_statistics_enabled([EnabledStatistics::None, EnabledStatistics::Chunk][dice.below(2) as usize]);
    for column in columns {
        let path = ColumnPath::from(column.name.as_str());
        properties = properties.set_column_dictionary_enabled(path.clone(), dice.one_in(2));
        let encodings: &[Encoding] = match column.stored {
            Stored::Text => &[
                Encoding::PLAIN,
                Encoding::DELTA_LENGTH_BYTE_ARRAY,
                Encoding::DELTA_BYTE_ARRAY,
            ],
            _ => &[
                Encoding::PLAIN,
                Encoding::DELTA_BINARY_PACKED,
                Encoding::BYTE_STREAM_SPLIT,
            ],
        };
        let encoding = if dice.one_in(2) {
            0
        } else {
            dice.below(encodings.len() as u64)
        };
        properties = properties.set_column_encoding(path, encodings[encoding as usize]);
    }
    let mut writer =
        SerializedFileWriter::new(Vec::new(), Arc::new(schema), Arc::new(properties.build())).unwrap();
    let together = [13, 400, 1000, 100_000][dice.below(4) as usize];
    for from in (0..rows).step_by(together) {
        let to = rows.min(from + together);
        let mut group = writer.next_row_group().unwrap();
        for column in columns {
            let mut open = group.next_column().unwrap().unwrap();
            let present = |is: Vec<bool>| is.into_iter().map(i16::from).collect::<Vec<i16>>();
            if column.stored == Stored::Text {
                let some = &column.texts[from..to];
                let levels = present(some.iter().map(Option::is_some).collect());
                let values: Vec<ByteArray> = some.iter().flatten().map(|text| text.as_str().into()).collect();
                let levels = column.is_optional.then_some(levels.as_slice());
                open.typed::<ByteArrayType>()
                    .write_batch(&values, levels, None)
                    .unwrap();
            } else {
                let some = &column.numbers[from..to];
                let levels = present(some.iter().map(Option::is_some).collect());
                let levels = column.is_optional.then_some(levels.as_slice());
                if matches!(column.stored, Stored::Int32 | Stored::UInt32) {
                    let values: Vec<i32> = some.iter().flatten().map(|&number| number as i32).collect();
                    open.typed::<Int32Type>()
                        .write_batch(&values, levels, None)
                        .unwrap();
                } else {
                    let values: Vec<i64> = some.iter().flatten().copied().collect();
                    open.typed::<Int64Type>()
                        .write_batch(&values, levels, None)
                        .unwrap();
                }
            }
            open.close().unwrap();
        }
        group.close().unwrap();
    }
    writer.into_inner().unwrap()
}
