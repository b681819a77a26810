//! The rules: what of a window is unusual against its baseline.

use foldhash::fast::RandomState;
use hashbrown::{HashMap, HashSet};

use super::UnusualOptions;
use super::baseline::{Baseline, Ends};
use super::fact::Fact;
use super::window::{Link, Window, opposite};
use crate::registry::service_name;
use crate::service::Rule;

/// Fewer services that one client addresses are not many.
const MANY: u64 = 30;
/// Fewer windows do not tell that something is always there.
const ALWAYS: u32 = 3;
/// What had fewer records in some window may well be missing in another; where only texts tell, fewer bytes.
const REGULAR: u32 = 4;
const REGULAR_BYTES: u64 = 100_000;

/// What a finding is about: the link of this number, and what else is like it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum About {
    /// The link alone.
    Link(u64),
    /// A service, by all of its clients.
    Service(u64),
    /// A client, with all that it addressed.
    Client(u64),
}

/// Something unusual.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) facts: Vec<Fact>,
    /// The link that gives it its names: the heaviest.
    pub(super) link: u64,
    weight: u64,
    /// Received by the server, and sent.
    pub(super) bytes: [u64; 2],
    pub(super) links: u64,
}

/// All that is.
#[derive(Debug, Default)]
pub(super) struct Judged {
    pub(super) found: HashMap<About, Found, RandomState>,
    /// New pairs where new pairs are usual.
    pub(super) usual: u64,
}

impl Found {
    fn add(&mut self, id: u64, link: &Link) {
        let weight = link.bytes();
        if self.links == 0 || (weight, id) > (self.weight, self.link) {
            (self.weight, self.link) = (weight, id);
        }
        let [forth, back] = link.ways();
        let [received, sent] = if link.server == 1 {
            [forth, back]
        } else {
            [back, forth]
        };
        let [all_received, all_sent] = &mut self.bytes;
        *all_received = all_received.saturating_add(received);
        *all_sent = all_sent.saturating_add(sent);
        self.links += 1;
    }

    fn note(&mut self, fact: Fact) {
        if !self.facts.contains(&fact) {
            self.facts.push(fact);
        }
    }

    pub(super) fn score(&self) -> u32 {
        self.facts.iter().map(|fact| fact.points()).sum()
    }
}

/// Judging on its way.
struct Judging<'j> {
    asked: &'j Window<'j>,
    baseline: &'j Baseline,
    options: &'j UnusualOptions,
    judged: Judged,
}

/// Holds a window against its baseline.
pub(super) fn judge(asked: &Window<'_>, baseline: &Baseline, options: &UnusualOptions) -> Judged {
    let mut judging = Judging {
        asked,
        baseline,
        options,
        judged: Judged::default(),
    };
    let ends = Ends::of(asked);
    let many = judging.many_contacts(&ends);
    for (id, link) in &asked.links {
        if link.is_rejected {
            judging.newly_rejected(*id, link);
        } else {
            judging.link(*id, link, &many);
        }
    }
    judging.host_volumes(&ends);
    judging.vanished();
    for found in judging.judged.found.values_mut() {
        let [received, sent] = found.bytes;
        found.facts.push(Fact::Size(received.saturating_add(sent)));
        found.facts.retain(|fact| fact.points() > 0);
    }
    judging.judged
}

