//! What makes an edge: the folding of ports, and the key that records are grouped by.

use std::hash::{Hash, Hasher};

/// The source address is a number of an interned IPv6 address.
const SRC_V6: u8 = 1;
/// The destination address is a number of an interned IPv6 address.
const DST_V6: u8 = 1 << 1;
/// The kept port is the source's.
const KEPT_SOURCE: u8 = 1 << 2;
/// The layout had no ports.
const NO_PORTS: u8 = 1 << 3;

/// A record's ports after folding: one is kept, the other, the ephemeral one, becomes 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FoldedPorts {
    /// The lesser port; where both are equal, it stays as the destination's.
    kept: u16,
    flags: u8,
    /// The port that is folded away.
    pub(crate) folded: Option<u16>,
}

impl FoldedPorts {
    /// A source port below the destination port stays, and the destination becomes 0; otherwise the source does.
    #[inline]
    pub(crate) fn of(ports: Option<(u16, u16)>) -> Self {
        match ports {
            // A kept port 0 reads `0 0` from either side, so both sides are one edge.
            Some((source, destination)) if source < destination => Self {
                kept: source,
                flags: if source == 0 { 0 } else { KEPT_SOURCE },
                folded: Some(destination),
            },
            Some((source, destination)) => Self {
                kept: destination,
                flags: 0,
                folded: Some(source),
            },
            None => Self {
                kept: 0,
                flags: NO_PORTS,
                folded: None,
            },
        }
    }
}

/// A group's key in 20 bytes. Names, owners and IPv6 addresses are numbers of a [`Table`](crate::table::Table).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key {
    /// Number of the pair of account and interface.
    pub(crate) owner: u32,
    /// An IPv4 address by value, or the number of an IPv6 address.
    pub(crate) src: u32,
    /// As `src`.
    pub(crate) dst: u32,
    /// Number of the action's name.
    pub(crate) action: u32,
    port: u16,
    pub(crate) protocol: u8,
    flags: u8,
}

/// The key's side of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum KeyAddress {
    /// By value.
    V4(u32),
    /// By number.
    V6(u32),
}

impl Key {
    #[inline]
    pub(crate) fn new(
        owner: u32,
        src: KeyAddress,
        dst: KeyAddress,
        ports: FoldedPorts,
        protocol: u8,
        action: u32,
    ) -> Self {
        let mut flags = ports.flags;
        let (src, dst) = (
            match src {
                KeyAddress::V4(value) => value,
                KeyAddress::V6(number) => {
                    flags |= SRC_V6;
                    number
                }
            },
            match dst {
                KeyAddress::V4(value) => value,
                KeyAddress::V6(number) => {
                    flags |= DST_V6;
                    number
                }
            },
        );
        Self {
            owner,
            src,
            dst,
            action,
            port: ports.kept,
            protocol,
            flags,
        }
    }

    #[inline]
    pub(crate) fn src(&self) -> KeyAddress {
        if self.flags & SRC_V6 == 0 {
            KeyAddress::V4(self.src)
        } else {
            KeyAddress::V6(self.src)
        }
    }

    #[inline]
    pub(crate) fn dst(&self) -> KeyAddress {
        if self.flags & DST_V6 == 0 {
            KeyAddress::V4(self.dst)
        } else {
            KeyAddress::V6(self.dst)
        }
    }

    /// Source and destination port as the digest shows them; `None` where there were none.
    #[inline]
    pub(crate) fn ports(&self) -> Option<(u16, u16)> {
        match (self.flags & NO_PORTS, self.flags & KEPT_SOURCE) {
            (0, 0) => Some((0, self.port)),
            (0, _) => Some((self.port, 0)),
            _ => None,
        }
    }

    /// The same key under other numbers, each list giving the new number of an old one.
    pub(crate) fn renumbered(mut self, owners: &[u32], addresses: &[u32], names: &[u32]) -> Self {
        let new = |list: &[u32], old: u32| list.get(old as usize).copied().unwrap_or_default();
        self.owner = new(owners, self.owner);
        self.action = new(names, self.action);
        if self.flags & SRC_V6 != 0 {
            self.src = new(addresses, self.src);
        }
        if self.flags & DST_V6 != 0 {
            self.dst = new(addresses, self.dst);
        }
        self
    }

    /// What digests are ordered by before the action, where all numbers are ranks of their values.
    #[inline]
    pub(crate) fn rank(&self) -> impl Ord + use<> {
        (self.owner, self.src(), self.dst(), self.ports(), self.protocol)
    }
}

impl Hash for Key {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(u64::from(self.owner) << 32 | u64::from(self.src));
        state.write_u64(u64::from(self.dst) << 32 | u64::from(self.action));
        state.write_u32(u32::from(self.port) << 16 | u32::from(self.protocol) << 8 | u32::from(self.flags));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(ports: Option<(u16, u16)>) -> Option<(u16, u16)> {
        let v4 = KeyAddress::V4(0);
        Key::new(0, v4, v4, FoldedPorts::of(ports), 6, 0).ports()
    }

    #[test]
    fn the_greater_port_is_folded_and_equal_ones_keep_the_destination() {
        assert_eq!(shown(Some((20641, 80))), Some((0, 80)));
        assert_eq!(shown(Some((80, 20641))), Some((80, 0)));
        assert_eq!(shown(Some((123, 123))), Some((0, 123)));
        assert_eq!(shown(Some((0, 0))), Some((0, 0)));
        assert_eq!(shown(None), None);
    }

    #[test]
    fn a_kept_port_of_zero_is_one_key_from_either_side() {
        let v4 = KeyAddress::V4(0);
        let key = |ports| Key::new(0, v4, v4, FoldedPorts::of(Some(ports)), 6, 0);
        assert_eq!(key((0, 80)), key((80, 0)));
        assert_eq!(key((0, 80)), key((0, 0)));
    }

    #[test]
    fn a_key_is_small() {
        assert_eq!(size_of::<Key>(), 20);
    }
}
