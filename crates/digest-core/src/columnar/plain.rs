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
            Stored::Int32 { .. } => {
                let (words, _) = bytes.as_chunks::<4>();
                let words = words.get(..count).ok_or_else(cut)?;
                self.read_numbers(level, (kind, stored), words, place.start);
                Ok(place.start + 4 * count)
            }
            Stored::Int64 { .. } => {
                let (words, _) = bytes.as_chunks::<8>();
                let words = words.get(..count).ok_or_else(cut)?;
                self.read_numbers(level, (kind, stored), words, place.start);
                Ok(place.start + 8 * count)
            }
            Stored::Bytes => {
                self.texts.in_page = true;
                if kind == Kind::Address
                    && let Some(padded) = Padded::new(page, PAD, place.end)
                {
                    let mut end = None;
                    level.run(Addresses {
                        page,
                        padded,
                        place,
                        count,
                        table: self,
                        end: &mut end,
                    });
                    return end.ok_or_else(cut);
                }
                self.read_texts(kind, page, place, count)
            }
        }
    }

    fn read_numbers<const WIDTH: usize>(
        &mut self,
        level: Level,
        (kind, stored): (Kind, Stored),
        words: &[[u8; WIDTH]],
        from: usize,
    ) {
        match kind {
            Kind::Number(most) => {
                let from = self.entries.len();
                self.entries.resize(from + words.len(), 0);
                level.run(Numbers {
                    words,
                    is_signed: is_signed(stored),
                    most: most.into(),
                    entries: self.entries.get_mut(from..).unwrap_or_default(),
                });
            }
            Kind::Time => self.entries.extend(words.iter().map(|word| {
                let value = stored.value(number_of(word, is_signed(stored)));
                value.map_or(ODD, |value| fitting(stored.second(value)))
            })),
            // Of these, texts are made at once.
            _ => {
                for word in words {
                    self.push_number(kind, stored, number_of(word, is_signed(stored)));
                }
                return;
            }
        }
        self.texts.in_page = true;
        self.texts.numbers_from = Some(from);
    }

    /// Reads texts, each of which stands behind its length; gives where the last one ends.
    fn read_texts(
        &mut self,
        kind: Kind,
        page: &[u8],
        place: Range<usize>,
        count: usize,
    ) -> Result<usize, Failure> {
        let mut at = place.start;
        for _ in 0..count {
            let (start, end) = text_at(page, at, place.end).ok_or_else(cut)?;
            self.texts.spans.push((start, end));
            let text = page.get(start as usize..end as usize).unwrap_or_default();
            self.push_entry(kind, text);
            at = end as usize;
        }
        Ok(at)
    }
}

/// Whether four bytes may be a number below zero.
fn is_signed(stored: Stored) -> bool {
    matches!(stored, Stored::Int32 { signed: true })
}

/// A number of 4 or 8 bytes, the lowest first. Of 8 bytes, whether it has a sign is told by its highest bit.
#[inline(always)]
fn number_of<const WIDTH: usize>(word: &[u8; WIDTH], is_signed: bool) -> i64 {
    let mut bytes = [0; 8];
    for (byte, from) in bytes.iter_mut().zip(word) {
        *byte = *from;
    }
    let number = i64::from_le_bytes(bytes);
    if WIDTH == 4 && is_signed {
        i64::from(number as i32)
    } else {
        number
    }
}

/// Numbers on their way into a table.
struct Numbers<'a, const WIDTH: usize> {
    words: &'a [[u8; WIDTH]],
    is_signed: bool,
    most: u64,
    entries: &'a mut [u64],
}

impl<const WIDTH: usize> vector::Pass for Numbers<'_, WIDTH> {
    #[inline(always)]
    fn run<L: Lanes>(self, _: L) {
        for (entry, word) in self.entries.iter_mut().zip(self.words) {
            // As numbers without a sign those below zero are too large as well.
            let value = number_of(word, self.is_signed).cast_unsigned();
            *entry = if value <= self.most { value } else { ODD };
        }
    }
}

/// Where the text is whose length stands here, before the end of all values.
#[inline(always)]
fn text_at(page: &[u8], at: usize, end: usize) -> Option<(u32, u32)> {
    let start = at + size_of::<u32>();
    let length = u32::from_le_bytes(page.get(at..start)?.try_into().ok()?) as usize;
    (start + length <= end).then_some((start as u32, (start + length) as u32))
}

/// Addresses on their way into a table, each behind its length. Where the next one begins is known only once the one
/// before has been found: what that waits for is done meanwhile, which is the reading of those before.
struct Addresses<'a> {
    page: &'a [u8],
    padded: Padded<'a>,
    place: Range<usize>,
    count: usize,
    table: &'a mut Table,
    /// Where the last of them ends; `None` where the page ends too early.
    end: &'a mut Option<usize>,
}

impl vector::Pass for Addresses<'_> {
    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let Range { start: mut at, end } = self.place;
        let (page, padded, table) = (self.page, self.padded, self.table);
        let mut left = self.count;
        while left > 0 {
            let Some(one) = text_at(page, at, end) else {
                return;
            };
            at = one.1 as usize;
            // The last of an odd number is its own neighbour.
            let mut other = one;
            if left > 1 {
                let Some(text) = text_at(page, at, end) else {
                    return;
                };
                at = text.1 as usize;
                other = text;
            }
            let cells = [
                (BEFORE, one.1 - one.0 + BEFORE),
                (other.0 - one.0 + BEFORE, other.1 - one.0 + BEFORE),
            ];
            let (values, are_none) = match padded.view(one.0) {
                Some(view) if cells[1].1 < MOST_SPLIT => lanes.addresses(view, cells),
                _ => ([0; 2], 3),
            };
            for (bit, (value, text)) in values.into_iter().zip([one, other]).enumerate().take(left) {
                table.texts.spans.push(text);
                if are_none >> bit & 1 == 0 {
                    table.entries.push(value.into());
                } else {
                    take_other(lanes, padded, table, text);
                }
            }
            left = left.saturating_sub(2);
        }
        *self.end = Some(at);
    }
}

/// Takes what is no IPv4 address.
#[inline(always)]
fn take_other<L: Lanes>(lanes: L, page: Padded<'_>, table: &mut Table, (start, end): (u32, u32)) {
    let address = page
        .view(start)
        .and_then(|view| lanes.v6(view, (BEFORE, end - start + BEFORE)));
    match address {
        Some(address) => table.push_wide(address),
        None => table.push_entry(Kind::Address, page.get(start, end)),
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
            table.write(kind.1, at as u32, (&page, usize::MAX), &mut text);
            assert_eq!(text, value.to_string().as_bytes());
        }
        let mut text = Vec::new();
        table.write(kind.1, u32::MAX, (&page, usize::MAX), &mut text);
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
