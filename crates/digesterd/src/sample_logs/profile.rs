//! What kind of traffic is written: the demonstration's, or one of the benchmark's corpora.

use clap::ValueEnum;

/// A kind of traffic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, ValueEnum)]
pub enum Profile {
    /// A small company: six networks, sixty interfaces, one port scan.
    #[default]
    Demo,
    /// The benchmark's corpus: every eighth record is a new group.
    Main,
    /// Few groups: 1.5 % of the records.
    Low,
    /// A scan: 63 % of the records are a group of their own.
    High,
    /// One interface, such as a NAT gateway's, has half of all records.
    GiantEni,
    /// A hundred thousand interfaces.
    ManyEnis,
    /// No bursts: the interfaces of an object change with every record.
    Shuffled,
    /// IPv6 only.
    Ipv6,
    /// The records of a burst start and end each when its own flow did.
    OwnTimes,
}

/// The proportions of a profile. Shares are parts of a million.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    /// Records if none are asked for.
    pub(super) records: u64,
    /// Flow log objects if none are asked for.
    pub(super) objects: u64,
    /// Regions of each of the three accounts, 1 or 2.
    pub(super) regions: usize,
    /// Network interfaces, as long as each has [`Shape::records_per_interface`].
    pub(super) interfaces: u64,
    /// With fewer records on average there are fewer interfaces, so that the share of groups stays.
    pub(super) records_per_interface: u64,
    /// How many interfaces lead in popularity, about equal; beyond them it falls as Zipf's law has it.
    pub(super) head: u64,
    /// Whether the first interface has half of all records.
    pub(super) giant: bool,
    /// Mean length of a burst: records of one interface, with equal start and end.
    pub(super) burst: u64,
    /// Whether each of them has a start and an end of its own instead, inside those of the burst.
    pub(super) own_times: bool,
    /// Records for each ten pairs of peers that an interface knows: the fewer, the more groups.
    pub(super) records_per_ten_pairs: u64,
    /// Records that are a scan's: each a group of its own, all rejected.
    pub(super) scan: u64,
    /// Addresses that the scan comes from.
    pub(super) scanners: u64,
    /// Open pairs (those beyond an interface's fixed peers) that talk IPv6.
    pub(super) ipv6: u64,
    /// Whether everything is IPv6.
    pub(super) only_ipv6: bool,
    /// Open pairs that are rejected.
    pub(super) rejected: u64,
}

/// Records of status NODATA.
pub(super) const NO_DATA: u64 = 10_000;

/// Records of status SKIPDATA.
pub(super) const SKIP_DATA: u64 = 200;

/// The benchmark's corpus; the others differ in a few lines.
const MAIN: Shape = Shape {
    records: 17_000_000,
    objects: 64,
    regions: 1,
    interfaces: 2_000,
    records_per_interface: 320,
    head: 8,
    giant: false,
    burst: 20,
    own_times: false,
    records_per_ten_pairs: 165,
    scan: 10_000,
    scanners: 4_096,
    ipv6: 112_000,
    only_ipv6: false,
    rejected: 32_000,
};

impl Profile {
    /// Its proportions.
    pub(super) fn shape(self) -> Shape {
        match self {
            Self::Demo => Shape {
                records: 200_000,
                objects: 90,
                regions: 2,
                interfaces: 60,
                records_per_interface: 100,
                records_per_ten_pairs: 400,
                scan: 15_000,
                scanners: 1,
                ipv6: 150_000,
                ..MAIN
            },
            Self::Main => MAIN,
            Self::Low => Shape {
                records_per_interface: 2_600,
                records_per_ten_pairs: 1_305,
                scan: 0,
                rejected: 60_000,
                ..MAIN
            },
            Self::High => Shape {
                scan: 560_000,
                ..MAIN
            },
            Self::GiantEni => Shape {
                records: 4_000_000,
                giant: true,
                ..MAIN
            },
            Self::ManyEnis => Shape {
                records: 4_000_000,
                interfaces: 100_000,
                records_per_interface: 40,
                // Flat, and in short bursts: or else a third of them would never occur.
                head: 20_000,
                burst: 6,
                ..MAIN
            },
            Self::Shuffled => Shape {
                records: 4_000_000,
                burst: 1,
                ..MAIN
            },
            Self::Ipv6 => Shape {
                records: 4_000_000,
                only_ipv6: true,
                ..MAIN
            },
            Self::OwnTimes => Shape {
                records: 4_000_000,
                own_times: true,
                ..MAIN
            },
        }
    }

    /// Objects if no number is asked for.
    #[must_use]
    pub fn objects(self) -> u64 {
        self.shape().objects
    }

    /// Records if none are asked for.
    #[must_use]
    pub fn records(self) -> u64 {
        self.shape().records
    }
}
