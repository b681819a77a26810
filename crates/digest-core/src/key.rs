//! What makes an edge of one interface: the folding of ports, and the key that records are grouped by.
//!
//! A key is one 128-bit number whose order is the digest's order, from the top:
//!
//! | bits | what |
//! |---|---|
//! | 1 + 32 | source address: 0 and an IPv4 address, or 1 and the number of an IPv6 address |
//! | 1 + 32 | destination address, likewise |
//! | 18 | ports: 0 none, else 1 + destination port, or 65537 + source port (at most one of them is not 0) |
//! | 8 | protocol |
//! | 36 | number of the facet: of the action, and of what tells edges apart beyond the text (`facet.rs`) |
//!
//! Numbers are given in the order of first sight; before keys are ordered, they are exchanged for ranks.

/// Ports that stand for "the layout has none".
pub(crate) const NO_PORTS: u32 = 0;
/// What a kept destination port is added to.
const DESTINATION: u32 = 1;
/// What a kept source port is added to.
const SOURCE: u32 = 1 << 16 | 1;

const FACET_BITS: u32 = 36;
const PROTOCOL_AT: u32 = FACET_BITS;
const PORTS_AT: u32 = PROTOCOL_AT + 8;
const DST_AT: u32 = PORTS_AT + 18;
const SRC_AT: u32 = DST_AT + 33;
const ADDRESS: u128 = (1 << 33) - 1;
/// Of an address in a key: it is a number.
pub(crate) const V6: u64 = 1 << 32;

/// A record's ports after folding: one is kept, the other, the ephemeral one, becomes 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FoldedPorts {
    pub(crate) kept: u32,
    /// The port that is folded away.
    pub(crate) folded: Option<u16>,
}

impl FoldedPorts {
    /// A source port below the destination port stays, and the destination becomes 0; otherwise the source does.
    #[inline]
    pub(crate) fn of(ports: Option<(u16, u16)>) -> Self {
        match ports {
            Some((source, destination)) => {
                let (kept, folded) = folded_ports(source, destination);
                Self {
                    kept,
                    folded: Some(folded),
                }
            }
            None => Self {
                kept: NO_PORTS,
                folded: None,
            },
        }
    }
}

/// What a key keeps of two ports, and the port that is folded away.
#[inline]
pub(crate) fn folded_ports(source: u16, destination: u16) -> (u32, u16) {
    // A kept port 0 reads `0 0` from either side, so both sides are one edge.
    let side = if source == 0 { DESTINATION } else { SOURCE };
    if source < destination {
        (side + u32::from(source), destination)
    } else {
        (DESTINATION + u32::from(destination), source)
    }
}

/// A group's key inside one interface's table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Key {
    high: u64,
    low: u64,
}

/// The key's side of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum KeyAddress {
    /// By value.
    V4(u32),
    /// By number.
    V6(u32),
}

impl KeyAddress {
    #[inline]
    fn bits(self) -> u64 {
        match self {
            Self::V4(value) => value.into(),
            Self::V6(number) => V6 | u64::from(number),
        }
    }

    #[inline]
    fn of_bits(bits: u64) -> Self {
        if bits & V6 == 0 {
            Self::V4(bits as u32)
        } else {
            Self::V6(bits as u32)
        }
    }
}

impl Key {
    #[inline]
    pub(crate) fn new(
        src: KeyAddress,
        dst: KeyAddress,
        ports: FoldedPorts,
        protocol: u8,
        facet: u32,
    ) -> Self {
        Self::of_sides([src.bits(), dst.bits()], ports.kept, protocol, facet)
    }

    /// The key of addresses (value or number, and 1 for a number), kept port, protocol and facet.
    #[inline]
    pub(crate) fn of_parts(
        (src, src_is_number): (u32, u8),
        (dst, dst_is_number): (u32, u8),
        kept: u32,
        protocol: u8,
        facet: u32,
    ) -> Self {
        let src = u64::from(src_is_number) << 32 | u64::from(src);
        let dst = u64::from(dst_is_number) << 32 | u64::from(dst);
        Self::of_sides([src, dst], kept, protocol, facet)
    }

