//! Values as they stand one behind the other in a page: each kind of column in a loop of its own, addresses by the
//! processor's vectors.

use std::ops::Range;

use super::Failure;
use super::codec::PAD;
use super::schema::{Kind, Stored};
use super::table::{ODD, Table, fitting};
use crate::vector::{self, BEFORE, Lanes, Level, MOST_SPLIT, Padded};

impl Table {
    /// Appends `count` values that stand at a place of a page, which has [`PAD`] bytes on either side; gives where they
    /// end. The table is empty before.
    pub(super) fn read_plain(
        &mut self,
        level: Level,
        (kind, stored): (Kind, Stored),
        page: &[u8],
        place: Range<usize>,
        count: usize,
    ) -> Result<usize, Failure> {
        let bytes = page.get(place.clone()).unwrap_or_default();
        match stored {
            Stored::Int32 { signed } => {
                let (words, _) = bytes.as_chunks::<4>();
                let words = words.get(..count).ok_or_else(cut)?;
                // Whether it is signed or not is told by its bits above.
                if signed {
                    let numbers = words.iter().map(|word| i32::from_le_bytes(*word).into());
                    self.read_numbers((kind, stored), numbers, place.start);
                } else {
                    let numbers = words.iter().map(|word| u32::from_le_bytes(*word).into());
                    self.read_numbers((kind, stored), numbers, place.start);
                }
                Ok(place.start + 4 * count)
            }
            Stored::Int64 { .. } => {
                let (words, _) = bytes.as_chunks::<8>();
                let words = words.get(..count).ok_or_else(cut)?;
                let numbers = words.iter().map(|word| i64::from_le_bytes(*word));
                self.read_numbers((kind, stored), numbers, place.start);
                Ok(place.start + 8 * count)
            }
            Stored::Bytes => {
                let end = self.find_texts(bytes, place.start, count)?;
                if kind == Kind::Address
                    && let Some(padded) = Padded::new(page, PAD, place.end)
                {
                    level.run(Addresses {
                        page: padded,
                        table: self,
                    });
                    return Ok(end);
                }
                for at in 0..count {
                    self.read_text(kind, page, at);
                }
                Ok(end)
            }
        }
    }

    fn read_numbers(
        &mut self,
        (kind, stored): (Kind, Stored),
        numbers: impl ExactSizeIterator<Item = i64>,
        from: usize,
    ) {
        match kind {
            // As numbers without a sign those below zero are too large as well.
            Kind::Number(most) => self.entries.extend(numbers.map(|number| {
                let value = number.cast_unsigned();
                if value <= most.into() { value } else { ODD }
            })),
            Kind::Time => self.entries.extend(numbers.map(|number| {
                let value = stored.value(number);
                value.map_or(ODD, |value| fitting(stored.second(value)))
            })),
            // Of these, texts are made at once.
            _ => return numbers.for_each(|number| self.push_number(kind, stored, number)),
        }
        self.texts.in_page = true;
        self.texts.numbers_from = Some(from);
    }

    /// Finds where texts begin and end, each behind its length; gives where the last one ends. `from` is the first
    /// byte's place in the page.
    fn find_texts(&mut self, bytes: &[u8], from: usize, count: usize) -> Result<usize, Failure> {
        self.texts.in_page = true;
        let end = from + bytes.len();
        let mut rest = bytes;
        for _ in 0..count {
            let (length, behind) = rest.split_first_chunk().ok_or_else(cut)?;
            let length = u32::from_le_bytes(*length) as usize;
            let at = end - behind.len();
            rest = behind.get(length..).ok_or_else(cut)?;
            self.texts.spans.push((at as u32, (at + length) as u32));
        }
        Ok(end - rest.len())
    }

    fn read_text(&mut self, kind: Kind, page: &[u8], at: usize) {
        let (start, end) = self.texts.spans.get(at).copied().unwrap_or_default();
        let text = page.get(start as usize..end as usize).unwrap_or_default();
        self.push_entry(kind, text);
    }
}

/// Addresses whose places are known, on their way into a table.
struct Addresses<'a> {
    page: Padded<'a>,
    table: &'a mut Table,
}

