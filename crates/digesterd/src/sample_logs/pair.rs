//! A pair of peers: an interface, one of those it talks to, and what they talk.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::dice::{hash, scaled};
use super::talk::{ICMP, ICMP_V6, Peers, TCP, fixed, open};
use super::world::{Interface, Network, World};

/// First octets of the public addresses of clients.
const PUBLIC: [u8; 16] = [
    14, 24, 46, 62, 73, 78, 82, 86, 90, 93, 109, 151, 176, 178, 188, 213,
];

/// A pair of peers: an interface, its far end and what they talk.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pair {
    pub(super) own: IpAddr,
    pub(super) peer: IpAddr,
    pub(super) peers: Peers,
    pub(super) serves: bool,
    /// The server's port; 0 for protocols without ports.
    pub(super) port: u16,
    pub(super) protocol: u8,
    pub(super) sizes: (u64, u64),
    pub(super) accepted: bool,
    /// Chance that belongs to the pair.
    pub(super) salt: u64,
}

/// The `rank`th pair of an interface: the first few are its fixed peers.
pub(super) fn pair(world: &World, network: &Network, interface: &Interface, rank: u64) -> Pair {
    let salt = hash(&[interface.salt, rank]);
    let happens = |kind: u64, per_million: u64| scaled(hash(&[salt, kind]), 1_000_000) < per_million;
    let fixed = fixed(interface.role).get(rank as usize).copied();
    let talk = fixed.unwrap_or_else(|| open(interface.role, salt));
    let is_open = fixed.is_none();
    let ipv6 = world.shape.only_ipv6 || (is_open && happens(1, world.shape.ipv6));
    Pair {
        own: network.address(interface.role, interface.place, ipv6),
        peer: far_end(network, interface, talk.peers, rank, salt, ipv6),
        peers: talk.peers,
        serves: talk.serves,
        port: talk.port,
        protocol: if ipv6 && talk.protocol == ICMP {
            ICMP_V6
        } else {
            talk.protocol
        },
        sizes: talk.sizes,
        accepted: !(is_open && happens(2, world.shape.rejected)),
        salt,
    }
}

/// A scan's probe of an interface: one of its addresses, one port. Rejected.
pub(super) fn probe(world: &World, network: &Network, interface: &Interface, chance: u64) -> Pair {
    let ipv6 = world.shape.only_ipv6;
    let scanner = hash(&[world.seed, 6, chance % world.shape.scanners.max(1)]);
    Pair {
        own: network.address(interface.role, interface.place, ipv6),
        peer: public(scanner, ipv6),
        peers: Peers::Internet,
        serves: true,
        port: 1 + (chance >> 40) as u16 % 32_000,
        protocol: TCP,
        sizes: (44, 0),
        accepted: false,
        salt: chance,
    }
}

fn far_end(network: &Network, own: &Interface, peers: Peers, rank: u64, salt: u64, ipv6: bool) -> IpAddr {
    match peers {
        Peers::Role(role) => {
            let count = network.count(role).max(1);
            network.address(role, (own.place + rank) % count, ipv6)
        }
        Peers::Resolver => network.host(0, 0, ipv6),
        Peers::Monitor => network.host(0, 1, ipv6),
        Peers::Cloud if ipv6 => {
            IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0xc10d, 0, 0, 0, 0, salt as u16 % 64))
        }
        Peers::Cloud => IpAddr::V4(Ipv4Addr::new(
            52,
            216 + (salt % 2) as u8,
            (salt >> 8) as u8 % 8,
            64,
        )),
        // The subnets from 0xc0 on: 2^22 hosts, as the range of IPv4 has.
        Peers::Containers if ipv6 => network.host(0xc0 | salt >> 58, salt & 0xffff, true),
        Peers::Containers => IpAddr::V4(Ipv4Addr::from(0x6440_0000 | salt as u32 & 0x003f_ffff)),
        Peers::Internet => public(salt, ipv6),
    }
}

/// A client's address.
fn public(salt: u64, ipv6: bool) -> IpAddr {
    let [a, b, c, d, e, f, g, _] = salt.to_be_bytes();
    if ipv6 {
        let group = |upper: u8, lower: u8| u16::from_be_bytes([upper, lower]);
        let (site, host) = (group(a, b), group(d, e));
        return IpAddr::V6(Ipv6Addr::new(
            0x2001,
            0xdb8,
            0x8000 | site,
            c.into(),
            0,
            0,
            host,
            group(f, g),
        ));
    }
    let first = PUBLIC.get(usize::from(a % 16)).copied().unwrap_or(14);
    IpAddr::V4(Ipv4Addr::new(first, b, c, d))
}
