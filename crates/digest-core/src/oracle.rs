//! The naive oracle: a digest in the simplest code there is, to hold the kernel against.
//!
//! It shares nothing with the kernel but [`Window`]: its own splitting, the standard library's parsing, an ordered map
//! of plain keys, everything in memory. Where the two differ, one of them is wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::window::Window;

pub(crate) mod containers;
mod interfaces;
mod names;
mod text;
mod values;

pub use interfaces::{Interface, InterfaceKey};
use names::{DEFAULT, is_complete, is_header, is_known, is_second_sighting};
use values::{address, maybe, number, time, words};

/// Account, interface (each with whether it is there, so that `-` comes first), addresses, ports, protocol, action; and
/// what edges of one line are told apart by.
pub type EdgeKey = (
    (bool, Vec<u8>),
    (bool, Vec<u8>),
    IpAddr,
    IpAddr,
    Option<(u64, u64)>,
    u64,
    Vec<u8>,
    Further,
);

/// What edges of one line are told apart by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
#[expect(missing_docs, reason = "named as in the kernel, where they are described")]
pub struct Further {
    pub pkt_srcaddr: Option<IpAddr>,
    pub pkt_dstaddr: Option<IpAddr>,
    pub flow_direction: Option<Vec<u8>>,
    pub traffic_path: Option<u64>,
    pub reject_reason: Option<Vec<u8>>,
    pub pkt_src_aws_service: Option<Vec<u8>>,
    pub pkt_dst_aws_service: Option<Vec<u8>>,
    /// What is told of the interface where nothing names it.
    pub interface: BTreeMap<String, Vec<u8>>,
}

/// What is asked of the oracle.
#[derive(Debug, Clone, Copy)]
pub struct Question {
    /// Only records that start here; `None`: all.
    pub window: Option<Window>,
    /// Count bad rows and leave corrupt objects out instead of failing.
    pub skip: bool,
    /// Longest row in bytes.
    pub max_row: usize,
}

/// The oracle's digest.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answer {
    /// The digest's text.
    pub text: Vec<u8>,
    /// What each edge adds up to.
    pub edges: BTreeMap<EdgeKey, Sums>,
    /// What is known of each interface.
    pub interfaces: BTreeMap<InterfaceKey, Interface>,
    /// How many lines were what.
    pub counts: Counts,
    /// Minutes (Unix seconds divided by 60) of the window that records and NODATA rows speak for.
    pub minutes: BTreeSet<i64>,
    /// Least start and greatest end.
    pub span: Option<(i64, i64)>,
    /// Names of columns that no field has, and in how many objects they are.
    pub unknown_columns: BTreeMap<String, u64>,
}

/// What an edge adds up to.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "named as in the kernel, where they are described")]
pub struct Sums {
    pub packets: u128,
    pub bytes: u128,
    pub records: u64,
    pub syn: u64,
    pub synack: u64,
    pub rst: u64,
    pub first_seen: i64,
    pub last_seen: i64,
    pub tcp_flags: Option<u64>,
    pub versions: BTreeSet<u64>,
    pub folded_ports: BTreeSet<u64>,
}

/// How many lines were what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "named as in the kernel, where they are described")]
pub struct Counts {
    pub objects: u64,
    pub objects_refused: u64,
    pub headers: u64,
    pub rows: u64,
    pub records: u64,
    pub outside_window: u64,
    pub second_sightings: u64,
    pub no_data: u64,
    pub skip_data: u64,
    pub other_status: u64,
    pub unusable: u64,
    pub bad_rows: u64,
}

/// Why there is no digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// A bad row: object and line.
    BadRow(String, u64),
    /// The object does not inflate, or is not the JSON that it begins as.
    Corrupt(String),
    /// A header without the columns that are needed, or a second one of a kind: object and line.
    NotFlowLog(String, u64),
    /// A sum beyond the signed 64-bit range.
    Overflow,
}

const MOST: u64 = i64::MAX as u64;

/// A row that is no record.
enum No {
    Bad,
    Dash,
}

/// The digest of these objects (keys, and bytes).
///
/// # Errors
/// [`Refusal`], for the first object and line that is wrong.
pub fn digest(question: &Question, objects: &[(String, Vec<u8>)]) -> Result<Answer, Refusal> {
    digest_of_format(question, DEFAULT, objects)
}

