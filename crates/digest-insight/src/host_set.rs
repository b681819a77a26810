//! Sets of addresses and services in little memory: sorted arrays into which what has come is merged now and then, at most
//! a quarter of them. An IPv6 address takes 20 bytes at most, an IPv4 address 5.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Items that wait to be put in order, at least.
const LEAST_WAITING: usize = 1 << 15;
/// Slots for items that were seen lately: nearly all come again soon.
const RECENT: usize = 1 << 12;

/// What a set is of.
trait Item: Ord + Copy {
    /// Puts items in order.
    fn sort(items: &mut Vec<Self>) {
        items.sort_unstable();
    }
}

impl Item for u64 {}
impl Item for u128 {}
impl Item for (u64, u64, u32) {}

/// IPv4 addresses, which are most of all items: by their digits, the last one first.
impl Item for u32 {
    fn sort(items: &mut Vec<Self>) {
        if items.len() < FEW {
            items.sort_unstable();
            return;
        }
        let mut sorted = vec![0; items.len()];
        for shift in (0..Self::BITS).step_by(DIGIT as usize) {
            let digit = |item: u32| (item >> shift) as usize % (1 << DIGIT);
            let mut places = [0_usize; 1 << DIGIT];
            for &item in items.iter() {
                if let Some(count) = places.get_mut(digit(item)) {
                    *count += 1;
                }
            }
            let mut before = 0;
            for place in &mut places {
                before += std::mem::replace(place, before);
            }
            for &item in items.iter() {
                if let Some(place) = places.get_mut(digit(item)) {
                    if let Some(at) = sorted.get_mut(*place) {
                        *at = item;
                    }
                    *place += 1;
                }
            }
            std::mem::swap(items, &mut sorted);
        }
    }
}

/// Bits of a digit: three passes over an address.
const DIGIT: u32 = 11;
/// So few are sorted by comparing them: there are more digits to count.
const FEW: usize = 1 << 10;

/// A set that only grows.
#[derive(Debug, Default)]
struct Sorted<T> {
    items: Vec<T>,
    /// So many are in order, each once.
    ordered: usize,
}

impl<T: Item> Sorted<T> {
    fn insert(&mut self, item: T) {
        if self.items.len() == self.items.capacity() {
            self.put_in_order();
            self.items
                .reserve_exact((self.items.len() / 4).max(LEAST_WAITING));
        }
        self.items.push(item);
    }

    /// Puts what has come since the last time among the items that are in order.
    fn put_in_order(&mut self) {
        let mut new = self.items.split_off(self.ordered);
        T::sort(&mut new);
        new.dedup();
        let mut known = self.items.iter().peekable();
        new.retain(|item| {
            while known.next_if(|known| *known < item).is_some() {}
            known.peek() != Some(&item)
        });
        // From the back, so that each item is moved once, into a place that is free.
        let mut from = self.items.len();
        self.items.extend_from_slice(&new);
        let mut to = self.items.len();
        while let Some(last) = new.last() {
            to -= 1;
            let before = from.checked_sub(1).and_then(|at| self.items.get(at)).copied();
            let item = match before.filter(|before| before > last) {
                Some(before) => {
                    from -= 1;
                    before
                }
                None => *last,
            };
            if before != Some(item) {
                new.pop();
            }
            if let Some(place) = self.items.get_mut(to) {
                *place = item;
            }
        }
        self.ordered = self.items.len();
    }

    /// Hands out what is not in the other set, in order.
    fn without(&mut self, other: &mut Self, mut take: impl FnMut(T)) {
        self.put_in_order();
        other.put_in_order();
        let mut others = other.items.iter().peekable();
        for item in &self.items {
            while others.next_if(|other| *other < item).is_some() {}
            if others.peek() != Some(&item) {
                take(*item);
            }
        }
    }
}

/// A set of addresses.
#[derive(Debug)]
pub(crate) struct HostSet {
    v4: Sorted<u32>,
    v6: Sorted<u128>,
    recent: Vec<u32>,
}

impl Default for HostSet {
    fn default() -> Self {
        Self {
            v4: Sorted::default(),
            v6: Sorted::default(),
            recent: vec![0; RECENT],
        }
    }
}

impl HostSet {
    #[inline]
    pub(crate) fn insert(&mut self, address: IpAddr) {
        match address {
            IpAddr::V4(address) => {
                let value = u32::from(address);
                let slot = (value.wrapping_mul(0x9e37_79b9) >> 20) as usize;
                // 0.0.0.0 is what an empty slot looks like: it goes in each time.
                match self.recent.get_mut(slot) {
                    Some(seen) if *seen == value && value != 0 => return,
                    Some(seen) => *seen = value,
                    None => {}
                }
                self.v4.insert(value);
            }
            IpAddr::V6(address) => self.v6.insert(address.into()),
        }
    }

    /// Puts all that has come in its place: what [`HostSet::without`] would do, where another thread has the time.
    pub(crate) fn put_in_order(&mut self) {
        self.v4.put_in_order();
        self.v6.put_in_order();
    }

