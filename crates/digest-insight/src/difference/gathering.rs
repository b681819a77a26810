//! A difference under way: the merge itself, and what it has found.

use std::cmp::Ordering;
use std::net::IpAddr;
use std::thread;

use digest_core::DigestRow;
use foldhash::fast::RandomState;
use hashbrown::HashMap;

use super::accepted::Accepted;
use super::{Change, Difference, DifferenceError, DifferenceOptions, Side};
use crate::edges::Edges;
use crate::host_set::{HostSet, Service, ServiceSet};
use crate::links::{LinkKey, TooManyLinks};
use crate::listed::Heaviest;
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
        let wants_all = self.options.links.wants_all();
        loop {
            let (left, right) = (previous.row(), next.row());
            let place = match (&left, &right) {
                (None, None) => return Ok(()),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(left), Some(right)) => left.order(right),
            };
            let left = left.filter(|_| place.is_le());
            let right = right.filter(|_| place.is_ge());
            if let Some(row) = &left
                && row.action() == b"ACCEPT"
            {
                Accepted::remember(&mut accepted, row);
            }
            let either = left.as_ref().or(right.as_ref());
            // On either side: an edge whose bytes fell below what is looked at is not gone.
            let wants = |row: &DigestRow<'_>| self.options.links.wants(&row.edge());
            let is_wanted = wants_all || [&left, &right].into_iter().flatten().any(wants);
            if let Some(row) = either.filter(|_| is_wanted) {
                let is_rejected = row.action() == b"REJECT";
                let ends = [row.srcaddr(), row.dstaddr()];
                let service = served(ends, row.ports(), row.protocol(), row.action());
                let (before, after) = (left.as_ref().map(sums), right.as_ref().map(sums));
                for (side, sums) in [(PREVIOUS, before), (NEXT, after)] {
                    if let Some(sums) = sums {
                        self.take(side, ends, sums, service);
                    }
                }
                let was_accepted = || accepted.as_ref().is_some_and(|accepted| accepted.is_of(row));
                self.compare(before, after, is_rejected, was_accepted, || {
                    Subject::of(&row.edge())
                });
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
            let mut links: HashMap<LinkKey, Sums, RandomState> = HashMap::default();
            edges.for_each::<TooManyLinks>(|line| {
                let edge = &line.edge;
                if options.wants(edge) {
                    let sums = links.entry(LinkKey::of(edge, options)).or_default();
                    sums.add(Sums::of(edge));
                    let ends = [edge.srcaddr, edge.dstaddr];
                    let service = served(ends, edge.ports, edge.protocol, edge.action);
                    self.take(side, ends, Sums::of(edge), service);
                }
                if links.len() > options.most {
                    return Err(TooManyLinks::TooMany(options.most));
                }
                Ok(())
            })?;
            Ok(links)
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
            self.compare(
                before.get(&key).copied(),
                after.remove(&key),
                key.action.as_deref() == Some("REJECT"),
                || accepted(&key),
                || key.subject(),
            );
        }
        Ok(())
    }

    #[inline]
    fn take(&mut self, side: usize, ends: [IpAddr; 2], sums: Sums, service: Option<Service>) {
        let (Some(all), Some(hosts), Some(services)) = (
            self.sides.get_mut(side),
            self.hosts.get_mut(side),
            self.services.get_mut(side),
        ) else {
            return;
        };
        all.edges += 1;
        all.sums.add(sums);
        ends.into_iter().for_each(|end| hosts.insert(end));
        if let Some(service) = service {
            services.insert(service);
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
        // One side's sets on a thread of its own; without one, `without` puts them in order.
        thread::scope(|scope| {
            let _ = thread::Builder::new().spawn_scoped(scope, || {
                old_hosts.put_in_order();
                old_services.put_in_order();
            });
            new_hosts.put_in_order();
            new_services.put_in_order();
        });
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

fn sums(row: &DigestRow<'_>) -> Sums {
    Sums {
        packets: row.packets().into(),
        bytes: row.bytes().into(),
    }
}

/// What served accepted traffic: the port that folding kept, and its end.
fn served(
    [source, destination]: [IpAddr; 2],
    ports: Option<(u16, u16)>,
    protocol: u8,
    action: &[u8],
) -> Option<Service> {
    match ports.filter(|_| action == b"ACCEPT")? {
        (0, port) if port > 0 => Some((destination, port, protocol)),
        (port, 0) if port > 0 => Some((source, port, protocol)),
        _ => None,
    }
}
