//! What has changed from one digest to the next: a merge of two sorted digests, neither of which is held.

use std::net::IpAddr;

use serde::{Serialize, Serializer};
use thiserror::Error;

use crate::edges::Edges;
use crate::grouping::Grouping;
use crate::links::{LinksOptions, TooManyLinks};
use crate::listed::Listed;
use crate::subject::{Subject, Sums};

mod accepted;
mod dot;
mod gathering;

use gathering::Gathering;

/// What counts as a change, and how much is told of it.
#[derive(Debug, Clone)]
pub struct DifferenceOptions {
    /// An edge has changed only where its bytes differ by this factor at least, up or down; 1: where anything differs.
    pub ratio: f64,
    /// And only where its bytes differ by this at least.
    pub bytes: u64,
    /// Most items of each list.
    pub most: usize,
    /// Which edges are looked at, and what they are grouped by. A grouping other than by address compares sums by group.
    pub links: LinksOptions,
}

impl Default for DifferenceOptions {
    fn default() -> Self {
        Self {
            ratio: 1.0,
            bytes: 0,
            most: 1000,
            links: LinksOptions::default(),
        }
    }
}

/// Why two digests cannot be compared.
#[derive(Debug, Error)]
pub enum DifferenceError {
    /// The first cannot be read.
    #[error("the previous digest: {0}")]
    Previous(TooManyLinks),
    /// The second cannot be read.
    #[error("the next digest: {0}")]
    Next(TooManyLinks),
}

/// What kind of change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ChangeKind {
    /// In the next digest only.
    New,
    /// In the previous digest only.
    Gone,
    /// In both, with other sums.
    Changed,
}

/// An edge, or a group of edges, that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Which.
    #[serde(flatten)]
    pub subject: Subject,
    /// What it had.
    pub before: Option<Sums>,
    /// What it has.
    pub after: Option<Sums>,
    /// Whether a newly rejected edge was accepted before.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub accepted_before: bool,
}

/// Something that is served: on which address and port, by which protocol.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct ServedAt {
    address: IpAddr,
    port: u16,
    protocol: u8,
}

/// One of the digests, summed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Side {
    /// Edges that were looked at.
    pub edges: u64,
    /// Their sums.
    #[serde(flatten)]
    pub sums: Sums,
}

/// What has changed. Lists begin with what moved most bytes; the newly rejected with most packets.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Difference {
    /// Whether nothing is new, gone or changed.
    pub equal: bool,
    /// The previous digest.
    pub previous: Side,
    /// The next digest.
    pub next: Side,
    /// What is in the next digest only.
    pub new: Listed<Change>,
    /// What is in the previous digest only.
    pub gone: Listed<Change>,
    /// What is in both, with sums that differ enough.
    pub changed: Listed<Change>,
    /// What of the new is of action REJECT.
    pub newly_rejected: Listed<Change>,
    /// Addresses that are in the next digest only.
    pub new_hosts: Listed<IpAddr>,
    /// Addresses that are in the previous digest only.
    pub gone_hosts: Listed<IpAddr>,
    /// What served accepted traffic in the next digest only: by the port that folding kept.
    #[serde(serialize_with = "served")]
    pub new_services: Listed<(IpAddr, u16, u8)>,
}

fn served<S: Serializer>(services: &Listed<(IpAddr, u16, u8)>, serializer: S) -> Result<S::Ok, S::Error> {
    let named = |&(address, port, protocol): &(IpAddr, u16, u8)| ServedAt {
        address,
        port,
        protocol,
    };
    Listed {
        count: services.count,
        items: services.items.iter().map(named).collect(),
    }
    .serialize(serializer)
}

impl Difference {
    /// Compares two sorted digests.
    ///
    /// # Errors
    /// [`DifferenceError`].
    pub fn of(
        previous: &mut Edges,
        next: &mut Edges,
        options: &DifferenceOptions,
    ) -> Result<Self, DifferenceError> {
        let mut gathering = Gathering::new(options);
        if options.links.grouping == Grouping::Address {
            gathering.merge(previous, next)?;
        } else {
            gathering.by_group(previous, next)?;
        }
        Ok(gathering.finish())
    }

    /// Which kind a change is of.
    #[must_use]
    pub fn kind(change: &Change) -> ChangeKind {
        match (change.before, change.after) {
            (None, _) => ChangeKind::New,
            (_, None) => ChangeKind::Gone,
            _ => ChangeKind::Changed,
        }
    }
}

impl DifferenceOptions {
    fn differs(&self, before: Sums, after: Sums) -> bool {
        let (less, more) = (before.bytes.min(after.bytes), before.bytes.max(after.bytes));
        before != after
            && more - less >= u128::from(self.bytes)
            && (self.ratio <= 1.0 || more as f64 >= less as f64 * self.ratio)
    }
}
