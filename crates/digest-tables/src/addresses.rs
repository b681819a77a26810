//! Columns of addresses: as text, and those of IPv4 as numbers besides.

use std::hash::{Hash, Hasher};
use std::net::IpAddr;

use crate::column::{AnyColumn, Column, Rows, Value};
use crate::dictionary::Dictionary;
use crate::runs::{NULL, Runs};

/// An address that hashes as a number does, which is faster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ip(pub(crate) IpAddr);

impl Hash for Ip {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self.0 {
            IpAddr::V4(address) => state.write_u32(address.to_bits()),
            IpAddr::V6(address) => state.write_u128(address.to_bits()),
        }
    }
}

/// As text.
impl Value for Ip {
    fn write(values: &[Self], out: &mut Dictionary) {
        let mut text = Vec::with_capacity(40);
        for value in values {
            text.clear();
            match value.0 {
                IpAddr::V4(address) => push_dotted(&mut text, address.octets()),
                IpAddr::V6(address) => text.extend_from_slice(address.to_string().as_bytes()),
            }
            out.push_text(&text);
        }
    }

    /// IPv4 is asked for by its numbers.
    fn stands_first(&self) -> bool {
        self.0.is_ipv6()
    }
}

fn push_dotted(out: &mut Vec<u8>, octets: [u8; 4]) {
    for (at, octet) in octets.into_iter().enumerate() {
        if at > 0 {
            out.push(b'.');
        }
        if octet >= 100 {
            out.push(b'0' + octet / 100);
        }
        if octet >= 10 {
            out.push(b'0' + octet / 10 % 10);
        }
        out.push(b'0' + octet % 10);
    }
}

/// The IPv4 addresses of a column as numbers, and of its other rows nothing.
#[derive(Debug, Default)]
pub(crate) struct Numbers {
    values: Vec<i64>,
    runs: Runs,
}

impl Numbers {
    /// The numbers of these addresses, each of which is looked at once.
    pub(crate) fn of(&mut self, addresses: &Column<Ip>) {
        self.values.clear();
        let number = |address: &Ip| match address.0 {
            IpAddr::V4(address) => {
                self.values.push(address.to_bits().into());
                self.values.len() as u32 - 1
            }
            IpAddr::V6(_) => NULL,
        };
        let numbers: Vec<u32> = addresses.values.iter().map(number).collect();
        let of = |address: u32| numbers.get(address as usize).copied().unwrap_or(NULL);
        self.runs.renumber(&addresses.runs, of);
    }
}

impl AnyColumn for Numbers {
    fn take(&mut self, out: &mut Dictionary) -> Rows<'_> {
        out.extend_int64(&self.values);
        Rows::Of(&self.runs)
    }

    fn clear(&mut self) {
        self.values.clear();
        self.runs.clear();
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn addresses_of_ipv6_stand_first_and_rows_keep_theirs() {
        let addresses = ["10.0.0.1", "2001:db8::1", "10.0.0.2", "10.0.0.1", "2001:db8::2"];
        let mut column = Column::default();
        for (row, address) in (0..).zip(addresses) {
            column.push(row, &Ip(address.parse().unwrap()));
        }
        column.push_option(5, None);
        let (mut values, mut each) = (Dictionary::default(), Vec::new());
        let Rows::Of(runs) = column.take(&mut values) else {
            panic!("rows have no value of their own");
        };
        runs.expand(6, &mut each);
        assert_eq!(each, [2, 0, 3, 2, 1, NULL]);
        let texts: Vec<_> = values.iter().collect();
        assert_eq!(
            texts,
            [
                b"2001:db8::1".as_slice(),
                b"2001:db8::2",
                b"10.0.0.1",
                b"10.0.0.2"
            ]
        );
    }

    #[test]
    fn addresses_are_written_as_std_writes_them() {
        for octet in 0..=255u8 {
            let octets = [octet, octet.wrapping_mul(7), octet / 3, 255 - octet];
            let mut text = Vec::new();
            push_dotted(&mut text, octets);
            assert_eq!(text, Ipv4Addr::from(octets).to_string().as_bytes());
        }
    }
}
