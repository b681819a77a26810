//! One flow record: which way between a pair of peers, and how much.

use std::net::IpAddr;

use super::dice::{Dice, scaled};
use super::pair::Pair;
use super::talk::{Peers, TCP};

/// First of the ephemeral ports that clients use.
const EPHEMERAL: u64 = 32_768;

/// How many ephemeral ports there are.
const PORTS: u64 = 28_232;

/// A flow in one direction.
#[derive(Debug, Clone, Copy)]
pub(super) struct Flow {
    pub(super) src: IpAddr,
    pub(super) dst: IpAddr,
    pub(super) srcport: u64,
    pub(super) dstport: u64,
    pub(super) protocol: u8,
    pub(super) packets: u64,
    pub(super) bytes: u64,
    pub(super) accepted: bool,
    /// TCP flags; `None` for other protocols.
    pub(super) flags: Option<u8>,
    /// Whether it comes in at the interface.
    pub(super) ingress: bool,
    pub(super) peers: Peers,
}

/// A connection between a pair: what its two directions share.
#[derive(Debug, Clone, Copy)]
pub(super) struct Connection {
    pair: Pair,
    ephemeral: u64,
    /// Packets to the server, and back.
    packets: (u64, u64),
    /// Varies the size of the packets.
    spread: u64,
}

impl Connection {
    /// A connection, long-lived or new.
    pub(super) fn of(pair: Pair, dice: &mut Dice) -> Self {
        let roll = dice.roll();
        // A sixth of a pair's connections are kept open, and so keep their port.
        let kept = roll.is_multiple_of(6);
        let port = if kept { pair.salt.rotate_left(17) } else { roll };
        // A quarter exchange what this pair always exchanges.
        let usual = (roll >> 8).is_multiple_of(4);
        let size = if usual {
            pair.salt.rotate_left(31)
        } else {
            dice.roll()
        };
        let scale = 1 + scaled(size, 7) * scaled(size, 6);
        let packets = 1 + scale + (size >> 5) % (scale * 2);
        Self {
            pair,
            ephemeral: EPHEMERAL + scaled(port, PORTS),
            packets: (packets, packets + (size >> 13) % (2 + packets / 2)),
            spread: size >> 20,
        }
    }

    /// Its flow to the server, or back.
    pub(super) fn flow(&self, to_server: bool) -> Flow {
        let pair = &self.pair;
        let ingress = pair.serves == to_server;
        let (src, dst) = if ingress {
            (pair.peer, pair.own)
        } else {
            (pair.own, pair.peer)
        };
        let client = if pair.port == 0 { 0 } else { self.ephemeral };
        let server = u64::from(pair.port);
        let (srcport, dstport) = if to_server {
            (client, server)
        } else {
            (server, client)
        };
        let packets = match (pair.accepted, to_server) {
            (true, true) => self.packets.0,
            (true, false) => self.packets.1,
            (false, _) => 1 + self.packets.0 % 3,
        };
        let size = if to_server { pair.sizes.0 } else { pair.sizes.1 };
        // A ping is of one size, a rejected flow its first packet over and over.
        let fixed = pair.port == 0 || !pair.accepted;
        let more = if fixed {
            0
        } else {
            self.spread % (1 + packets * size / 4)
        };
        Flow {
            src,
            dst,
            srcport,
            dstport,
            protocol: pair.protocol,
            packets,
            bytes: packets * size + more,
            accepted: pair.accepted,
            flags: (pair.protocol == TCP).then_some(self.flags(to_server)),
            ingress,
            peers: pair.peers,
        }
    }

    /// SYN 2 and FIN 1 of the client, SYN-ACK 18 of the server, RST 4 now and then, 0 amid a connection.
    fn flags(&self, to_server: bool) -> u8 {
        let opening = if to_server { 2 } else { 18 };
        match (self.pair.accepted, self.spread % 8) {
            (false, _) => 2,
            (true, 0..3) => 0,
            (true, 3) => opening,
            (true, 4) => opening | 4,
            (true, _) => opening | 1,
        }
    }

    /// Whether there is a way back.
    pub(super) fn answered(&self) -> bool {
        self.pair.accepted
    }
}
