//! A column's pages opened: inflated, and where in them its levels and values stand.

use bytes::Bytes;
use parquet::basic::Encoding;
use parquet::column::page::Page;

use super::{Column, Values};
use crate::columnar::codec::{Codec, NotInflated, PAD};
use crate::columnar::rare::Rare;
use crate::columnar::{DICTIONARY_GROWS, Failure, PAGE_GROWS};
use crate::hybrid::Hybrid;
use crate::readers::Allowance;
use crate::vector::Level;

/// What a data page's header says.
struct Header {
    rows: u32,
    encoding: Encoding,
    /// Bytes of levels that stand before the values, where the header knows.
    levels: Option<usize>,
    has_packed_levels: bool,
}

impl Column {
    /// Opens a page; gives its rows. A dictionary has none.
    pub(super) fn open(
        &mut self,
        page: Page,
        codec: &mut Codec,
        allowance: &mut Allowance<'_>,
    ) -> Result<u32, Failure> {
        let (bound, grows) = match &page {
            Page::DictionaryPage { .. } => (self.bounds.dictionary, DICTIONARY_GROWS),
            _ => (self.bounds.page, PAGE_GROWS),
        };
        let (plain, is_compressed) = match &page {
            Page::DictionaryPage { .. } | Page::DataPage { .. } => (0, true),
            // Levels stand before the values and are never compressed.
            Page::DataPageV2 {
                def_levels_byte_len,
                rep_levels_byte_len,
                is_compressed,
                ..
            } => {
                let levels = u64::from(*def_levels_byte_len) + u64::from(*rep_levels_byte_len);
                let levels = usize::try_from(levels).unwrap_or(usize::MAX);
                (levels, *is_compressed)
            }
        };
        let stands = page.buffer().split_at_checked(plain);
        let (plain, packed) = stands.ok_or_else(|| Failure::corrupt("a page ends too early"))?;
        let compression = if is_compressed {
            self.chunk.compression
        } else {
            parquet::basic::Compression::UNCOMPRESSED
        };
        let length = loop {
            // The page before goes as this one comes.
            let room = allowance.room().saturating_add(self.page.capacity());
            let most = bound.min(room / grows);
            match codec.inflate(compression, plain, packed, most, &mut self.page) {
                Ok(length) => break length,
                Err(NotInflated::Corrupt(reason)) => return Err(Failure::Corrupt(reason)),
                Err(NotInflated::TooLarge) if most < bound && allowance.take_turn() => {}
                Err(NotInflated::TooLarge) => return Err(Failure::larger("a page", most, bound)),
            }
        };
        self.page_end = PAD + length;
        match page {
            Page::DictionaryPage {
                num_values, encoding, ..
            } => {
                self.open_dictionary(codec.level, num_values, encoding)?;
                Ok(0)
            }
            Page::DataPage {
                num_values,
                encoding,
                def_level_encoding,
                ..
            } => self.open_values(
                page,
                Header {
                    rows: num_values,
                    encoding,
                    levels: None,
                    has_packed_levels: def_level_encoding != Encoding::RLE,
                },
            ),
            Page::DataPageV2 {
                num_values,
                encoding,
                def_levels_byte_len,
                rep_levels_byte_len,
                ..
            } => {
                if rep_levels_byte_len > 0 {
                    return Err(Failure::corrupt("it is a list in a page"));
                }
                self.open_values(
                    page,
                    Header {
                        rows: num_values,
                        encoding,
                        levels: Some(def_levels_byte_len as usize),
                        has_packed_levels: false,
                    },
                )
            }
        }
    }

