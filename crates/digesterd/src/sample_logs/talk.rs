//! What each role talks: a few fixed conversations that its work needs, and open ones with any number of peers.

use super::world::Role;

pub(super) const ICMP: u8 = 1;
pub(super) const TCP: u8 = 6;
pub(super) const UDP: u8 = 17;
pub(super) const ICMP_V6: u8 = 58;

/// A conversation that a role has.
#[derive(Debug, Clone, Copy)]
pub(super) struct Talk {
    pub(super) peers: Peers,
    /// Whether the interface is the server.
    pub(super) serves: bool,
    /// The server's port; 0 for protocols without ports.
    pub(super) port: u16,
    pub(super) protocol: u8,
    /// Mean bytes of a packet to the server, and back.
    pub(super) sizes: (u64, u64),
}

/// The far ends of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Peers {
    /// Interfaces of a role in the same network.
    Role(Role),
    /// The network's own name server.
    Resolver,
    /// The machine that watches the others.
    Monitor,
    /// Services of the cloud, at public addresses.
    Cloud,
    /// Containers in the network's second range.
    Containers,
    /// Anyone.
    Internet,
}

const fn serve(peers: Peers, port: u16, sizes: (u64, u64)) -> Talk {
    Talk {
        peers,
        serves: true,
        port,
        protocol: TCP,
        sizes,
    }
}

const fn call(peers: Peers, port: u16, sizes: (u64, u64)) -> Talk {
    Talk {
        serves: false,
        ..serve(peers, port, sizes)
    }
}

const fn over(protocol: u8, talk: Talk) -> Talk {
    Talk { protocol, ..talk }
}

// Mean sizes of the packets of an interface's services.
const WEB: (u64, u64) = (420, 1180);
const APP: (u64, u64) = (310, 890);
const DATABASE: (u64, u64) = (240, 1120);
const CACHE: (u64, u64) = (120, 640);
const TLS: (u64, u64) = (190, 1240);

const RESOLVE: Talk = over(UDP, call(Peers::Resolver, 53, (68, 132)));
const CLOCK: Talk = over(UDP, call(Peers::Resolver, 123, (76, 76)));
const PING: Talk = over(ICMP, serve(Peers::Monitor, 0, (84, 84)));
const METRICS: Talk = serve(Peers::Monitor, 9100, (92, 980));
const STORE: Talk = call(Peers::Cloud, 443, (610, 1290));
const TO_WEB: Talk = call(Peers::Role(Role::Web), 8443, WEB);
const TO_APP: Talk = call(Peers::Role(Role::App), 9000, APP);
const TO_DATABASE: Talk = call(Peers::Role(Role::Database), 5432, DATABASE);
const TO_CACHE: Talk = call(Peers::Role(Role::Cache), 6379, CACHE);
const FROM_BALANCER: Talk = serve(Peers::Role(Role::Balancer), 8443, WEB);
const FROM_WEB: Talk = serve(Peers::Role(Role::Web), 9000, APP);
const QUERY: Talk = serve(Peers::Role(Role::App), 5432, DATABASE);
const LOOKUP: Talk = serve(Peers::Role(Role::App), 6379, CACHE);

/// The fixed conversations of a role, busiest first.
pub(super) const fn fixed(role: Role) -> &'static [Talk] {
    match role {
        Role::Balancer => &[TO_WEB, TO_WEB, TO_WEB, TO_WEB, METRICS, PING],
        Role::Web => &[
            FROM_BALANCER,
            TO_APP,
            TO_APP,
            TO_APP,
            RESOLVE,
            STORE,
            METRICS,
            PING,
            CLOCK,
        ],
        Role::App => &[
            TO_DATABASE,
            FROM_WEB,
            TO_CACHE,
            FROM_WEB,
            TO_DATABASE,
            RESOLVE,
            STORE,
            METRICS,
            PING,
            CLOCK,
        ],
        Role::Database => &[QUERY, QUERY, QUERY, RESOLVE, STORE, METRICS, CLOCK],
        Role::Cache => &[LOOKUP, LOOKUP, METRICS, PING],
        Role::Gateway => &[STORE, STORE, RESOLVE, METRICS, PING],
    }
}

// The open conversations; the first of each role is the most frequent.
const OPEN_BALANCER: &[Talk] = &[
    serve(Peers::Internet, 443, TLS),
    serve(Peers::Internet, 80, (160, 380)),
];
const OPEN_WEB: &[Talk] = &[
    serve(Peers::Internet, 443, TLS),
    call(Peers::Internet, 443, (230, 940)),
];
const OPEN_APP: &[Talk] = &[
    serve(Peers::Containers, 9000, APP),
    call(Peers::Internet, 443, (230, 940)),
];
const OPEN_DATABASE: &[Talk] = &[serve(Peers::Containers, 5432, DATABASE)];
const OPEN_CACHE: &[Talk] = &[serve(Peers::Containers, 6379, CACHE)];
const OPEN_GATEWAY: &[Talk] = &[
    call(Peers::Internet, 443, (230, 940)),
    call(Peers::Internet, 22, (140, 180)),
    over(UDP, call(Peers::Internet, 443, (250, 1150))),
];

/// An open conversation of a role, by chance.
pub(super) fn open(role: Role, chance: u64) -> Talk {
    let talks = match role {
        Role::Balancer => OPEN_BALANCER,
        Role::Web => OPEN_WEB,
        Role::App => OPEN_APP,
        Role::Database => OPEN_DATABASE,
        Role::Cache => OPEN_CACHE,
        Role::Gateway => OPEN_GATEWAY,
    };
    // One in four may be of a less frequent kind.
    let at = if chance.is_multiple_of(4) {
        (chance >> 8) % talks.len() as u64
    } else {
        0
    };
    talks.get(at as usize).copied().unwrap_or(STORE)
}
