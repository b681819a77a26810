//! The flows of a host in one window: what several interfaces tell of one is put together.

use std::net::IpAddr;

use digest_core::Edge;
use foldhash::fast::RandomState;
use hashbrown::HashMap;

use crate::links::LinksOptions;
use crate::seen_by::SeenBy;
use crate::service::{Served, served};
use crate::sources::{Answer, AskError, Standing};
use crate::subject::Sums;

/// Edges that tell of the same traffic.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Flow {
    pub(super) from: IpAddr,
    pub(super) to: IpAddr,
    pub(super) ports: Option<(u16, u16)>,
    pub(super) protocol: u8,
    pub(super) is_rejected: bool,
}

/// What was told of a flow: by its source's interface, by its destination's, and by others.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Told {
    pub(super) by: [Option<Sums>; 3],
    pub(super) seen: SeenBy,
    pub(super) span: Option<(i64, i64)>,
    pub(super) served: Option<Served>,
}

#[derive(Debug)]
pub(super) struct Telling<'o> {
    pub(super) flows: HashMap<Flow, Told, RandomState>,
    pub(super) window: Option<(i64, i64)>,
    pub(super) options: &'o LinksOptions,
}

impl Answer for Telling<'_> {
    fn take(&mut self, _: Standing, edge: &Edge<'_>) -> Result<(), AskError> {
        let options = self.options;
        if options.is_ignored(edge) {
            return Ok(());
        }
        let flow = Flow {
            from: edge.srcaddr,
            to: edge.dstaddr,
            ports: edge.ports,
            protocol: edge.protocol,
            is_rejected: edge.action == b"REJECT",
        };
        let seen = SeenBy::of(edge, &options.observers);
        let by = match (seen.source, seen.destination) {
            (true, _) => 0,
            (false, true) => 1,
            (false, false) => 2,
        };
        // A text says of its edges only that they lie in its window.
        let span = match edge.history {
            Some(history) => Some((history.first_seen, history.last_seen)),
            None => self.window,
        };
        let mut told = Told {
            seen,
            span,
            served: served(edge).filter(|_| !flow.is_rejected),
            ..Told::default()
        };
        if let Some(place) = told.by.get_mut(by) {
            *place = Some(Sums::of(edge));
        }
        self.flows.entry(flow).or_default().add(told);
        if self.flows.len() > options.most {
            return Err(AskError::TooMany(options.most));
        }
        Ok(())
    }

    fn merge(&mut self, mut other: Self) -> Result<(), AskError> {
        if other.flows.len() > self.flows.len() {
            std::mem::swap(&mut self.flows, &mut other.flows);
        }
        for (flow, told) in other.flows {
            self.flows.entry(flow).or_default().add(told);
        }
        if self.flows.len() > self.options.most {
            return Err(AskError::TooMany(self.options.most));
        }
        Ok(())
    }
}

impl Told {
    pub(super) fn add(&mut self, other: Self) {
        for (ours, theirs) in self.by.iter_mut().zip(other.by) {
            if let Some(theirs) = theirs {
                ours.get_or_insert_default().add(theirs);
            }
        }
        self.seen = self.seen.or(other.seen);
        self.span = joined(self.span, other.span);
        if self.served.map(|served| served.rule) < other.served.map(|served| served.rule) {
            self.served = other.served;
        }
    }

    /// What counts: one observer's word.
    pub(super) fn sums(&self) -> Sums {
        self.by.iter().flatten().next().copied().unwrap_or_default()
    }
}

/// From the least to the greatest of both.
pub(super) fn joined(one: Option<(i64, i64)>, other: Option<(i64, i64)>) -> Option<(i64, i64)> {
    match (one, other) {
        (Some(one), Some(other)) => Some((one.0.min(other.0), one.1.max(other.1))),
        (one, other) => one.or(other),
    }
}
