//! Where the traffic happens: accounts, regions, their flow logs, and the network interfaces with what they serve.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::dice::{Dice, hash};
use super::profile::Shape;

/// The accounts that are logged.
const ACCOUNTS: [&str; 3] = ["112233445566", "203948576012", "740019283645"];

/// The regions that each account uses.
const REGIONS: [(&str, &str); 2] = [("us-east-1", "use1-az4"), ("eu-west-1", "euw1-az2")];

/// What the interfaces of a network are for, most popular first, over and over.
const ROLES: [Role; 8] = [
    Role::Balancer,
    Role::Web,
    Role::App,
    Role::Database,
    Role::Web,
    Role::App,
    Role::Cache,
    Role::Gateway,
];

/// What an interface is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Takes requests of the internet.
    Balancer,
    /// Web server behind the balancers.
    Web,
    /// Application server behind the web servers.
    App,
    /// Database of the application servers.
    Database,
    /// Cache of the application servers.
    Cache,
    /// Way out of the network.
    Gateway,
}

/// All that is logged.
#[derive(Debug)]
pub(super) struct World {
    pub(super) seed: u64,
    pub(super) shape: Shape,
    pub(super) networks: Vec<Network>,
}

/// One network: an account in a region, logged by one flow log.
#[derive(Debug)]
pub(super) struct Network {
    pub(super) number: u64,
    pub(super) account: &'static str,
    pub(super) region: &'static str,
    pub(super) zone: &'static str,
    pub(super) flow_log: String,
    pub(super) vpc: String,
    pub(super) interfaces: Vec<Interface>,
    /// Weights of the interfaces, summed up to and with each.
    sums: Vec<u64>,
}

/// One network interface.
#[derive(Debug)]
pub(super) struct Interface {
    /// Says all that chance decides about it.
    pub(super) salt: u64,
    pub(super) role: Role,
    /// Number among the interfaces of its role in its network.
    pub(super) place: u64,
    /// Pairs of peers that it knows.
    pub(super) pairs: u64,
    pub(super) name: String,
    /// Whether its records are aggregated for ten minutes rather than one.
    pub(super) slow: bool,
}

impl World {
    /// The world in which `records` records are logged.
    pub(super) fn new(seed: u64, shape: Shape, records: u64) -> Self {
        let mut networks: Vec<Network> = (0..)
            .zip(ACCOUNTS.iter().flat_map(|account| {
                let regions = REGIONS.iter().take(shape.regions);
                regions.map(move |region| (account, region))
            }))
            .map(|(number, (&account, &(region, zone)))| Network {
                number,
                account,
                region,
                zone,
                flow_log: format!("fl-{}", hexadecimal(&[seed, 1, number])),
                vpc: format!("vpc-{}", hexadecimal(&[seed, 2, number])),
                interfaces: Vec::new(),
                sums: Vec::new(),
            })
            .collect();
        // Every role must occur in every network.
        let least = (networks.len() * ROLES.len()) as u64;
        let most = records / shape.records_per_interface.max(1);
        let count = shape.interfaces.min(most).max(least);
        let weights = weights(count, shape);
        let total: u64 = weights.iter().sum();
        for (number, &weight) in (0..).zip(&weights) {
            let expected = u128::from(records) * u128::from(weight) / u128::from(total);
            let pairs = (expected as u64 * 10).div_ceil(shape.records_per_ten_pairs.max(1));
            let index = (number % networks.len() as u64) as usize;
            if let Some(network) = networks.get_mut(index) {
                network.add(seed, number, weight, pairs);
            }
        }
        Self {
            seed,
            shape,
            networks,
        }
    }
}

impl Network {
    fn add(&mut self, seed: u64, number: u64, weight: u64, pairs: u64) {
        let cycle = ROLES.len() as u64;
        let at = self.interfaces.len() as u64;
        let role = ROLES.get((at % cycle) as usize).copied().unwrap_or(Role::App);
        let earlier = ROLES.iter().take((at % cycle) as usize);
        let (each, before) = (
            ROLES.iter().filter(|&&other| other == role).count(),
            earlier.filter(|&&other| other == role).count(),
        );
        self.interfaces.push(Interface {
            salt: hash(&[seed, 3, number]),
            role,
            place: at / cycle * each as u64 + before as u64,
            pairs: pairs.max(1),
            name: format!("eni-{}", hexadecimal(&[seed, 4, number])),
            slow: hash(&[seed, 5, number]).is_multiple_of(8),
        });
        self.sums.push(self.weight() + weight);
    }

    /// Weight of all its interfaces.
    pub(super) fn weight(&self) -> u64 {
        self.sums.last().copied().unwrap_or(0)
    }

    /// An interface by popularity.
    pub(super) fn popular(&self, dice: &mut Dice) -> Option<&Interface> {
        let at = dice.below(self.weight());
        self.interfaces.get(self.sums.partition_point(|&sum| sum <= at))
    }

    /// An interface by even chance.
    pub(super) fn any(&self, dice: &mut Dice) -> Option<&Interface> {
        self.interfaces
            .get(dice.below(self.interfaces.len() as u64) as usize)
    }

    /// Interfaces of a role: every network has at least one cycle of [`ROLES`].
    pub(super) fn count(&self, role: Role) -> u64 {
        let cycles = (self.interfaces.len() / ROLES.len()) as u64;
        cycles * ROLES.iter().filter(|&&other| other == role).count() as u64
    }

    /// Address of the interface of this role and place.
    pub(super) fn address(&self, role: Role, place: u64, ipv6: bool) -> IpAddr {
        self.host(role as u64 + 1, place, ipv6)
    }

    /// Address of a host in a subnet; subnet 0 holds what serves the whole network.
    pub(super) fn host(&self, subnet: u64, place: u64, ipv6: bool) -> IpAddr {
        // Three zones of a few thousand hosts each.
        let (zone, place) = (place % 3, place / 3);
        let (upper, lower) = (16 + zone * 80 + place / 240, place % 240 + 10);
        if ipv6 {
            let groups = [0x2001, 0xdb8, self.number << 8 | subnet, 0, 0, 0, upper, lower];
            return IpAddr::V6(Ipv6Addr::from(groups.map(|group| group as u16)));
        }
        let octets = [10, 100 + self.number * 16 + subnet, upper, lower];
        IpAddr::V4(Ipv4Addr::from(octets.map(|octet| octet as u8)))
    }
}

/// Zipf's law with a flattened head, and one giant if asked for.
fn weights(count: u64, shape: Shape) -> Vec<u64> {
    let mut weights: Vec<u64> = (0..count)
        .map(|rank| (1 << 40) / (rank + shape.head.max(1)))
        .collect();
    if shape.giant {
        let others = weights.iter().skip(1).sum();
        if let Some(first) = weights.first_mut() {
            *first = others;
        }
    }
    weights
}

/// Seventeen hexadecimal digits, as AWS's ids have.
pub(super) fn hexadecimal(parts: &[u64]) -> String {
    format!("0{:016x}", hash(parts))
}
