//! What a digest knows of an interface as a whole, handed out in the digest's order.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr};

use crate::digest::Digest;
use crate::fact::FACTS;
use crate::standing::{Named, SharedAddress, Told};

/// An interface, and what the rows of the window said of it. Rows that were left out (bad, unusable, superseded, second
/// sightings, of another status) said nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InterfaceFacts<'d> {
    /// Account that owns the interface; `-` if the format does not say.
    pub account_id: &'d [u8],
    /// The interface, or `-`.
    pub interface_id: &'d [u8],
    /// Records that count.
    pub records: u64,
    /// Rows of status NODATA whose start can be read and lies in the window.
    pub no_data: u64,
    /// Rows of status SKIPDATA, likewise.
    pub skip_data: u64,
    /// Least start and greatest end of all of these, Unix seconds.
    pub seen: Option<(i64, i64)>,
    /// Minutes of the window that records and NODATA rows speak for; without a window, all that they speak for.
    pub minutes: u64,
    /// The same minutes, and those behind the window's stop, as spans: Unix seconds from and up to but not with, in order.
    pub reported: Vec<(i64, i64)>,
    /// The IPv4 addresses that all of its records of IPv4 have in common.
    pub ipv4: SharedAddress<Ipv4Addr>,
    /// The same of IPv6.
    pub ipv6: SharedAddress<Ipv6Addr>,
    told: Facts,
}

/// Facts by number, and whether there was another value as well.
type Facts = Vec<(u8, Box<[u8]>, bool)>;

impl InterfaceFacts<'_> {
    /// What was told last of the fact of this place in [`FACTS`]; percent-encoded where it is a tag.
    #[must_use]
    pub fn fact(&self, place: usize) -> Option<&[u8]> {
        let found = self
            .told
            .iter()
            .find(|(number, ..)| usize::from(*number) == place);
        found.map(|(_, value, _)| &**value)
    }

    /// The facts of which records told several values, as [`FACTS`] has them.
    pub fn changed(&self) -> impl Iterator<Item = &'static str> {
        let several = self.told.iter().filter(|(.., is_several)| *is_several);
        several.filter_map(|(number, ..)| FACTS.get(usize::from(*number)).copied())
    }
}

impl Digest {
    /// Hands out each interface that a row of the window was of, by account and interface as the edges are. False, and
    /// none at all, where edges keep no history.
    ///
    /// # Errors
    /// What `take` returns, and failures of runs that are read back.
    pub fn for_each_interface(
        &self,
        mut take: impl FnMut(&InterfaceFacts<'_>) -> io::Result<()>,
    ) -> io::Result<bool> {
        let window = self.tally().minutes.window();
        self.standings.for_each(|named| take(&facts_of(named, window)))
    }
}

fn facts_of(named: &Named, window: Option<(i64, i64)>) -> InterfaceFacts<'_> {
    let standing = &named.standing;
    let spans = standing.spans.minutes().iter();
    InterfaceFacts {
        account_id: &named.account,
        interface_id: &named.interface,
        records: standing.records,
        no_data: standing.no_data,
        skip_data: standing.skip_data,
        seen: standing.seen.map(|span| (span.start, span.end)),
        minutes: standing.spans.count(window),
        reported: spans
            .map(|&(first, last)| {
                (
                    first.saturating_mul(60),
                    last.saturating_add(1).saturating_mul(60),
                )
            })
            .collect(),
        ipv4: standing.v4,
        ipv6: standing.v6,
        told: told(&standing.told),
    }
}

fn told(told: &Told) -> Facts {
    let facts = told.facts().into_iter();
    facts
        .map(|fact| (fact.number, fact.value, fact.is_several))
        .collect()
}
