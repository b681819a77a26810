//! What edges of formats without an interface tell of it, row by row: of most tables nothing.

use std::collections::HashMap;

use digest_core::{FACTS, FACTS_OF_EDGES, FactSet};

use crate::interface_columns::column_of;
use crate::reading::error::{TableReadError, corrupt};
use crate::reading::values::{Column, Rows};

/// Most bytes of sets of one row group, each once: several times as many as a build's row group has, whose sets were all in memory.
const MOST: usize = 256 << 20;

/// The sets of facts of some rows, each once.
#[derive(Debug, Default)]
pub(crate) struct Told {
    sets: Vec<u8>,
    /// Where each row's set is; none at all where no row has one.
    rows: Vec<(u32, u32)>,
}

impl Told {
    /// Reads the columns of these rows, each of which `read` gives by its name.
    pub(crate) fn read(
        rows: Rows<'_>,
        read: impl Fn(&str) -> Result<Column, TableReadError>,
    ) -> Result<Self, TableReadError> {
        let mut columns = Vec::new();
        for place in FACTS_OF_EDGES {
            let name = FACTS.get(place).copied().unwrap_or_default();
            let column = read(&column_of(name))?;
            if column.values.len() > 0 && (0..rows.len()).any(|row| column.text(row).is_some()) {
                columns.push((place, column));
            }
        }
        if columns.is_empty() {
            return Ok(Self::default());
        }
        Self::of_columns(rows.len(), &columns)
    }

    fn of_columns(rows: usize, columns: &[(usize, Column)]) -> Result<Self, TableReadError> {
        let mut told = Self {
            rows: Vec::with_capacity(rows),
            ..Self::default()
        };
        let mut known: HashMap<Vec<u32>, (u32, u32)> = HashMap::new();
        let mut values = Vec::with_capacity(columns.len());
        for row in 0..rows {
            values.clear();
            values.extend(columns.iter().filter_map(|(_, column)| column.rows.get(row)));
            let set = match known.get(&values) {
                Some(&set) => set,
                None => {
                    let from = told.sets.len();
                    let facts = columns
                        .iter()
                        .filter_map(|(place, column)| Some((*place, column.text(row)?)));
                    FactSet::write(&mut told.sets, facts);
                    // A set by itself has some thousand bytes at most.
                    if told.sets.len() > MOST {
                        return Err(corrupt("more facts of interfaces than a row group has"));
                    }
                    let set = (from as u32, told.sets.len() as u32);
                    known.insert(values.clone(), set);
                    set
                }
            };
            told.rows.push(set);
        }
        Ok(told)
    }

    /// What a row tells.
    #[inline]
    pub(crate) fn of(&self, row: usize) -> FactSet<'_> {
        let set = self.rows.get(row);
        let set = set.and_then(|&(from, to)| self.sets.get(from as usize..to as usize));
        FactSet::of(set.unwrap_or_default())
    }
}