/// The same where rows that no header stands above have these columns.
///
/// # Errors
/// As [`digest`].
pub fn digest_of_format(
    question: &Question,
    format: &str,
    objects: &[(String, Vec<u8>)],
) -> Result<Answer, Refusal> {
    let mut all = Answer::default();
    for (key, bytes) in objects {
        // Work on a copy, so that a refused object leaves no trace.
        let mut with = all.clone();
        match read(question, format, key, bytes, &mut with) {
            Ok(()) => {
                with.counts.objects += 1;
                all = with;
            }
            Err(_) if question.skip => all.counts.objects_refused += 1,
            Err(refusal) => return Err(refusal),
        }
    }
    text::render(&mut all)?;
    for interface in all.interfaces.values_mut() {
        interface.settle(question.window);
    }
    Ok(all)
}

fn read(
    question: &Question,
    format: &str,
    key: &str,
    bytes: &[u8],
    into: &mut Answer,
) -> Result<(), Refusal> {
    let text = containers::unwrapped(bytes).ok_or_else(|| Refusal::Corrupt(key.to_owned()))?;
    let mut header: Vec<Vec<u8>> = words(format.as_bytes());
    let mut unknown: BTreeSet<String> = BTreeSet::new();
    let mut note = |header: &[Vec<u8>]| {
        let names = header.iter().filter(|name| !is_known(name));
        unknown.extend(names.map(|name| String::from_utf8_lossy(name).into_owned()));
    };
    let before = (into.counts.rows, into.counts.headers);
    for (line, number) in text.split(|byte| *byte == b'\n').zip(1..) {
        let words = words(line);
        let bad = if line.len() > question.max_row {
            true
        } else if words.is_empty() {
            continue;
        } else if is_header(&words) {
            if !is_complete(&words) {
                return Err(Refusal::NotFlowLog(key.to_owned(), number));
            }
            into.counts.headers += 1;
            note(&words);
            header = words;
            continue;
        } else if words.len() != header.len() {
            true
        } else {
            let row: BTreeMap<&[u8], &[u8]> = header
                .iter()
                .map(Vec::as_slice)
                .zip(words.iter().map(Vec::as_slice))
                .collect();
            matches!(record(question, &row, into), Err(No::Bad))
        };
        into.counts.rows += 1;
        if bad {
            if !question.skip {
                return Err(Refusal::BadRow(key.to_owned(), number));
            }
            into.counts.bad_rows += 1;
        }
    }
    if into.counts.rows > before.0 && into.counts.headers == before.1 {
        note(&header);
    }
    for name in unknown {
        *into.unknown_columns.entry(name).or_default() += 1;
    }
    Ok(())
}