    /// The same of addresses whose bit 32 says whether they are numbers; bits above do not matter.
    #[inline]
    pub(crate) fn of_sides(sides: [u64; 2], kept: u32, protocol: u8, facet: u32) -> Self {
        let [src, dst] = sides.map(|side| side & (V6 | u64::from(u32::MAX)));
        Self {
            high: src << (SRC_AT - 64) | dst >> (64 - DST_AT),
            low: dst << DST_AT
                | u64::from(kept) << PORTS_AT
                | u64::from(protocol) << PROTOCOL_AT
                | u64::from(facet),
        }
    }

    /// The key with the facet of an action, in the place of number 0.
    #[inline]
    pub(crate) fn with_action(self, facet: u32) -> Self {
        Self {
            high: self.high,
            low: self.low | u64::from(facet),
        }
    }

    /// The number itself.
    #[inline]
    pub(crate) fn bits(self) -> u128 {
        u128::from(self.high) << 64 | u128::from(self.low)
    }

    #[inline]
    pub(crate) fn of_bits(bits: u128) -> Self {
        Self {
            high: (bits >> 64) as u64,
            low: bits as u64,
        }
    }

    #[inline]
    pub(crate) fn src(self) -> KeyAddress {
        KeyAddress::of_bits((self.bits() >> SRC_AT & ADDRESS) as u64)
    }

    #[inline]
    pub(crate) fn dst(self) -> KeyAddress {
        KeyAddress::of_bits((self.bits() >> DST_AT & ADDRESS) as u64)
    }

    /// Ports and protocol, as they are in a key.
    #[inline]
    pub(crate) fn service(self) -> u32 {
        (self.low >> PROTOCOL_AT) as u32 & ((1 << (DST_AT - PROTOCOL_AT)) - 1)
    }

    /// Source and destination port as the digest shows them; `None` where there were none.
    #[inline]
    pub(crate) fn ports(self) -> Option<(u16, u16)> {
        ports_of(self.service())
    }

    #[inline]
    pub(crate) fn protocol(self) -> u8 {
        (self.low >> PROTOCOL_AT) as u8
    }

    /// The facet's number.
    #[inline]
    pub(crate) fn facet(self) -> u32 {
        self.low as u32
    }

    /// The same key, every number of an address greater by so many.
    #[inline]
    pub(crate) fn with_addresses_from(self, first: u32) -> Self {
        let of = |is_number: u128| (is_number & 1) * u128::from(first);
        let bits = self.bits();
        Self::of_bits(bits + (of(bits >> (SRC_AT + 32)) << SRC_AT) + (of(bits >> (DST_AT + 32)) << DST_AT))
    }

    /// The same key under other numbers of addresses.
    #[inline]
    pub(crate) fn with_addresses(self, address: impl FnMut(u32) -> u32) -> Self {
        self.renumbered(address, |facet| facet)
    }

    /// The same key under other numbers of addresses and facets.
    pub(crate) fn renumbered(self, mut address: impl FnMut(u32) -> u32, facet: impl Fn(u32) -> u32) -> Self {
        let mut side = |side: KeyAddress| match side {
            KeyAddress::V4(value) => KeyAddress::V4(value),
            KeyAddress::V6(number) => KeyAddress::V6(address(number)),
        };
        let kept = self.bits() & (((1 << 26) - 1) << PROTOCOL_AT);
        Self::of_bits(
            u128::from(side(self.src()).bits()) << SRC_AT
                | u128::from(side(self.dst()).bits()) << DST_AT
                | kept
                | u128::from(facet(self.facet())),
        )
    }

    /// Whether either address is a number.
    #[inline]
    pub(crate) fn has_v6(self) -> bool {
        self.bits() & (1 << (SRC_AT + 32) | 1 << (DST_AT + 32)) != 0
    }

    /// A hash under a table's own seeds: whoever makes the records cannot choose keys that collide.
    #[inline]
    pub(crate) fn hash(self, seeds: Seeds) -> u64 {
        seeds.hash(self.bits())
    }
}

