//! A file's footer: which of its columns are fields, how each is stored, and what its row groups say of their times.

use std::sync::Arc;

use parquet::basic::{Compression, ConvertedType, LogicalType, TimeUnit, Type};
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use parquet::file::statistics::Statistics;
use parquet::schema::types::{ColumnDescPtr, ColumnDescriptor};

use super::{Failure, Place, footer};
use crate::compact_record::COMPACT_VERSIONS;
use crate::error::LayoutFault;
use crate::facet::FURTHER;
use crate::field::Field;
use crate::flow_record::{MILLISECONDS, seconds_of};
use crate::layout::Layout;
use crate::readers::Allowance;
use crate::window::Window;

mod outline;

use outline::names;

/// What a column's values mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Up to so much on the way that most rows go.
    Number(u32),
    Time,
    Address,
    Name,
    Status,
    /// Anything: no row is odd for it.
    Further,
}

/// How a column's values are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stored {
    Int32 {
        signed: bool,
    },
    /// `per_second` is not 1 for times that say what unit they are in.
    Int64 {
        signed: bool,
        per_second: i64,
    },
    Bytes,
}

/// What a column is read for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    Field(Field),
    /// A fact, by its number.
    Fact(u8),
}

/// A column that is read.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) is_for: Use,
    pub(super) kind: Kind,
    pub(super) stored: Stored,
    /// Its place among all columns.
    pub(super) at: usize,
    pub(super) description: ColumnDescPtr,
}

/// What the footer says, as far as it matters.
#[derive(Debug)]
pub(crate) struct Schema {
    metadata: ParquetMetaData,
    pub(super) wanted: Vec<Wanted>,
    pub(crate) layout: Layout,
}

/// Some of a file's rows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Group<'s> {
    metadata: &'s RowGroupMetaData,
    pub(crate) rows: u64,
}

/// Where the values of a column lie in one row group.
#[derive(Debug, Clone)]
pub(super) struct Extent {
    pub(super) from: u64,
    pub(super) to: u64,
    pub(super) compression: Compression,
}

/// Why there is no schema to go by.
#[derive(Debug)]
pub(crate) enum NoSchema {
    Failure(Failure),
    Layout(LayoutFault),
}

impl From<Failure> for NoSchema {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl Schema {
    /// Reads the footer. What edges are told apart by beyond the text is read only where it is wanted.
    /// The footer stays with the file: it is held of the allowance.
    pub(crate) fn read(
        place: &mut Place<'_>,
        further: bool,
        allowance: &mut Allowance<'_>,
    ) -> Result<Self, NoSchema> {
        let metadata = footer::read(place, allowance)?;
        let columns = metadata.file_metadata().schema_descr().columns();
        let layout = Layout::of_table(&names(columns)).map_err(NoSchema::Layout)?;
        let mut wanted = Vec::new();
        for (at, column) in columns.iter().enumerate() {
            let Some(field) = layout.field(at) else {
                let fact = layout.facts().iter().find(|fact| fact.column == at);
                wanted.extend(
                    fact.filter(|_| further)
                        .and_then(|fact| Wanted::of_fact(column, at, fact.fact)),
                );
                continue;
            };
            // Only a transit gateway's rows are told apart by these.
            let is_needed = match field {
                Field::FlowDirection | Field::PairAttachment => layout.sightings().are_by_row(),
                // One port without the other cannot be folded, and is not read.
                Field::SrcPort | Field::DstPort => layout.has_ports(),
                field => !FURTHER.contains(&field),
            };
            let is_further = FURTHER.contains(&field);
            if !(is_needed || further && is_further) {
                continue;
            }
            let Some(stored) = stored(column, Use::Field(field)) else {
                // What no text shows refuses no file.
                if !is_needed {
                    continue;
                }
                return Err(NoSchema::Layout(LayoutFault::ColumnType {
                    column: column.path().parts().join("."),
                    kind: told(column),
                }));
            };
            wanted.push(Wanted {
                is_for: Use::Field(field),
                kind: Kind::of(Use::Field(field)),
                stored,
                at,
                description: Arc::clone(column),
            });
        }
        Ok(Self {
            metadata,
            wanted,
            layout,
        })
    }

