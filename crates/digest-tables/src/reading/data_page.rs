//! What stands in a page of rows: levels, values, numbers.

use bytes::Bytes;
use parquet::basic::Type;
use parquet::column::page::Page;

use crate::reading::error::{TableReadError, corrupt};

/// Bytes of a number.
pub(crate) fn size_of_number(kind: Type) -> usize {
    if kind == Type::INT32 { 4 } else { 8 }
}

/// A number of four or eight bytes.
pub(crate) fn number(bytes: &[u8]) -> i64 {
    match (bytes.first_chunk(), bytes.first_chunk()) {
        (Some(long), _) => i64::from_le_bytes(*long),
        (None, Some(short)) => i32::from_le_bytes(*short).into(),
        (None, None) => 0,
    }
}

/// The levels of a page, where it has any, and its values.
pub(crate) fn levels_and_values(
    page: &Page,
    is_optional: bool,
) -> Result<(Option<Bytes>, Bytes), TableReadError> {
    let cut = || corrupt("a page ends before its levels do");
    match page {
        Page::DataPageV2 {
            buf,
            def_levels_byte_len,
            rep_levels_byte_len,
            ..
        } => {
            let begin = *rep_levels_byte_len as usize;
            let end = begin.saturating_add(*def_levels_byte_len as usize);
            if end > buf.len() {
                return Err(cut());
            }
            Ok((is_optional.then(|| buf.slice(begin..end)), buf.slice(end..)))
        }
        page => {
            let bytes = page.buffer();
            if !is_optional {
                return Ok((None, bytes.clone()));
            }
            let length = bytes.first_chunk::<4>().ok_or_else(cut)?;
            let end = (u32::from_le_bytes(*length) as usize).saturating_add(4);
            if end > bytes.len() {
                return Err(cut());
            }
            Ok((Some(bytes.slice(4..end)), bytes.slice(end..)))
        }
    }
}