    fn open_dictionary(&mut self, level: Level, count: u32, encoding: Encoding) -> Result<(), Failure> {
        if self.has_dictionary {
            return Err(Failure::corrupt("it has two dictionaries"));
        }
        if !matches!(encoding, Encoding::PLAIN | Encoding::PLAIN_DICTIONARY) {
            return Err(Failure::corrupt(format!("a dictionary in encoding {encoding}")));
        }
        let (kind, stored) = (self.wanted.kind, self.wanted.stored);
        // With the padding behind it.
        let page = self.page.get(..self.page_end + PAD).unwrap_or_default();
        self.dictionary
            .read_plain(level, (kind, stored), page, PAD..self.page_end, count as usize)?;
        self.dictionary.end();
        std::mem::swap(&mut self.page, &mut self.dictionary_page);
        self.dictionary_end = self.page_end;
        self.dictionary_is = (count, encoding);
        self.has_dictionary = true;
        Ok(())
    }

    fn open_values(&mut self, page: Page, header: Header) -> Result<u32, Failure> {
        let is_optional = self.wanted.description.max_def_level() > 0;
        let is_numbered = matches!(
            header.encoding,
            Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY
        );
        let mut at = PAD;
        self.levels = None;
        if is_optional && header.has_packed_levels {
            // Their length stands nowhere; the values behind them are plain or numbered, as old as such levels are.
            let is_old = is_numbered || header.encoding == Encoding::PLAIN;
            if !is_old {
                return Err(Failure::corrupt("levels and values of different ages"));
            }
            return self
                .leave_to_the_crate(page, is_numbered, at)
                .map(|()| header.rows);
        }
        if is_optional {
            let length = match header.levels {
                Some(length) => length,
                None => {
                    let stands = self
                        .page
                        .get(at..self.page_end)
                        .and_then(|rest| rest.first_chunk());
                    at += 4;
                    u32::from_le_bytes(*stands.ok_or_else(cut)?) as usize
                }
            };
            if length > self.page_end - at {
                return Err(cut());
            }
            self.levels = Some(Hybrid::new(at, at + length, 1)?);
            at += length;
        } else {
            at += header.levels.unwrap_or_default();
        }
        if !is_numbered && header.encoding != Encoding::PLAIN {
            self.levels = None;
            return self.leave_to_the_crate(page, false, at).map(|()| header.rows);
        }
        self.values = if is_numbered {
            if !self.has_dictionary {
                return Err(Failure::corrupt("it has no dictionary"));
            }
            // A page without a single value need not even say how wide its numbers are.
            let width = self.page.get(at).filter(|_| at < self.page_end).copied();
            let from = (at + 1).min(self.page_end);
            Values::Numbered(Hybrid::new(
                from,
                self.page_end,
                width.unwrap_or_default().into(),
            )?)
        } else {
            Values::Plain(at)
        };
        Ok(header.rows)
    }

    /// Has the crate decode a page whose values begin at `values`.
    fn leave_to_the_crate(&mut self, page: Page, is_numbered: bool, values: usize) -> Result<(), Failure> {
        let bytes = self.page.get(PAD..self.page_end).unwrap_or_default();
        let page = with_bytes(page, Bytes::copy_from_slice(bytes));
        let dictionary = (is_numbered && self.has_dictionary).then(|| {
            let bytes = self.dictionary_page.get(PAD..self.dictionary_end);
            let (num_values, encoding) = self.dictionary_is;
            Page::DictionaryPage {
                buf: Bytes::copy_from_slice(bytes.unwrap_or_default()),
                num_values,
                encoding,
                is_sorted: false,
            }
        });
        let (description, most) = (&self.wanted.description, self.bounds.page);
        let rare = Rare::new(description, dictionary, page, values - PAD, most)?;
        self.values = Values::Rare(Box::new(rare));
        Ok(())
    }
}

/// The same page around other bytes.
fn with_bytes(mut page: Page, bytes: Bytes) -> Page {
    match &mut page {
        Page::DataPage { buf, .. } | Page::DataPageV2 { buf, .. } | Page::DictionaryPage { buf, .. } => {
            *buf = bytes
        }
    }
    page
}

fn cut() -> Failure {
    Failure::corrupt("a page ends too early")
}
