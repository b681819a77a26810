//! A column of addresses, read: IPv4 by its numbers, what has none by its text.

use std::net::{IpAddr, Ipv4Addr};

use digest_core::parse_ip;

use crate::edge_schema::Side;
use crate::reading::chunk;
use crate::reading::error::{TableReadError, corrupt};
use crate::reading::table_file::TableFile;
use crate::reading::values::{Rows, Values};
use crate::runs::NULL;

/// Addresses, and which of them each row has: those that stand as numbers one for each row, texts each once.
#[derive(Debug, Default)]
pub(crate) struct Addresses {
    pub(crate) values: Vec<IpAddr>,
    pub(crate) rows: Vec<u32>,
}

impl Addresses {
    /// The addresses of one side that are of IPv4; of a table without their numbers all of them.
    pub(crate) fn read_v4(
        file: &TableFile,
        group: usize,
        side: Side,
        rows: Rows<'_>,
    ) -> Result<Self, TableReadError> {
        let Some(column) = file.column(side.number) else {
            return Self::by_text(file, group, side.text, rows);
        };
        let numbers = chunk::read(file, group, column, rows)?;
        let Values::Numbers(values) = &numbers.values else {
            return Err(corrupt("addresses that are no numbers"));
        };
        // Looked at first: what is collected of results grows again and again.
        if values.iter().any(|&number| u32::try_from(number).is_err()) {
            return Err(corrupt("a number that is no address"));
        }
        let address = |&number: &i64| IpAddr::from(Ipv4Addr::from_bits(number as u32));
        // With room for those of IPv6, as far as they are few.
        let mut addresses = Vec::with_capacity(values.len() + values.len() / 4);
        addresses.extend(values.iter().map(address));
        Ok(Self {
            values: addresses,
            rows: numbers.rows,
        })
    }

    /// Adds those of IPv6, which are read as text where there are any.
    pub(crate) fn with_v6(
        mut self,
        file: &TableFile,
        group: usize,
        side: Side,
        rows: Rows<'_>,
    ) -> Result<Self, TableReadError> {
        let without = |(row, number): (u32, &u32)| (*number == NULL).then_some(row);
        let places: Vec<u32> = (0..).zip(&self.rows).filter_map(without).collect();
        if places.is_empty() {
            return Ok(self);
        }
        let asked: Vec<u32> = match rows {
            Rows::All(_) => places.clone(),
            Rows::Some(rows) => places
                .iter()
                .filter_map(|place| rows.get(*place as usize))
                .copied()
                .collect(),
        };
        let column = chunk::read_named(file, group, side.text, Rows::Some(&asked))?;
        let Values::Texts(texts) = &column.values else {
            return Ok(self);
        };
        // Which address a text is, once some row has asked.
        let mut known = vec![NULL; column.values.len()];
        for (place, text) in places.iter().zip(&column.rows) {
            let (Some(row), Some(known)) =
                (self.rows.get_mut(*place as usize), known.get_mut(*text as usize))
            else {
                continue;
            };
            if *known == NULL {
                let address = texts.get(*text as usize).and_then(parse_ip);
                *known = self.values.len() as u32;
                self.values
                    .push(address.ok_or_else(|| corrupt("a text that is no address"))?);
            }
            *row = *known;
        }
        Ok(self)
    }

    pub(crate) fn by_text(
        file: &TableFile,
        group: usize,
        name: &str,
        rows: Rows<'_>,
    ) -> Result<Self, TableReadError> {
        let column = chunk::read_named(file, group, name, rows)?;
        let Values::Texts(texts) = &column.values else {
            return Ok(Self::default());
        };
        let values: Option<Vec<IpAddr>> = texts.iter().map(parse_ip).collect();
        Ok(Self {
            values: values.ok_or_else(|| corrupt("a text that is no address"))?,
            rows: column.rows,
        })
    }

    /// Those of some rows.
    pub(crate) fn of(self, rows: Rows<'_>) -> Self {
        match rows {
            Rows::All(_) => self,
            Rows::Some(wanted) => Self {
                rows: wanted
                    .iter()
                    .map(|row| self.rows.get(*row as usize).copied().unwrap_or(NULL))
                    .collect(),
                values: self.values,
            },
        }
    }

    #[inline]
    pub(crate) fn get(&self, row: usize) -> Option<IpAddr> {
        self.values.get(*self.rows.get(row)? as usize).copied()
    }
}
