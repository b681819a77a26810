//! IP addresses as binary keys: every spelling of one address is one value.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// An address by value; IPv4 comes before IPv6. IPv4-mapped IPv6 addresses stay IPv6: they were written so on the wire's record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Address {
    /// Big-endian value of the four octets.
    V4(u32),
    /// Big-endian value of the sixteen octets.
    V6(u128),
}

impl Address {
    /// Reads exactly the spellings that the standard library's `IpAddr` reads.
    #[inline]
    pub(crate) fn parse(token: &[u8]) -> Option<Self> {
        match v4(token) {
            Some(value) => Some(Self::V4(value)),
            None => v6(token),
        }
    }
}

/// The address that a token spells, in exactly those spellings that the standard library's `IpAddr` reads.
#[must_use]
pub fn parse_ip(token: &[u8]) -> Option<IpAddr> {
    Address::parse(token).map(IpAddr::from)
}

impl From<Address> for IpAddr {
    fn from(address: Address) -> Self {
        match address {
            Address::V4(value) => Self::V4(Ipv4Addr::from(value)),
            Address::V6(value) => Self::V6(Ipv6Addr::from(value)),
        }
    }
}

impl From<IpAddr> for Address {
    fn from(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => Self::V4(address.into()),
            IpAddr::V6(address) => Self::V6(address.into()),
        }
    }
}

/// Four decimal octets of one to three digits, without leading zeros.
#[inline]
pub(crate) fn v4(token: &[u8]) -> Option<u32> {
    let (mut value, mut octet, mut digits, mut dots) = (0u32, 0u32, 0u32, 0u32);
    for &byte in token {
        let digit = byte.wrapping_sub(b'0');
        if digit <= 9 {
            // A second digit after a zero is an octal spelling to some readers: refused.
            if digits == 3 || (digits > 0 && octet == 0) {
                return None;
            }
            octet = octet * 10 + u32::from(digit);
            digits += 1;
        } else if byte == b'.' && digits > 0 && octet <= 255 && dots < 3 {
            value = value << 8 | octet;
            (octet, digits, dots) = (0, 0, dots + 1);
        } else {
            return None;
        }
    }
    (dots == 3 && digits > 0 && octet <= 255).then_some(value << 8 | octet)
}

/// Up to eight groups of one to four hex digits, `::` for the longest run of zeros or for any, and dotted IPv4 in place
/// of the last two (RFC 4291, section 2.2), as the standard library reads them.
fn v6(token: &[u8]) -> Option<Address> {
    let (mut value, mut groups) = (0u128, 0u32);
    // Groups before `::`, once it has come.
    let mut gap = None;
    let mut rest = token;
    if let Some(behind) = rest.strip_prefix(b"::") {
        gap = Some(0);
        rest = behind;
    }
    while !rest.is_empty() {
        let (mut group, mut digits) = (0u32, 0);
        for &byte in rest {
            let digit = HEX.get(usize::from(byte)).copied().unwrap_or(NO_DIGIT);
            if digit == NO_DIGIT {
                break;
            }
            group = group << 4 | u32::from(digit);
            digits += 1;
        }
        if digits > 4 {
            return None;
        }
        match rest.get(digits) {
            Some(b'.') if groups <= 6 => {
                let dotted = v4(rest)?;
                value = value << 32 | u128::from(dotted);
                groups += 2;
                break;
            }
            _ if digits == 0 || groups == 8 => return None,
            next => {
                value = value << 16 | u128::from(group);
                groups += 1;
                rest = match next {
                    None => &[],
                    Some(b':') if rest.get(digits + 1) == Some(&b':') => {
                        if gap.replace(groups).is_some() {
                            return None;
                        }
                        rest.get(digits + 2..).unwrap_or_default()
                    }
                    Some(b':') => {
                        let more = rest.get(digits + 1..).unwrap_or_default();
                        if more.is_empty() {
                            return None;
                        }
                        more
                    }
                    Some(_) => return None,
                };
            }
        }
    }
    with_gap(value, groups, gap).map(Address::V6)
}

