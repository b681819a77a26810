//! IPv4 addresses as text, made in registers: a table for each octet, and no digit on its own.

/// Bytes that the longest has, and one more.
pub(crate) const LONGEST: usize = 16;

/// `0.` to `255.` as text, with its length.
#[allow(clippy::indexing_slicing, reason = "worked out while compiling")]
pub(crate) static OCTETS: [([u8; 4], u8); 256] = {
    let mut octets = [([0; 4], 0); 256];
    let mut octet = 0;
    while octet < octets.len() {
        let digits = [octet / 100, octet / 10 % 10, octet % 10];
        let skipped = if octet >= 100 {
            0
        } else if octet >= 10 {
            1
        } else {
            2
        };
        let (mut bytes, mut at) = ([0; 4], 0);
        while skipped + at < digits.len() {
            bytes[at] = b'0' + digits[skipped + at] as u8;
            at += 1;
        }
        bytes[at] = b'.';
        octets[octet] = (bytes, at as u8 + 1);
        octet += 1;
    }
    octets
};

/// An IPv4 address (its big-endian value) as dotted text, with zeros behind it, and how long it is.
#[inline]
#[must_use]
pub fn dotted(address: u32) -> ([u8; LONGEST], usize) {
    let (mut text, mut length) = (0_u128, 0);
    for octet in address.to_be_bytes() {
        let (digits, more) = OCTETS.get(usize::from(octet)).copied().unwrap_or_default();
        text |= u128::from(u32::from_le_bytes(digits)) << (8 * length);
        length += u32::from(more);
    }
    // No dot stands behind the last one.
    length -= 1;
    text ^= u128::from(b'.') << (8 * length);
    (text.to_le_bytes(), length as usize)
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn addresses_are_written_as_std_writes_them() {
        for octet in 0..=255u8 {
            let octets = [octet, octet.wrapping_mul(7), octet / 3, 255 - octet];
            for octets in [octets, [octets[3], octets[2], octets[1], octets[0]]] {
                let (text, length) = dotted(u32::from_be_bytes(octets));
                assert_eq!(&text[..length], Ipv4Addr::from(octets).to_string().as_bytes());
                assert!(text[length..].iter().all(|&byte| byte == 0));
            }
        }
        assert_eq!(dotted(u32::MAX).1, 15);
    }
}