    pub(crate) fn groups(&self) -> impl Iterator<Item = Group<'_>> {
        self.metadata.row_groups().iter().map(|metadata| Group {
            metadata,
            rows: metadata.num_rows().unsigned_abs(),
        })
    }

    /// Whether the file says of a row group that each of its rows starts outside the window.
    pub(crate) fn is_outside(&self, group: Group<'_>, window: Option<&Window>) -> bool {
        let when = self.layout.time();
        let column = self
            .wanted
            .iter()
            .find(|column| column.is_for == Use::Field(when));
        let (Some(window), Some(column)) = (window, column) else {
            return false;
        };
        let statistics = group.metadata.columns().get(column.at);
        let Some(statistics) = statistics.and_then(|chunk| chunk.statistics()) else {
            return false;
        };
        let has_no_nulls = column.description.max_def_level() == 0 || statistics.null_count_opt() == Some(0);
        let (least, greatest) = match statistics {
            Statistics::Int32(ends) => (
                ends.min_opt().copied().map(i64::from),
                ends.max_opt().copied().map(i64::from),
            ),
            Statistics::Int64(ends) => (ends.min_opt().copied(), ends.max_opt().copied()),
            _ => return false,
        };
        let (Some(least), Some(greatest)) = (least, greatest) else {
            return false;
        };
        // A number below zero makes a bad row, wherever the window is. It is also what unsigned ends beyond the signed
        // range look like.
        if !has_no_nulls || least < 0 || greatest < least {
            return false;
        }
        let second = |time: i64| -> i64 {
            let second = column.stored.value(time).map(|time| column.stored.second(time));
            second
                .and_then(|second| i64::try_from(second).ok())
                .unwrap_or(i64::MAX)
        };
        // Seconds and milliseconds side by side are in no order.
        let limit = MILLISECONDS as i64;
        if !column.stored.has_unit() && (least < limit) != (greatest < limit) {
            return false;
        }
        second(greatest) < window.start_unix() || second(least) >= window.stop_unix()
    }

    /// Where a column of a row group lies.
    pub(super) fn extent(&self, group: Group<'_>, wanted: &Wanted, size: u64) -> Result<Extent, Failure> {
        let chunk = group.metadata.columns().get(wanted.at);
        let chunk = chunk.ok_or_else(|| Failure::corrupt("a row group lacks it"))?;
        let data = chunk.data_page_offset();
        // Some writers name place 0 where there is no dictionary.
        let dictionary = chunk.dictionary_page_offset().filter(|&at| at > 0 && at < data);
        let from = u64::try_from(dictionary.unwrap_or(data)).ok();
        let to = from
            .zip(u64::try_from(chunk.compressed_size()).ok())
            .and_then(|(from, length)| from.checked_add(length));
        match from.zip(to) {
            Some((from, to)) if to <= size => Ok(Extent {
                from,
                to,
                compression: chunk.compression(),
            }),
            _ => Err(Failure::corrupt("its pages lie outside the file")),
        }
    }
}

impl Wanted {
    /// A column that says something of the interface: text, or it is as good as absent.
    fn of_fact(column: &ColumnDescPtr, at: usize, fact: u8) -> Option<Self> {
        let is_for = Use::Fact(fact);
        let stored = stored(column, is_for).filter(|stored| *stored == Stored::Bytes)?;
        Some(Self {
            is_for,
            kind: Kind::of(is_for),
            stored,
            at,
            description: Arc::clone(column),
        })
    }
}

impl Kind {
    fn of(is_for: Use) -> Self {
        let Use::Field(field) = is_for else {
            return Self::Further;
        };
        match field {
            Field::AccountId | Field::InterfaceId | Field::Action | Field::PairAttachment => Self::Name,
            Field::PktSrcAddr
            | Field::PktDstAddr
            | Field::FlowDirection
            | Field::TrafficPath
            | Field::RejectReason
            | Field::PktSrcService
            | Field::PktDstService
            | Field::VpcId
            | Field::SubnetId
            | Field::InstanceId
            | Field::InstanceTag
            | Field::InstanceTag2
            | Field::InterfaceTag
            | Field::InterfaceTag2
            | Field::AsgTag
            | Field::AsgTag2 => Self::Further,
            Field::LogStatus => Self::Status,
            Field::SrcAddr | Field::DstAddr => Self::Address,
            Field::Start | Field::End => Self::Time,
            Field::SrcPort | Field::DstPort => Self::Number(u16::MAX.into()),
            Field::Protocol | Field::TcpFlags => Self::Number(u8::MAX.into()),
            Field::Version => Self::Number(u32::from(COMPACT_VERSIONS) - 1),
            Field::Packets | Field::Bytes => Self::Number(u32::MAX),
        }
    }
}

