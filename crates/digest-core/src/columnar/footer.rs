//! A file's footer: found at its end, bounded, and no more believed of its rows than its bytes may hold.

use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};

use super::{Failure, Place, guarded};
use crate::parquet_claims::check_schema;
use crate::readers::Allowance;

/// What a file begins and ends with.
const MAGIC: &[u8; 4] = b"PAR1";
/// Bytes at the end: the footer's length, and the magic.
const TAIL: u64 = 8;
/// Most bytes of a footer, and what one takes in memory for each of its bytes, about.
const MOST_FOOTER: usize = 32 << 20;
const FOOTER_GROWS: usize = 16;
/// Most rows of a file, for each of its bytes and besides. Runs make any number of rows of next to no bytes: only this bounds
/// what a file may claim. No text makes more of its gzip.
const MOST_ROWS_A_BYTE: u64 = 256;
const ROWS_BESIDES: u64 = 1 << 16;

/// Reads the footer, which is held of the allowance from here on, and checks what it claims of rows.
pub(super) fn read(place: &mut Place<'_>, allowance: &mut Allowance<'_>) -> Result<ParquetMetaData, Failure> {
    let size = place.size();
    let least = MAGIC.len() as u64 + TAIL;
    if size < least {
        return Err(Failure::corrupt(format!("{size} bytes are too few for one")));
    }
    let tail = place.read(size - TAIL, size)?;
    let length = match tail.split_last_chunk() {
        Some((length, magic)) if magic == MAGIC => length
            .first_chunk()
            .map_or(0, |&length| u32::from_le_bytes(length)),
        Some((_, b"PARE")) => return Err(Failure::corrupt("it is encrypted")),
        _ => return Err(Failure::corrupt("it is cut: its last bytes are not PAR1")),
    };
    let length = u64::from(length);
    if length > size - least {
        return Err(Failure::corrupt(format!(
            "a footer of {length} bytes in a file of {size}"
        )));
    }
    let held = usize::try_from(length)
        .unwrap_or(usize::MAX)
        .saturating_mul(FOOTER_GROWS);
    while held > allowance.room().min(MOST_FOOTER * FOOTER_GROWS) {
        if held > MOST_FOOTER * FOOTER_GROWS || !allowance.take_turn() {
            let most = MOST_FOOTER.min(allowance.room() / FOOTER_GROWS);
            return Err(Failure::larger("a footer", most, MOST_FOOTER));
        }
    }
    allowance.change(0, held);
    let footer = place.read(size - TAIL - length, size - TAIL)?;
    check_schema(&footer).map_err(|fault| Failure::corrupt(fault.to_string()))?;
    let metadata = guarded(|| ParquetMetaDataReader::decode_metadata(&footer))?;
    check_rows(&metadata, size)?;
    Ok(metadata)
}

/// What can be counted, and is not below zero.
fn check_rows(metadata: &ParquetMetaData, size: u64) -> Result<(), Failure> {
    let most = size.saturating_mul(MOST_ROWS_A_BYTE).saturating_add(ROWS_BESIDES);
    let mut all = 0_u64;
    for group in metadata.row_groups() {
        let rows = u64::try_from(group.num_rows()).ok().filter(|&rows| rows <= most);
        all += rows.ok_or_else(|| Failure::corrupt(format!("a row group of {} rows", group.num_rows())))?;
        if all > most {
            return Err(Failure::corrupt(format!("more than {most} rows in {size} bytes")));
        }
    }
    Ok(())
}
