//! A row of a table that was read, written again.

use std::fmt::Write as _;
use std::net::Ipv4Addr;

use digest_core::SharedAddress;

use super::{InterfaceColumns, common, filled};
use crate::numbers::signed;
use crate::reading::interface_row::InterfaceRow;

impl InterfaceColumns {
    /// The next row. Gives the bytes of the text that is peculiar to it, about.
    pub(crate) fn push_row(&mut self, one: &InterfaceRow) -> usize {
        let row = self.rows;
        self.account_id.push_option(row, one.account_id.as_deref());
        self.region.push_option(row, one.region.as_deref());
        self.interface_id.push_option(row, one.interface_id.as_deref());
        self.ipv4_address.push_option(row, common(one.ipv4).as_deref());
        let number = match one.ipv4 {
            SharedAddress::One(address) => Some(i64::from(Ipv4Addr::to_bits(address))),
            _ => None,
        };
        self.ipv4_number.push_option(row, number);
        self.ipv6_address.push_option(row, common(one.ipv6).as_deref());
        let mut bytes = 0;
        for (fact, column) in one.facts.iter().zip(&mut self.facts) {
            bytes += fact.as_ref().map_or(0, Vec::len);
            column.push_option(row, fact.as_deref());
        }
        let mut reported = String::new();
        for (from, to) in &one.reported {
            let comma = if reported.is_empty() { "" } else { "," };
            // Writing to a string cannot fail.
            let _ = write!(reported, "{comma}{from}-{to}");
        }
        bytes += reported.len();
        self.reported.push_option(row, filled(&reported));
        let (changed, flow_logs) = (one.changed.join(&b','), one.flow_log_ids.join(&b','));
        let filled = |text: Vec<u8>| Some(text).filter(|text| !text.is_empty());
        self.changed.push_option(row, filled(changed).as_deref());
        self.flow_log_ids.push_option(row, filled(flow_logs).as_deref());
        self.ok_records.push(row, signed(one.ok_records));
        self.nodata_records.push(row, signed(one.nodata_records));
        self.skipdata_records.push(row, signed(one.skipdata_records));
        self.minutes_reported.push(row, signed(one.minutes_reported));
        self.first_seen.push(row, one.first_seen);
        self.last_seen.push(row, one.last_seen);
        self.rows += 1;
        bytes
    }
}
