//! What rows have to be like: found out for row groups by what the file says of them, and for rows by their values.

use std::net::IpAddr;

use parquet::bloom_filter::Sbbf;

use crate::edge_schema::Side;
use crate::reading::addresses::Addresses;
use crate::reading::error::TableReadError;
use crate::reading::table_file::TableFile;
use crate::reading::values::{Column, Rows, Values};
use crate::runs::NULL;

/// Tests of which one has to hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Condition(pub Vec<Test>);

/// What a column of a row has to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test {
    /// Its source address lies in one of these ranges, whose both ends are inside and of one family.
    Source(Vec<(IpAddr, IpAddr)>),
    /// Its destination address does.
    Destination(Vec<(IpAddr, IpAddr)>),
    /// Its interface is one of these.
    Interface(Vec<Vec<u8>>),
    /// Its action is one of these.
    Action(Vec<Vec<u8>>),
    /// One of its ports lies in one of these ranges, whose both ends are inside.
    Port(Vec<(u16, u16)>),
}

/// Columns that were read to find out which rows are wanted: all of their rows.
#[derive(Debug, Default)]
pub(crate) struct Looked {
    pub(crate) source: Option<Addresses>,
    pub(crate) destination: Option<Addresses>,
}

/// Which rows of a group every condition holds of; `None` for all. Ports and names are read besides and dropped again.
pub(crate) fn rows(
    conditions: &[Condition],
    file: &TableFile,
    group: usize,
    count: usize,
    looked: &mut Looked,
) -> Result<Option<Vec<u32>>, TableReadError> {
    if conditions.is_empty() {
        return Ok(None);
    }
    for condition in conditions {
        if !condition.may_hold(file, group)? {
            return Ok(Some(Vec::new()));
        }
    }
    let mut all = vec![true; count];
    for condition in conditions {
        let mut holds = vec![false; count];
        for test in &condition.0 {
            test.mark(file, group, looked, &mut holds)?;
        }
        let mut any = false;
        for (all, holds) in all.iter_mut().zip(&holds) {
            *all &= holds;
            any |= *all;
        }
        if !any {
            return Ok(Some(Vec::new()));
        }
    }
    let wanted = (0..).zip(&all).filter_map(|(row, all)| all.then_some(row));
    Ok(Some(wanted.collect()))
}

