//! What a table says of one interface.

use std::net::{Ipv4Addr, Ipv6Addr};

use digest_core::SharedAddress;

use crate::interface_columns::{column_of, facts};

/// A row of a table of interfaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InterfaceRow {
    /// The account that owns it, where known.
    pub account_id: Option<Vec<u8>>,
    /// Where its records were delivered, where known.
    pub region: Option<Vec<u8>>,
    /// Its id; `None` for records that name none.
    pub interface_id: Option<Vec<u8>>,
    /// The IPv4 addresses that all of its records have in common.
    pub ipv4: SharedAddress<Ipv4Addr>,
    /// The same of IPv6.
    pub ipv6: SharedAddress<Ipv6Addr>,
    /// What the format says of it, in the order of the table's columns.
    pub(crate) facts: Vec<Option<Vec<u8>>>,
    /// Columns of which several values were told.
    pub changed: Vec<Vec<u8>>,
    /// Flow logs whose objects name it.
    pub flow_log_ids: Vec<Vec<u8>>,
    /// Records that count.
    pub ok_records: u64,
    /// Rows of status NODATA.
    pub nodata_records: u64,
    /// Rows of status SKIPDATA.
    pub skipdata_records: u64,
    /// Minutes of the window that were reported.
    pub minutes_reported: u64,
    /// The same as spans, also behind the window's stop: Unix seconds from and up to but not with.
    pub reported: Vec<(i64, i64)>,
    /// Least start of its rows, Unix seconds.
    pub first_seen: i64,
    /// Greatest end.
    pub last_seen: i64,
}

impl InterfaceRow {
    /// What stands in the column of this name, of those that the format says of an interface: `vpc_id`, `instance_id`, ….
    #[must_use]
    pub fn fact(&self, column: &str) -> Option<&[u8]> {
        let place = facts().position(|(_, name)| column_of(name) == column)?;
        self.facts.get(place)?.as_deref()
    }

    /// The names of these columns.
    #[must_use]
    pub fn fact_names() -> Vec<String> {
        facts().map(|(_, name)| column_of(name)).collect()
    }
}