/// Source and destination port of a service, as the digest shows them; `None` where there were none.
#[inline]
pub(crate) fn ports_of(service: u32) -> Option<(u16, u16)> {
    match service >> 8 {
        NO_PORTS => None,
        kept if kept < SOURCE => Some((0, (kept - DESTINATION) as u16)),
        kept => Some(((kept - SOURCE) as u16, 0)),
    }
}

/// What hashes depend on; drawn anew for every digest.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seeds {
    high: u64,
    low: u64,
}

impl Seeds {
    pub(crate) fn draw() -> Self {
        use std::hash::BuildHasher;
        let random = std::hash::RandomState::new();
        Self {
            high: random.hash_one(1) | 1,
            low: random.hash_one(2) | 1 << 63,
        }
    }

    /// The hash of a number.
    #[inline]
    pub(crate) fn hash(self, value: u128) -> u64 {
        let (high, low) = ((value >> 64) as u64, value as u64);
        let product = u128::from(high ^ self.high) * u128::from(low ^ self.low);
        (product >> 64) as u64 ^ product as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(ports: Option<(u16, u16)>) -> Option<(u16, u16)> {
        let v4 = KeyAddress::V4(0);
        Key::new(v4, v4, FoldedPorts::of(ports), 6, 0).ports()
    }

    #[test]
    fn the_greater_port_is_folded_and_equal_ones_keep_the_destination() {
        assert_eq!(shown(Some((20641, 80))), Some((0, 80)));
        assert_eq!(shown(Some((80, 20641))), Some((80, 0)));
        assert_eq!(shown(Some((123, 123))), Some((0, 123)));
        assert_eq!(shown(Some((65535, 65535))), Some((0, 65535)));
        assert_eq!(shown(Some((65534, 65535))), Some((65534, 0)));
        assert_eq!(shown(Some((0, 0))), Some((0, 0)));
        assert_eq!(shown(None), None);
    }

    #[test]
    fn bits_above_an_address_are_no_part_of_a_key() {
        let sides = [0x0a00_0001, V6 | 7];
        let key = Key::of_sides(sides, 81, 6, 0);
        assert_eq!(
            (key.src(), key.dst()),
            (KeyAddress::V4(0x0a00_0001), KeyAddress::V6(7))
        );
        let above = [1 << 33, 1 << 34, !(V6 | u64::from(u32::MAX))];
        for above in above {
            assert_eq!(Key::of_sides(sides.map(|side| side | above), 81, 6, 0), key);
        }
    }

    #[test]
    fn a_kept_port_of_zero_is_one_key_from_either_side() {
        let v4 = KeyAddress::V4(0);
        let key = |ports| Key::new(v4, v4, FoldedPorts::of(Some(ports)), 6, 0);
        assert_eq!(key((0, 80)), key((80, 0)));
        assert_eq!(key((0, 80)), key((0, 0)));
    }

    #[test]
    fn keys_are_ordered_as_digests_are() {
        let addresses = [
            KeyAddress::V4(0),
            KeyAddress::V4(1),
            KeyAddress::V4(u32::MAX),
            KeyAddress::V6(0),
            KeyAddress::V6(u32::MAX),
        ];
        let ports = [
            None,
            Some((0, 0)),
            Some((50_000, 1)),
            Some((65535, 65535)),
            Some((1, 50_000)),
            Some((65534, 65535)),
        ];
        let mut last = None;
        for src in addresses {
            for dst in addresses {
                for ports in ports {
                    for protocol in [0, 6, 255] {
                        for facet in [0, 1, u32::MAX] {
                            let folded = FoldedPorts::of(ports);
                            let key = Key::new(src, dst, folded, protocol, facet);
                            let parts = |side: KeyAddress| (side.bits() as u32, (side.bits() >> 32) as u8);
                            let same = Key::of_parts(parts(src), parts(dst), folded.kept, protocol, facet);
                            assert_eq!(same, key);
                            assert_eq!((key.src(), key.dst(), key.protocol()), (src, dst, protocol));
                            assert_eq!((key.ports(), key.facet()), (shown(ports), facet));
                            assert_eq!(key.renumbered(|number| number, |facet| facet), key);
                            assert!(Some(key) > last);
                            last = Some(key);
                        }
                    }
                }
            }
        }
    }
}
