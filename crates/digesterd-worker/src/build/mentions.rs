//! Which interfaces objects mention: what flow logs have in common, and where each interface's records were delivered.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};

use chrono::{DateTime, Utc};
use digest_core::{Actions, Mention, Others, Place};
use digest_storage::FlowLogObject;
use digest_tables::{Delivery, Origins};

use super::overlap::{Overlaps, Reports};

/// Mentions that are entered at once: other threads enter theirs in between.
const ENTERED_AT_ONCE: usize = 1024;

/// What has been told of interfaces so far.
#[derive(Debug)]
pub(super) struct Mentions {
    overlaps: RwLock<Overlaps>,
    /// Where tables will be written. It has a lock of its own, so that two threads that tell at once need not wait for each
    /// other.
    origins: Option<Mutex<Origins>>,
    /// Where objects were delivered, by number.
    places: Vec<Delivered>,
    numbers: HashMap<Names, u32>,
    /// All times of objects, sorted.
    times: Vec<DateTime<Utc>>,
    /// Whether objects are of several accounts or regions, so that each has to say whose interfaces it mentions.
    has_several: bool,
    /// Whether a region has several flow logs.
    are_watched: bool,
}

/// Account, region, flow log and its place, as the object's key and the plan name them.
type Names = (String, String, String, Option<Arc<str>>);

/// Where objects were delivered.
#[derive(Debug, Clone, Copy)]
struct Delivered {
    /// The flow log's number, if overlaps of it are watched.
    flow_log: Option<usize>,
    origin: Option<Delivery>,
}

/// An object among those of all flow logs.
struct Beside {
    mentions: Arc<Mentions>,
    place: Place,
    /// Flow logs of earlier turns that were at work when the object was named; sorted.
    earlier: Vec<usize>,
}

impl Others for Beside {
    fn have(&self, interface: &[u8], actions: Actions) -> bool {
        self.may_have() && read(&self.mentions.overlaps).have(&self.earlier, interface, actions)
    }

    fn may_have(&self) -> bool {
        !self.earlier.is_empty()
    }

    fn place(&self) -> Place {
        self.place
    }

    fn hear(&self, mentions: &[Mention]) {
        self.mentions.enter(mentions);
    }
}

impl Mentions {
    /// Nothing has been told of these objects; `with_origins` where tables will be written.
    pub(super) fn among(objects: &[FlowLogObject], with_origins: bool) -> Self {
        let mut times: Vec<_> = objects.iter().map(|object| object.named).collect();
        times.sort_unstable();
        times.dedup();
        let overlaps = Overlaps::among(objects);
        let are_watched = overlaps.watched() > 0;
        let mut origins = with_origins.then(Origins::default);
        let (mut places, mut numbers) = (Vec::new(), HashMap::new());
        for object in objects {
            numbers.entry(names(object)).or_insert_with(|| {
                places.push(Delivered {
                    flow_log: overlaps.number(object),
                    origin: origins.as_mut().map(|origins| {
                        origins.delivery(&object.account, &object.region, &object.flow_log_id)
                    }),
                });
                places.len() as u32 - 1
            });
        }
        let owner = |object: &FlowLogObject| (object.account.clone(), object.region.clone());
        let first = objects.first().map(owner);
        Self {
            overlaps: RwLock::new(overlaps),
            origins: origins.map(Mutex::new),
            places,
            numbers,
            times,
            has_several: objects.iter().any(|object| Some(owner(object)) != first),
            are_watched,
        }
    }