impl Stored {
    /// The number that these bits are, in seconds where they say that they are a time; `None` below zero.
    #[inline]
    pub(super) fn value(self, number: i64) -> Option<u64> {
        match self {
            Self::Int32 { signed: false } => Some(u64::from(number as u32)),
            Self::Int64 { signed: false, .. } => Some(number as u64),
            Self::Int64 { per_second, .. } if per_second > 1 => {
                u64::try_from(number / per_second).ok().filter(|_| number >= 0)
            }
            _ => u64::try_from(number).ok(),
        }
    }

    /// A time in seconds, whether or not its unit is known.
    #[inline]
    pub(super) fn second(self, value: u64) -> u64 {
        if self.has_unit() { value } else { seconds_of(value) }
    }

    fn has_unit(self) -> bool {
        matches!(self, Self::Int64 { per_second, .. } if per_second > 1)
    }
}

/// How a column is stored, if it can be read as what it means: numbers, texts, and times for start and end.
fn stored(column: &ColumnDescriptor, is_for: Use) -> Option<Stored> {
    if column.path().parts().len() > 1 || column.max_rep_level() > 0 || column.max_def_level() > 1 {
        return None;
    }
    let kind = Kind::of(is_for);
    let logical = column.logical_type_ref();
    if column.physical_type() == Type::BYTE_ARRAY {
        let is_text = matches!(
            logical,
            None | Some(LogicalType::String | LogicalType::Enum | LogicalType::Json)
        );
        let is_decimal = column.converted_type() == ConvertedType::DECIMAL;
        return (is_text && !is_decimal).then_some(Stored::Bytes);
    }
    let signed = match (logical, column.converted_type()) {
        (Some(LogicalType::Integer(integer)), _) => integer.is_signed,
        (Some(LogicalType::Timestamp(time)), _) if kind == Kind::Time => {
            return Some(timestamp(&time.unit));
        }
        (Some(_), _) => return None,
        (None, ConvertedType::TIMESTAMP_MILLIS) if kind == Kind::Time => {
            return Some(timestamp(&TimeUnit::MILLIS));
        }
        (None, ConvertedType::TIMESTAMP_MICROS) if kind == Kind::Time => {
            return Some(timestamp(&TimeUnit::MICROS));
        }
        (
            None,
            ConvertedType::UINT_8 | ConvertedType::UINT_16 | ConvertedType::UINT_32 | ConvertedType::UINT_64,
        ) => false,
        (
            None,
            ConvertedType::NONE
            | ConvertedType::INT_8
            | ConvertedType::INT_16
            | ConvertedType::INT_32
            | ConvertedType::INT_64,
        ) => true,
        _ => return None,
    };
    // Some writers take an account for a number.
    if !matches!(kind, Kind::Number(_) | Kind::Time | Kind::Further) && is_for != Use::Field(Field::AccountId)
    {
        return None;
    }
    match column.physical_type() {
        Type::INT32 => Some(Stored::Int32 { signed }),
        Type::INT64 => Some(Stored::Int64 {
            signed,
            per_second: 1,
        }),
        _ => None,
    }
}

fn timestamp(unit: &TimeUnit) -> Stored {
    let per_second = match unit {
        TimeUnit::MILLIS => 1_000,
        TimeUnit::MICROS => 1_000_000,
        TimeUnit::NANOS => 1_000_000_000,
    };
    Stored::Int64 {
        signed: true,
        per_second,
    }
}

/// A column's type, for a message.
fn told(column: &ColumnDescriptor) -> String {
    if column.path().parts().len() > 1 || column.max_rep_level() > 0 {
        return "nested".to_owned();
    }
    match column.logical_type_ref() {
        Some(logical) => format!("{} ({logical:?})", column.physical_type()),
        None => column.physical_type().to_string(),
    }
}
