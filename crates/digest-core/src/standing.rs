//! What a digest knows of one interface as a whole, beside its edges: what its records told of it, how many rows of each
//! status it has, the minutes that it reported in, and the address that its records have in common.
//!
//! All of it can be added up, of parts in any order, of windows that share no record.

use std::cmp::Ordering;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use crate::digest::Section;
use crate::flow_record::Span;
use crate::key::KeyAddress;
use crate::memory::Memory;
use crate::merge::names_order;
use crate::tables::Interface;

pub(crate) mod bytes;
mod shared_address;
mod spans;
mod told;

pub use shared_address::SharedAddress;
pub(crate) use spans::Spans;
pub(crate) use told::Told;

/// Bytes that a span of minutes takes.
const SPAN: usize = size_of::<(i64, i64)>();

/// What is known of an interface.
#[derive(Debug, Clone, Default)]
pub(crate) struct Standing {
    /// Records that count.
    pub(crate) records: u64,
    /// Rows of status NODATA and SKIPDATA whose start lies in the window.
    pub(crate) no_data: u64,
    pub(crate) skip_data: u64,
    /// Least start and greatest end of all of these.
    pub(crate) seen: Option<Span>,
    /// The minutes that records and NODATA rows speak for.
    pub(crate) spans: Spans,
    pub(crate) v4: SharedAddress<Ipv4Addr>,
    pub(crate) v6: SharedAddress<Ipv6Addr>,
    pub(crate) told: Told,
}

/// A standing and whose it is: account and interface.
#[derive(Debug, Clone)]
pub(crate) struct Named {
    pub(crate) account: Arc<[u8]>,
    pub(crate) interface: Arc<[u8]>,
    /// By itself: it is large, and there are hundreds of thousands, which are moved to their places.
    pub(crate) standing: Box<Standing>,
}

impl Named {
    /// What is known of an interface, whose edges are these; it is taken away. Nothing where no row was of it.
    pub(crate) fn of<M: Memory>(interface: &Interface<M>, section: &Section<M>) -> Option<Self> {
        let mut standing = Box::new(std::mem::take(&mut *interface.standing()));
        standing.sum_up(section);
        (!standing.is_nothing()).then(|| Self {
            account: Arc::clone(&interface.account),
            interface: Arc::clone(&interface.interface),
            standing,
        })
    }

    /// The order of a digest's edges.
    pub(crate) fn order(&self, other: &Self) -> Ordering {
        names_order(
            (&self.account, &self.interface),
            (&other.account, &other.interface),
        )
    }
}

/// The status of a row that is no record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Silence {
    NoData,
    SkipData,
}

impl Standing {
    /// A record or a NODATA row speaks for this span. Gives the bytes that are held more.
    #[inline]
    pub(crate) fn see(&mut self, span: Span) -> usize {
        self.seen = Some(self.seen.map_or(span, |seen| seen.with(span)));
        self.spans.mark(span.start, span.end) * SPAN
    }

    /// Counts a row that is no record, whose start can be read. Gives the bytes that are held more.
    pub(crate) fn count(&mut self, silence: Silence, start: i64, span: Option<Span>) -> usize {
        match (silence, span) {
            (Silence::NoData, Some(span)) => {
                self.no_data += 1;
                return self.see(span);
            }
            (Silence::NoData, None) => self.no_data += 1,
            (Silence::SkipData, _) => self.skip_data += 1,
        }
        let span = span.unwrap_or(Span { start, end: start });
        self.seen = Some(self.seen.map_or(span, |seen| seen.with(span)));
        0
    }

    /// Adds what other rows say. Gives the bytes that are held more.
    pub(crate) fn merge(&mut self, other: Self) -> usize {
        self.records += other.records;
        self.no_data += other.no_data;
        self.skip_data += other.skip_data;
        self.seen = match (self.seen, other.seen) {
            (Some(ours), Some(theirs)) => Some(ours.with(theirs)),
            (ours, theirs) => ours.or(theirs),
        };
        let spans = self.spans.minutes().len();
        self.spans.merge(&other.spans);
        self.v4 = self.v4.with(other.v4);
        self.v6 = self.v6.with(other.v6);
        self.spans.minutes().len().saturating_sub(spans) * SPAN + self.told.merge(other.told)
    }

    /// Whether there was no row of the interface.
    pub(crate) fn is_nothing(&self) -> bool {
        self.seen.is_none() && self.told.is_nothing()
    }

    /// Adds what the edges of the interface say: how many records they are, and what these have in common.
    fn sum_up<M: Memory>(&mut self, section: &Section<M>) {
        // By the values and numbers in keys: one number of an interface is one address.
        let (mut v4, mut v6) = (SharedAddress::Unseen, SharedAddress::Unseen);
        for entry in &section.entries {
            self.records += entry.memory.records(&section.wide);
            let sides = (entry.key.src(), entry.key.dst());
            let (KeyAddress::V4(src) | KeyAddress::V6(src)) = sides.0;
            let (KeyAddress::V4(dst) | KeyAddress::V6(dst)) = sides.1;
            match sides {
                (KeyAddress::V4(_), KeyAddress::V4(_)) => {
                    v4 = v4.with(SharedAddress::of(Some(src), Some(dst)))
                }
                (KeyAddress::V6(_), KeyAddress::V6(_)) => {
                    v6 = v6.with(SharedAddress::of(Some(src), Some(dst)))
                }
                (KeyAddress::V4(_), KeyAddress::V6(_)) => {
                    v4 = v4.with(SharedAddress::One(src));
                    v6 = v6.with(SharedAddress::One(dst));
                }
                (KeyAddress::V6(_), KeyAddress::V4(_)) => {
                    v4 = v4.with(SharedAddress::One(dst));
                    v6 = v6.with(SharedAddress::One(src));
                }
            }
        }
        self.v4 = self.v4.with(v4.map(Ipv4Addr::from));
        self.v6 = self.v6.with(v6.map(|number| Ipv6Addr::from(section.v6(number))));
    }
}
