//! What is unusual about traffic, fact by fact: each adds points to the score, and says itself in words.

use serde::Serialize;

use crate::figures::{bytes, counted, grouped};

/// A fact, with the figures that it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fact {
    /// The two never talked, or on other ports alone.
    NewPair { on_other_ports: bool },
    /// The server never offered this service; or was never seen at all.
    NewService { is_unseen: bool },
    /// It was accepted in so many windows and rejected in none.
    NewlyRejected { accepted: u32 },
    /// It was there in every window, with so many bytes at least.
    Vanished { least: u64 },
    /// One client addressed so many services of servers, of which so many were rejected.
    ManyContacts { now: u64, rejected: u64, most: u64 },
    /// More bytes than ever from one end to the other.
    Volume { to_server: bool, now: u64, most: u64 },
    /// More bytes than ever that one end received or sent in all.
    HostVolume {
        of_server: bool,
        sent: bool,
        now: u64,
        most: u64,
    },
    /// An end inside talks to a server outside.
    LeadsOutside,
    /// IANA has given the port to no service.
    Unregistered,
    /// Flags show that a connection was opened.
    Opened,
    /// So many bytes.
    Size(u64),
}

/// A fact in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnusualFact {
    /// Which.
    pub fact: &'static str,
    /// What it adds to the score.
    pub points: u32,
    /// In words, with figures.
    pub why: String,
}

/// What words need beside the fact.
#[derive(Debug)]
pub(super) struct Names<'n> {
    pub(super) client: &'n str,
    pub(super) server: &'n str,
    pub(super) service: &'n str,
    /// Windows of the baseline, and those that volumes are judged by.
    pub(super) windows: u32,
    pub(super) comparable: u32,
}

/// 10 for each tenfold of this.
fn tenfolds(now: u64, of: u64, most: u32) -> u32 {
    let (mut points, mut bound) = (0, of);
    while points < most && now >= bound {
        points += 10;
        bound = bound.saturating_mul(10);
    }
    points
}

impl Fact {
    /// Its name for programs.
    fn name(self) -> &'static str {
        match self {
            Self::NewPair {
                on_other_ports: false,
            } => "new-pair",
            Self::NewPair { on_other_ports: true } => "new-use",
            Self::NewService { .. } => "new-service",
            Self::NewlyRejected { .. } => "newly-rejected",
            Self::Vanished { .. } => "vanished",
            Self::ManyContacts { .. } => "many-contacts",
            Self::Volume { .. } => "volume",
            Self::HostVolume { .. } => "host-volume",
            Self::LeadsOutside => "leads-outside",
            Self::Unregistered => "unregistered",
            Self::Opened => "opened",
            Self::Size(_) => "size",
        }
    }

    /// What it adds to the score.
    pub(super) fn points(self) -> u32 {
        match self {
            Self::NewPair {
                on_other_ports: false,
            } => 20,
            Self::NewPair { on_other_ports: true } => 10,
            Self::NewService { .. } | Self::NewlyRejected { .. } | Self::Vanished { .. } => 40,
            Self::ManyContacts { now, .. } => 50 + tenfolds(now, 100, 30),
            Self::Volume { now, most, .. } | Self::HostVolume { now, most, .. } => {
                30 + tenfolds(now, most.max(1).saturating_mul(10), 30)
            }
            Self::LeadsOutside => 20,
            Self::Unregistered | Self::Opened => 10,
            Self::Size(now) => tenfolds(now, 10_000_000, 30),
        }
    }

    fn words(self, names: &Names<'_>) -> String {
        let Names {
            client,
            server,
            service,
            ..
        } = names;
        let windows = counted(names.windows.into(), "window");
        let comparable = counted(names.comparable.into(), "window");
        let any = match names.comparable {
            1 => comparable.clone(),
            _ => format!("any of {comparable}"),
        };
        let times = |now: u64, most: u64| match now.checked_div(most) {
            None => format!("and nothing in {any}"),
            Some(times) => format!(
                "{} times the most in {any} ({})",
                grouped(times),
                bytes(most.into())
            ),
        };
        match self {
            Self::NewPair {
                on_other_ports: false,
            } => format!("no such pair in {windows}"),
            Self::NewPair { on_other_ports: true } => {
                format!("the pair is not new, and did not use {service} in {windows}")
            }
            Self::NewService { is_unseen: false } => format!("{server} offered no {service} in {windows}"),
            Self::NewService { is_unseen: true } => format!("{server} was not seen in {windows}"),
            Self::NewlyRejected { accepted } => {
                format!("rejected; accepted in {accepted} of {windows}, and rejected in none of them")
            }
            Self::Vanished { least } => format!(
                "gone; it was in each of {windows}, with {} or more",
                bytes(least.into())
            ),
            Self::ManyContacts { now, rejected, most } => format!(
                "{client} addressed {}, {} of them rejected; {} at most in {any}",
                counted(now, "service"),
                grouped(rejected),
                grouped(most)
            ),
            Self::Volume { to_server, now, most } => {
                let from = if to_server { client } else { server };
                format!("{} from {from}, {}", bytes(now.into()), times(now, most))
            }
            Self::HostVolume {
                of_server,
                sent,
                now,
                most,
            } => {
                let host = if of_server { server } else { client };
                let done = if sent { "sent" } else { "received" };
                format!("{host} {done} {} in all, {}", bytes(now.into()), times(now, most))
            }
            Self::LeadsOutside => "it leads outside".to_owned(),
            Self::Unregistered => format!("{service} is registered for no service"),
            Self::Opened => "flags show that it was opened".to_owned(),
            Self::Size(size) => bytes(size.into()),
        }
    }

    /// With its points and words.
    pub(super) fn told(self, names: &Names<'_>) -> UnusualFact {
        UnusualFact {
            fact: self.name(),
            points: self.points(),
            why: self.words(names),
        }
    }

    /// Whether it is worth a word by itself, for people.
    pub(super) fn is_main(self) -> bool {
        !matches!(self, Self::Opened | Self::Size(_))
    }
}
