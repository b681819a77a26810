//! The values of a column chunk, each once, as Parquet writes them plainly, and their order.

use std::cmp::Ordering;
use std::ops::Range;

use digest_core::dotted;
use parquet::basic::Type;
use parquet::data_type::ByteArray;
use parquet::file::statistics::Statistics;

use crate::runs::NULL;

/// Bytes of a text that are compared at once.
const HEAD: usize = size_of::<u128>();

/// Values in the order of their numbers, all of one type.
#[derive(Debug, Default)]
pub(crate) struct Dictionary {
    /// Plain values; in front of a text stands its length in four bytes.
    pub(crate) plain: Vec<u8>,
    /// Bytes of a number; 0 for texts.
    width: usize,
    /// The numbers, to be compared.
    numbers: Vec<i64>,
    texts: Vec<Text>,
}

/// Where a text's own bytes are, and the first of them: as a number, in the texts' order.
#[derive(Debug)]
struct Text {
    head: u128,
    at: Range<u32>,
}

impl Dictionary {
    pub(crate) fn clear(&mut self) {
        self.plain.clear();
        self.numbers.clear();
        self.texts.clear();
        self.width = 0;
    }

    pub(crate) fn len(&self) -> usize {
        self.plain
            .len()
            .checked_div(self.width)
            .unwrap_or(self.texts.len())
    }

    /// Appends numbers of 64 bits.
    pub(crate) fn extend_int64(&mut self, values: &[i64]) {
        self.width = size_of::<i64>();
        self.numbers.extend_from_slice(values);
        self.plain
            .extend(values.iter().flat_map(|value| value.to_le_bytes()));
    }

    /// Appends numbers that have room in 32 bits.
    pub(crate) fn extend_int32(&mut self, values: &[i64]) {
        self.width = size_of::<i32>();
        self.numbers.extend_from_slice(values);
        self.plain
            .extend(values.iter().flat_map(|&value| (value as i32).to_le_bytes()));
    }

    /// Appends an IPv4 address as text.
    #[inline]
    pub(crate) fn push_dotted(&mut self, address: u32) {
        let (text, length) = dotted(address);
        self.plain.extend_from_slice(&(length as u32).to_le_bytes());
        let from = self.plain.len();
        // All of it at once, which is no call.
        self.plain.extend_from_slice(&text);
        self.plain.truncate(from + length);
        self.texts.push(Text {
            head: u128::from_be_bytes(text),
            at: from as u32..self.plain.len() as u32,
        });
    }

    /// Appends a text with its length.
    pub(crate) fn push_text(&mut self, text: &[u8]) {
        self.plain.extend_from_slice(&(text.len() as u32).to_le_bytes());
        let from = self.plain.len() as u32;
        self.plain.extend_from_slice(text);
        let mut head = [0; HEAD];
        for (head, &byte) in head.iter_mut().zip(text) {
            *head = byte;
        }
        self.texts.push(Text {
            head: u128::from_be_bytes(head),
            at: from..self.plain.len() as u32,
        });
    }

    /// A value's own bytes.
    pub(crate) fn bytes(&self, number: u32) -> &[u8] {
        let number = number as usize;
        let range = if self.width > 0 {
            number * self.width..(number + 1) * self.width
        } else {
            let at = self
                .texts
                .get(number)
                .map(|text| text.at.clone())
                .unwrap_or_default();
            at.start as usize..at.end as usize
        };
        self.plain.get(range).unwrap_or_default()
    }

    /// Bytes that so many values take where they are written plainly, if they are as long as these are in the mean.
    pub(crate) fn size_of(&self, values: usize) -> usize {
        self.plain.len() * values / self.len().max(1)
    }

