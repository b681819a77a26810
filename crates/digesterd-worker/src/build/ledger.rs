//! What each object gave: late arrivals by their distance, minutes covered by account and region.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use digest_core::manifest::{CoveredMinutes, LookAhead, Overlap};
use digest_core::{Minutes, ObjectTally, Others, Window};
use digest_storage::FlowLogObject;
use digest_tables::Origins;

use super::mentions::Mentions;

/// Minutes between two names of flow log objects.
const GRID: i64 = 5;

/// The plan's objects, and what became of those that were read.
#[derive(Debug)]
pub(super) struct Ledger {
    /// Sorted by name.
    objects: Arc<[FlowLogObject]>,
    window: Option<Window>,
    read: usize,
    refused: BTreeSet<String>,
    late: BTreeMap<u32, u64>,
    minutes: BTreeMap<(String, String), Minutes>,
    mentions: Arc<Mentions>,
}

impl Ledger {
    /// A ledger of these objects, none of them read yet; `with_origins` where tables will be written.
    pub(super) fn of(mut objects: Vec<FlowLogObject>, window: Option<Window>, with_origins: bool) -> Self {
        objects.sort_by(FlowLogObject::cmp_by_name);
        Self {
            mentions: Arc::new(Mentions::among(&objects, with_origins)),
            objects: objects.into(),
            window,
            read: 0,
            refused: BTreeSet::new(),
            late: BTreeMap::new(),
            minutes: BTreeMap::new(),
        }
    }

    /// The objects, sorted by name.
    pub(super) fn objects(&self) -> Arc<[FlowLogObject]> {
        Arc::clone(&self.objects)
    }

    /// Enters what one object gave.
    pub(super) fn enter(&mut self, name: &str, tally: &ObjectTally) {
        let objects = self.objects();
        let Some(object) = find(&objects, name) else {
            return;
        };
        self.read += 1;
        if tally.objects_refused > 0 {
            self.refused.insert(name.to_owned());
        }
        self.mentions.enter_object(object);
        let Some(window) = &self.window else { return };
        let past_stop = minutes_past(object.named.timestamp(), window.stop_unix());
        *self.late.entry(past_stop).or_default() += tally.records;
        self.minutes
            .entry((object.account.clone(), object.region.clone()))
            .or_insert_with(|| Minutes::none_of(Some(window)))
            .merge(&tally.minutes);
    }

    /// Whether the object was left out as a whole.
    pub(super) fn is_refused(&self, name: &str) -> bool {
        self.refused.contains(name)
    }

    /// Whether every object has been read.
    pub(super) fn is_whole(&self) -> bool {
        self.read == self.objects.len()
    }

    /// Records of the window by their object's distance past the window's stop.
    pub(super) fn look_ahead(&self) -> Vec<LookAhead> {
        let late = self.late.iter();
        late.map(|(&minutes_past_stop, &records)| LookAhead {
            minutes_past_stop,
            records,
        })
        .collect()
    }

    /// Interfaces that several flow logs report on.
    pub(super) fn overlap(&self) -> Option<Overlap> {
        self.mentions.overlaps().found()
    }

    /// What objects mention.
    pub(super) fn mentions(&self) -> Arc<Mentions> {
        Arc::clone(&self.mentions)
    }

    /// What other flow logs tell of an object's interfaces.
    pub(super) fn others(&self, name: &str) -> Option<Arc<dyn Others>> {
        self.mentions.others(find(&self.objects, name)?)
    }

    /// Where each interface's records were delivered.
    pub(super) fn into_origins(self) -> Origins {
        self.mentions.take_origins()
    }

    /// Minutes of the window that each account's region reported anything in.
    pub(super) fn covered(&self) -> Vec<CoveredMinutes> {
        let by_place = self.minutes.iter();
        by_place
            .map(|((account, region), minutes)| CoveredMinutes {
                account: account.clone(),
                region: region.clone(),
                minutes: minutes.covered() as u64,
                of: minutes.len() as u64,
            })
            .collect()
    }
}

/// The object of that name, among those sorted by it.
fn find<'o>(objects: &'o [FlowLogObject], name: &str) -> Option<&'o FlowLogObject> {
    let at = objects.binary_search_by(|object| object.cmp_to_name(name));
    objects.get(at.ok()?)
}

/// How many minutes past the stop an object is named, up to the next step of the names' grid; 0: not past it.
fn minutes_past(named: i64, stop: i64) -> u32 {
    let past = (named - stop).max(0);
    let steps = (past + GRID * 60 - 1) / (GRID * 60);
    u32::try_from(steps * GRID).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn late_objects_fall_into_steps_of_five_minutes() {
        let stop = 1_539_741_600;
        for (past, step) in [(-300, 0), (0, 0), (1, 5), (300, 5), (301, 10), (1800, 30)] {
            assert_eq!(minutes_past(stop + past, stop), step, "{past} s past the stop");
        }
    }
}