impl Judging<'_> {
    fn found(&mut self, about: About, id: u64, link: &Link) -> &mut Found {
        let found = self.judged.found.entry(about).or_default();
        found.add(id, link);
        found
    }

    /// A link by itself: whether it is new, and how much went over it.
    fn link(&mut self, id: u64, link: &Link, many: &HashSet<u64, RandomState>) {
        let (_, client) = link.server_and_client();
        if let Some(known) = self.baseline.links.get(&id) {
            for (way, (now, most)) in link.ways().into_iter().zip(known.most).enumerate() {
                if self.is_beyond(now, most) {
                    let to_server = way != usize::from(link.server);
                    self.of_link(id, link).note(Fact::Volume { to_server, now, most });
                }
            }
            return;
        }
        let Some(novelty) = self.novelty(link) else {
            return;
        };
        if let Fact::NewService { .. } = novelty {
            let Some(service) = link.service() else {
                return;
            };
            let found = self.found(About::Service(service), id, link);
            found.note(novelty);
            further(link).for_each(|fact| found.note(fact));
        } else if self.baseline.is_open(link) {
            self.judged.usual += 1;
        } else if !many.contains(&client) {
            self.of_link(id, link);
        }
    }

    /// What is new of a link that no window had.
    fn novelty(&self, link: &Link) -> Option<Fact> {
        let (server, _) = link.server_and_client();
        let (is_outside, _) = link.server_and_client_outside();
        let has_talked = self.baseline.have_talked(link);
        let new_pair = Fact::NewPair {
            on_other_ports: has_talked,
        };
        let Some(service) = link.service() else {
            // Of the same pair it may have been there, on a port that nothing told.
            return (!has_talked).then_some(new_pair);
        };
        let known = self.baseline.end(server);
        let is_by_order = link.rule == Some(Rule::PortOrder);
        let is_openers = is_by_order && self.asked.opened_from.contains(&service);
        if self.baseline.has_service(service) || is_openers || (is_outside && known.is_none()) {
            return Some(new_pair);
        }
        let is_dynamic = link.port.is_some_and(|port| port >= super::window::EPHEMERAL);
        let may_be_old = is_dynamic && known.is_some_and(|end| end.is_unclear);
        let is_usual = known.is_some_and(|end| self.baseline.is_usual(end.new_services));
        if may_be_old || is_usual {
            return (!has_talked).then_some(new_pair);
        }
        Some(Fact::NewService {
            is_unseen: known.is_none(),
        })
    }

    /// The finding of a link, with what is new of it.
    fn of_link(&mut self, id: u64, link: &Link) -> &mut Found {
        let about = About::Link(id);
        if !self.judged.found.contains_key(&about) {
            let is_known = self.baseline.links.contains_key(&id);
            let novelty = if is_known { None } else { self.novelty(link) };
            let found = self.found(about, id, link);
            if let Some(novelty) = novelty {
                found.note(novelty);
                further(link).for_each(|fact| found.note(fact));
            }
        }
        self.judged.found.entry(about).or_default()
    }

    fn is_beyond(&self, now: u64, most: u64) -> bool {
        self.baseline.comparable > 0
            && now >= most.saturating_mul(self.options.times.into())
            && now.saturating_sub(most) >= self.options.bytes.max(1)
    }

    fn newly_rejected(&mut self, id: u64, link: &Link) {
        let accepted = self.baseline.links.get(&opposite(id));
        if let Some(accepted) = accepted.filter(|_| !self.baseline.links.contains_key(&id)) {
            let fact = Fact::NewlyRejected {
                accepted: accepted.windows,
            };
            self.found(About::Link(id), id, link).note(fact);
        }
    }

    /// Clients that addressed far more services than in any window before.
    fn many_contacts(&mut self, ends: &Ends) -> HashSet<u64, RandomState> {
        let mut many = HashMap::<u64, Fact, RandomState>::default();
        for (client, [now, rejected]) in &ends.contacts {
            let most = self.baseline.end(*client).map_or(0, |end| end.contacts);
            let bound = most.saturating_mul(self.options.times.into()).max(MANY);
            if self.baseline.comparable > 0 && *now >= bound {
                let (now, rejected) = (*now, *rejected);
                many.insert(*client, Fact::ManyContacts { now, rejected, most });
            }
        }
        let asked = self.asked;
        for (id, link) in &asked.links {
            let (_, client) = link.server_and_client();
            if let Some(fact) = many.get(&client) {
                self.found(About::Client(client), *id, link).note(*fact);
            }
        }
        many.into_keys().collect()
    }

    /// Hosts inside that received or sent far more than in any window before: told of the link that most of it went over.
    fn host_volumes(&mut self, ends: &Ends) {
        let mut beyond = HashMap::<(u64, bool), (u64, u64, Option<(u64, u64)>), RandomState>::default();
        for (node, bytes) in &ends.bytes {
            let known = self.baseline.end(*node).map_or([0, 0], |end| end.most);
            for (way, (now, most)) in bytes.iter().copied().zip(known).enumerate() {
                if self.is_beyond(now, most) {
                    beyond.insert((*node, way == 1), (now, most, None));
                }
            }
        }
        let asked = self.asked;
        for (id, link) in asked.links.iter().filter(|(_, link)| !link.is_rejected) {
            let [lesser, greater] = link.nodes;
            let [forth, back] = link.ways();
            for (node, sent, bytes) in [
                (lesser, true, forth),
                (lesser, false, back),
                (greater, true, back),
                (greater, false, forth),
            ] {
                if let Some((_, _, heaviest)) = beyond.get_mut(&(node, sent)) {
                    *heaviest = (*heaviest).max(Some((bytes, *id)));
                }
            }
        }
        for ((node, sent), (now, most, heaviest)) in beyond {
            let link = heaviest.and_then(|(_, id)| Some((id, asked.links.get(&id)?)));
            if let Some((id, link)) = link {
                let of_server = link.server_and_client().0 == node;
                let fact = Fact::HostVolume {
                    of_server,
                    sent,
                    now,
                    most,
                };
                self.of_link(id, link).note(fact);
            }
        }
    }

    /// Links that every window had and this one has not.
    fn vanished(&mut self) {
        let windows = self.baseline.windows;
        if windows < ALWAYS || self.baseline.comparable < windows || !self.options.is_whole {
            return;
        }
        for (id, known) in &self.baseline.links {
            let is_regular = match known.least_records {
                0 => known.least >= REGULAR_BYTES,
                records => records >= REGULAR,
            };
            let is_regular = is_regular && !known.is_rejected && known.windows == windows;
            let links = &self.asked.links;
            if is_regular && !links.contains_key(id) && !links.contains_key(&opposite(*id)) {
                let found = self.judged.found.entry(About::Link(*id)).or_default();
                found.link = *id;
                found.note(Fact::Vanished { least: known.least });
                found.note(Fact::Size(known.least));
            }
        }
    }
}

/// What makes a new link more unusual.
fn further(link: &Link) -> impl Iterator<Item = Fact> + use<> {
    let (is_server_outside, is_client_outside) = link.server_and_client_outside();
    let leads_outside = (is_server_outside && !is_client_outside).then_some(Fact::LeadsOutside);
    let is_unregistered = link
        .port
        .is_some_and(|port| service_name(link.protocol, port).is_none());
    let opened = link.rule.is_some_and(|rule| rule > Rule::PortOrder);
    [
        leads_outside,
        is_unregistered.then_some(Fact::Unregistered),
        opened.then_some(Fact::Opened),
    ]
    .into_iter()
    .flatten()
}
