//! Inflating a page: GZIP, SNAPPY, ZSTD or nothing, never beyond a bound.

use std::io::Read;

use flate2::read::MultiGzDecoder;
use parquet::basic::Compression;

use crate::inflate::Whole;
use crate::vector::{self, Level};

/// What zstd's frames may ask for, as powers of two: no more than a page, and no less than what small frames are made with.
const LEAST_WINDOW_LOG: u32 = 20;
const MOST_WINDOW_LOG: u32 = 26;

/// Readable bytes before and behind what was inflated: as many as vectors may look at.
pub(super) const PAD: usize = vector::PAD;

/// Why a page is not inflated.
#[derive(Debug)]
pub(super) enum NotInflated {
    Corrupt(String),
    /// It is larger than it may be.
    TooLarge,
}

/// What inflates the pages of a file.
#[derive(Debug)]
pub(super) struct Codec {
    gzip: Option<Whole>,
    /// What is used of the processor to read them.
    pub(super) level: Level,
}

impl Codec {
    pub(super) fn new(level: Level) -> Self {
        Self { gzip: None, level }
    }

    /// Replaces a page's bytes by what `packed` inflates to, behind `plain`, which is not compressed. Gives the length;
    /// it stands between [`PAD`] bytes.
    pub(super) fn inflate(
        &mut self,
        compression: Compression,
        plain: &[u8],
        packed: &[u8],
        most: usize,
        page: &mut Vec<u8>,
    ) -> Result<usize, NotInflated> {
        if plain.len() > most {
            return Err(NotInflated::TooLarge);
        }
        let most_more = most - plain.len();
        let before = PAD + plain.len();
        let length = match compression {
            Compression::UNCOMPRESSED => {
                room(page, before, packed.len(), most_more)?.copy_from_slice(packed);
                packed.len()
            }
            // A page without a single value may have no bytes at all.
            _ if packed.is_empty() => 0,
            Compression::GZIP(_) => self.gzip(packed, before, most_more, page)?,
            Compression::SNAPPY => {
                let sound = |error: snap::Error| NotInflated::Corrupt(error.to_string());
                let length = snap::raw::decompress_len(packed).map_err(sound)?;
                let into = room(page, before, length, most_more)?;
                snap::raw::Decoder::new()
                    .decompress(packed, into)
                    .map_err(sound)?
            }
            Compression::ZSTD(_) => {
                let sound = |error: std::io::Error| NotInflated::Corrupt(error.to_string());
                let mut inflated = zstd::Decoder::with_buffer(packed).map_err(sound)?;
                // A frame asks for the memory of its window before it shows a byte. No more than the page is needed.
                let window = usize::BITS - most_more.saturating_sub(1).leading_zeros();
                inflated
                    .window_log_max(window.clamp(LEAST_WINDOW_LOG, MOST_WINDOW_LOG))
                    .map_err(sound)?;
                stream(inflated, before, most_more, page)?
            }
            other => {
                return Err(NotInflated::Corrupt(format!(
                    "its compression is {other}, and only GZIP, SNAPPY and ZSTD are read"
                )));
            }
        };
        page.resize(page.len().max(before + length + PAD), 0);
        if let Some(place) = page.get_mut(PAD..before) {
            place.copy_from_slice(plain);
        }
        Ok(plain.len() + length)
    }

    fn gzip(
        &mut self,
        packed: &[u8],
        before: usize,
        most: usize,
        page: &mut Vec<u8>,
    ) -> Result<usize, NotInflated> {
        if self.gzip.is_none() {
            self.gzip = Whole::new();
        }
        let hint = packed
            .last_chunk()
            .map_or(0, |size| u32::from_le_bytes(*size) as usize);
        if hint <= most
            && let Some(whole) = &mut self.gzip
            && let Some((length, trailers)) = whole.inflate(packed, page, before, most)
            && trailers.hold(page.get(before..before + length).unwrap_or_default())
            && trailers.is_done()
        {
            return if length <= most {
                Ok(length)
            } else {
                Err(NotInflated::TooLarge)
            };
        }
        // It says what is wrong.
        stream(MultiGzDecoder::new(packed), before, most, page)
    }
}

/// Room for so many bytes from `before` on.
fn room(page: &mut Vec<u8>, before: usize, length: usize, most: usize) -> Result<&mut [u8], NotInflated> {
    if length > most {
        return Err(NotInflated::TooLarge);
    }
    page.resize(page.len().max(before + length + PAD), 0);
    Ok(page.get_mut(before..before + length).unwrap_or_default())
}

/// Reads to the end.
fn stream(source: impl Read, before: usize, most: usize, page: &mut Vec<u8>) -> Result<usize, NotInflated> {
    page.resize(before, 0);
    let read = source.take(most as u64 + 1).read_to_end(page);
    let read = read.map_err(|error| NotInflated::Corrupt(error.to_string()))?;
    if read > most {
        Err(NotInflated::TooLarge)
    } else {
        Ok(read)
    }
}
