//! The rows of one object, in bursts, into one gzip member.

use std::io::{self, Write};

use flate2::{Compression, GzBuilder};

use super::dice::Dice;
use super::flow::Connection;
use super::pair::{pair, probe};
use super::plan::ObjectPlan;
use super::profile::{NO_DATA, SKIP_DATA};
use super::row::{Content, Format};
use super::world::{Interface, Network, World};
use super::written::Counts;

/// Text is compressed in pieces of this size.
const PIECE: usize = 256 * 1024;

/// Answered connections whose two directions stand one after the other.
const BOTH_WAYS: u64 = 150_000;

/// Marks the gzip header as of no particular operating system.
const NO_SYSTEM: u8 = 255;

/// Writes an object: gzip of level 6, the same bytes everywhere.
pub(super) fn write(
    world: &World,
    plan: &ObjectPlan,
    format: Format,
    into: impl Write,
) -> io::Result<Counts> {
    let Some(network) = world.networks.get(plan.network) else {
        return Ok(Counts::default());
    };
    let encoder = GzBuilder::new()
        .mtime(0)
        .operating_system(NO_SYSTEM)
        .write(into, Compression::new(6));
    let mut rows = Rows {
        world,
        network,
        plan,
        format,
        dice: Dice::of(&[world.seed, 10, plan.number]),
        text: format.header().into_bytes(),
        counts: Counts::default(),
        encoder,
    };
    while rows.left() > 0 {
        rows.idle()?;
        rows.burst()?;
    }
    rows.flush(0)?;
    rows.encoder.finish()?;
    Ok(rows.counts)
}

struct Rows<'a, W: Write> {
    world: &'a World,
    network: &'a Network,
    plan: &'a ObjectPlan,
    format: Format,
    dice: Dice,
    text: Vec<u8>,
    counts: Counts,
    encoder: flate2::write::GzEncoder<W>,
}

impl<W: Write> Rows<'_, W> {
    fn left(&self) -> u64 {
        self.plan.records - self.counts.records()
    }

    /// Now and then, between bursts, an interface that had no traffic or lost records.
    fn idle(&mut self) -> io::Result<()> {
        let burst = self.world.shape.burst;
        let content = match self.dice.below(1_000_000) {
            roll if roll < NO_DATA * burst => Content::NoData,
            roll if roll < (NO_DATA + SKIP_DATA) * burst => Content::SkipData,
            _ => return Ok(()),
        };
        let Some(interface) = self.network.any(&mut self.dice) else {
            return Ok(());
        };
        let times = self.times(interface);
        self.row(interface, times, &content)
    }

    /// Records of one interface.
    fn burst(&mut self) -> io::Result<()> {
        let Some(interface) = self.network.popular(&mut self.dice) else {
            return Ok(());
        };
        let times = self.times(interface);
        let mean = self.world.shape.burst;
        let length = 1 + self.dice.below(2 * mean - 1);
        let stop = self.left().saturating_sub(length);
        while self.left() > stop {
            let pair = if self.dice.chance(self.world.shape.scan) {
                probe(self.world, self.network, interface, self.dice.roll())
            } else {
                let rank = self.dice.rank(interface.pairs);
                pair(self.world, self.network, interface, rank)
            };
            let connection = Connection::of(pair, &mut self.dice);
            // Often both ways, one after the other, if there is room for both; else either.
            let both = connection.answered() && self.dice.chance(BOTH_WAYS) && self.left() > stop + 1;
            let to_server = both || !connection.answered() || self.dice.chance(500_000);
            let own = self.own_times(times);
            self.row(interface, own, &Content::Flow(connection.flow(to_server)))?;
            if both {
                let own = self.own_times(times);
                self.row(interface, own, &Content::Flow(connection.flow(false)))?;
            }
        }
        Ok(())
    }

    /// Start and end of an aggregation interval; intervals follow one another through the object, roughly.
    fn times(&mut self, interface: &Interface) -> (i64, i64) {
        let (first, stop) = self.plan.ends;
        let span = (stop - first).unsigned_abs();
        let done =
            u128::from(self.counts.records()) * u128::from(span) / u128::from(self.plan.records.max(1));
        let ahead = self.dice.below(20);
        let end = (first + done as i64 + ahead as i64).min(stop - 1);
        let longest = if interface.slow { 600 } else { 60 };
        (
            end - longest + self.dice.below(longest.unsigned_abs() / 10) as i64,
            end,
        )
    }

    /// Start and end of one record of a burst.
    fn own_times(&mut self, (start, end): (i64, i64)) -> (i64, i64) {
        if !self.world.shape.own_times {
            return (start, end);
        }
        let most = (end - start).unsigned_abs() / 3 + 1;
        (
            start + self.dice.below(most) as i64,
            end - self.dice.below(most) as i64,
        )
    }

    fn row(&mut self, interface: &Interface, times: (i64, i64), content: &Content) -> io::Result<()> {
        if self.left() == 0 {
            return Ok(());
        }
        self.format
            .write(&mut self.text, self.network, interface, times, content);
        self.counts.add(content);
        self.flush(PIECE)
    }

    /// Compresses the text at hand if it is longer than `most`.
    fn flush(&mut self, most: usize) -> io::Result<()> {
        if self.text.len() > most {
            self.encoder.write_all(&self.text)?;
            self.counts.text_bytes += self.text.len() as u64;
            self.text.clear();
        }
        Ok(())
    }
}
