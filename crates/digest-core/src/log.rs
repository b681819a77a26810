//! The log of one interface: records that have been parsed and not yet folded, which costs a sequential write.
//!
//! What records of a burst have in common, and what few of them have, stands beside them: a record is half a line of the
//! cache, and logs of thousands of interfaces fit no cache.

use crate::address::Address;
use crate::compact_record::{CompactRecord, Interval};
use crate::key::KeyAddress;

/// Records, the intervals that they name by their places, and the IPv6 addresses whose places are numbers in their keys.
#[derive(Debug, Default)]
pub(crate) struct Log {
    pub(crate) records: Vec<CompactRecord>,
    pub(crate) intervals: Vec<Interval>,
    pub(crate) addresses: Vec<u128>,
}

impl Log {
    /// The place of an interval, new or the last one. A log holds too few records for its places to run out.
    #[inline]
    pub(crate) fn interval(&mut self, interval: Interval) -> u16 {
        if self.intervals.last() != Some(&interval) {
            self.intervals.push(interval);
        }
        (self.intervals.len() - 1) as u16
    }

    /// Gives the IPv6 addresses of these records numbers of this log, in place of the places that they have elsewhere.
    #[inline]
    pub(crate) fn renumber(
        &mut self,
        records: impl Iterator<Item = usize>,
        address_at: impl Fn(u32) -> u128,
    ) {
        // Places and their numbers, of which one stays as long as it is met.
        let mut known = [(u32::MAX, 0); 2];
        let addresses = &mut self.addresses;
        for at in records {
            let Some(record) = self.records.get_mut(at).filter(|record| record.key.has_v6()) else {
                continue;
            };
            let mut free = 0;
            record.key = record.key.with_addresses(|place| {
                if let Some(at) = known.iter().position(|&(known, _)| known == place) {
                    free = 1 - at;
                    return known.get(at).map_or(0, |&(_, number)| number);
                }
                let number = number(addresses, address_at(place));
                if let Some(known) = known.get_mut(free) {
                    *known = (place, number);
                }
                free = 1 - free;
                number
            });
        }
    }

    /// The key's side of an address.
    #[inline]
    pub(crate) fn side(&mut self, address: Address) -> KeyAddress {
        match address {
            Address::V4(value) => KeyAddress::V4(value),
            Address::V6(value) => KeyAddress::V6(number(&mut self.addresses, value)),
        }
    }
}

/// The number of an IPv6 address in the keys of a log with these addresses.
#[inline]
fn number(addresses: &mut Vec<u128>, address: u128) -> u32 {
    // One side of an interface's records is nearly always its own address.
    let last = addresses.iter().rev().take(2).position(|&known| known == address);
    if let Some(back) = last {
        return (addresses.len() - 1 - back) as u32;
    }
    addresses.push(address);
    (addresses.len() - 1) as u32
}
