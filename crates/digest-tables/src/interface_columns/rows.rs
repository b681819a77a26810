//! A row of a table that was read, written again.

use super::InterfaceColumns;
use crate::numbers::signed;
use crate::reading::interface_row::InterfaceRow;

impl InterfaceColumns {
    /// The next row. Gives the bytes of the text that is peculiar to it, about.
    pub(crate) fn push_row(&mut self, one: &InterfaceRow) -> usize {
        let row = self.rows;
        self.account_id.push_option(row, one.account_id.as_deref());
        self.region.push_option(row, one.region.as_deref());
        self.interface_id.push_option(row, one.interface_id.as_deref());
        self.push_addresses(one.ipv4, one.ipv6);
        let mut bytes = 0;
        for (fact, column) in one.facts.iter().zip(&mut self.facts) {
            bytes += fact.as_ref().map_or(0, Vec::len);
            column.push_option(row, fact.as_deref());
        }
        bytes += self.push_reported(&one.reported);
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
