//! The facets that a thread has met, by the bytes that stand in rows: in front of the list that all threads share.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use crate::facet::FURTHER;

/// Facets that are remembered; and bytes of them, about. Behind a NAT gateway there may be one a record.
const MOST: usize = 1 << 14;
const MOST_BYTES: usize = 1 << 20;
/// Bytes that each takes beside its own, about.
const HELD_EACH: usize = 24;

/// The columns that rows' bytes are from: under other columns the same bytes mean something else.
pub(crate) type Shape = [usize; FURTHER.len() + 3];

/// Facets by rows' bytes.
#[derive(Debug, Default)]
pub(crate) struct KnownFacets {
    hasher: RandomState,
    index: HashTable<u32>,
    known: Vec<Known>,
    bytes: Vec<u8>,
    shape: Shape,
    /// The one found last, and the hash looked for last.
    last: usize,
    hash: u64,
    /// Most bytes held so far.
    charged: usize,
    /// Room for a row's bytes and for a facet.
    pub(crate) row: Vec<u8>,
    pub(crate) facet: Vec<u8>,
}

#[derive(Debug, Clone, Copy)]
struct Known {
    from: u32,
    to: u32,
    number: u32,
}

impl KnownFacets {
    /// Rows of this shape follow.
    pub(crate) fn begin(&mut self, shape: Shape) {
        if self.shape != shape {
            self.clear();
            self.shape = shape;
        }
    }

    /// The number of the facet of `self.row`.
    #[inline]
    pub(crate) fn find(&mut self) -> Option<u32> {
        let of = |known: &Known| self.bytes.get(known.from as usize..known.to as usize);
        if let Some(last) = self.known.get(self.last)
            && of(last) == Some(&self.row)
        {
            return Some(last.number);
        }
        self.hash = self.hasher.hash_one(self.row.as_slice());
        let is = |&at: &u32| self.known.get(at as usize).and_then(of) == Some(&self.row);
        let at = *self.index.find(self.hash, is)? as usize;
        self.last = at;
        self.known.get(at).map(|known| known.number)
    }

    /// Remembers the number of `self.row`, which has been looked for and not found. Gives the bytes that are held more
    /// than ever before.
    pub(crate) fn keep(&mut self, number: u32) -> usize {
        if self.known.len() >= MOST || self.bytes.len() >= MOST_BYTES {
            self.clear();
        }
        let from = self.bytes.len() as u32;
        self.bytes.extend_from_slice(&self.row);
        self.last = self.known.len();
        self.known.push(Known {
            from,
            to: self.bytes.len() as u32,
            number,
        });
        self.index.insert_unique(self.hash, self.last as u32, |&at| {
            let known = self.known.get(at as usize);
            let bytes = known.and_then(|known| self.bytes.get(known.from as usize..known.to as usize));
            self.hasher.hash_one(bytes.unwrap_or_default())
        });
        let held = self.bytes.len() + self.known.len() * HELD_EACH;
        let more = held.saturating_sub(self.charged);
        self.charged += more;
        more
    }

    /// Forgets all numbers, and the memory that they took.
    pub(crate) fn forget(&mut self) {
        *self = Self {
            shape: self.shape,
            ..Self::default()
        };
    }

    fn clear(&mut self) {
        self.index.clear();
        self.known.clear();
        self.bytes.clear();
        self.last = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(known: &mut KnownFacets, row: &[u8]) -> Option<u32> {
        row.clone_into(&mut known.row);
        known.find()
    }

    #[test]
    fn what_is_kept_is_found_until_the_columns_change() {
        let mut known = KnownFacets::default();
        known.begin([1; FURTHER.len() + 3]);
        for number in 0..1000u32 {
            assert_eq!(look(&mut known, &number.to_be_bytes()), None);
            assert!(known.keep(number + 7) > 0);
        }
        for number in (0..1000u32).rev() {
            assert_eq!(look(&mut known, &number.to_be_bytes()), Some(number + 7));
            assert_eq!(look(&mut known, &number.to_be_bytes()), Some(number + 7));
        }
        known.begin([1; FURTHER.len() + 3]);
        assert_eq!(look(&mut known, &[0; 4]), Some(7));
        known.begin([2; FURTHER.len() + 3]);
        assert_eq!(look(&mut known, &[0; 4]), None);
    }

    #[test]
    fn what_is_held_is_bounded_and_charged_once() {
        let mut known = KnownFacets::default();
        let mut charged = 0;
        for number in 0..5 * MOST {
            assert_eq!(look(&mut known, &number.to_be_bytes()), None);
            charged += known.keep(number as u32);
            assert!(known.known.len() <= MOST && known.index.len() == known.known.len());
        }
        assert!(charged <= MOST * (8 + HELD_EACH), "{charged}");
        known.forget();
        assert_eq!(look(&mut known, &0usize.to_be_bytes()), None);
        assert_eq!(known.keep(0), 8 + HELD_EACH);
    }
}
