//! What each object gave: late arrivals by their distance, minutes covered by account and region.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, PoisonError, RwLock};

use digest_core::manifest::{CoveredMinutes, LookAhead, Overlap};
use digest_core::{Actions, Minutes, ObjectTally, Others, Window};
use digest_storage::FlowLogObject;
use digest_tables::Origins;

use super::overlap::Overlaps;

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
    overlaps: Arc<RwLock<Overlaps>>,
    /// Where objects are of several accounts or regions: the number of each object's account, region and flow log, for
    /// each has to say whose interfaces it names. Else nothing.
    places: Vec<u32>,
    with_origins: bool,
    origins: Origins,
}

/// Nobody else reports on an object's interfaces; what it names is noted all the same, once for each account, region and
/// flow log.
struct Nobody(u32);

impl Others for Nobody {
    fn have(&self, _: &[u8], _: Actions) -> bool {
        false
    }

    fn may_have(&self) -> bool {
        false
    }

    fn place(&self) -> Option<u32> {
        Some(self.0)
    }
}

impl Ledger {
    /// A ledger of these objects, none of them read yet; `with_origins` where tables will be written.
    pub(super) fn of(mut objects: Vec<FlowLogObject>, window: Option<Window>, with_origins: bool) -> Self {
        objects.sort_by(FlowLogObject::cmp_by_name);
        Self {
            places: if with_origins {
                places(&objects)
            } else {
                Vec::new()
            },
            with_origins,
            overlaps: Arc::new(RwLock::new(Overlaps::among(&objects))),
            objects: objects.into(),
            window,
            read: 0,
            refused: BTreeSet::new(),
            late: BTreeMap::new(),
            minutes: BTreeMap::new(),
            origins: Origins::default(),
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
        let mut overlaps = self.overlaps.write().unwrap_or_else(PoisonError::into_inner);
        overlaps.enter(object, &tally.interfaces);
        drop(overlaps);
        if self.with_origins {
            self.origins.enter(
                &object.account,
                &object.region,
                &object.flow_log_id,
                tally.interfaces.iter().map(|(interface, _)| interface),
            );
        }
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
        let overlaps = self.overlaps.read().unwrap_or_else(PoisonError::into_inner);
        overlaps.found()
    }

    /// What is watched of the objects' interfaces.
    pub(super) fn overlaps(&self) -> Arc<RwLock<Overlaps>> {
        Arc::clone(&self.overlaps)
    }

    /// What other flow logs tell of an object's interfaces.
    pub(super) fn others(&self, name: &str) -> Option<Arc<dyn Others>> {
        let at = position(&self.objects, name)?;
        let others = Overlaps::others(&self.overlaps, self.objects.get(at)?);
        others.or_else(|| Some(Arc::new(Nobody(*self.places.get(at)?)) as Arc<dyn Others>))
    }

    /// Where each interface's records were delivered.
    pub(super) fn into_origins(self) -> Origins {
        self.origins
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
    objects.get(position(objects, name)?)
}

fn position(objects: &[FlowLogObject], name: &str) -> Option<usize> {
    objects.binary_search_by(|object| object.cmp_to_name(name)).ok()
}

/// The number of each object's account, region and flow log. Nothing where all are of one account and region.
fn places(objects: &[FlowLogObject]) -> Vec<u32> {
    let place = |object: &FlowLogObject| (object.account.clone(), object.region.clone());
    let first = objects.first().map(place);
    if objects.iter().all(|object| Some(place(object)) == first) {
        return Vec::new();
    }
    let mut numbers = HashMap::new();
    let numbered = objects.iter().map(|object| {
        let next = numbers.len() as u32;
        *numbers
            .entry((&object.account, &object.region, &object.flow_log_id))
            .or_insert(next)
    });
    numbered.collect()
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
