//! The kernel against the oracle, in every way that the kernel has: on one thread and on two, with the processor's
//! vectors and without, within memory and beyond it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Cursor, Read};
use std::net::IpAddr;
use std::sync::Mutex;

use crate::checks::HeldRuns;
use crate::contents::InOrder;
use crate::digest::Digest;
use crate::dimensions::Dimensions;
use crate::edge::Edge;
use crate::error::FoldError;
use crate::fact::FACTS;
use crate::fold::{BadRows, Fold, FoldOptions};
use crate::interface_facts::InterfaceFacts;
use crate::oracle::{
    self, Answer, Counts, EdgeKey, Further, Interface, InterfaceKey, Question, Refusal, Sums,
};
use crate::parallel::{Source, fold_parallel};
use crate::spill::Budget;
use crate::standing::SharedAddress;
use crate::tally::ObjectTally;

/// Keys and bytes.
pub type Objects = Vec<(String, Vec<u8>)>;

/// Digests objects in every way and by the oracle, and compares texts, edges and counts, or the reasons why there is none.
/// Sources give at most `piece` bytes at a time; the spilled digest has a budget of so many bytes. Gives the oracle's
/// counts.
///
/// # Errors
/// The oracle's refusal, with which the kernel agreed.
pub fn all_ways(
    question: &Question,
    objects: &Objects,
    piece: usize,
    budget: usize,
) -> Result<Counts, Refusal> {
    let expected = oracle::digest(question, objects);
    let options = FoldOptions {
        window: question.window,
        bad_rows: if question.skip {
            BadRows::Skip
        } else {
            BadRows::Fail
        },
        max_row: question.max_row,
        edges: true,
        ..FoldOptions::default()
    };
    let one = |fold| one_thread(fold, objects, piece);
    let spilled = Fold::within(&options, Some(HeldRuns::budget(budget)));
    compare("one thread", &expected, one(Fold::new(&options)));
    for (level, fold) in Fold::at_every_level(&options) {
        compare(&level, &expected, one(fold));
    }
    compare("spilled", &expected, one(spilled));
    let sums = FoldOptions {
        edges: false,
        ..options.clone()
    };
    compare("no history", &expected, one(Fold::new(&sums)));
    compare(
        "two threads",
        &expected,
        two_threads(&options, None, objects, piece),
    );
    let budget = Some(HeldRuns::budget(budget));
    let spilled = two_threads(&options, budget, objects, piece);
    compare("two threads, spilled", &expected, spilled);
    expected.map(|answer| answer.counts)
}

/// A digest's text, its edges and interfaces where they have a history, and its counts; or why there is none.
type Found = Result<(Vec<u8>, Option<(Edges, Interfaces)>, Counts, Option<(i64, i64)>), Refusal>;

type Edges = BTreeMap<EdgeKey, Sums>;
type Interfaces = BTreeMap<InterfaceKey, Interface>;

fn one_thread(mut fold: Fold, objects: &Objects, piece: usize) -> Found {
    for (key, bytes) in objects {
        let mut source = Pieces(Cursor::new(bytes.as_slice()), piece);
        fold.read_object(key, &mut InOrder(&mut source))
            .map_err(refusal)?;
    }
    written(&fold.finish().map_err(refusal)?)
}

fn two_threads(options: &FoldOptions, budget: Option<Budget>, objects: &Objects, piece: usize) -> Found {
    let queue = Mutex::new(objects.clone().into_iter());
    let next = || -> Option<Source> {
        let (key, bytes) = queue.lock().expect("no thread died").next()?;
        Some((key, Box::new(InOrder(Pieces(Cursor::new(bytes), piece)))))
    };
    written(&fold_parallel(options, budget, 2, next, |_, _| {}).map_err(refusal)?)
}

fn written(digest: &Digest) -> Found {
    let mut text = Vec::new();
    // Runs are merged as they are written: only then a sum may pass its range.
    digest.write_text(&mut text).map_err(overflow)?;
    let (mut edges, mut count) = (Edges::new(), 0);
    let all = digest.for_each_edge(|one| {
        if one.history.is_some() {
            let (key, sums) = edge(one);
            edges.insert(key, sums);
            count += 1;
        }
        Ok(())
    });
    all.map_err(overflow)?;
    assert_eq!(edges.len(), count, "an edge is there twice");
    let (interfaces, are_kept) = interfaces(digest);
    assert!(are_kept || count == 0, "edges without interfaces");
    let edges = are_kept.then_some((edges, interfaces));
    Ok((text, edges, counts(digest.tally()), digest.span()))
}

