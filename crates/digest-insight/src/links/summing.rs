//! Links being summed, by several threads.

use std::hash::BuildHasher;

use digest_core::Edge;
use foldhash::fast::FixedState;

use crate::gathered::{Gathered, Gatherer, Keyed, TooManySums, spread};
use crate::links::key::{LinkKey, Names, Naming, Words};
use crate::links::{Links, LinksOptions, Summed};
use crate::observers::Sights;
use crate::seen_by::SeenBy;
use crate::sources::{Answer, AskError, Standing};
use crate::subject::Sums;

/// What is known of a link, in 40 bytes.
#[derive(Debug, Clone, Copy)]
struct LinkSum {
    key: Words,
    packets: u64,
    bytes: u64,
    /// So many edges, and in the two highest bits whose interfaces told of them.
    edges: u64,
}

const SEEN_BY_SOURCE: u64 = 1 << 63;
const SEEN_BY_DESTINATION: u64 = 1 << 62;
const SEEN: u64 = SEEN_BY_SOURCE | SEEN_BY_DESTINATION;

impl Keyed for LinkSum {
    type Key = Words;

    #[inline]
    fn key(&self) -> Words {
        self.key
    }

    #[inline]
    fn spread(&self) -> u64 {
        spread(self.key.0, self.key.1)
    }

    #[inline]
    fn add(&mut self, other: &Self) -> bool {
        let (Some(packets), Some(bytes)) = (
            self.packets.checked_add(other.packets),
            self.bytes.checked_add(other.bytes),
        ) else {
            return false;
        };
        (self.packets, self.bytes) = (packets, bytes);
        // No count of edges reaches bit 62.
        self.edges = ((self.edges & !SEEN) + (other.edges & !SEEN)) | (self.edges | other.edges) & SEEN;
        true
    }
}

/// Sums that threads add to, and the names in their keys.
#[derive(Debug)]
pub(super) struct Summing {
    names: Names,
    gathered: Gathered<LinkSum>,
    most: usize,
}

/// What they have added up to.
#[derive(Debug, Default)]
pub(super) struct LinkSums {
    names: Names,
    parts: Vec<Vec<LinkSum>>,
}

impl Summing {
    pub(super) fn new(options: &LinksOptions) -> Self {
        Self {
            names: Names::new(options),
            gathered: Gathered::new(options.most_links),
            most: options.most_links,
        }
    }

    pub(super) fn finish(self) -> Result<LinkSums, AskError> {
        let parts = self.gathered.finish();
        Ok(LinkSums {
            names: self.names,
            parts: parts.map_err(|TooManySums| AskError::TooMany(self.most))?,
        })
    }
}

impl LinkSums {
    /// All links of which an edge counted.
    pub(super) fn links(&self) -> impl Iterator<Item = (Words, Summed)> {
        let parts = self.parts.iter();
        let same = parts.flat_map(|part| part.chunk_by(|one, other| one.key == other.key));
        same.filter_map(|same| {
            let mut summed = Summed::default();
            for sum in same {
                summed.sums.add(Sums {
                    packets: sum.packets.into(),
                    bytes: sum.bytes.into(),
                });
                summed.edges += sum.edges & !SEEN;
                summed.seen = summed.seen.or(SeenBy {
                    source: sum.edges & SEEN_BY_SOURCE > 0,
                    destination: sum.edges & SEEN_BY_DESTINATION > 0,
                });
            }
            let key = same.first()?.key;
            (summed.edges > 0).then_some((key, summed))
        })
    }

    pub(super) fn key(&self, words: Words) -> LinkKey {
        self.names.key(words)
    }
}

/// A thread's links on their way.
pub(super) struct Linking<'o> {
    gatherer: Gatherer<'o, LinkSum>,
    naming: Naming<'o>,
    sights: Sights<'o>,
    counted: Links,
    options: &'o LinksOptions,
    /// Which of how many parts of the links is summed.
    part: (u64, u64),
}

impl<'o> Linking<'o> {
    pub(super) fn new(summing: &'o Summing, options: &'o LinksOptions, part: (u64, u64)) -> Self {
        Self {
            gatherer: summing.gathered.gatherer(),
            naming: summing.names.naming(),
            sights: options.observers.sights(),
            counted: Links::default(),
            options,
            part,
        }
    }

    /// What counted, once all of it is where it belongs.
    pub(super) fn finish(mut self) -> Result<Links, AskError> {
        self.flush()?;
        Ok(self.counted)
    }

    fn flush(&mut self) -> Result<(), AskError> {
        let flushed = self.gatherer.flush();
        flushed.map_err(|TooManySums| self.too_many())
    }

    fn too_many(&self) -> AskError {
        AskError::TooMany(self.options.most_links)
    }

    /// Whether an edge belongs to another part.
    fn is_other(&self, edge: &Edge<'_>) -> bool {
        let (part, parts) = self.part;
        parts > 1 && FixedState::default().hash_one(LinkKey::of(edge, self.options)) % parts != part
    }
}

impl Answer for Linking<'_> {
    #[inline]
    fn take(&mut self, _: Standing, edge: &Edge<'_>) -> Result<(), AskError> {
        if self.options.is_ignored(edge) || self.is_other(edge) {
            return Ok(());
        }
        let Some(key) = self.naming.words(edge, self.options) else {
            return Err(self.too_many());
        };
        let (seen, is_second) = self.sights.of(edge);
        let mut sum = LinkSum {
            key,
            packets: 0,
            bytes: 0,
            edges: if seen.source { SEEN_BY_SOURCE } else { 0 }
                | if seen.destination { SEEN_BY_DESTINATION } else { 0 },
        };
        if is_second {
            self.counted.second_sights += 1;
        } else {
            (sum.packets, sum.bytes) = (edge.packets, edge.bytes);
            sum.edges |= 1;
            self.counted.total.add(Sums::of(edge));
            self.counted.edges += 1;
        }
        let added = self.gatherer.add(sum);
        added.map_err(|TooManySums| self.too_many())
    }

    fn merge(&mut self, mut other: Self) -> Result<(), AskError> {
        other.flush()?;
        let (ours, theirs) = (&mut self.counted, other.counted);
        ours.total.add(theirs.total);
        ours.edges += theirs.edges;
        ours.second_sights += theirs.second_sights;
        Ok(())
    }
}
