//! The values of a column chunk, each once, as Parquet writes them plainly.

use std::cmp::Ordering;
use std::ops::Range;

use parquet::basic::Type;
use parquet::data_type::ByteArray;
use parquet::file::statistics::Statistics;

/// Values in the order of their numbers.
#[derive(Debug, Default)]
pub(crate) struct Dictionary {
    /// Plain values; in front of a text stands its length in four bytes.
    pub(crate) plain: Vec<u8>,
    /// Where each value's own bytes are.
    values: Vec<Range<u32>>,
}

impl Dictionary {
    pub(crate) fn clear(&mut self) {
        self.plain.clear();
        self.values.clear();
    }

    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }

    /// Appends a number's bytes.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        let from = self.plain.len() as u32;
        self.plain.extend_from_slice(bytes);
        self.values.push(from..self.plain.len() as u32);
    }

    /// Appends a text with its length.
    pub(crate) fn push_text(&mut self, text: &[u8]) {
        self.plain.extend_from_slice(&(text.len() as u32).to_le_bytes());
        self.push(text);
    }

    /// A value's own bytes.
    pub(crate) fn bytes(&self, number: u32) -> &[u8] {
        let range = self.values.get(number as usize).cloned().unwrap_or_default();
        self.plain
            .get(range.start as usize..range.end as usize)
            .unwrap_or_default()
    }

    /// Bytes that a value takes where it is written plainly.
    pub(crate) fn size(&self, number: u32, of: Type) -> usize {
        let length = if of == Type::BYTE_ARRAY {
            size_of::<u32>()
        } else {
            0
        };
        length + self.bytes(number).len()
    }

    /// Each value's own bytes.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.values.len() as u32).map(|number| self.bytes(number))
    }

    /// The least and the greatest value of some rows, and how many rows have none.
    pub(crate) fn bounds(&self, of: Type, numbers: &[u32]) -> Bounds {
        let mut bounds = Bounds::default();
        let mut last = None;
        for &number in numbers {
            if number == crate::column::NULL {
                bounds.nulls += 1;
            } else if last != Some(number) {
                last = Some(number);
                bounds.widen(self, of, number);
            }
        }
        bounds
    }
}

/// Least and greatest of some values, by their numbers.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Bounds {
    /// Nothing where there are no values.
    pub(crate) range: Option<(u32, u32)>,
    pub(crate) nulls: u64,
}

impl Bounds {
    fn widen(&mut self, values: &Dictionary, of: Type, number: u32) {
        let (least, greatest) = self.range.unwrap_or((number, number));
        let bytes = values.bytes(number);
        self.range = Some((
            if order(of, bytes, values.bytes(least)).is_lt() {
                number
            } else {
                least
            },
            if order(of, bytes, values.bytes(greatest)).is_gt() {
                number
            } else {
                greatest
            },
        ));
    }

    /// Both together.
    pub(crate) fn with(mut self, other: Self, values: &Dictionary, of: Type) -> Self {
        self.nulls += other.nulls;
        if let Some((least, greatest)) = other.range {
            self.widen(values, of, least);
            self.widen(values, of, greatest);
        }
        self
    }

    /// As a footer has them.
    pub(crate) fn statistics(&self, values: &Dictionary, of: Type) -> Statistics {
        let bytes = self
            .range
            .map(|(least, greatest)| (values.bytes(least), values.bytes(greatest)));
        let (least, greatest) = (bytes.map(|bytes| bytes.0), bytes.map(|bytes| bytes.1));
        let nulls = Some(self.nulls);
        match of {
            Type::INT32 => Statistics::int32(least.map(int32), greatest.map(int32), None, nulls, false),
            Type::INT64 => Statistics::int64(least.map(int64), greatest.map(int64), None, nulls, false),
            _ => {
                let text = |text: &[u8]| ByteArray::from(text.to_vec());
                Statistics::byte_array(least.map(text), greatest.map(text), None, nulls, false)
            }
        }
    }
}

/// The order of two values of this type.
pub(crate) fn order(of: Type, one: &[u8], other: &[u8]) -> Ordering {
    match of {
        Type::INT32 => int32(one).cmp(&int32(other)),
        Type::INT64 => int64(one).cmp(&int64(other)),
        _ => one.cmp(other),
    }
}

fn int32(bytes: &[u8]) -> i32 {
    bytes.first_chunk().map_or(0, |bytes| i32::from_le_bytes(*bytes))
}

fn int64(bytes: &[u8]) -> i64 {
    bytes.first_chunk().map_or(0, |bytes| i64::from_le_bytes(*bytes))
}