fn compare(way: &str, expected: &Result<Answer, Refusal>, found: Found) {
    match (expected, found) {
        (Ok(answer), Ok((text, edges, counts, span))) => {
            assert_eq!(answer.counts, counts, "{way}: the counts differ");
            assert_eq!(answer.span, span, "{way}: the spans differ");
            assert!(answer.text == text, "{way}: {}", difference(&answer.text, &text));
            if let Some((edges, interfaces)) = edges {
                let mut expected = answer.edges.clone();
                expected.values_mut().for_each(keep_ends);
                assert!(edges == expected, "{way}: the edges differ");
                assert_eq!(interfaces, answer.interfaces, "{way}: the interfaces differ");
            }
        }
        // The oracle inflates and reads everything before it sums up; the kernel meets what comes first.
        (Err(Refusal::Corrupt(_)), Err(Refusal::BadRow(..) | Refusal::NotFlowLog(..))) => {}
        (Err(_), Err(Refusal::Overflow)) => {}
        (Ok(answer), Err(Refusal::Overflow)) if answer.counts.objects_refused > 0 => {}
        (Err(expected), Err(found)) => assert_eq!(*expected, found, "{way}: the reasons differ"),
        (expected, found) => {
            let told = (
                expected.as_ref().map(|answer| answer.counts),
                found.map(|found| found.2),
            );
            panic!("{way}: the oracle against the kernel: {told:?}");
        }
    }
}

/// Of folded ports, the kernel keeps the least and the greatest.
fn keep_ends(sums: &mut Sums) {
    let ports = &sums.folded_ports;
    sums.folded_ports = ports.first().into_iter().chain(ports.last()).copied().collect();
}

/// The first line that differs.
fn difference(expected: &[u8], found: &[u8]) -> String {
    let lines = |text: &[u8]| -> Vec<String> {
        let text = String::from_utf8_lossy(text);
        text.lines().map(str::to_owned).collect()
    };
    let (expected, found) = (lines(expected), lines(found));
    let same = expected
        .iter()
        .zip(&found)
        .take_while(|(one, other)| one == other)
        .count();
    format!(
        "line {}: expected {:?}, found {:?}",
        same + 1,
        expected.get(same),
        found.get(same)
    )
}

/// An edge in the oracle's words. It has a history.
#[must_use]
pub fn edge(edge: &Edge<'_>) -> (EdgeKey, Sums) {
    let first = |name: &[u8]| (name != b"-", name.to_vec());
    let history = edge.history.expect("edges have a history");
    let key = (
        first(edge.account_id),
        first(edge.interface_id),
        edge.srcaddr,
        edge.dstaddr,
        edge.ports.map(|(src, dst)| (src.into(), dst.into())),
        edge.protocol.into(),
        edge.action.to_vec(),
        further(&edge.dimensions),
    );
    let sums = Sums {
        packets: edge.packets.into(),
        bytes: edge.bytes.into(),
        records: history.records,
        syn: history.syn,
        synack: history.synack,
        rst: history.rst,
        first_seen: history.first_seen,
        last_seen: history.last_seen,
        tcp_flags: history.tcp_flags.map(u64::from),
        versions: (0..32).filter(|bit| history.versions >> bit & 1 == 1).collect(),
        folded_ports: history
            .folded_ports
            .map(|(least, greatest)| BTreeSet::from([least.into(), greatest.into()]))
            .unwrap_or_default(),
    };
    (key, sums)
}

fn further(dimensions: &Dimensions<'_>) -> Further {
    let text = |text: Option<&[u8]>| text.map(<[u8]>::to_vec);
    Further {
        pkt_srcaddr: dimensions.pkt_srcaddr,
        pkt_dstaddr: dimensions.pkt_dstaddr,
        flow_direction: text(dimensions.flow_direction),
        traffic_path: dimensions.traffic_path.map(|path| path.unsigned_abs().into()),
        reject_reason: text(dimensions.reject_reason),
        pkt_src_aws_service: text(dimensions.pkt_src_aws_service),
        pkt_dst_aws_service: text(dimensions.pkt_dst_aws_service),
        interface: dimensions
            .interface
            .facts()
            .map(|(place, value)| (FACTS[place].to_owned(), value.to_vec()))
            .collect(),
    }
}

