//! The accepted edge that was passed last: the rejected one between the same ends follows it at once.

use std::net::IpAddr;

use digest_core::Edge;

/// All of an accepted edge's key but its action.
pub(super) struct Accepted {
    account: Vec<u8>,
    interface: Vec<u8>,
    rest: (IpAddr, IpAddr, Option<(u16, u16)>, u8),
}

impl Accepted {
    fn rest(edge: &Edge<'_>) -> (IpAddr, IpAddr, Option<(u16, u16)>, u8) {
        (edge.srcaddr, edge.dstaddr, edge.ports, edge.protocol)
    }

    pub(super) fn remember(place: &mut Option<Self>, edge: &Edge<'_>) {
        let accepted = place.get_or_insert_with(|| Self {
            account: Vec::new(),
            interface: Vec::new(),
            rest: Self::rest(edge),
        });
        for (known, name) in [
            (&mut accepted.account, edge.account_id),
            (&mut accepted.interface, edge.interface_id),
        ] {
            if known != name {
                name.clone_into(known);
            }
        }
        accepted.rest = Self::rest(edge);
    }

    pub(super) fn is_of(&self, edge: &Edge<'_>) -> bool {
        self.rest == Self::rest(edge)
            && self.account == edge.account_id
            && self.interface == edge.interface_id
    }
}
