//! What bursts tell of their interfaces: rows of a burst share the columns of facts, which are looked at once.

use crate::fact::{self, FactColumn};
use crate::logs::Logs;
use crate::memory::Memory;
use crate::regular::bursts::Burst;
use crate::regular::fold::Read;
use crate::regular::reader::Rows;

impl Rows {
    /// Keeps where the columns are that tell something of a burst's interface.
    #[cold]
    pub(super) fn keep_facts(&mut self, columns: &[FactColumn], origin: u32) {
        let cells = columns.iter().map(|&FactColumn { column, .. }| {
            let cell = self.cells.get(column).zip(self.cells.get(column + 1));
            cell.map_or((0, 0), |(before, end)| (origin + before + 1, origin + end))
        });
        self.facts.extend(cells);
    }
}

impl Read<'_> {
    /// Notes what a burst tells of its interface.
    pub(super) fn tell<M: Memory>(&self, logs: &mut Logs<M>, burst: &Burst) {
        let cells = self.rows.facts.get(burst.facts as usize..).unwrap_or_default();
        let set = &mut logs.known_sets.row;
        set.clear();
        for (&FactColumn { fact, .. }, &(start, end)) in self.facts.iter().zip(cells) {
            fact::push(set, fact, self.text.get(start, end));
        }
        logs.tell(burst.interface, burst.start.into());
    }
}