fn record(question: &Question, row: &BTreeMap<&[u8], &[u8]>, into: &mut Answer) -> Result<(), No> {
    let text = |name: &str| row.get(name.as_bytes()).copied();
    let start_name = if text("start").is_some() { "start" } else { "end" };
    let end_name = if text("end").is_some() { "end" } else { "start" };
    let start = time(text(start_name));
    let status = text("log-status").unwrap_or(b"OK");
    let outside = |start: i64| question.window.is_some_and(|window| !window.contains(start));
    if status != b"OK" {
        match (status, start) {
            (_, Ok(start)) if outside(start) => into.counts.outside_window += 1,
            (b"NODATA", start) => {
                into.counts.no_data += 1;
                let end = time(text(end_name));
                if let (Ok(start), Ok(end)) = (&start, &end) {
                    cover(question, into, *start, *end);
                }
                if let Ok(start) = start {
                    let interface = interfaces::of(row, into);
                    interface.no_data += 1;
                    interface
                        .reported
                        .extend(end.as_ref().ok().map(|end| (start, *end)));
                    interface.see(row, start, end.unwrap_or(start));
                }
            }
            (b"SKIPDATA", start) => {
                into.counts.skip_data += 1;
                if let Ok(start) = start {
                    let interface = interfaces::of(row, into);
                    interface.skip_data += 1;
                    interface.see(row, start, time(text(end_name)).unwrap_or(start));
                }
            }
            _ => into.counts.other_status += 1,
        }
        return Ok(());
    }
    let values = || -> Result<(), No> {
        let start = start?;
        if outside(start) {
            into.counts.outside_window += 1;
            return Ok(());
        }
        if is_second_sighting(row) {
            into.counts.second_sightings += 1;
            return Ok(());
        }
        let src = address(text("srcaddr"))?;
        let dst = address(text("dstaddr"))?;
        let ports = match (text("srcport"), text("dstport")) {
            (Some(src), Some(dst)) => Some((number(Some(src), 65535)?, number(Some(dst), 65535)?)),
            _ => None,
        };
        let protocol = number(text("protocol"), 255)?;
        let packets = number(text("packets"), MOST)?;
        let bytes = number(text("bytes"), MOST)?;
        let end = time(text(end_name))?;
        let flags = maybe(text("tcp-flags"), 255)?;
        let version = maybe(text("version"), 31)?;

        let name = |name: &str| text(name).unwrap_or(b"-").to_vec();
        let interface = match text("interface-id") {
            Some(_) => name("interface-id"),
            None => name("tgw-attachment-id"),
        };
        let first = |name: Vec<u8>| (name != b"-", name);
        let folded = ports.map(|(src, dst)| if src < dst { (src, 0) } else { (0, dst) });
        let key = (
            first(name("account-id")),
            first(interface),
            src,
            dst,
            folded,
            protocol,
            name("action"),
            further(text, row),
        );
        let sums = into.edges.entry(key).or_insert_with(|| Sums::none(start, end));
        sums.packets += u128::from(packets);
        sums.bytes += u128::from(bytes);
        sums.records += 1;
        sums.first_seen = sums.first_seen.min(start);
        sums.last_seen = sums.last_seen.max(end);
        sums.versions.extend(version);
        sums.folded_ports
            .extend(ports.map(|(src, dst)| if src < dst { dst } else { src }));
        if let Some(flags) = flags {
            let (syn, ack, rst) = (flags & 2 > 0, flags & 16 > 0, flags & 4 > 0);
            sums.tcp_flags = Some(sums.tcp_flags.unwrap_or(0) | flags);
            sums.syn += u64::from(syn && !ack);
            sums.synack += u64::from(syn && ack);
            sums.rst += u64::from(rst);
        }
        let interface = interfaces::of(row, into);
        interface.records += 1;
        interface.reported.push((start, end));
        interface.see(row, start, end);
        interface.talk(src, dst);
        into.counts.records += 1;
        let (least, greatest) = into.span.unwrap_or((start, end));
        into.span = Some((least.min(start), greatest.max(end)));
        cover(question, into, start, end);
        Ok(())
    };
    match values() {
        Err(No::Dash) => {
            into.counts.unusable += 1;
            Ok(())
        }
        other => other,
    }
}

/// What edges are told apart by beyond their lines. Nothing here makes a row bad: what cannot be is not there.
fn further<'r>(text: impl Fn(&str) -> Option<&'r [u8]>, row: &BTreeMap<&[u8], &[u8]>) -> Further {
    let word = |name: &str| {
        let word = text(name).filter(|word| *word != b"-" && word.len() < 256);
        word.map(<[u8]>::to_vec)
    };
    Further {
        pkt_srcaddr: address(text("pkt-srcaddr")).ok(),
        pkt_dstaddr: address(text("pkt-dstaddr")).ok(),
        flow_direction: word("flow-direction"),
        traffic_path: number(text("traffic-path"), i32::MAX as u64).ok(),
        reject_reason: word("reject-reason"),
        pkt_src_aws_service: word("pkt-src-aws-service"),
        pkt_dst_aws_service: word("pkt-dst-aws-service"),
        interface: interfaces::told_of_edge(row),
    }
}

impl Sums {
    fn none(start: i64, end: i64) -> Self {
        Self {
            packets: 0,
            bytes: 0,
            records: 0,
            syn: 0,
            synack: 0,
            rst: 0,
            first_seen: start,
            last_seen: end,
            tcp_flags: None,
            versions: BTreeSet::new(),
            folded_ports: BTreeSet::new(),
        }
    }
}

fn cover(question: &Question, into: &mut Answer, start: i64, end: i64) {
    if let Some(window) = question.window {
        let (from, to) = (start.max(window.start_unix()), end.max(start));
        let to = to.min(window.stop_unix() - 1);
        into.minutes
            .extend((from.div_euclid(60)..=to.div_euclid(60)).filter(|_| from <= to));
    }
}
