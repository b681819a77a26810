//! A column of texts in the making: each once, and for each row the number of its text.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use crate::column::{AnyColumn, Rows};
use crate::dictionary::Dictionary;
use crate::runs::{NULL, Runs};

/// A column of texts, whichever they are.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    values: Vec<Vec<u8>>,
    runs: Runs,
    index: HashTable<u32>,
    hasher: RandomState,
}

impl Texts {
    /// The row's text, and that of those behind it until another is pushed.
    #[inline]
    pub(crate) fn push(&mut self, row: u32, text: &[u8]) {
        let last = self
            .runs
            .last()
            .and_then(|number| self.values.get(number as usize));
        if !last.is_some_and(|last| same(last, text)) {
            let number = self.number(text);
            self.runs.begin(row, number);
        }
    }

    fn number(&mut self, text: &[u8]) -> u32 {
        let Self {
            values,
            index,
            hasher,
            ..
        } = self;
        let text_of = |at: u32| values.get(at as usize).map(Vec::as_slice).unwrap_or_default();
        let entry = index.entry(
            hasher.hash_one(text),
            |&at| text_of(at) == text,
            |&at| hasher.hash_one(text_of(at)),
        );
        match entry {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(place) => {
                // A row group has far fewer rows than 32 bits count.
                let number = values.len() as u32;
                place.insert(number);
                values.push(text.to_owned());
                number
            }
        }
    }

    /// The row's text, or none.
    #[inline]
    pub(crate) fn push_option(&mut self, row: u32, text: Option<&[u8]>) {
        match text {
            Some(text) => self.push(row, text),
            None if self.runs.last() == Some(NULL) => {}
            None => self.runs.begin(row, NULL),
        }
    }
}

impl AnyColumn for Texts {
    /// What is no text has its bytes replaced as `String` does.
    fn take(&mut self, out: &mut Dictionary) -> Rows<'_> {
        for text in &self.values {
            out.push_text(String::from_utf8_lossy(text).as_bytes());
        }
        Rows::Of(&self.runs)
    }

    fn clear(&mut self) {
        self.values.clear();
        self.runs.clear();
        self.index.clear();
    }
}

/// Whether both are one text: of those as long as an action without a call.
#[inline]
fn same(one: &[u8], other: &[u8]) -> bool {
    const HALF: usize = size_of::<u32>();
    let ends = |text: &[u8]| Some((*text.first_chunk::<HALF>()?, *text.last_chunk::<HALF>()?));
    match (ends(one), ends(other)) {
        (Some(one_ends), Some(other_ends)) if one.len() <= 2 * HALF => {
            one.len() == other.len() && one_ends == other_ends
        }
        _ => one == other,
    }
}

/// What a name says; nothing where it says nothing.
pub(crate) fn named(name: &[u8]) -> Option<&[u8]> {
    Some(name).filter(|name| *name != b"-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_has_one_number() {
        let mut column = Texts::default();
        for (row, value) in (0..).zip([b"7", b"7", b"8", b"7", b"9", b"8"]) {
            column.push(row, value.as_slice());
        }
        column.push_option(6, None);
        column.push_option(7, None);
        column.push_option(8, Some(b"9"));
        let mut values = Dictionary::default();
        let mut each = Vec::new();
        let Rows::Of(runs) = column.take(&mut values) else {
            panic!("texts are no numbers");
        };
        runs.expand(9, &mut each);
        assert_eq!(each, [0, 0, 1, 0, 2, 1, NULL, NULL, 2]);
        assert_eq!(values.len(), 3);
        column.clear();
        assert_eq!((column.runs.len(), column.values.len()), (0, 0));
    }

    #[test]
    fn texts_of_any_length_are_compared_to_their_ends() {
        let text = b"ACCEPTED-IN-PART";
        for length in 0..text.len() {
            let one = &text[..length];
            assert!(same(one, one) && !same(one, &text[..length + 1]) && !same(&text[..length + 1], one));
            for at in 0..length {
                let mut other = one.to_vec();
                other[at] ^= 1;
                assert!(!same(one, &other), "{length} {at}");
            }
        }
        assert!(!same(b"AAAA", b"AAAAA"));
    }
}