/// The address whose groups, one behind the other, are this value, with `::` behind so many of them. `None` where there are
/// too few groups or too many.
#[inline]
pub(crate) fn with_gap(value: u128, groups: u32, gap: Option<u32>) -> Option<u128> {
    match gap {
        None if groups == 8 => Some(value),
        // `::` stands for one group of zeros at least.
        Some(before) if groups <= 7 => {
            let behind = 16 * (groups - before);
            let low = value & (1u128 << behind).wrapping_sub(1);
            let high = value.checked_shr(behind).unwrap_or_default();
            let high = high.checked_shl(16 * (8 - before)).unwrap_or_default();
            Some(high | low)
        }
        _ => None,
    }
}

const NO_DIGIT: u8 = 0xff;

/// What each byte is worth as a hex digit: a look instead of comparisons with three ranges.
#[allow(clippy::indexing_slicing, reason = "made by the compiler, which would say so")]
static HEX: [u8; 256] = {
    let mut worth = [NO_DIGIT; 256];
    let mut digit = 0;
    while digit < 16 {
        worth[b"0123456789abcdef"[digit] as usize] = digit as u8;
        worth[b"0123456789ABCDEF"[digit] as usize] = digit as u8;
        digit += 1;
    }
    worth
};

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn agrees_with_std(text: &str) {
        let ours = Address::parse(text.as_bytes()).map(IpAddr::from);
        assert_eq!(ours, text.parse().ok(), "{text:?}");
    }

    #[test]
    fn edge_spellings_are_read_as_std_reads_them() {
        for text in [
            "0.0.0.0",
            "255.255.255.255",
            "256.1.1.1",
            "1.2.3",
            "1.2.3.4.5",
            "01.2.3.4",
            "1.2.3.04",
            "1..3.4",
            "1.2.3.",
            ".1.2.3",
            "1.2.3.4 ",
            "",
            "-",
            "::",
            "::1",
            "2A02:CF40:0000::0001",
            "1:2:3:4:5:6:7:8",
            "1:2:3:4:5:6:7:8:9",
            "::ffff:1.2.3.4",
            "::ffff:01.2.3.4",
            "1::2::3",
            "fe80::1%eth0",
            "[::1]",
            "12345::",
            "1:2:3:4:5:6:7::",
            "1::2:3:4:5:6:7:8",
            "00.0.0.0",
            "0.0.0.00",
            "999.0.0.0",
            "1.2.3.1000",
            "1:2:3:4:5:6:1.2.3.4",
            "1:2:3:4:5:6:7:1.2.3.4",
            "1:2:3:4:5::1.2.3.4",
            "1:2:3:4:5:6::1.2.3.4",
            "::1.2.3.4",
            "::1.2.3.4:5",
            "1.2.3.4::",
            "1:::2",
            ":1::2",
            "1::2:",
            ":::",
            ":",
            "1::",
            "1:2:3:4:5:6:7:8::",
            "::1:2:3:4:5:6:7:8",
            "::2:3:4:5:6:7:8",
            "1:2:3:4:5:6::8",
            "1:2:3:4:5:6:7::8",
            "g::",
            "::00001",
        ] {
            agrees_with_std(text);
        }
    }

    #[test]
    fn mapped_addresses_stay_ipv6() {
        assert_eq!(
            Address::parse(b"::ffff:1.2.3.4"),
            Some(Address::V6(0xffff_0102_0304))
        );
    }

    proptest! {
        #[test]
        fn near_addresses_are_read_as_std_reads_them(
            text in "[0-9a-f.:]{0,20}|([0-9]{1,3}\\.){3}[0-9]{1,3}|([0-9a-fA-F]{0,4}:){1,9}[0-9a-f]{0,5}|\
                     (:?[0-9a-f]{1,4}:){0,7}:?([0-9]{1,3}\\.){3}[0-9]{1,3}"
        ) {
            agrees_with_std(&text);
        }
    }
}
