//! IP addresses as binary keys: every spelling of one address is one value.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// An address by value. IPv4-mapped IPv6 addresses stay IPv6: they were written so on the wire's record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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

impl From<Address> for IpAddr {
    fn from(address: Address) -> Self {
        match address {
            Address::V4(value) => Self::V4(Ipv4Addr::from(value)),
            Address::V6(value) => Self::V6(Ipv6Addr::from(value)),
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

/// Everything else is the standard library's business: IPv6 is rare, and its spellings are many.
fn v6(token: &[u8]) -> Option<Address> {
    let address: Ipv6Addr = std::str::from_utf8(token).ok()?.parse().ok()?;
    Some(Address::V6(u128::from(address)))
}

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
        fn near_addresses_are_read_as_std_reads_them(text in "[0-9a-f.:]{0,20}|([0-9]{1,3}\\.){3}[0-9]{1,3}") {
            agrees_with_std(&text);
        }
    }
}
