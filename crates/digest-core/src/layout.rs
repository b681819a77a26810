//! Which column of a row is which field: by the header above it, or the default format where there is none.

use std::fmt;

use crate::address::Address;
use crate::error::LayoutFault;
use crate::field::{self, DEFAULT_FORMAT, Field, USED};
use crate::number::is_number;

/// A column whose field is not used.
const UNUSED: u8 = u8::MAX;

/// Columns without which there is no edge to count; one of start and end is needed besides.
const NEEDED: [Field; 5] = [
    Field::SrcAddr,
    Field::DstAddr,
    Field::Protocol,
    Field::Packets,
    Field::Bytes,
];

/// The columns in force, until another header changes them.
#[derive(Clone)]
pub(crate) struct Layout {
    /// Per column, the field it holds or [`UNUSED`].
    columns: Vec<u8>,
    /// Which fields the layout has, a bit each.
    fields: u16,
    /// `header` or `default format`, for messages.
    origin: &'static str,
}

/// The tokens of one row that are used, each in the place of its field; empty where the layout has no such column.
#[derive(Clone, Copy)]
pub(crate) struct Row<'a> {
    tokens: [&'a [u8]; USED],
}

impl Layout {
    /// The default format: its rows need no header.
    pub(crate) fn default_format() -> Self {
        let columns: Vec<u8> = DEFAULT_FORMAT.iter().map(|&field| field as u8).collect();
        let fields = DEFAULT_FORMAT
            .iter()
            .fold(0, |fields, &field| fields | bit(field));
        Self {
            columns,
            fields,
            origin: "default format",
        }
    }

    /// The layout that a header line names; unknown names are columns that are not used.
    pub(crate) fn from_header(line: &[u8]) -> Result<Self, LayoutFault> {
        let mut layout = Self {
            columns: Vec::new(),
            fields: 0,
            origin: "header",
        };
        for token in tokens(line) {
            let used = field::known(token).flatten();
            if let Some(field) = used {
                if layout.has(field) {
                    return Err(LayoutFault::Twice(field.name()));
                }
                layout.fields |= bit(field);
            }
            layout.columns.push(used.map_or(UNUSED, |field| field as u8));
        }
        layout.check()?;
        Ok(layout)
    }

    /// The layout of a table that has these columns beside others that are not used.
    pub(crate) fn of_columns(fields: &[Field]) -> Result<Self, LayoutFault> {
        let layout = Self {
            columns: fields.iter().map(|&field| field as u8).collect(),
            fields: fields.iter().fold(0, |all, &field| all | bit(field)),
            origin: "schema",
        };
        let missing = layout.missing();
        if missing.is_empty() {
            Ok(layout)
        } else {
            Err(LayoutFault::MissingColumns(missing))
        }
    }

    /// The field that says when a record is: its start, or where the layout lacks it, its end.
    #[inline]
    pub(crate) fn time(&self) -> Field {
        if self.has(Field::Start) {
            Field::Start
        } else {
            Field::End
        }
    }

    /// Whether the layout has a column for this field.
    #[inline]
    pub(crate) fn has(&self, field: Field) -> bool {
        self.fields & bit(field) != 0
    }

    /// Whether rows carry ports: one without the other cannot be folded.
    #[inline]
    pub(crate) fn has_ports(&self) -> bool {
        self.has(Field::SrcPort) && self.has(Field::DstPort)
    }

    /// The column that holds a field.
    pub(crate) fn column(&self, field: Field) -> Option<usize> {
        self.columns.iter().position(|&column| column == field as u8)
    }

    /// How many columns rows must have.
    pub(crate) fn width(&self) -> usize {
        self.columns.len()
    }

