//! What a thread's rows say of their interfaces as a whole: facts, rows without records, minutes.

use std::sync::Arc;

use super::Logs;
use crate::compact_record::Interval;
use crate::error::FoldError;
use crate::flow_record::{Silent, Span};
use crate::interfaces::Interfaces;
use crate::memory::Memory;
use crate::standing::{Silence, Standing};
use crate::tables::Tables;

/// Rows that are no records, at most, before they reach the standings.
const MOST_SILENCES: usize = 16 * 1024;

/// A row that is no record, whose start can be read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Counted {
    interface: u32,
    silence: Silence,
    start: i64,
    span: Option<Span>,
}

impl<M: Memory> Logs<M> {
    /// A record of this interface that starts then told the set of facts that stands in `known_sets.row`.
    #[inline]
    pub(crate) fn tell(&mut self, interface: u32, start: i64) {
        let (interfaces, shared) = (&self.interfaces, &*self.shared);
        self.known_sets.tell(interface, start, |interface, set, time| {
            hand_on(interfaces, shared, interface, set, time);
        });
        let grown = self.known_sets.grown();
        self.shared.spilling.charge(grown);
    }

    /// Counts a row that is no record, and gives its interface's number and its start. Nothing where its start cannot be
    /// read: it may be of any window.
    pub(crate) fn count_silence(
        &mut self,
        row: &Silent<'_>,
        silence: Silence,
    ) -> Result<Option<(u32, i64)>, FoldError> {
        let Some(start) = row.start.filter(|_| M::EDGES) else {
            return Ok(None);
        };
        let interface = self.interface(row.account, row.interface)?;
        self.silences.push(Counted {
            interface,
            silence,
            start,
            span: row.span,
        });
        if self.silences.len() >= MOST_SILENCES {
            self.flush_silences();
        }
        Ok(Some((interface, start)))
    }

    /// Rows that are no records reach the standings of their interfaces: those of one together, for standings of thousands of
    /// interfaces fit no cache.
    pub(super) fn flush_silences(&mut self) {
        let mut silences = std::mem::take(&mut self.silences);
        silences.sort_unstable_by_key(|row| row.interface);
        for rows in silences.chunk_by(|one, other| one.interface == other.interface) {
            let Some(first) = rows.first() else { continue };
            self.note_standing(first.interface, |standing| {
                let count = |row: &Counted| standing.count(row.silence, row.start, row.span);
                rows.iter().map(count).sum()
            });
        }
        silences.clear();
        self.silences = silences;
    }

    /// Changes what is known of an interface; what is held more by it is charged.
    pub(super) fn note_standing(&self, interface: u32, change: impl FnOnce(&mut Standing) -> usize) {
        if let Some(known) = self.interfaces.get(interface) {
            let grown = change(&mut known.interface.standing());
            self.shared.spilling.charge(grown);
        }
    }

    /// All that interfaces told reaches their standings.
    pub(super) fn flush_sets(&mut self) {
        let (interfaces, shared) = (&self.interfaces, &*self.shared);
        self.known_sets
            .flush(|interface, set, time| hand_on(interfaces, shared, interface, set, time));
    }
}

fn hand_on<M: Memory>(
    interfaces: &Interfaces<M>,
    shared: &Tables<M>,
    interface: u32,
    set: &Arc<[u8]>,
    time: i64,
) {
    if let Some(known) = interfaces.get(interface) {
        let grown = known.interface.standing().told.tell(set, time);
        shared.spilling.charge(grown);
    }
}

/// Records of a log speak for these intervals.
pub(super) fn see_all(intervals: &[Interval], standing: &mut Standing) -> usize {
    intervals
        .iter()
        .map(|interval| standing.see(interval.span()))
        .sum()
}
