//! IPv6 addresses as text: in their one canonical spelling (RFC 5952), which the standard library writes as well.

use std::fmt::Write as _;
use std::net::Ipv6Addr;

/// Bytes that are written to at most: the longest has 39, and its last groups are written with more bytes than they have.
pub(crate) const ROOM: usize = 48;
/// Groups of an address.
const GROUPS: usize = 8;
/// IPv4 addresses as IPv6 addresses have this above their last 32 bits, and are written with dots (RFC 5952, 5).
const MAPPED: u128 = 0xffff;

/// Writes an address (its big-endian value); gives how long it is. What stands behind it does not matter.
pub(crate) fn grouped(address: u128, out: &mut [u8; ROOM]) -> usize {
    if address >> 32 == MAPPED {
        return by_std(address, out);
    }
    let zeros = zeros(address);
    let (mut at, mut group) = (0, 0);
    while group < GROUPS {
        if group == zeros.from && zeros.count > 1 {
            // Of the two colons the first stands there already, unless the address begins with them.
            if group == 0 {
                at = put(out, at, [b':'], 1);
            }
            at = put(out, at, [b':'], 1);
            group += zeros.count;
            continue;
        }
        let value = (address >> (16 * (GROUPS - 1 - group))) as u16;
        let (digits, count) = hex(value);
        at = put(out, at, digits, count);
        group += 1;
        if group < GROUPS {
            at = put(out, at, [b':'], 1);
        }
    }
    at
}

/// Groups of zeros side by side.
#[derive(Debug, Clone, Copy, Default)]
struct Zeros {
    from: usize,
    count: usize,
}

/// The longest run of zero groups; of two that are as long, the first.
fn zeros(address: u128) -> Zeros {
    let (mut longest, mut at_hand) = (Zeros::default(), Zeros::default());
    for group in 0..GROUPS {
        if (address >> (16 * (GROUPS - 1 - group))) as u16 != 0 {
            at_hand.count = 0;
            continue;
        }
        if at_hand.count == 0 {
            at_hand.from = group;
        }
        at_hand.count += 1;
        if at_hand.count > longest.count {
            longest = at_hand;
        }
    }
    longest
}

/// A group's digits without zeros before them, and how many they are.
#[inline]
fn hex(group: u16) -> ([u8; 4], usize) {
    // A digit to a byte, the first lowest.
    let spread = u32::from(group >> 8) | u32::from(group & 0xff) << 16;
    let digits = (spread >> 4 & 0x000f_000f) | (spread & 0x000f_000f) << 8;
    let skipped = (digits.trailing_zeros() / 8).min(3);
    // Digits from 10 on carry into the fifth bit when 6 is added.
    let letters = (digits + 0x0606_0606) >> 4 & 0x0101_0101;
    let text = digits + 0x3030_3030 + letters * u32::from(b'a' - b'0' - 10);
    ((text >> (8 * skipped)).to_le_bytes(), 4 - skipped as usize)
}

/// Writes some bytes, of which so many count; gives where the next ones go.
#[inline]
fn put<const N: usize>(out: &mut [u8; ROOM], at: usize, bytes: [u8; N], count: usize) -> usize {
    if let Some(place) = out.get_mut(at..at + N) {
        place.copy_from_slice(&bytes);
    }
    at + count
}

#[cold]
fn by_std(address: u128, out: &mut [u8; ROOM]) -> usize {
    let mut text = String::with_capacity(ROOM);
    // Writing to a string cannot fail.
    let _ = write!(text, "{}", Ipv6Addr::from(address));
    for (place, byte) in out.iter_mut().zip(text.bytes()) {
        *place = byte;
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn is_as_std_writes_it(address: u128) {
        let mut out = [b'x'; ROOM];
        let length = grouped(address, &mut out);
        let expected = Ipv6Addr::from(address).to_string();
        assert_eq!(String::from_utf8_lossy(&out[..length]), expected);
    }

    #[test]
    fn every_choice_of_zero_groups_is_written_as_std_writes_it() {
        for chosen in 0..1u32 << GROUPS {
            for group in [1u128, 0x10, 0xabc, 0xf00d, 0x0a0b, 0xffff] {
                let groups = (0..GROUPS).filter(|place| chosen >> place & 1 != 0);
                is_as_std_writes_it(groups.fold(0, |address, place| address | group << (16 * place)));
            }
        }
    }

    #[test]
    fn every_group_is_written_as_std_writes_it() {
        for group in 0..=u128::from(u16::MAX) {
            is_as_std_writes_it(0x2001_0db8 << 96 | group << 32 | group);
        }
    }

    proptest! {
        #[test]
        fn addresses_are_written_as_std_writes_them(
            address in any::<u128>(),
            kept in any::<u128>(),
            nibbles in any::<u32>(),
            short in 0..64u32,
        ) {
            is_as_std_writes_it(address);
            is_as_std_writes_it(address & kept);
            is_as_std_writes_it(address >> short >> 64);
            // Any of the digits may be zero.
            let digits = (0..32).filter(|digit| nibbles >> digit & 1 != 0);
            is_as_std_writes_it(digits.fold(0, |mask, digit| mask | 0xf << (4 * digit)) & address);
        }
    }
}