    /// The flow logs that report on the same interfaces.
    pub(super) fn overlaps(&self) -> RwLockReadGuard<'_, Overlaps> {
        read(&self.overlaps)
    }

    /// From here on flow logs have turns.
    pub(super) fn take_turns(&self, overlaps: Overlaps) {
        *self.overlaps.write().unwrap_or_else(PoisonError::into_inner) = overlaps;
    }

    /// What goes before an object's records, and who is told what it mentions; `None` where that tells nothing.
    pub(super) fn others(self: &Arc<Self>, object: &FlowLogObject) -> Option<Arc<dyn Others>> {
        let number = *self.numbers.get(&names(object))?;
        let delivered = self.places.get(number as usize)?;
        if delivered.flow_log.is_none() && !(self.has_several && self.origins.is_some()) {
            return None;
        }
        let overlaps = self.overlaps();
        let place = Place {
            number,
            time: self.times.binary_search(&object.named).ok()? as u32,
            with_actions: delivered.flow_log.is_some(),
            at_once: overlaps.newest_counts(),
        };
        Some(Arc::new(Beside {
            mentions: Arc::clone(self),
            place,
            earlier: overlaps.earlier(object),
        }))
    }

    /// Enters an object that has been read.
    pub(super) fn enter_object(&self, object: &FlowLogObject) {
        if let Some(origins) = &self.origins {
            lock(origins).enter(&object.account, &object.region, &object.flow_log_id, []);
        }
    }

    fn enter(&self, mentions: &[Mention]) {
        for (at, some) in mentions.chunks(ENTERED_AT_ONCE).enumerate() {
            let room = if at == 0 { mentions.len() } else { 0 };
            if !self.are_watched {
                self.enter_origins(some, room);
                continue;
            }
            // Whichever nobody else is at comes first.
            match self.overlaps.try_write() {
                Ok(mut overlaps) => {
                    self.enter_overlaps(&mut overlaps, some, room);
                    drop(overlaps);
                    self.enter_origins(some, room);
                }
                Err(_) => {
                    self.enter_origins(some, room);
                    let mut overlaps = self.overlaps.write().unwrap_or_else(PoisonError::into_inner);
                    self.enter_overlaps(&mut overlaps, some, room);
                }
            }
        }
    }

    fn enter_overlaps(&self, overlaps: &mut Overlaps, mentions: &[Mention], room: usize) {
        let time = |time: u32| self.times.get(time as usize).copied();
        overlaps.reserve(room);
        for mention in mentions {
            let flow_log = self.places.get(mention.place as usize);
            // Of an interface without records nothing counts twice.
            if let Some(flow_log) = flow_log.and_then(|place| place.flow_log)
                && let Some((actions, first, last)) = mention.records
                && let (Some(first), Some(last)) = (time(first), time(last))
            {
                let reports = Reports {
                    flow_log,
                    actions,
                    first,
                    last,
                };
                overlaps.enter(&mention.interface, reports);
            }
        }
    }

    fn enter_origins(&self, mentions: &[Mention], room: usize) {
        let Some(origins) = &self.origins else { return };
        let mut origins = lock(origins);
        origins.reserve(room);
        for mention in mentions {
            let place = self.places.get(mention.place as usize);
            if let Some(origin) = place.and_then(|place| place.origin) {
                origins.name(origin, &mention.interface);
            }
        }
    }

    /// Where each interface's records were delivered; takes it away.
    pub(super) fn take_origins(&self) -> Origins {
        let origins = self.origins.as_ref();
        origins
            .map(|origins| std::mem::take(&mut *lock(origins)))
            .unwrap_or_default()
    }
}

fn names(object: &FlowLogObject) -> Names {
    (
        object.account.clone(),
        object.region.clone(),
        object.flow_log_id.clone(),
        object.place.clone(),
    )
}

fn read(overlaps: &RwLock<Overlaps>) -> RwLockReadGuard<'_, Overlaps> {
    overlaps.read().unwrap_or_else(PoisonError::into_inner)
}

