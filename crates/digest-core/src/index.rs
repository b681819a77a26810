//! Places of things in a list, found by their hash.
//!
//! A slot has 32 bits: the place, and in the bits left over a part of the hash, so that a slot of another thing is
//! passed over without a look at the thing itself. What a look-up needs can be asked of memory beforehand.

use std::hint::black_box;

use crate::vector::prefetch;

/// Slots of a first index.
const FIRST_SLOTS: usize = 16;
/// Most slots: a place takes 31 bits.
const MOST_SLOTS: usize = 1 << 31;

/// The slots; 0 is an empty one.
#[derive(Debug, Default)]
pub(crate) struct Index {
    slots: Vec<u32>,
}

impl Index {
    /// Bytes of memory held.
    pub(crate) fn held(&self) -> usize {
        self.slots.capacity() * size_of::<u32>()
    }

    /// Asks for the memory of a hash's first slot.
    #[inline]
    pub(crate) fn expect(&self, hash: u64) {
        prefetch(&self.slots, self.slot(hash));
    }

    /// The place of what is sought, nearly always, if there is one: the first whose slot has the hash's tag. Beyond all places
    /// where there is none.
    #[inline]
    pub(crate) fn near(&self, hash: u64) -> usize {
        let mask = self.slots.len().wrapping_sub(1);
        let (mut slot, tag) = (self.slot(hash), self.tag(hash));
        loop {
            match self.slots.get(slot) {
                None | Some(0) => return usize::MAX,
                Some(&found) if found & !(mask as u32) == tag => return self.place(found),
                Some(_) => slot = (slot + 1) & mask,
            }
        }
    }

    /// The place of what is sought, or the slot where it belongs.
    #[inline]
    pub(crate) fn find(&self, hash: u64, is: impl Fn(usize) -> bool) -> Result<usize, usize> {
        let mask = self.slots.len().wrapping_sub(1);
        let (mut slot, tag) = (self.slot(hash), self.tag(hash));
        loop {
            match self.slots.get(slot) {
                None | Some(0) => return Err(slot),
                Some(&found) => {
                    if found & !(mask as u32) == tag {
                        let place = self.place(found);
                        if is(place) {
                            return Ok(place);
                        }
                    }
                }
            }
            slot = (slot + 1) & mask;
        }
    }

    /// Lets an empty slot name a place. There must be room for it.
    #[inline]
    pub(crate) fn set(&mut self, slot: usize, place: usize, hash: u64) {
        let named = (place as u32).wrapping_add(1) | self.tag(hash);
        if let Some(slot) = self.slots.get_mut(slot) {
            *slot = named;
        }
    }

    /// Whether there is room for so many places.
    #[inline]
    pub(crate) fn has_room(&self, places: usize) -> bool {
        places * 4 <= self.slots.len() * 3
    }

    /// Makes room for so many places, and names anew those that there are, whose hashes these are. False if there can
    /// be no such index.
    pub(crate) fn widen(&mut self, places: usize, hashes: impl Iterator<Item = u64>) -> bool {
        let slots = (places * 4 / 3 + 1).next_power_of_two().max(FIRST_SLOTS);
        if slots > MOST_SLOTS {
            return false;
        }
        // The old index goes first: it and the new one need never stand side by side.
        self.slots = Vec::new();
        // Written, whatever the allocator knows of it: memory that is read first is the kernel's page of zeros, and to write
        // there afterwards is another fault, one for which it stops the other threads.
        self.slots = black_box(vec![0; slots]);
        self.slots.fill(0);
        for (place, hash) in hashes.enumerate() {
            let mut slot = self.slot(hash);
            while self.slots.get(slot).is_some_and(|&taken| taken != 0) {
                slot = (slot + 1) & (slots - 1);
            }
            self.set(slot, place, hash);
        }
        true
    }

    /// Forgets all places.
    pub(crate) fn clear(&mut self) {
        self.slots = Vec::new();
    }

    #[inline]
    fn slot(&self, hash: u64) -> usize {
        hash as usize & self.slots.len().wrapping_sub(1)
    }

    /// The part of a hash that a slot keeps above a place.
    #[inline]
    fn tag(&self, hash: u64) -> u32 {
        (hash >> 32) as u32 & !(self.slots.len() as u32).wrapping_sub(1)
    }

    #[inline]
    fn place(&self, slot: u32) -> usize {
        (slot & (self.slots.len() as u32).wrapping_sub(1)).wrapping_sub(1) as usize
    }
}
