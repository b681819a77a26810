//! Looks over what is written as differences before the crate `parquet` does, which makes room for as many values as a
//! page says that there are: a count that cannot be would end the process.

use parquet::basic::Encoding;

use super::Failure;

/// Checks that a page's texts are no more than its rows.
pub(super) fn check(encoding: Encoding, values: &[u8], rows: u32) -> Result<(), Failure> {
    let sequences = match encoding {
        Encoding::DELTA_LENGTH_BYTE_ARRAY => 1,
        // What each text shares with the one before, then the lengths of the rest.
        Encoding::DELTA_BYTE_ARRAY => 2,
        _ => 0,
    };
    let mut rest = values;
    for _ in 0..sequences {
        let (count, end) = sequence(rest).ok_or_else(|| Failure::corrupt("differences that are cut"))?;
        if count > rows.into() {
            return Err(Failure::corrupt(format!(
                "{count} texts in a page of {rows} rows"
            )));
        }
        rest = rest.get(end..).unwrap_or_default();
    }
    Ok(())
}

/// How many numbers a sequence of differences holds, and where it ends.
fn sequence(bytes: &[u8]) -> Option<(u64, usize)> {
    let mut at = 0;
    let block = varint(bytes, &mut at)?;
    let parts = varint(bytes, &mut at)?;
    let count = varint(bytes, &mut at)?;
    let _first = varint(bytes, &mut at)?;
    let numbers = block.checked_div(parts)?;
    let mut left = count.saturating_sub(1);
    if left > 0 && numbers == 0 {
        return None;
    }
    while left > 0 {
        let _least = varint(bytes, &mut at)?;
        let widths = bytes.get(at..)?.get(..usize::try_from(parts).ok()?)?;
        at += widths.len();
        for &width in widths {
            if left == 0 {
                break;
            }
            let packed = numbers.checked_mul(width.into())? / 8;
            at = at.checked_add(usize::try_from(packed).ok()?)?;
            left = left.saturating_sub(numbers);
        }
        if at > bytes.len() {
            return None;
        }
    }
    Some((count, at))
}

fn varint(bytes: &[u8], at: &mut usize) -> Option<u64> {
    let mut value = 0;
    for shift in (0..70).step_by(7) {
        let byte = *bytes.get(*at)?;
        *at += 1;
        value |= u64::from(byte & 0x7f).checked_shl(shift).unwrap_or_default();
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_texts_than_rows_are_refused() {
        // Blocks of 128 numbers in 4 parts, one number, which is 3.
        let one = [0x80, 0x01, 4, 1, 6];
        assert_eq!(sequence(&one), Some((1, 5)));
        assert!(check(Encoding::DELTA_LENGTH_BYTE_ARRAY, &one, 1).is_ok());
        assert!(check(Encoding::DELTA_LENGTH_BYTE_ARRAY, &one, 0).is_err());
        assert!(check(Encoding::DELTA_BYTE_ARRAY, &[one, one].concat(), 1).is_ok());
        assert!(check(Encoding::DELTA_BYTE_ARRAY, &one, 1).is_err());
        let mut many = vec![0x80, 0x01, 4];
        many.extend([0xff; 8]);
        many.extend([0x01, 0, 0, 0, 0, 0, 0]);
        assert!(check(Encoding::DELTA_LENGTH_BYTE_ARRAY, &many, 1000).is_err());
        assert!(
            check(Encoding::DELTA_BINARY_PACKED, &many, 1000).is_ok(),
            "numbers take no room"
        );
        assert_eq!(sequence(&[0, 0, 9, 0]), None);
    }
}
