//! What the windows of a baseline have shown: links, services, hosts, and how often new ones came.

use foldhash::fast::RandomState;
use hashbrown::{HashMap, HashSet};

use super::window::{Link, Window, number, service};
use crate::service::Rule;
use crate::sources::AskError;

/// What is remembered may be of so many times the links of one window: it takes less for each.
const MORE: usize = 4;

/// What is known of a link.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Known {
    /// Windows that have it.
    pub(super) windows: u32,
    /// Most bytes in one window, from the lesser node and from the greater.
    pub(super) most: [u64; 2],
    /// Least bytes in one window that has it, either way.
    pub(super) least: u64,
    /// Least records, one way as one interface tells them; 0 where only texts tell.
    pub(super) least_records: u32,
    pub(super) is_rejected: bool,
}

/// What is known of an end.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct End {
    /// Services that it offered in a later window and in none before.
    pub(super) new_services: u32,
    /// Whether it talked on ports that nothing tells.
    pub(super) is_unclear: bool,
    /// Most links in one window that it is the client of.
    pub(super) contacts: u64,
    /// Most bytes in one window, received and sent; of those inside alone.
    pub(super) most: [u64; 2],
}

/// What windows have shown.
#[derive(Debug, Default)]
pub(super) struct Baseline {
    /// How many windows.
    pub(super) windows: u32,
    /// How many of them are as long as the one that is asked: by these alone volumes are judged.
    pub(super) comparable: u32,
    pub(super) links: HashMap<u64, Known, RandomState>,
    /// Pairs of ends.
    pairs: HashSet<u64, RandomState>,
    /// Clients that each service had in a later window and in none before.
    services: HashMap<u64, u32, RandomState>,
    /// Servers that each client had on a port in a later window and in none before.
    uses: HashMap<u64, u32, RandomState>,
    ends: HashMap<u64, End, RandomState>,
}

/// What the ends of a window's links sum to.
#[derive(Debug, Default)]
pub(super) struct Ends {
    /// Received and sent, of those inside.
    pub(super) bytes: HashMap<u64, [u64; 2], RandomState>,
    /// Links by their client, and how many of them were rejected.
    pub(super) contacts: HashMap<u64, [u64; 2], RandomState>,
}

impl Ends {
    pub(super) fn of(window: &Window<'_>) -> Self {
        let mut ends = Self::default();
        for link in window.links.values() {
            let (_, client) = link.server_and_client();
            let [contacts, rejected] = ends.contacts.entry(client).or_default();
            *contacts += 1;
            *rejected += u64::from(link.is_rejected);
            if link.is_rejected {
                continue;
            }
            let [forth, back] = link.ways();
            let sums = [[back, forth], [forth, back]];
            for ((node, sums), is_outside) in link.nodes.iter().zip(sums).zip(link.is_outside) {
                if !is_outside {
                    let all = ends.bytes.entry(*node).or_default();
                    for (all, bytes) in all.iter_mut().zip(sums) {
                        *all = all.saturating_add(bytes);
                    }
                }
            }
        }
        ends
    }
}

impl Baseline {
    /// Takes a window's links; of windows of another length no volumes.
    ///
    /// # Errors
    /// [`AskError::TooMany`].
    pub(super) fn learn(
        &mut self,
        window: &Window<'_>,
        is_comparable: bool,
        most: usize,
    ) -> Result<(), AskError> {
        let is_later = self.windows > 0;
        self.windows += 1;
        self.comparable += u32::from(is_comparable);
        for (id, link) in &window.links {
            let known = self.links.entry(*id).or_default();
            let is_new = known.windows == 0;
            known.least_records = if is_new {
                link.records()
            } else {
                known.least_records.min(link.records())
            };
            known.windows += 1;
            known.is_rejected = link.is_rejected;
            known.least = if is_new {
                link.bytes()
            } else {
                known.least.min(link.bytes())
            };
            if is_comparable {
                for (most, bytes) in known.most.iter_mut().zip(link.ways()) {
                    *most = bytes.max(*most);
                }
            }
            if !link.is_rejected {
                self.note(link, window, is_new && is_later, is_later);
            }
        }
        let ends = Ends::of(window);
        if is_comparable {
            for (node, bytes) in ends.bytes {
                let end = self.ends.entry(node).or_default();
                for (most, bytes) in end.most.iter_mut().zip(bytes) {
                    *most = bytes.max(*most);
                }
            }
            for (client, [contacts, _]) in ends.contacts {
                let end = self.ends.entry(client).or_default();
                end.contacts = end.contacts.max(contacts);
            }
        }
        if self.links.len() > most.saturating_mul(MORE) {
            return Err(AskError::TooMany(most));
        }
        Ok(())
    }

    /// Notes the ends and the service of a link that was not rejected.
    fn note(&mut self, link: &Link, window: &Window<'_>, is_newcomer: bool, is_later: bool) {
        self.pairs.insert(number(link.nodes));
        for node in link.nodes {
            let end = self.ends.entry(node).or_default();
            end.is_unclear |= link.port.is_none();
        }
        let Some(id) = link.service() else {
            return;
        };
        if link.rule == Some(Rule::PortOrder) && window.opened_from.contains(&id) {
            return;
        }
        let (server, client) = link.server_and_client();
        let is_first = !self.services.contains_key(&id);
        *self.services.entry(id).or_default() += u32::from(is_newcomer);
        *self.uses.entry(use_of(client, link)).or_default() += u32::from(is_newcomer);
        let end = self.ends.entry(server).or_default();
        end.new_services += u32::from(is_first && is_later);
        if let Some(port) = link.port.filter(|_| link.is_even) {
            self.services
                .entry(service(client, port, link.protocol))
                .or_default();
        }
    }

    /// Whether the ends of a link have talked, on whatever port.
    pub(super) fn have_talked(&self, link: &Link) -> bool {
        self.pairs.contains(&number(link.nodes))
    }

    /// Whether a service was offered.
    pub(super) fn has_service(&self, id: u64) -> bool {
        self.services.contains_key(&id)
    }

    pub(super) fn end(&self, node: u64) -> Option<&End> {
        self.ends.get(&node)
    }

    /// Whether new pairs are usual here: the service takes new clients all the time, or the client calls new servers on this
    /// port all the time.
    pub(super) fn is_open(&self, link: &Link) -> bool {
        let Some(id) = link.service() else {
            return false;
        };
        let (_, client) = link.server_and_client();
        let clients = self.services.get(&id).copied().unwrap_or_default();
        let servers = self.uses.get(&use_of(client, link)).copied().unwrap_or_default();
        self.is_usual(clients.max(servers))
    }

    /// Whether something that came so often in later windows is usual: at least once in every second of them.
    pub(super) fn is_usual(&self, newcomers: u32) -> bool {
        newcomers > 0 && newcomers.saturating_mul(2) >= self.windows.saturating_sub(1)
    }
}

/// The number of a client's use of a port, of whichever server.
fn use_of(client: u64, link: &Link) -> u64 {
    number((client, link.port, link.protocol, "use"))
}