/// The interfaces of a digest in the oracle's words, each once and in order; and whether there are any to be had.
///
/// # Panics
/// Where one is there twice, or out of order.
#[must_use]
pub fn interfaces(digest: &Digest) -> (BTreeMap<InterfaceKey, Interface>, bool) {
    let (mut found, mut keys) = (BTreeMap::new(), Vec::new());
    let are_kept = digest.for_each_interface(|one| {
        let (key, interface) = interface(one);
        keys.push(key.clone());
        found.insert(key, interface);
        Ok(())
    });
    assert!(keys.is_sorted() && keys.len() == found.len(), "{keys:?}");
    (found, are_kept.expect("memory cannot fail"))
}

fn interface(one: &InterfaceFacts<'_>) -> (InterfaceKey, Interface) {
    let first = |name: &[u8]| (name != b"-", name.to_vec());
    let facts = FACTS.iter().enumerate();
    let told = facts.filter_map(|(place, name)| Some(((*name).to_owned(), one.fact(place)?.to_vec())));
    let interface = Interface {
        records: one.records,
        no_data: one.no_data,
        skip_data: one.skip_data,
        seen: one.seen,
        minutes: one.minutes,
        reported: one.reported.clone(),
        ipv4: common(one.ipv4),
        ipv6: common(one.ipv6),
        told: told
            .map(|(name, value)| (name, BTreeSet::from([(0, value)])))
            .collect(),
        changed: one.changed().map(str::to_owned).collect(),
    };
    ((first(one.account_id), first(one.interface_id)), interface)
}

fn common<A: Into<IpAddr>>(common: SharedAddress<A>) -> Option<BTreeSet<IpAddr>> {
    match common {
        SharedAddress::Unseen => None,
        SharedAddress::None => Some(BTreeSet::new()),
        SharedAddress::One(one) => Some(BTreeSet::from([one.into()])),
        SharedAddress::Two(one, other) => Some(BTreeSet::from([one.into(), other.into()])),
    }
}

/// A tally in the oracle's words. Every row has one fate.
#[must_use]
pub fn counts(tally: &ObjectTally) -> Counts {
    let fates = tally.records
        + tally.outside_window
        + tally.second_sightings
        + tally.superseded
        + tally.no_data
        + tally.skip_data
        + tally.other_status
        + tally.unusable
        + tally.bad_rows;
    assert_eq!(tally.rows, fates, "every row has one fate");
    Counts {
        objects: tally.objects,
        objects_refused: tally.objects_refused,
        headers: tally.headers,
        rows: tally.rows,
        records: tally.records,
        outside_window: tally.outside_window,
        second_sightings: tally.second_sightings,
        no_data: tally.no_data,
        skip_data: tally.skip_data,
        other_status: tally.other_status,
        unusable: tally.unusable,
        bad_rows: tally.bad_rows,
    }
}

fn refusal(error: FoldError) -> Refusal {
    match error {
        FoldError::BadRow { key, line, .. } => Refusal::BadRow(key, line),
        FoldError::Corrupt { key, .. } | FoldError::TooLarge { key, .. } => Refusal::Corrupt(key),
        FoldError::NotFlowLog { key, line, .. } => Refusal::NotFlowLog(key, line),
        FoldError::Overflow { .. } => Refusal::Overflow,
        FoldError::Read { .. } | FoldError::Spill { .. } => panic!("memory cannot fail: {error}"),
    }
}

fn overflow(error: io::Error) -> Refusal {
    let inner = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<FoldError>());
    match inner {
        Some(FoldError::Overflow { .. }) => Refusal::Overflow,
        _ => panic!("memory cannot fail: {error}"),
    }
}

/// Gives at most so many bytes at a time.
struct Pieces<B>(Cursor<B>, usize);

impl<B: AsRef<[u8]>> Read for Pieces<B> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let room = self.1.clamp(1, out.len().max(1)).min(out.len());
        self.0.read(&mut out[..room])
    }
}
