//! The interfaces that one object's records name, and with which actions: noted where other flow logs may report on them.

use std::sync::Arc;

use crate::interfaces::Interfaces;
use crate::memory::Memory;
use crate::others::{Actions, Watch, is_named};

/// Interfaces between the one whose name is taken and the one whose memory is asked for, at each of three steps to a name.
const AHEAD: usize = 8;

/// What has been noted of the object that is being read.
#[derive(Debug)]
pub(crate) struct Met {
    pub(crate) watch: Watch,
    /// The object's number.
    pub(crate) object: u32,
    /// By the thread's numbers.
    interfaces: Vec<(u32, Actions)>,
    /// Those whose numbers have been forgotten.
    named: Vec<(Arc<[u8]>, Actions)>,
}

impl Met {
    pub(crate) fn none() -> Self {
        Self {
            watch: Watch::Nothing,
            object: 0,
            interfaces: Vec::new(),
            named: Vec::new(),
        }
    }

    /// Another object begins.
    pub(crate) fn begin(&mut self, watch: Watch) {
        self.object = self.object.wrapping_add(1);
        self.watch = watch;
        self.interfaces.clear();
        self.named.clear();
    }

    /// Notes an interface; gives its place.
    pub(crate) fn meet(&mut self, interface: u32) -> usize {
        self.interfaces.push((interface, Actions::default()));
        self.interfaces.len() - 1
    }

    /// Notes an action of the interface at this place.
    #[inline]
    pub(crate) fn note(&mut self, place: usize, action: &[u8]) {
        if let Some((_, actions)) = self.interfaces.get_mut(place) {
            *actions = actions.with(Actions::of(action));
        }
    }

    /// Takes the names of all interfaces noted: their numbers will be forgotten.
    pub(crate) fn name<M: Memory>(&mut self, interfaces: &Interfaces<M>) {
        let at = |place: usize| self.interfaces.get(place).map(|&(number, _)| number);
        self.named.reserve_exact(self.interfaces.len());
        for (place, &(number, actions)) in self.interfaces.iter().enumerate() {
            // Of thousands of interfaces hardly anything is in the cache.
            if let Some(number) = at(place + 3 * AHEAD) {
                interfaces.expect_known(number);
            }
            if let Some(number) = at(place + 2 * AHEAD) {
                interfaces.expect_shared(number);
            }
            if let Some(number) = at(place + AHEAD) {
                interfaces.expect_name(number);
            }
            let known = interfaces.get(number);
            if let Some(known) = known.filter(|known| is_named(&known.interface.interface)) {
                self.named.push((Arc::clone(&known.interface.interface), actions));
            }
        }
        self.interfaces.clear();
    }

    /// What records of the object have named, some of it perhaps twice.
    pub(crate) fn end<M: Memory>(&mut self, interfaces: &Interfaces<M>) -> Vec<(Arc<[u8]>, Actions)> {
        self.watch = Watch::Nothing;
        self.name(interfaces);
        std::mem::take(&mut self.named)
    }
}