    /// Hands out the addresses that are not in the other set, in order.
    pub(crate) fn without(&mut self, other: &mut Self, mut take: impl FnMut(IpAddr)) {
        self.v4
            .without(&mut other.v4, |value| take(Ipv4Addr::from(value).into()));
        self.v6
            .without(&mut other.v6, |value| take(Ipv6Addr::from(value).into()));
    }
}

/// What is served: an address, a port and a protocol.
pub(crate) type Service = (IpAddr, u16, u8);

/// A set of services.
#[derive(Debug)]
pub(crate) struct ServiceSet {
    v4: Sorted<u64>,
    /// The address in two halves, so that nothing is lost to alignment.
    v6: Sorted<(u64, u64, u32)>,
    recent: Vec<u64>,
}

impl Default for ServiceSet {
    fn default() -> Self {
        Self {
            v4: Sorted::default(),
            v6: Sorted::default(),
            recent: vec![0; RECENT],
        }
    }
}

impl ServiceSet {
    #[inline]
    pub(crate) fn insert(&mut self, (address, port, protocol): Service) {
        let low = u32::from(port) << 8 | u32::from(protocol);
        match address {
            IpAddr::V4(address) => {
                let value = u64::from(u32::from(address)) << 24 | u64::from(low);
                let slot = (value.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 52) as usize;
                match self.recent.get_mut(slot) {
                    Some(seen) if *seen == value && value != 0 => return,
                    Some(seen) => *seen = value,
                    None => {}
                }
                self.v4.insert(value);
            }
            IpAddr::V6(address) => {
                let value = u128::from(address);
                self.v6.insert(((value >> 64) as u64, value as u64, low));
            }
        }
    }

    /// As [`HostSet::put_in_order`].
    pub(crate) fn put_in_order(&mut self) {
        self.v4.put_in_order();
        self.v6.put_in_order();
    }

    /// Hands out the services that are not in the other set, in order.
    pub(crate) fn without(&mut self, other: &mut Self, mut take: impl FnMut(Service)) {
        self.v4.without(&mut other.v4, |value| {
            let address = Ipv4Addr::from((value >> 24) as u32);
            take((address.into(), (value >> 8) as u16, value as u8));
        });
        self.v6.without(&mut other.v6, |(high, low, service)| {
            let address = Ipv6Addr::from(u128::from(high) << 64 | u128::from(low));
            take((address.into(), (service >> 8) as u16, service as u8));
        });
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn address(number: u32) -> IpAddr {
        match number % 3 {
            0 => Ipv6Addr::from(u128::from(number) << 90 | u128::from(number)).into(),
            _ => Ipv4Addr::from(number).into(),
        }
    }

    proptest! {
        #[test]
        fn sets_differ_as_sets_of_the_standard_library(
            one in proptest::collection::vec(0u32..60, 0..80),
            other in proptest::collection::vec(0u32..60, 0..80),
        ) {
            let (mut hosts, mut services) = ([HostSet::default(), HostSet::default()], [ServiceSet::default(), ServiceSet::default()]);
            let mut expected = [BTreeSet::new(), BTreeSet::new()];
            for (at, numbers) in [&one, &other].into_iter().enumerate() {
                for &number in numbers {
                    hosts[at].insert(address(number));
                    services[at].insert((address(number), number as u16, 6));
                    expected[at].insert(address(number));
                }
            }
            let wanted: Vec<IpAddr> = expected[0].difference(&expected[1]).copied().collect();
            let [a, b] = &mut hosts;
            let mut found = Vec::new();
            a.without(b, |host| found.push(host));
            prop_assert_eq!(&found, &wanted);
            let [a, b] = &mut services;
            let mut found = Vec::new();
            a.without(b, |(host, port, protocol)| {
                assert_eq!((address(u32::from(port)), protocol), (host, 6));
                found.push(host);
            });
            prop_assert_eq!(found, wanted);
        }
    }

    #[test]
    fn addresses_are_sorted_by_their_digits_as_by_comparing() {
        for count in [0, 1, FEW - 1, FEW, 5 * FEW + 3] {
            let mut items: Vec<u32> = (0..count as u32)
                .map(|at| at.wrapping_mul(0x9e37_79b9) >> (at % 13))
                .collect();
            let mut expected = items.clone();
            expected.sort_unstable();
            Item::sort(&mut items);
            assert_eq!(items, expected);
        }
    }

    #[test]
    fn an_item_takes_no_more_than_24_bytes() {
        let mut set = HostSet::default();
        let count = 400_000u32;
        for number in 0..count {
            // In no order.
            set.insert(Ipv6Addr::from(u128::from(number.wrapping_mul(0x9e37_79b9)) << 64).into());
        }
        let bytes = set.v6.items.capacity() * size_of::<u128>();
        assert!(bytes <= 24 * count as usize, "{bytes}");
        assert_eq!(size_of::<(u64, u64, u32)>(), 24);
    }
}
