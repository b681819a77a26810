//! Whose a row is: the columns that name its interface, and the interfaces that a row group's dictionaries number.

use super::Batch;
use crate::columnar::column::Column;
use crate::field::Field;
use crate::flow_record::ABSENT;

/// Interfaces that are remembered by their numbers in the dictionary: a power of two.
const REMEMBERED: usize = 4096;

/// The columns that name a record's interface; and its action, where other flow logs may report on it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Names<'b> {
    pub(super) account: Option<&'b Column>,
    pub(super) interface: Option<&'b Column>,
    pub(super) action: Option<&'b Column>,
}

impl<'b> Names<'b> {
    pub(super) fn of(batch: &'b Batch, with_action: bool) -> Self {
        Self {
            action: batch.column(Field::Action).filter(|_| with_action),
            account: batch.column(Field::AccountId),
            interface: batch.column(Field::InterfaceId),
        }
    }

    pub(super) fn account(&self, row: usize) -> &'b [u8] {
        name(self.account, row)
    }

    pub(super) fn interface(&self, row: usize) -> &'b [u8] {
        name(self.interface, row)
    }

    pub(super) fn action(&self, row: usize) -> &'b [u8] {
        name(self.action, row)
    }

    /// What the columns' dictionaries number a row's names with: account, interface and action, 0 where there is no such
    /// column; `None` where one has no dictionary.
    #[inline]
    pub(super) fn numbers(&self, row: usize) -> Option<[u32; 3]> {
        let number = |column: Option<&Column>| match column {
            Some(column) if column.is_numbered() => column.numbers.get(row).copied(),
            Some(_) => None,
            None => Some(0),
        };
        Some([
            number(self.account)?,
            number(self.interface)?,
            number(self.action)?,
        ])
    }

    /// Whether two rows are of one interface, and of one action where that matters.
    #[inline]
    pub(super) fn are_same(&self, one: usize, other: usize) -> bool {
        let same = |column: Option<&Column>| column.is_none_or(|column| column.are_same(one, other));
        same(self.interface) && same(self.account) && same(self.action)
    }
}

/// A row's name, `-` where there is none.
fn name(column: Option<&Column>, row: usize) -> &[u8] {
    column.map_or(ABSENT, |column| column.text(row))
}

/// Interfaces by their numbers in the dictionaries of the row group at hand. They are looked up by their names' bytes
/// else, once for each burst.
#[derive(Debug, Default)]
pub(super) struct KnownNames {
    /// Between two eras a thread's numbers change.
    era: u32,
    slots: Vec<Option<Known>>,
}

#[derive(Debug, Clone, Copy)]
struct Known {
    numbers: [u32; 3],
    /// The thread's number of the interface, and whether another flow log has its records.
    interface: u32,
    is_had: bool,
}

impl KnownNames {
    /// Another row group has other dictionaries.
    pub(super) fn forget(&mut self) {
        self.slots.clear();
    }

    /// Before the next rows.
    pub(super) fn begin(&mut self, era: u32) {
        if self.era != era {
            self.era = era;
            self.slots.clear();
        }
        self.slots.resize(REMEMBERED, None);
    }

    #[inline]
    pub(super) fn find(&self, numbers: [u32; 3]) -> Option<(u32, bool)> {
        let known = self.slots.get(slot(numbers)).copied().flatten()?;
        (known.numbers == numbers).then_some((known.interface, known.is_had))
    }

    pub(super) fn keep(&mut self, numbers: [u32; 3], (interface, is_had): (u32, bool)) {
        if let Some(place) = self.slots.get_mut(slot(numbers)) {
            *place = Some(Known {
                numbers,
                interface,
                is_had,
            });
        }
    }
}

/// Where numbers are remembered: dictionaries number the interfaces one by one.
#[inline]
fn slot([_, interface, _]: [u32; 3]) -> usize {
    interface as usize % REMEMBERED
}