impl vector::Pass for Addresses<'_> {
    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let Self { page, table } = self;
        let count = table.texts.spans.len();
        let mut at = 0;
        while at < count {
            let one = table.texts.spans.get(at).copied().unwrap_or_default();
            // The last of an odd number is its own neighbour.
            let other = table.texts.spans.get(at + 1).copied().unwrap_or(one);
            let cells = [one, other].map(|(start, end)| (start - one.0 + BEFORE, end - one.0 + BEFORE));
            let (values, are_none) = match page.view(one.0) {
                Some(view) if cells[1].1 < MOST_SPLIT => lanes.addresses(view, cells),
                _ => ([0; 2], 3),
            };
            for (bit, (value, (start, end))) in values.into_iter().zip([one, other]).enumerate() {
                if at + bit == count {
                    break;
                }
                if are_none >> bit & 1 == 0 {
                    table.entries.push(value.into());
                } else if let Some(view) = page.view(start)
                    && let Some(address) = lanes.v6(view, (BEFORE, end - start + BEFORE))
                {
                    table.push_wide(address);
                } else {
                    table.push_entry(Kind::Address, page.get(start, end));
                }
            }
            at += 2;
        }
    }
}

fn cut() -> Failure {
    Failure::corrupt("a page ends too early")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::columnar::table::{NONE, WIDE};

    const TEXT: (Kind, Stored) = (Kind::Address, Stored::Bytes);

    fn page_of<T: AsRef<[u8]>>(values: &[T]) -> Vec<u8> {
        let mut page = vec![b'1'; PAD];
        for value in values {
            page.extend((value.as_ref().len() as u32).to_le_bytes());
            page.extend(value.as_ref());
        }
        page.extend([b'.'; PAD]);
        page
    }

    fn read(level: Level, kind: (Kind, Stored), page: &[u8], count: usize) -> Table {
        let mut table = Table::default();
        let end = table.read_plain(level, kind, page, PAD..page.len() - PAD, count);
        assert_eq!(end.unwrap(), page.len() - PAD);
        table
    }

    #[test]
    fn addresses_are_read_by_pairs_whatever_stands_beside_them() {
        let long = "1".repeat(4000);
        let values = [
            "10.0.0.1",
            "",
            "-",
            "::1",
            "255.255.255.255",
            "01.2.3.4",
            &long,
            "0.0.0.0",
            "9.9.9.9",
        ];
        let page = page_of(&values);
        for level in Level::all() {
            let table = read(level, TEXT, &page, values.len());
            let expected = [
                0x0a00_0001,
                NONE,
                NONE,
                WIDE,
                u64::from(u32::MAX),
                ODD,
                ODD,
                0,
                0x0909_0909,
            ];
            assert_eq!(table.entries, expected, "{level:?}");
            assert_eq!(table.wide, [1]);
            assert_eq!(table.text(8, &page), b"9.9.9.9");
        }
    }

    proptest! {
        #[test]
        fn every_level_reads_the_same(values in proptest::collection::vec(
            prop_oneof!["[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}", "[0-9a-f:.]{0,40}", "\\PC{0,20}"], 0..40)
        ) {
            let page = page_of(&values);
            for level in Level::all() {
                let table = read(level, TEXT, &page, values.len());
                let mut one_by_one = Table::default();
                values.iter().for_each(|value| one_by_one.push_text(Kind::Address, value.as_bytes()));
                prop_assert_eq!(&table.entries, &one_by_one.entries);
                prop_assert_eq!(&table.wide, &one_by_one.wide);
            }
        }
    }

    #[test]
    fn numbers_are_read_and_written_as_they_stand() {
        let values = [0, 7, -1, i64::from(u32::MAX), i64::MAX, i64::MIN];
        let mut page = vec![0xff; PAD];
        page.extend(values.iter().flat_map(|value| value.to_le_bytes()));
        page.extend([0xff; PAD]);
        let kind = (
            Kind::Number(u32::MAX),
            Stored::Int64 {
                signed: true,
                per_second: 1,
            },
        );
        let table = read(Level::best(), kind, &page, values.len());
        assert_eq!(table.entries, [0, 7, ODD, u64::from(u32::MAX), ODD, ODD]);
        for (at, value) in values.iter().enumerate() {
            let mut text = Vec::new();
            table.write(kind.1, at as u32, &page, &mut text);
            assert_eq!(text, value.to_string().as_bytes());
        }
        let mut text = Vec::new();
        table.write(kind.1, u32::MAX, &page, &mut text);
        assert_eq!(text, b"-");
    }

    #[test]
    fn a_page_that_ends_too_early_is_refused() {
        let page = page_of(&["10.0.0.1", "10.0.0.2"]);
        for cut in 1..23 {
            let place = PAD..page.len() - PAD - cut;
            assert!(
                Table::default()
                    .read_plain(Level::best(), TEXT, &page, place, 2)
                    .is_err()
            );
        }
    }
}
