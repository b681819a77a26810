//! A row's neighbouring columns that are read at once, where a processor can.

use super::{NUMBERS, ONCE};

/// Which of the picked columns are addresses.
#[cfg(target_arch = "x86_64")]
pub(super) const ADDRESSES: [u32; 2] = [NUMBERS as u32, NUMBERS as u32 + 1];

/// Which columns stand side by side, and what is read of them.
#[derive(Debug, Clone)]
pub(crate) struct Neighbours {
    /// So many columns, a bit each from the lowest on.
    pub(super) columns: u64,
    pub(super) count: u32,
    /// A newline stands behind the last, not a blank.
    pub(super) ends_row: bool,
    /// For each byte of eight numbers the number's column among them.
    pub(super) numbers: [u8; 64],
    /// The columns of which places are wanted: the numbers', then the two addresses'.
    pub(super) picked: [u8; ONCE],
    /// The columns of the two addresses among them.
    pub(super) addresses: [u8; 2],
}

/// What was read of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SplitColumns {
    pub(crate) numbers: [u32; NUMBERS],
    /// Where the addresses' tokens begin and end in the view.
    pub(crate) addresses: [(u32, u32); 2],
    /// The place behind the last delimiter.
    pub(crate) end: u32,
}

impl Neighbours {
    /// So many columns of which these are numbers and addresses; `None` where they are too many to be read at once.
    pub(crate) fn of(
        count: usize,
        ends_row: bool,
        numbers: [u8; NUMBERS],
        addresses: [u8; 2],
    ) -> Option<Self> {
        let is_one = |column: &u8| usize::from(*column) < count;
        let are_all = numbers.iter().chain(&addresses).all(is_one);
        if count > ONCE || !are_all {
            return None;
        }
        // Of the two numbers that are left over nothing is used: they are the last once more.
        let mut lanes = [0; 64];
        let columns = numbers.iter().chain(numbers.last().into_iter().cycle());
        for (lane, column) in lanes.chunks_mut(8).zip(columns) {
            lane.fill(*column);
        }
        let mut picked = [0; ONCE];
        for (place, column) in picked.iter_mut().zip(numbers.iter().chain(&addresses)) {
            *place = *column;
        }
        Some(Self {
            columns: (1 << count) - 1,
            count: count as u32,
            ends_row,
            numbers: lanes,
            picked,
            addresses,
        })
    }
}
