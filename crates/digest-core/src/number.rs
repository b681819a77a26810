//! Decimal numbers as flow records write them: digits and nothing else.

use crate::error::{RowFault, quoted};
use crate::field::Field;

/// Greatest value of counters and times: the format documents them as signed 64-bit integers.
pub(crate) const MOST_COUNTER: u64 = i64::MAX as u64;

/// Any run of so many digits fits a u64.
const SAFE_DIGITS: usize = 19;

/// Reads digits alone (no sign, no blank; leading zeros are fine) up to `most`; anything else is `None`.
#[inline]
pub(crate) fn decimal(token: &[u8], most: u64) -> Option<u64> {
    let mut value: u64 = 0;
    if token.len() <= SAFE_DIGITS {
        for byte in token {
            let digit = byte.wrapping_sub(b'0');
            if digit > 9 {
                return None;
            }
            value = value * 10 + u64::from(digit);
        }
    } else {
        for byte in token {
            let digit = byte.wrapping_sub(b'0');
            if digit > 9 {
                return None;
            }
            value = value.checked_mul(10)?.checked_add(u64::from(digit))?;
        }
    }
    (value <= most && !token.is_empty()).then_some(value)
}

/// Whether a token is all digits, however many.
pub(crate) fn is_number(token: &[u8]) -> bool {
    !token.is_empty() && token.iter().all(u8::is_ascii_digit)
}

/// Why [`decimal`] said no, in words.
#[cold]
pub(crate) fn fault(field: Field, token: &[u8], most: u64) -> RowFault {
    let (field, shown) = (field.name(), quoted(token));
    if is_number(token) {
        RowFault::OutOfRange {
            field,
            most,
            token: shown,
        }
    } else {
        RowFault::NotANumber { field, token: shown }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_digits_up_to_the_bound() {
        assert_eq!(decimal(b"0", 9), Some(0));
        assert_eq!(decimal(b"65535", 65535), Some(65535));
        assert_eq!(decimal(b"65536", 65535), None);
        assert_eq!(decimal(b"9223372036854775807", MOST_COUNTER), Some(MOST_COUNTER));
        assert_eq!(decimal(b"9223372036854775808", MOST_COUNTER), None);
        assert_eq!(decimal(b"18446744073709551616", u64::MAX), None);
        assert_eq!(decimal(b"000000000000000000000000000080", 100), Some(80));
    }

    #[test]
    fn refuses_everything_else() {
        for token in ["", "-", "-1", "+1", "1.0", "1e3", "0x10", "NaN", "1 ", "٣"] {
            assert_eq!(decimal(token.as_bytes(), u64::MAX), None, "{token:?}");
        }
    }
}