    /// Each value's own bytes.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.len() as u32).map(|number| self.bytes(number))
    }

    /// A value as it is written plainly.
    pub(crate) fn push_plain(&self, number: u32, out: &mut Vec<u8>) {
        let bytes = self.bytes(number);
        if self.width == 0 {
            out.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
        }
        out.extend_from_slice(bytes);
    }

    /// The order of two values.
    #[inline]
    pub(crate) fn order(&self, one: u32, other: u32) -> Ordering {
        if self.width > 0 {
            return self.number(one).cmp(&self.number(other));
        }
        let head = |number: u32| self.texts.get(number as usize).map(|text| text.head);
        // Equal heads are no equal texts: zeros may stand in one where the other has ended.
        head(one)
            .cmp(&head(other))
            .then_with(|| self.bytes(one).cmp(self.bytes(other)))
    }

    #[inline]
    fn number(&self, number: u32) -> i64 {
        self.numbers.get(number as usize).copied().unwrap_or_default()
    }

    /// The least and the greatest value of some rows, and how many rows have none.
    pub(crate) fn bounds(&self, rows: impl Iterator<Item = (u32, u32)>) -> Bounds {
        if self.width > 0 {
            return self.bounds_of_numbers(rows);
        }
        let (mut bounds, mut last) = (Bounds::default(), NULL);
        for (count, number) in rows {
            if number == NULL {
                bounds.nulls += u64::from(count);
            } else if number != last {
                bounds.widen(self, number);
                last = number;
            }
        }
        bounds
    }

    /// The same of numbers, which are compared as such.
    fn bounds_of_numbers(&self, rows: impl Iterator<Item = (u32, u32)>) -> Bounds {
        let mut nulls = 0;
        let (mut least, mut greatest) = ((i64::MAX, NULL), (i64::MIN, NULL));
        for (count, number) in rows {
            // No value has the number of a row that has none.
            let Some(&value) = self.numbers.get(number as usize) else {
                nulls += u64::from(count);
                continue;
            };
            if value <= least.0 {
                least = (value, number);
            }
            if value >= greatest.0 {
                greatest = (value, number);
            }
        }
        Bounds {
            range: (least.1 != NULL).then_some((least.1, greatest.1)),
            nulls,
        }
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
    #[inline]
    fn widen(&mut self, values: &Dictionary, number: u32) {
        let Some((least, greatest)) = &mut self.range else {
            self.range = Some((number, number));
            return;
        };
        if values.order(number, *least).is_lt() {
            *least = number;
        } else if values.order(number, *greatest).is_gt() {
            *greatest = number;
        }
    }

    /// Both together.
    pub(crate) fn with(mut self, other: Self, values: &Dictionary) -> Self {
        self.nulls += other.nulls;
        if let Some((least, greatest)) = other.range {
            self.widen(values, least);
            self.widen(values, greatest);
        }
        self
    }

    /// As a footer has them.
    pub(crate) fn statistics(&self, values: &Dictionary, of: Type) -> Statistics {
        let (least, greatest) = match self.range {
            Some((least, greatest)) => (Some(least), Some(greatest)),
            None => (None, None),
        };
        let nulls = Some(self.nulls);
        let int64 = |number| values.number(number);
        let int32 = |number| values.number(number) as i32;
        let text = |number| ByteArray::from(values.bytes(number).to_vec());
        match of {
            Type::INT32 => Statistics::int32(least.map(int32), greatest.map(int32), None, nulls, false),
            Type::INT64 => Statistics::int64(least.map(int64), greatest.map(int64), None, nulls, false),
            _ => Statistics::byte_array(least.map(text), greatest.map(text), None, nulls, false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_in_the_order_of_their_bytes() {
        let texts: [&[u8]; 8] = [
            b"",
            b"\0",
            b"10.0.0.1",
            b"10.0.0.10",
            b"2001:db8:0:1::1",
            b"2001:db8:0:1::10",
            b"2001:db8:0:1::100",
            b"\xff",
        ];
        let mut values = Dictionary::default();
        texts.iter().for_each(|text| values.push_text(text));
        for (one, a) in (0..).zip(texts) {
            for (other, b) in (0..).zip(texts) {
                assert_eq!(values.order(one, other), a.cmp(b), "{a:?} {b:?}");
            }
        }
        let bounds = values.bounds([(1, 4), (3, NULL), (1, 2), (7, 6)].into_iter());
        assert_eq!((bounds.range, bounds.nulls), (Some((2, 6)), 3));
    }

    #[test]
    fn numbers_are_in_their_own_order() {
        let mut values = Dictionary::default();
        values.extend_int64(&[-1, 0, i64::MAX, i64::MIN]);
        assert_eq!((values.len(), values.size_of(3)), (4, 24));
        assert_eq!(
            values.bounds((0..4).map(|number| (1, number))).range,
            Some((3, 2))
        );
        values.clear();
        values.extend_int32(&[7, -8]);
        assert_eq!(
            values.bounds((0..2).map(|number| (1, number))).range,
            Some((1, 0))
        );
        assert_eq!(values.bytes(1), (-8i32).to_le_bytes());
    }
}
