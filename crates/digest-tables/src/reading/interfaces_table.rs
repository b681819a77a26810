//! A table of interfaces, read row by row: there are few.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;
use std::sync::Arc;

use digest_core::SharedAddress;

use crate::reading::chunk;
use crate::reading::error::{TableReadError, corrupt};
use crate::reading::interface_row::InterfaceRow;
use crate::reading::source::TableSource;
use crate::reading::table_file::TableFile;
use crate::reading::values::{Column, Rows};

/// Columns without which it is no table of interfaces.
const NEEDED: [&str; 5] = [
    "interface_id",
    "ipv4_address",
    "ipv6_address",
    "ok_records",
    "minutes_reported",
];

/// Bytes that the rows of a group take at most, several times as many as ours do; and those of a row beside its texts, about. One
/// text of a dictionary may stand in any number of rows.
const MOST_HELD: usize = 256 << 20;
const ROW_HELD: usize = 1024;

/// A table of interfaces.
#[derive(Debug)]
pub struct InterfacesTable(TableFile);

impl InterfacesTable {
    /// Opens a table: reads what stands at its end.
    ///
    /// # Errors
    /// [`TableReadError`].
    pub fn open(source: Arc<dyn TableSource>) -> Result<Self, TableReadError> {
        let file = TableFile::open(source)?;
        file.demand("interfaces", &NEEDED)?;
        Ok(Self(file))
    }

    /// Row groups, which are read by their number from 0.
    #[must_use]
    pub fn groups(&self) -> usize {
        self.0.groups()
    }

    /// The rows of a group, in the table's order.
    ///
    /// # Errors
    /// [`TableReadError`].
    pub fn read(&self, group: usize) -> Result<Vec<InterfaceRow>, TableReadError> {
        let file = &self.0;
        let count = file.group(group)?.num_rows();
        let count = usize::try_from(count).map_err(|_| corrupt("a row group of less than no rows"))?;
        if count == 0 {
            return Ok(Vec::new());
        }
        let column = |name: &str| match file.column(name) {
            Some(column) => chunk::read(file, group, column, Rows::All(count)),
            None => Ok(Column::absent()),
        };
        let names = ["account_id", "region", "interface_id", "changed", "flow_log_ids"];
        let [account, region, interface, changed, flow_logs] = names.map(column);
        let (account, region, interface) = (account?, region?, interface?);
        let (changed, flow_logs) = (changed?, flow_logs?);
        let counts = [
            "ok_records",
            "nodata_records",
            "skipdata_records",
            "minutes_reported",
            "first_seen",
            "last_seen",
        ];
        let [ok, nodata, skipdata, minutes, first, last] = counts.map(column);
        let (ok, nodata, skipdata, minutes) = (ok?, nodata?, skipdata?, minutes?);
        let (first, last) = (first?, last?);
        let (ipv4, ipv6, reported) = (
            column("ipv4_address")?,
            column("ipv6_address")?,
            column("reported")?,
        );
        let facts: Result<Vec<Column>, _> = InterfaceRow::fact_names()
            .iter()
            .map(|name| column(name))
            .collect();
        let facts = facts?;
        let owned = |column: &Column, row: usize| column.text(row).map(<[u8]>::to_vec);
        let texts: Vec<&Column> = [&account, &region, &interface]
            .into_iter()
            .chain(&facts)
            .collect();
        let lists = [&changed, &flow_logs, &reported];
        let mut left = MOST_HELD;
        let mut rows = Vec::new();
        for row in 0..count {
            let plain = texts.iter().map(|column| column.text(row).map_or(0, <[u8]>::len));
            let listed_bytes = lists.iter().map(|column| size_of_list(column.text(row)));
            let held = ROW_HELD + plain.sum::<usize>() + listed_bytes.sum::<usize>();
            left = left
                .checked_sub(held)
                .ok_or_else(|| corrupt("a row group of more text than any has"))?;
            rows.push(InterfaceRow {
                account_id: owned(&account, row),
                region: owned(&region, row),
                interface_id: owned(&interface, row),
                ipv4: shared::<Ipv4Addr>(ipv4.text(row))?,
                ipv6: shared::<Ipv6Addr>(ipv6.text(row))?,
                facts: facts.iter().map(|fact| owned(fact, row)).collect(),
                changed: listed(changed.text(row)),
                flow_log_ids: listed(flow_logs.text(row)),
                ok_records: ok.count(row),
                nodata_records: nodata.count(row),
                skipdata_records: skipdata.count(row),
                minutes_reported: minutes.count(row),
                reported: spans(reported.text(row))?,
                first_seen: first.number(row).unwrap_or_default(),
                last_seen: last.number(row).unwrap_or_default(),
            });
        }
        Ok(rows)
    }
}

/// Bytes of a list's texts and of what each of them is held by.
fn size_of_list(text: Option<&[u8]>) -> usize {
    let text = text.unwrap_or_default();
    let parts = 1 + text.iter().filter(|byte| **byte == b',').count();
    text.len() + parts * size_of::<Vec<u8>>()
}

fn listed(text: Option<&[u8]>) -> Vec<Vec<u8>> {
    let parts = text.into_iter().flat_map(|text| text.split(|byte| *byte == b','));
    parts.map(<[u8]>::to_vec).collect()
}

/// Addresses in common, as the table writes them.
fn shared<A: FromStr>(text: Option<&[u8]>) -> Result<SharedAddress<A>, TableReadError> {
    let address = |text: &str| text.parse().map_err(|_| corrupt("a text that is no address"));
    let Some(text) = text else {
        return Ok(SharedAddress::Unseen);
    };
    let text = str::from_utf8(text).map_err(|_| corrupt("a text that is no address"))?;
    match text.split_once(',') {
        Some((one, other)) => Ok(SharedAddress::Two(address(one)?, address(other)?)),
        None if text.is_empty() => Ok(SharedAddress::None),
        None => Ok(SharedAddress::One(address(text)?)),
    }
}

/// Spans as the table writes them: `from-to`, with commas between. A time before 1970 has a sign.
fn spans(text: Option<&[u8]>) -> Result<Vec<(i64, i64)>, TableReadError> {
    let read = |span: &[u8]| {
        let text = str::from_utf8(span).ok()?;
        let sign = usize::from(text.starts_with('-'));
        let border = text.get(sign..)?.find('-')? + sign;
        Some((
            text.get(..border)?.parse().ok()?,
            text.get(border + 1..)?.parse().ok()?,
        ))
    };
    let all: Option<Vec<(i64, i64)>> = listed(text).iter().map(|span| read(span)).collect();
    all.ok_or_else(|| corrupt("minutes that are no spans"))
}
