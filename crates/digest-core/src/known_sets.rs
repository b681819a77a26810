//! The sets of facts that a thread has met, and which of them each of its interfaces told last.
//!
//! Nearly always a burst of records tells what the interface's last one told: then its bytes are compared with that set's,
//! and a time is noted. What an interface told reaches its standing when it tells something else, and in the end.

use std::hash::BuildHasher;
use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

/// Sets that are remembered; and bytes of them, about.
const MOST: usize = 1 << 16;
const MOST_BYTES: usize = 8 << 20;
/// Sets of one interface that are noted at once: tasks may share one.
const MOST_EACH: usize = 16;
/// Bytes that a set takes beside its own, about, and that an interface does.
const HELD_EACH: usize = 48;
const HELD_BY_INTERFACE: usize = size_of::<Last>();

/// The number of no set.
const NONE: u32 = u32::MAX;

/// Sets by their bytes, and by interface.
#[derive(Debug, Default)]
pub(crate) struct KnownSets {
    hasher: RandomState,
    index: HashTable<u32>,
    sets: Vec<Arc<[u8]>>,
    bytes: usize,
    interfaces: Vec<Last>,
    /// Room for a row's set.
    pub(crate) row: Vec<u8>,
    /// Bytes that interfaces take, and most bytes held so far.
    held: usize,
    charged: usize,
}

/// What an interface told last, and what before.
#[derive(Debug)]
struct Last {
    set: u32,
    /// The latest second at which it was told.
    time: i64,
    before: Vec<(u32, i64)>,
}

impl Default for Last {
    fn default() -> Self {
        Self {
            set: NONE,
            time: i64::MIN,
            before: Vec::new(),
        }
    }
}

impl KnownSets {
    /// A record of this interface and second told what stands in `row`. `out` takes what has to reach the interface's
    /// standing now.
    #[inline]
    pub(crate) fn tell(&mut self, interface: u32, time: i64, out: impl FnMut(u32, &Arc<[u8]>, i64)) {
        if let Some(last) = self.interfaces.get_mut(interface as usize)
            && self.sets.get(last.set as usize).map(|set| &**set) == Some(&self.row)
        {
            last.time = time.max(last.time);
            return;
        }
        self.tell_other(interface, time, out);
    }

    #[cold]
    fn tell_other(&mut self, interface: u32, time: i64, mut out: impl FnMut(u32, &Arc<[u8]>, i64)) {
        if self.sets.len() >= MOST || self.bytes >= MOST_BYTES {
            self.flush(&mut out);
        }
        let set = self.number();
        let at = interface as usize;
        if at >= self.interfaces.len() {
            self.held += (at + 1 - self.interfaces.len()) * HELD_BY_INTERFACE;
            self.interfaces.resize_with(at + 1, Last::default);
        }
        let Some(last) = self.interfaces.get_mut(at) else {
            return;
        };
        if last.set == NONE {
            (last.set, last.time) = (set, time);
            return;
        }
        let (mut before, mut latest) = ((last.set, last.time), time);
        let known = last.before.iter().position(|known| known.0 == set);
        let noted = last.before.len();
        match known.and_then(|at| last.before.get_mut(at)) {
            Some(known) => {
                latest = latest.max(known.1);
                std::mem::swap(known, &mut before);
            }
            None if noted < MOST_EACH => {
                self.held += size_of::<(u32, i64)>();
                last.before.push(before);
            }
            None => {
                if let Some(told) = self.sets.get(before.0 as usize) {
                    out(interface, told, before.1);
                }
            }
        }
        (last.set, last.time) = (set, latest);
    }

    /// The number of the set in `row`, new or known.
    fn number(&mut self) -> u32 {
        let hash = self.hasher.hash_one(self.row.as_slice());
        let is = |&at: &u32| self.sets.get(at as usize).map(|set| &**set) == Some(&self.row);
        if let Some(&known) = self.index.find(hash, is) {
            return known;
        }
        let number = self.sets.len() as u32;
        self.sets.push(Arc::from(self.row.as_slice()));
        self.bytes += self.row.len();
        let (sets, hasher) = (&self.sets, &self.hasher);
        self.index.insert_unique(hash, number, |&at| {
            let set = sets.get(at as usize);
            hasher.hash_one(set.map(|set| &**set).unwrap_or_default())
        });
        number
    }

    /// Hands out all that interfaces told, and forgets it.
    pub(crate) fn flush(&mut self, mut out: impl FnMut(u32, &Arc<[u8]>, i64)) {
        for (last, interface) in self.interfaces.iter_mut().zip(0..) {
            let told = std::mem::take(last);
            self.held -= told.before.len() * size_of::<(u32, i64)>();
            for (set, time) in told.before.into_iter().chain([(told.set, told.time)]) {
                if let Some(set) = self.sets.get(set as usize) {
                    out(interface, set, time);
                }
            }
        }
        self.index.clear();
        self.sets.clear();
        self.bytes = 0;
    }

    /// Forgets all interfaces, whose numbers will be others'. What they told has been handed out.
    pub(crate) fn forget(&mut self) {
        *self = Self::default();
    }

    /// Bytes that are held more than ever before when this was asked.
    #[inline]
    pub(crate) fn grown(&mut self) -> usize {
        let held = self.held + self.bytes + self.sets.len() * HELD_EACH;
        let more = held.saturating_sub(self.charged);
        self.charged += more;
        more
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    type Seen = BTreeMap<(u32, Vec<u8>), i64>;

    fn see(seen: &mut Seen, interface: u32, set: &[u8], time: i64) {
        let latest = seen.entry((interface, set.to_vec())).or_insert(time);
        *latest = time.max(*latest);
    }

    #[test]
    fn whatever_is_told_comes_out_with_its_latest_time() {
        for (kinds, interfaces) in [(1u32, 3u32), (3, 5), (40, 2), (MOST as u32 + 10, 70_000)] {
            let (mut sets, mut seen, mut expected) = (KnownSets::default(), Seen::new(), Seen::new());
            let (mut random, mut held) = (7u32, 0);
            for _ in 0..100_000 {
                random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let (interface, kind, time) = (
                    (random >> 8) % interfaces,
                    (random >> 5) % kinds,
                    i64::from(random >> 20),
                );
                kind.to_be_bytes().as_slice().clone_into(&mut sets.row);
                see(&mut expected, interface, &kind.to_be_bytes(), time);
                sets.tell(interface, time, |interface, set, time| {
                    see(&mut seen, interface, set, time);
                });
                held += sets.grown();
                assert!(sets.sets.len() <= MOST && sets.index.len() == sets.sets.len());
            }
            sets.flush(|interface, set, time| see(&mut seen, interface, set, time));
            assert!(seen == expected, "{kinds} kinds");
            let most = interfaces as usize * (HELD_BY_INTERFACE + MOST_EACH * 16) + MOST * (HELD_EACH + 4);
            assert!(0 < held && held <= most, "{held}");
            sets.flush(|_, _, _| panic!("told twice"));
            sets.forget();
        }
    }
}
