//! The interfaces that objects mention, until whoever knows of other flow logs is told.
//!
//! What a thread has met of one place's objects is kept beside each interface's log, where it costs no look at anything
//! else, and is told in the end: once, and not for each object. It is told before where logs end before: after an object
//! that has tables of its own, and once tables have been spilled.

use std::fmt;
use std::sync::Arc;

use crate::interfaces::{Interfaces, Known};
use crate::memory::Memory;
use crate::others::{Actions, Mention, Others, Place, is_named};

/// Interfaces between the one whose name is taken and the one whose memory is asked for, at each of three steps to a name.
const AHEAD: usize = 8;

/// What is to be told of an interface: see [`Mention`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct Noted {
    place: u32,
    actions: Actions,
    /// Where there are no records the first is after the last.
    first: u32,
    last: u32,
}

/// What a thread has to tell.
#[derive(Default)]
pub(crate) struct Met {
    /// Where the object that is being read was delivered, if anybody wants to hear of it.
    place: Option<Place>,
    others: Option<Arc<dyn Others>>,
    /// The object's interfaces by the thread's numbers, where they are told once it has been read.
    here: Vec<u32>,
    /// What is no longer kept beside logs.
    mentions: Vec<Mention>,
}

impl fmt::Debug for Met {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Met")
            .field("place", &self.place)
            .finish_non_exhaustive()
    }
}

impl Noted {
    fn of(place: u32) -> Self {
        Self {
            place,
            actions: Actions::default(),
            first: u32::MAX,
            last: 0,
        }
    }

    fn mention(self, interface: &Arc<[u8]>) -> Mention {
        let Self {
            place,
            actions,
            first,
            last,
        } = self;
        Mention {
            interface: Arc::clone(interface),
            place,
            records: (first <= last).then_some((actions, first, last)),
        }
    }
}

impl Met {
    /// Another object begins.
    pub(crate) fn begin(&mut self, others: Option<&Arc<dyn Others>>) {
        self.place = others.map(|others| others.place());
        if let Some(others) = others {
            self.others = Some(Arc::clone(others));
        }
        self.here.clear();
    }

    /// A row mentions this interface.
    #[inline]
    pub(crate) fn meet<M: Memory>(&mut self, at: u32, interfaces: &mut Interfaces<M>) {
        if let Some(place) = self.place
            && let Some(known) = interfaces.get_mut(at)
            && known.noted.is_none_or(|noted| noted.place != place.number)
        {
            self.meet_first(at, place, known);
        }
    }

    fn meet_first<M: Memory>(&mut self, at: u32, place: Place, known: &mut Known<M>) {
        if let Some(noted) = known.noted.replace(Noted::of(place.number)) {
            self.push(&known.interface.interface, noted);
        }
        if place.at_once {
            self.here.push(at);
        }
    }

    /// A record of this interface, which has been met, has this action.
    #[inline]
    pub(crate) fn note<M: Memory>(&self, at: u32, action: &[u8], interfaces: &mut Interfaces<M>) {
        if let Some(Place {
            time,
            with_actions: true,
            ..
        }) = self.place
            && let Some(noted) = interfaces.get_mut(at).and_then(|known| known.noted.as_mut())
        {
            noted.actions = noted.actions.with(Actions::of(action));
            noted.first = noted.first.min(time);
            noted.last = noted.last.max(time);
        }
    }

    /// The object has been read.
    pub(crate) fn end<M: Memory>(&mut self, interfaces: &mut Interfaces<M>) {
        self.place = None;
        let here = std::mem::take(&mut self.here);
        self.take(interfaces, |at| here.get(at).copied());
        self.tell();
    }

    /// Takes all that is kept beside logs: these will be forgotten.
    pub(crate) fn take_all<M: Memory>(&mut self, interfaces: &mut Interfaces<M>) {
        if self.others.is_some() {
            let count = interfaces.len();
            self.take(interfaces, |at| (at < count).then_some(at as u32));
        }
    }

    /// Takes what is kept of these interfaces, one after the other.
    fn take<M: Memory>(&mut self, interfaces: &mut Interfaces<M>, number: impl Fn(usize) -> Option<u32>) {
        let mut at = 0;
        while let Some(here) = number(at) {
            // Of thousands of interfaces hardly anything is in the cache.
            if let Some(number) = number(at + 3 * AHEAD) {
                interfaces.expect_known(number);
            }
            if let Some(number) = number(at + 2 * AHEAD) {
                interfaces.expect_shared(number);
            }
            if let Some(number) = number(at + AHEAD) {
                interfaces.expect_name(number);
            }
            at += 1;
            if let Some(known) = interfaces.get_mut(here)
                && let Some(noted) = known.noted.take()
            {
                self.push(&known.interface.interface, noted);
            }
        }
    }

    fn push(&mut self, interface: &Arc<[u8]>, noted: Noted) {
        if is_named(interface) {
            self.mentions.push(noted.mention(interface));
        }
    }

    /// Tells what has been taken.
    pub(crate) fn tell(&mut self) {
        if let Some(others) = self.others.as_ref().filter(|_| !self.mentions.is_empty()) {
            others.hear(&self.mentions);
            self.mentions = Vec::new();
        }
    }
}