impl Condition {
    /// False where no row of the group can be wanted.
    fn may_hold(&self, file: &TableFile, group: usize) -> Result<bool, TableReadError> {
        for test in &self.0 {
            if test.may_hold(file, group)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl Test {
    fn may_hold(&self, file: &TableFile, group: usize) -> Result<bool, TableReadError> {
        match self {
            Self::Source(ranges) => addresses_may(file, group, Side::SOURCE, ranges),
            Self::Destination(ranges) => addresses_may(file, group, Side::DESTINATION, ranges),
            Self::Interface(names) => {
                let Some(column) = file.column("interface_id") else {
                    return Ok(true);
                };
                let Some(filter) = file.filter(group, column)? else {
                    return Ok(true);
                };
                Ok(names
                    .iter()
                    .any(|name| name == ABSENT || filter.check(name.as_slice())))
            }
            Self::Action(_) | Self::Port(_) => Ok(true),
        }
    }

    /// Marks the rows of which it holds.
    fn mark(
        &self,
        file: &TableFile,
        group: usize,
        looked: &mut Looked,
        holds: &mut [bool],
    ) -> Result<(), TableReadError> {
        let count = holds.len();
        let address = |ranges: &[(IpAddr, IpAddr)], address: &IpAddr| {
            ranges
                .iter()
                .any(|(least, greatest)| least <= address && address <= greatest)
        };
        match self {
            Self::Source(ranges) | Self::Destination(ranges) => {
                let (side, place) = match self {
                    Self::Source(_) => (Side::SOURCE, &mut looked.source),
                    _ => (Side::DESTINATION, &mut looked.destination),
                };
                let mut addresses = match place.take() {
                    Some(read) => read,
                    None => Addresses::read_v4(file, group, side, Rows::All(count))?,
                };
                // Others are as good as not there where none is asked for.
                if ranges.iter().any(|(least, _)| least.is_ipv6()) {
                    addresses = addresses.with_v6(file, group, side, Rows::All(count))?;
                }
                let addresses = place.insert(addresses);
                let wanted: Vec<bool> = addresses.values.iter().map(|one| address(ranges, one)).collect();
                mark(&addresses.rows, &wanted, false, holds);
            }
            Self::Interface(names) => named(file, group, "interface_id", names, holds)?,
            Self::Action(names) => named(file, group, "action", names, holds)?,
            Self::Port(ranges) => {
                for name in ["srcport", "dstport"] {
                    let column = read(file, group, name, count)?;
                    let Values::Numbers(ports) = &column.values else {
                        continue;
                    };
                    let inside = |port: &i64| {
                        let mut ranges = ranges.iter();
                        ranges.any(|&(least, most)| (i64::from(least)..=i64::from(most)).contains(port))
                    };
                    let wanted: Vec<bool> = ports.iter().map(inside).collect();
                    mark(&column.rows, &wanted, false, holds);
                }
            }
        }
        Ok(())
    }
}

/// What stands for a name that is not told.
const ABSENT: &[u8] = b"-";

fn read(file: &TableFile, group: usize, name: &str, count: usize) -> Result<Column, TableReadError> {
    match file.column(name) {
        Some(column) => crate::reading::chunk::read(file, group, column, Rows::All(count)),
        None => Ok(Column::absent()),
    }
}

fn named(
    file: &TableFile,
    group: usize,
    name: &str,
    names: &[Vec<u8>],
    holds: &mut [bool],
) -> Result<(), TableReadError> {
    let column = read(file, group, name, holds.len())?;
    let Values::Texts(texts) = &column.values else {
        return Ok(());
    };
    let is_one = |text: &[u8]| names.iter().any(|name| name == text);
    let wanted: Vec<bool> = texts.iter().map(is_one).collect();
    mark(&column.rows, &wanted, is_one(ABSENT), holds);
    Ok(())
}

/// Marks rows whose value is wanted, and those without value where these are.
fn mark(rows: &[u32], wanted: &[bool], absent: bool, holds: &mut [bool]) {
    if !absent && !wanted.contains(&true) {
        return;
    }
    for (row, holds) in rows.iter().zip(holds) {
        *holds |= match *row {
            NULL => absent,
            row => wanted.get(row as usize).copied().unwrap_or_default(),
        };
    }
}

/// Whether a row group may have such an address, by its bounds of IPv4 and its bloom filter.
fn addresses_may(
    file: &TableFile,
    group: usize,
    side: Side,
    ranges: &[(IpAddr, IpAddr)],
) -> Result<bool, TableReadError> {
    let number = file.column(side.number);
    let (bounds, nulls) = number.map_or((None, None), |column| file.bounds(group, column));
    let text = file.column(side.text);
    let mut filter = None;
    for (least, greatest) in ranges {
        let may = match (least, greatest) {
            (IpAddr::V4(least), IpAddr::V4(greatest)) => {
                let (from, to) = (i64::from(least.to_bits()), i64::from(greatest.to_bits()));
                bounds.is_none_or(|(least, greatest)| to >= least && greatest >= from)
            }
            // Where all of them have a number, there is no other family.
            (IpAddr::V6(_), IpAddr::V6(_)) => nulls != Some(0),
            _ => true,
        };
        let may = match text.filter(|_| may && least == greatest) {
            Some(column) => filtered(&mut filter, file, group, column, |filter| {
                filter.check(least.to_string().as_str())
            })?,
            None => may,
        };
        if may {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What a filter says, which is read once; yes where there is none.
fn filtered(
    filter: &mut Option<Option<Sbbf>>,
    file: &TableFile,
    group: usize,
    column: usize,
    ask: impl FnOnce(&Sbbf) -> bool,
) -> Result<bool, TableReadError> {
    let filter = match filter {
        Some(filter) => filter,
        None => filter.insert(file.filter(group, column)?),
    };
    Ok(filter.as_ref().is_none_or(ask))
}
