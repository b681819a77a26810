//! Which objects there will be: network, name, times and number of records of each.

use chrono::DateTime;
use digest_core::Window;

use super::dice::{Dice, hash};
use super::world::World;

/// Seconds between the times that objects are named by.
const GRID: i64 = 300;

/// Records go on this long after the window, as if the logs had been fetched then.
const AFTERWARDS: i64 = 60;

/// Every so many objects of a network, one is delivered late.
const LATE: u64 = 6;

/// A flow log object to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ObjectPlan {
    /// Names the chance of this object.
    pub(super) number: u64,
    /// Index of its network.
    pub(super) network: usize,
    /// The records end in this span of Unix seconds.
    pub(super) ends: (i64, i64),
    /// Rows under the header.
    pub(super) records: u64,
    /// The object's key under the bucket.
    pub(super) key: String,
}

/// Lays out `objects` objects (at least one for each network) with `records` records in all.
pub(super) fn plan(world: &World, window: &Window, objects: u64, records: u64) -> Vec<ObjectPlan> {
    let networks = world.networks.len() as u64;
    let weights = world.networks.iter().map(|network| network.weight());
    // One object each, then by weight.
    let more = shares(objects.saturating_sub(networks), weights.clone());
    let mut planned = Vec::new();
    let shares_of_networks = shares(records, weights);
    for ((network, more), records) in (0..).zip(more).zip(shares_of_networks) {
        let spans: Vec<Span> = (0..=more)
            .map(|index| Span::of(window, network as u64, index, more + 1))
            .collect();
        let mut dice = Dice::of(&[world.seed, 8, network as u64]);
        // The largest object is ten times the smallest.
        let weights: Vec<u64> = spans
            .iter()
            .map(|span| span.seconds() * (10 + dice.below(90)))
            .collect();
        for (span, records) in spans.iter().zip(shares(records, weights.into_iter())) {
            let number = planned.len() as u64;
            planned.push(ObjectPlan {
                number,
                network,
                ends: span.ends,
                records,
                key: key(world, network, span.named, number),
            });
        }
    }
    planned
}

/// The times of an object.
struct Span {
    ends: (i64, i64),
    named: i64,
}

impl Span {
    /// The objects of a network follow one another in time; some are named later than their records say.
    fn of(window: &Window, network: u64, index: u64, count: u64) -> Self {
        let (start, stop) = (window.start_unix(), window.stop_unix());
        let first = start - start.rem_euclid(GRID);
        let buckets = (stop - first) / GRID + 1;
        let bucket = i128::from(index) * i128::from(buckets) / i128::from(count);
        let bucket = first + bucket as i64 * GRID;
        let late = if index % LATE == LATE - 1 {
            1 + (network + index / LATE) % 4
        } else {
            0
        };
        Self {
            ends: (bucket.max(start), (bucket + GRID).min(stop + AFTERWARDS)),
            named: bucket + late as i64 * GRID,
        }
    }

    fn seconds(&self) -> u64 {
        (self.ends.1 - self.ends.0).unsigned_abs()
    }
}

/// Shares `whole` out in proportion to the weights, to the last unit.
fn shares(whole: u64, weights: impl Iterator<Item = u64> + Clone) -> Vec<u64> {
    let total: u128 = weights.clone().map(u128::from).sum();
    let (mut sum, mut given) = (0, 0);
    weights
        .map(|weight| {
            sum += u128::from(weight);
            let due = (u128::from(whole) * sum / total.max(1)) as u64;
            let share = due - given;
            given = due;
            share
        })
        .collect()
}

/// `AWSLogs/<account>/vpcflowlogs/<region>/YYYY/MM/DD/<account>_vpcflowlogs_<region>_<flow log>_<time>_<hash>.log.gz`.
fn key(world: &World, network: usize, named: i64, number: u64) -> String {
    let time = DateTime::from_timestamp(named, 0).unwrap_or_default();
    let (day, minute) = (time.format("%Y/%m/%d"), time.format("%Y%m%dT%H%MZ"));
    let mark = hash(&[world.seed, 9, number]) as u32;
    let Some(network) = world.networks.get(network) else {
        return String::new();
    };
    let (account, region, flow_log) = (network.account, network.region, &network.flow_log);
    let name = format!("{account}_vpcflowlogs_{region}_{flow_log}_{minute}_{mark:08x}.log.gz");
    format!("AWSLogs/{account}/vpcflowlogs/{region}/{day}/{name}")
}
