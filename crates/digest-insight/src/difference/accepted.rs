//! The accepted edge that was passed last: the rejected one between the same ends follows it at once.

use std::net::IpAddr;

use digest_core::DigestRow;

/// All of an accepted edge's key but its action.
pub(super) struct Accepted {
    account: Vec<u8>,
    interface: Vec<u8>,
    rest: (IpAddr, IpAddr, Option<(u16, u16)>, u8),
}

impl Accepted {
    fn rest(row: &DigestRow<'_>) -> (IpAddr, IpAddr, Option<(u16, u16)>, u8) {
        (row.srcaddr(), row.dstaddr(), row.ports(), row.protocol())
    }

    pub(super) fn remember(place: &mut Option<Self>, row: &DigestRow<'_>) {
        let accepted = place.get_or_insert_with(|| Self {
            account: Vec::new(),
            interface: Vec::new(),
            rest: Self::rest(row),
        });
        let (account, interface) = row.names();
        for (known, name) in [
            (&mut accepted.account, account),
            (&mut accepted.interface, interface),
        ] {
            if known != name {
                name.clone_into(known);
            }
        }
        accepted.rest = Self::rest(row);
    }

    pub(super) fn is_of(&self, row: &DigestRow<'_>) -> bool {
        self.rest == Self::rest(row) && (self.account.as_slice(), self.interface.as_slice()) == row.names()
    }
}
