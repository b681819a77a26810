//! The interfaces that one object's records name, and with which actions: noted where other flow logs may report on them.

use std::sync::Arc;

use crate::memory::Memory;
use crate::others::{Actions, Watch, is_named};
use crate::tables::Interface;

/// What has been noted of the object that is being read.
#[derive(Debug)]
pub(crate) struct Met<M: Memory> {
    pub(crate) watch: Watch,
    /// The object's number.
    pub(crate) object: u32,
    interfaces: Vec<(Arc<Interface<M>>, Actions)>,
}

impl<M: Memory> Met<M> {
    pub(crate) fn none() -> Self {
        Self {
            watch: Watch::Nothing,
            object: 0,
            interfaces: Vec::new(),
        }
    }

    /// Another object begins.
    pub(crate) fn begin(&mut self, watch: Watch) {
        self.object = self.object.wrapping_add(1);
        self.watch = watch;
        self.interfaces.clear();
    }

    /// Notes an interface; gives its place.
    pub(crate) fn meet(&mut self, interface: &Arc<Interface<M>>) -> usize {
        self.interfaces.push((Arc::clone(interface), Actions::default()));
        self.interfaces.len() - 1
    }

    /// Notes an action of the interface at this place.
    #[inline]
    pub(crate) fn note(&mut self, place: usize, action: &[u8]) {
        if let Some((_, actions)) = self.interfaces.get_mut(place) {
            *actions = actions.with(Actions::of(action));
        }
    }

    /// What records of the object have named, some of it perhaps twice.
    pub(crate) fn end(&mut self) -> Vec<(Arc<[u8]>, Actions)> {
        self.watch = Watch::Nothing;
        let met = self.interfaces.drain(..);
        let named = met.filter(|(interface, _)| is_named(&interface.interface));
        named
            .map(|(interface, actions)| (Arc::clone(&interface.interface), actions))
            .collect()
    }
}
