//! A difference under way: the merge itself, and what it has found.

use std::cmp::Ordering;

use digest_core::Edge;

use super::accepted::Accepted;
use super::{Change, Difference, DifferenceError, DifferenceOptions, Side};
use crate::edges::Edges;
use crate::host_set::{HostSet, ServiceSet};
use crate::links::{LinkKey, Links, Summed, TooManyLinks};
use crate::listed::Heaviest;
use crate::order::order;
use crate::subject::{Subject, Sums};

/// What is gathered on the way.
pub(super) struct Gathering<'o> {
    options: &'o DifferenceOptions,
    sides: [Side; 2],
    hosts: [HostSet; 2],
    services: [ServiceSet; 2],
    new: Heaviest<Change>,
    gone: Heaviest<Change>,
    changed: Heaviest<Change>,
    rejected: Heaviest<Change>,
}

const PREVIOUS: usize = 0;
const NEXT: usize = 1;

impl<'o> Gathering<'o> {
    pub(super) fn new(options: &'o DifferenceOptions) -> Self {
        let heaviest = || Heaviest::new(options.most);
        Self {
            options,
            sides: Default::default(),
            hosts: Default::default(),
            services: Default::default(),
            new: heaviest(),
            gone: heaviest(),
            changed: heaviest(),
            rejected: heaviest(),
        }
    }

    pub(super) fn merge(&mut self, previous: &mut Edges, next: &mut Edges) -> Result<(), DifferenceError> {
        // The accepted edge of the previous digest that was passed last: a rejected one of the same kind follows it.
        let mut accepted: Option<Accepted> = None;
        loop {
            let (left, right) = (previous.line(), next.line());
            let place = match (&left, &right) {
                (None, None) => return Ok(()),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(left), Some(right)) => order(&left.edge, &right.edge),
            };
            let left = left.filter(|_| place.is_le()).map(|line| line.edge);
            let right = right.filter(|_| place.is_ge()).map(|line| line.edge);
            if let Some(edge) = &left
                && edge.action == b"ACCEPT"
            {
                Accepted::remember(&mut accepted, edge);
            }
            let edge = left.as_ref().or(right.as_ref());
            // On either side: an edge whose bytes fell below what is looked at is not gone.
            let is_wanted = [&left, &right]
                .into_iter()
                .flatten()
                .any(|edge| self.options.links.wants(edge));
            if let Some(edge) = edge.filter(|_| is_wanted) {
                if let Some(edge) = &left {
                    self.take(PREVIOUS, edge);
                }
                if let Some(edge) = &right {
                    self.take(NEXT, edge);
                }
                let was_accepted = || accepted.as_ref().is_some_and(|accepted| accepted.is_of(edge));
                self.compare(
                    left.as_ref().map(Sums::of),
                    right.as_ref().map(Sums::of),
                    edge.action == b"REJECT",
                    was_accepted,
                    || Subject::of(edge),
                );
            }
            if place.is_le() {
                let advanced = previous.advance();
                advanced.map_err(|error| DifferenceError::Previous(error.into()))?;
            }
            if place.is_ge() {
                let advanced = next.advance();
                advanced.map_err(|error| DifferenceError::Next(error.into()))?;
            }
        }
    }

    /// Compares sums by group. Which traffic is told of twice does not matter: it is so on either side.
    pub(super) fn by_group(&mut self, previous: &mut Edges, next: &mut Edges) -> Result<(), DifferenceError> {
        let options = &self.options.links;
        let mut sum = |side: usize, edges: &mut Edges| {
            let mut links = Links::default();
            edges.for_each::<TooManyLinks>(|line| {
                let edge = &line.edge;
                if options.wants(edge) {
                    links
                        .sums
                        .entry(options.key(edge))
                        .or_default()
                        .add(Sums::of(edge));
                    self.take(side, edge);
                }
                if links.sums.len() > options.most {
                    return Err(TooManyLinks::TooMany(options.most));
                }
                Ok(())
            })?;
            Ok(links.sums)
        };
        let before = sum(PREVIOUS, previous).map_err(DifferenceError::Previous)?;
        let mut after = sum(NEXT, next).map_err(DifferenceError::Next)?;
        let accepted = |key: &LinkKey| {
            let mut accepted = key.clone();
            accepted.action = Some("ACCEPT".into());
            before.contains_key(&accepted)
        };
        let mut keys: Vec<_> = before.keys().chain(after.keys()).cloned().collect();
        keys.sort_unstable();
        keys.dedup();
        for key in keys {
            let sums = |link: Summed| link.sums;
            self.compare(
                before.get(&key).copied().map(sums),
                after.remove(&key).map(sums),
                key.action.as_deref() == Some("REJECT"),
                || accepted(&key),
                || key.subject(),
            );
        }
        Ok(())
    }

    fn take(&mut self, side: usize, edge: &Edge<'_>) {
        let (Some(sums), Some(hosts), Some(services)) = (
            self.sides.get_mut(side),
            self.hosts.get_mut(side),
            self.services.get_mut(side),
        ) else {
            return;
        };
        sums.edges += 1;
        sums.sums.add(Sums::of(edge));
        hosts.insert(edge.srcaddr);
        hosts.insert(edge.dstaddr);
        if edge.action == b"ACCEPT" {
            match edge.ports {
                Some((0, port)) if port > 0 => services.insert((edge.dstaddr, port, edge.protocol)),
                Some((port, 0)) if port > 0 => services.insert((edge.srcaddr, port, edge.protocol)),
                _ => {}
            }
        }
    }

    fn compare(
        &mut self,
        before: Option<Sums>,
        after: Option<Sums>,
        is_rejected: bool,
        was_accepted: impl Fn() -> bool,
        subject: impl Fn() -> Subject,
    ) {
        let change = |accepted_before| Change {
            subject: subject(),
            before,
            after,
            accepted_before,
        };
        let weight = |sum: u128| u64::try_from(sum).unwrap_or(u64::MAX);
        match (before, after) {
            (None, None) => {}
            (None, Some(after)) => {
                self.new
                    .push(weight(after.bytes), || change(is_rejected && was_accepted()));
                if is_rejected {
                    self.rejected
                        .push(weight(after.packets), || change(was_accepted()));
                }
            }
            (Some(before), None) => self.gone.push(weight(before.bytes), || change(false)),
            (Some(before), Some(after)) => {
                if self.options.differs(before, after) {
                    self.changed
                        .push(weight(before.bytes.abs_diff(after.bytes)), || change(false));
                }
            }
        }
    }

    pub(super) fn finish(self) -> Difference {
        let Self {
            options,
            sides: [previous, next],
            hosts: [mut old_hosts, mut new_hosts],
            services: [mut old_services, mut new_services],
            ..
        } = self;
        let mut difference = Difference {
            previous,
            next,
            new: self.new.finish(),
            gone: self.gone.finish(),
            changed: self.changed.finish(),
            newly_rejected: self.rejected.finish(),
            ..Difference::default()
        };
        new_hosts.without(&mut old_hosts, |host| {
            difference.new_hosts.push(host, options.most)
        });
        old_hosts.without(&mut new_hosts, |host| {
            difference.gone_hosts.push(host, options.most)
        });
        new_services.without(&mut old_services, |service| {
            difference.new_services.push(service, options.most);
        });
        difference.equal =
            difference.new.count == 0 && difference.gone.count == 0 && difference.changed.count == 0;
        difference
    }
}