fn lock(origins: &Mutex<Origins>) -> MutexGuard<'_, Origins> {
    origins.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use digest_tables::Origin;

    use super::*;

    fn object(account: &str, region: &str, flow_log: &str, minutes: i64) -> FlowLogObject {
        FlowLogObject {
            place: None,
            key: format!("{account}-{region}-{flow_log}-{minutes}"),
            size: 1,
            etag: None,
            account: account.to_owned(),
            region: region.to_owned(),
            flow_log_id: flow_log.to_owned(),
            named: DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes),
        }
    }

    /// Objects have been read, and told of by these mentions: an interface, the object, and whether it has records.
    fn told(
        objects: &[FlowLogObject],
        with_origins: bool,
        mentions: &[(&str, usize, bool)],
    ) -> Arc<Mentions> {
        let all = Arc::new(Mentions::among(objects, with_origins));
        for object in objects {
            all.enter_object(object);
        }
        for &(interface, at, has_records) in mentions {
            let others = all.others(&objects[at]).unwrap();
            let Place { number, time, .. } = others.place();
            others.hear(&[Mention {
                interface: Arc::from(interface.as_bytes()),
                place: number,
                records: has_records.then(|| (Actions::of(b"ACCEPT"), time, time)),
            }]);
        }
        all
    }

    #[test]
    fn nobody_is_told_of_objects_of_one_flow_log_or_where_it_would_tell_nothing() {
        let one = [object("1", "r", "fl-a", 0), object("1", "r", "fl-a", 5)];
        let all = told(&one, true, &[]);
        assert!(all.others(&one[0]).is_none());
        assert_eq!(all.overlaps().found(), None);
        let several = [object("1", "r", "fl-a", 0), object("2", "s", "fl-b", 0)];
        let all = told(&several, false, &[]);
        assert!(all.others(&several[0]).is_none(), "no table is written");
    }

    #[test]
    fn mentions_tell_what_overlaps_and_where_interfaces_are() {
        let objects = [
            object("1", "r", "fl-a", 0),
            object("1", "r", "fl-a", 10),
            object("1", "r", "fl-b", 5),
            object("2", "s", "fl-c", 0),
        ];
        let all = told(
            &objects,
            true,
            &[
                ("eni-1", 0, true),
                ("eni-1", 2, false),
                ("eni-2", 0, true),
                ("eni-2", 1, true),
                ("eni-2", 2, true),
                ("eni-3", 3, true),
            ],
        );
        let overlap = all.overlaps().found().unwrap();
        assert_eq!((overlap.interfaces, overlap.flow_logs), (1, 2));
        assert_eq!(overlap.examples[0].interface, "eni-2");
        let origins = all.take_origins();
        let here = |account, region| Origin {
            account: Some(account),
            region: Some(region),
        };
        assert_eq!(origins.of(b"eni-1"), here("1", "r"));
        assert_eq!(origins.of(b"eni-3"), here("2", "s"));
        assert_eq!(origins.flow_logs(b"eni-1"), ["fl-a", "fl-b"]);
        assert_eq!(origins.flow_logs(b"eni-3"), ["fl-c"]);
        assert_eq!(origins.of(b"eni-9"), Origin::default());
    }

    #[test]
    fn flow_logs_overlap_where_their_times_do() {
        let objects = [
            object("1", "r", "fl-a", 0),
            object("1", "r", "fl-a", 10),
            object("1", "r", "fl-b", 5),
            object("1", "r", "fl-b", 20),
        ];
        // Thousands of interfaces from several threads: each is in fl-b at five, and in fl-a from the first time to the last, or
        // only before or after.
        let names: Vec<Arc<[u8]>> = (0..3 * ENTERED_AT_ONCE)
            .map(|number| Arc::from(format!("eni-{number:05}").as_bytes()))
            .collect();
        for (times, overlapping) in [((0, 10), names.len()), ((0, 0), 0), ((10, 10), 0)] {
            let all = Arc::new(Mentions::among(&objects, true));
            let mentioned = |at: usize, (first, last): (i64, i64)| {
                let others = all.others(&objects[at]).unwrap();
                let time = |minutes| {
                    let time = DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes);
                    all.times.binary_search(&time).unwrap() as u32
                };
                let records = Some((Actions::of(b"ACCEPT"), time(first), time(last)));
                let mentions = names.iter().map(|interface| Mention {
                    interface: Arc::clone(interface),
                    place: others.place().number,
                    records,
                });
                (others.clone(), mentions.collect::<Vec<_>>())
            };
            let told = [mentioned(0, times), mentioned(2, (5, 5)), mentioned(0, times)];
            std::thread::scope(|scope| {
                for (others, mentions) in &told {
                    scope.spawn(|| others.hear(mentions));
                }
            });
            let found = all.overlaps().found();
            assert_eq!(found.map_or(0, |found| found.interfaces as usize), overlapping);
            let origins = all.take_origins();
            assert!(
                names
                    .iter()
                    .all(|name| origins.flow_logs(name) == ["fl-a", "fl-b"])
            );
        }
    }

    #[test]
    fn flow_logs_of_one_place_after_the_other_have_nothing_in_common() {
        let objects = [
            object("1", "r", "fl-a", 0),
            object("1", "r", "fl-a", 5),
            object("1", "r", "fl-b", 10),
        ];
        let all = told(&objects, false, &[("eni-1", 1, true), ("eni-1", 2, true)]);
        assert_eq!(all.overlaps().found(), None);
    }
}
