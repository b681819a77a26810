//! A file's footer: found at its end, bounded, and no more believed of its rows than its bytes may hold.

use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};

use super::{Failure, Place, guarded};
use crate::parquet_claims::{ClaimFault, check_footer, check_rows, footer_length, footer_tail};
use crate::readers::Allowance;

/// Most bytes of a footer, and what one takes in memory for each of its bytes, about.
const MOST_FOOTER: usize = 32 << 20;
const FOOTER_GROWS: usize = 16;

/// Reads the footer, which is held of the allowance from here on, and checks what it claims of rows.
pub(super) fn read(place: &mut Place<'_>, allowance: &mut Allowance<'_>) -> Result<ParquetMetaData, Failure> {
    let size = place.size();
    let corrupt = |fault: ClaimFault| Failure::corrupt(fault.to_string());
    let end = footer_tail(size).map_err(corrupt)?;
    let length = footer_length(&place.read(end, size)?, size).map_err(corrupt)?;
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
    let footer = place.read(end - length, end)?;
    check_footer(&footer).map_err(corrupt)?;
    let metadata = guarded(|| ParquetMetaDataReader::decode_metadata(&footer))?;
    check_rows(&metadata, size).map_err(corrupt)?;
    Ok(metadata)
}
