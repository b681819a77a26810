//! Why an object's bytes make no digest: what happened, in which object, at which line.

use std::{fmt, io};

use thiserror::Error;

/// Most bytes of a bad value that a message quotes.
const QUOTED: usize = 64;

/// Why folding stopped. Only [`FoldError::Read`] is worth another try: all else lies in the bytes themselves.
#[derive(Debug, Error)]
pub enum FoldError {
    /// A row does not fit its header, or holds a value that cannot be.
    #[error("{key}: {unit} {line}: {reason}")]
    BadRow {
        /// The object.
        key: String,
        /// Whether it is a line of text or a row of a Parquet file.
        unit: Unit,
        /// Line in the inflated text, from 1; empty lines and headers count. Or row of the file, from 1.
        line: u64,
        /// What is wrong with the row.
        reason: RowFault,
    },
    /// The object is cut, does not inflate, is not the JSON that it begins as, or is a Parquet file that is not what it says
    /// of itself.
    #[error("{key}: the {what} is corrupt or cut: {reason}")]
    Corrupt {
        /// The object.
        key: String,
        /// `object` or `Parquet file`.
        what: &'static str,
        /// What is wrong with its bytes.
        reason: String,
    },
    /// A Parquet file whose parts do not fit the memory that there is for reading it.
    #[error(
        "{key}: reading the Parquet file takes more memory than DIGEST_MAX_MEMORY leaves for it: {reason}"
    )]
    TooLarge {
        /// The object.
        key: String,
        /// What of it.
        reason: String,
    },
    /// The object has no columns that a digest could be made of.
    #[error("{key}: {}no flow log that can be digested: {reason}", header_line(*line))]
    NotFlowLog {
        /// The object.
        key: String,
        /// Line of the header, from 1; 0 where the columns are a Parquet file's.
        line: u64,
        /// What is missing.
        reason: LayoutFault,
    },
    /// A sum or a count left its range; nothing ever wraps.
    #[error("{measure} pass the greatest value a digest can hold ({edge})")]
    Overflow {
        /// `packets`, `bytes`, or what else ran over.
        measure: &'static str,
        /// The edge as `account-id interface-id srcaddr dstaddr srcport dstport protocol action`.
        edge: String,
    },
    /// Groups that no longer fit memory could not be written to, or read back from, where they are kept meanwhile.
    #[error("temporary files failed: {source}")]
    Spill {
        /// What went wrong, and where.
        source: io::Error,
    },
    /// The source failed while it was read: a matter of transport, not of contents.
    #[error("{key}: reading failed: {source}")]
    Read {
        /// The object.
        key: String,
        /// What the source said.
        source: io::Error,
    },
}

impl FoldError {
    /// Whether reading the same objects again may succeed.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Read { .. } | Self::Spill { .. })
    }

    /// Whether the fault lies in one object's contents, which a lenient fold leaves out as a whole.
    pub(crate) fn is_of_contents(&self) -> bool {
        matches!(
            self,
            Self::BadRow { .. } | Self::Corrupt { .. } | Self::TooLarge { .. } | Self::NotFlowLog { .. }
        )
    }
}

/// What an object's rows are counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unit {
    /// Lines of text.
    Line,
    /// Rows of a Parquet file.
    Row,
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Line => "line",
            Self::Row => "row",
        })
    }
}

fn header_line(line: u64) -> String {
    match line {
        0 => String::new(),
        line => format!("line {line}: "),
    }
}

/// What is wrong with one row.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RowFault {
    /// The row is longer than the bound; it was never held in memory as a whole.
    #[error("the row is longer than {most} bytes (DIGEST_MAX_ROW)")]
    TooLong {
        /// The bound in bytes.
        most: usize,
    },
    /// The row has more or fewer fields than the header above it.
    #[error("{found} fields where the {layout} has {expected}")]
    FieldCount {
        /// Fields in the row.
        found: usize,
        /// Fields of the layout in force.
        expected: usize,
        /// `header`; `default format` or `VPC_FLOW_LOGS_FORMAT` where no header came before.
        layout: &'static str,
    },
    /// The line is neither a row nor a header, and looks like the header of a log that is no flow log.
    #[error(
        "it looks like a header, but only {known} of its {all} names are fields of flow logs (not {}): a log of \
         another kind, which VPC_FLOW_LOGS_FORMAT does not help to read; leave it out",
        unknown.iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ")
    )]
    StrangeHeader {
        /// Names that are fields'.
        known: usize,
        /// Names in the line.
        all: usize,
        /// The first of those that no field has (cut).
        unknown: Vec<String>,
    },
    /// A number has something else than digits.
    #[error("{field} is not a number: {token:?}")]
    NotANumber {
        /// The column.
        field: &'static str,
        /// What stands there (cut).
        token: String,
    },
    /// A number is greater than its field can hold.
    #[error("{field} is out of range (at most {most}): {token:?}")]
    OutOfRange {
        /// The column.
        field: &'static str,
        /// The greatest value of that column.
        most: u64,
        /// What stands there (cut).
        token: String,
    },
    /// A name in a table holds what would end it in text.
    #[error("{field} holds a blank: {token:?}")]
    Blank {
        /// The column.
        field: &'static str,
        /// What stands there (cut).
        token: String,
    },
    /// An address is neither IPv4 nor IPv6.
    #[error("{field} is not an IP address: {token:?}")]
    NotAnAddress {
        /// The column.
        field: &'static str,
        /// What stands there (cut).
        token: String,
    },
}

/// Why a header, or a format, describes no flow log that can be digested.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LayoutFault {
    /// Columns without which there is no edge to count; first where they should stand.
    #[error("its {0} lacks {names}", names = .1.join(", "))]
    Missing(&'static str, Vec<&'static str>),
    /// A column that is used stands twice; first where.
    #[error("its {0} names {1} twice")]
    Twice(&'static str, &'static str),
    /// There are more columns than may be; first where, then how many may.
    #[error("its {0} has more than {1} columns (DIGEST_MAX_COLUMNS)")]
    TooMany(&'static str, usize),
    /// A transit gateway's rows that say neither where nor in which direction a flow was seen.
    #[error(
        "its {0} has neither tgw-attachment-id nor flow-direction, so that flows which two attachments saw would \
         count twice"
    )]
    Sightings(&'static str),
    /// A column that is used is of a type that cannot hold its values.
    #[error("its Parquet column {column} is {kind}, which cannot be read")]
    ColumnType {
        /// The column as the file names it.
        column: String,
        /// Its type.
        kind: String,
    },
}

impl LayoutFault {
    /// The same, said of a format that stands by itself.
    #[must_use]
    pub fn of_format(&self) -> String {
        match self {
            Self::Missing(_, names) => format!("it lacks {}", names.join(", ")),
            Self::Twice(_, name) => format!("it names {name} twice"),
            Self::Sightings(_) => "it has neither tgw-attachment-id nor flow-direction".to_owned(),
            Self::TooMany(..) | Self::ColumnType { .. } => self.to_string(),
        }
    }
}

/// A token as messages show it: cut, and readable whatever its bytes.
pub(crate) fn quoted(token: &[u8]) -> String {
    String::from_utf8_lossy(token.get(..QUOTED).unwrap_or(token)).into_owned()
}