    /// Where the layout is from, for messages.
    pub(crate) fn origin(&self) -> &'static str {
        self.origin
    }

    /// Splits a row into its fields; `Err` is the number of tokens found where it is not the layout's.
    #[inline]
    pub(crate) fn split<'a>(&self, line: &'a [u8]) -> Result<Row<'a>, usize> {
        let mut row = Row { tokens: [&[]; USED] };
        let mut found = 0;
        for token in tokens(line) {
            if let Some(place) = self
                .columns
                .get(found)
                .and_then(|&column| row.tokens.get_mut(usize::from(column)))
            {
                *place = token;
            }
            found += 1;
        }
        if found == self.columns.len() {
            Ok(row)
        } else {
            Err(found)
        }
    }

    fn check(&self) -> Result<(), LayoutFault> {
        let missing = self.missing();
        if missing.is_empty() {
            Ok(())
        } else {
            Err(LayoutFault::Missing(missing))
        }
    }

    /// What it lacks of all that is needed.
    fn missing(&self) -> Vec<&'static str> {
        let mut missing: Vec<&'static str> = NEEDED
            .iter()
            .filter(|&&field| !self.has(field))
            .map(|field| field.name())
            .collect();
        if !self.has(Field::Start) && !self.has(Field::End) {
            missing.extend([Field::Start.name(), Field::End.name()]);
        }
        missing
    }
}

impl fmt::Debug for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Layout({}, {} columns)", self.origin, self.columns.len())
    }
}

impl<'a> Row<'a> {
    /// A row of these values.
    pub(crate) fn of(values: impl Iterator<Item = (Field, &'a [u8])>) -> Self {
        let mut row = Self { tokens: [&[]; USED] };
        for (field, value) in values {
            if let Some(place) = row.tokens.get_mut(field as usize) {
                *place = value;
            }
        }
        row
    }

    /// The token of a field; empty where the layout lacks it.
    #[inline]
    pub(crate) fn get(&self, field: Field) -> &'a [u8] {
        self.tokens.get(field as usize).copied().unwrap_or_default()
    }
}

/// The tokens of a line: what stands between runs of blanks (space, tab, carriage return).
#[inline]
pub(crate) fn tokens(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(|byte| matches!(byte, b' ' | b'\t' | b'\r'))
        .filter(|token| !token.is_empty())
}

/// Whether a line is a header: more than half of its tokens are known field names and none is a number or an
/// address.
pub(crate) fn is_header(line: &[u8]) -> bool {
    let (mut known, mut all) = (0usize, 0usize);
    for token in tokens(line) {
        if is_number(token) || Address::parse(token).is_some() {
            return false;
        }
        all += 1;
        known += usize::from(field::known(token).is_some());
    }
    known * 2 > all
}

fn bit(field: Field) -> u16 {
    1 << (field as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_found_by_name_in_any_order() {
        let layout = Layout::from_header(b"bytes packets x-new protocol dstaddr srcaddr end").unwrap();
        let row = layout.split(b"1  2\t3 4 5 6 7\r").unwrap();
        assert_eq!(row.get(Field::Bytes), b"1");
        assert_eq!(row.get(Field::SrcAddr), b"6");
        assert_eq!(row.get(Field::End), b"7");
        assert_eq!(row.get(Field::Start), b"");
        assert!(!layout.has_ports() && !layout.has(Field::Action));
    }

    #[test]
    fn missing_columns_are_named() {
        let refused = Layout::from_header(b"version srcaddr packets bytes").unwrap_err();
        assert_eq!(
            refused.to_string(),
            "its header lacks dstaddr, protocol, start, end"
        );
        let twice = Layout::from_header(b"srcaddr dstaddr protocol packets bytes start bytes").unwrap_err();
        assert_eq!(twice, LayoutFault::Twice("bytes"));
    }

    #[test]
    fn a_header_has_mostly_known_names_and_no_value() {
        assert!(is_header(b"version account-id"));
        assert!(is_header(b"srcaddr dstaddr new-field"));
        assert!(!is_header(b"srcaddr new-field"));
        assert!(!is_header(b"srcaddr dstaddr bytes 2"));
        assert!(!is_header(b"srcaddr dstaddr bytes ::1"));
        assert!(!is_header(b"bogus line"));
        assert!(!is_header(b""));
    }

    #[test]
    fn a_row_of_another_width_says_how_wide_it_is() {
        let layout = Layout::default_format();
        assert_eq!(layout.split(b"bogus line").err(), Some(2));
        assert_eq!(layout.split(b"a b c d e f g h i j k l m n o").err(), Some(15));
    }
}
