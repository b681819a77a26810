//! Facets: the action of a record and the further dimensions of its edge, as one value that is numbered.
//!
//! The digest's text knows the action alone. Where a layout has more (the addresses in the packets, the direction, the
//! path, the reason of a rejection, services of AWS; without an interface its VPC, subnet, instance and tags), records of one
//! line may differ in it: each facet is an edge of its own, and the line is their sum. A key has room for a number only, so
//! that no entry grows; a record that has nothing further has its action for a facet, byte for byte.
//!
//! A value that cannot be (an address that is none, a path that is no number, a text beyond its bound) is as good as
//! absent: no digest fails for what its text does not show.

use std::cmp::Ordering;

use crate::address::Address;
use crate::fact::{self, MOST_VALUE, OF_EDGES};
use crate::field::Field;
use crate::flow_record::ABSENT;
use crate::layout::Layout;
use crate::number::decimal;

/// The fields beside the action, as facets have them: those of [`OF_EDGES`] behind.
pub(crate) const FURTHER: [Field; 16] = [
    Field::PktSrcAddr,
    Field::PktDstAddr,
    Field::FlowDirection,
    Field::TrafficPath,
    Field::RejectReason,
    Field::PktSrcService,
    Field::PktDstService,
    Field::VpcId,
    Field::SubnetId,
    Field::InstanceId,
    Field::InstanceTag,
    Field::InstanceTag2,
    Field::InterfaceTag,
    Field::InterfaceTag2,
    Field::AsgTag,
    Field::AsgTag2,
];
/// Where the packet's addresses are among them.
const PKT_SRC: usize = 0;
const PKT_DST: usize = 1;
/// Where the path is.
const PATH: usize = 3;
/// Where the fields end that a facet has a place for; of the others it has those that say something.
const PLACED: usize = FURTHER.len() - OF_EDGES.len();

/// What stands in the columns of [`FURTHER`]; nothing where the layout lacks one.
pub(crate) type Tokens<'a> = [&'a [u8]; FURTHER.len()];

/// What stands between the action and the rest: no token has it.
const BORDER: u8 = b'\n';
/// Longest text that is kept.
const MOST_TEXT: usize = u8::MAX as usize;
/// Longest value of any field that is kept.
pub(crate) const MOST_TOKEN: usize = MOST_VALUE;

/// What is known of an address in the packet, two bits.
const NONE: u8 = 0;
pub(crate) const OWN: u8 = 1;
pub(crate) const V4: u8 = 2;
pub(crate) const V6: u8 = 3;

impl Layout {
    /// Whether edges may be told apart by more than the digest's text shows.
    pub(crate) fn has_further(&self) -> bool {
        FURTHER.iter().any(|&field| self.has(field))
    }
}

/// Writes the facet of a record with these addresses of its own.
pub(crate) fn write(out: &mut Vec<u8>, action: &[u8], own: [Address; 2], tokens: &Tokens<'_>) {
    out.clear();
    out.extend_from_slice(action);
    if tokens.iter().all(|token| is_absent(token)) {
        return;
    }
    let border = out.len();
    out.extend_from_slice(&[BORDER, 0]);
    let (mut marks, mut is_plain) = (0, true);
    for (shift, at, own) in [(0, PKT_SRC, own[0]), (2, PKT_DST, own[1])] {
        let token = tokens.get(at).copied().unwrap_or_default();
        let kind = match Address::parse(token) {
            None => NONE,
            Some(address) if address == own => OWN,
            Some(Address::V4(value)) => {
                out.extend_from_slice(&value.to_be_bytes());
                V4
            }
            Some(Address::V6(value)) => {
                out.extend_from_slice(&value.to_be_bytes());
                V6
            }
        };
        marks |= kind << shift;
        is_plain &= kind == NONE;
    }
    if let Some(place) = out.get_mut(border + 1) {
        *place = marks;
    }
    for (at, &token) in tokens.iter().enumerate().take(PLACED).skip(PKT_DST + 1) {
        let path;
        let mut text = if is_absent(token) || token.len() > MOST_TEXT {
            &[]
        } else {
            token
        };
        if at == PATH {
            let most = i32::MAX.unsigned_abs().into();
            path = decimal(text, most).map_or(String::new(), |path| path.to_string());
            text = path.as_bytes();
        }
        out.push(text.len() as u8);
        out.extend_from_slice(text);
        is_plain &= text.is_empty();
    }
    let placed = out.len();
    for (token, (_, fact)) in tokens.iter().skip(PLACED).zip(OF_EDGES) {
        fact::push(out, fact, token);
    }
    if is_plain && out.len() == placed {
        out.truncate(border);
    }
}

/// Whether a token says nothing.
#[inline]
pub(crate) fn is_absent(token: &[u8]) -> bool {
    token.is_empty() || token == ABSENT
}

/// A facet's action, and what it has further.
pub(crate) fn parts(facet: &[u8]) -> (&[u8], Option<&[u8]>) {
    match memchr::memchr(BORDER, facet).and_then(|at| facet.split_at_checked(at)) {
        Some((action, rest)) => (action, rest.get(1..)),
        None => (facet, None),
    }
}

/// A facet, taken apart.
#[derive(Debug)]
struct OneFacet {
    /// The rank of its action.
    action: u32,
    further: Option<Vec<u8>>,
}

/// The facets of a digest by the numbers in keys, which are ranks: by their actions first.
#[derive(Debug, Default)]
pub(crate) struct Facets {
    all: Vec<OneFacet>,
    actions: Vec<Vec<u8>>,
}

impl Facets {
    /// Puts facets in order, and says for each old number which rank it has now.
    pub(crate) fn ranked(facets: Vec<Vec<u8>>) -> (Self, Vec<u32>) {
        let mut numbered: Vec<(usize, Vec<u8>)> = facets.into_iter().enumerate().collect();
        numbered.sort_by(|one, other| order(&one.1, &other.1));
        let mut ranks = vec![0; numbered.len()];
        let mut facets = Self::default();
        for (rank, (number, facet)) in (0..).zip(numbered) {
            if let Some(place) = ranks.get_mut(number) {
                *place = rank;
            }
            let (action, further) = parts(&facet);
            if facets.actions.last().map(Vec::as_slice) != Some(action) {
                facets.actions.push(action.to_owned());
            }
            facets.all.push(OneFacet {
                action: facets.actions.len() as u32 - 1,
                further: further.map(<[u8]>::to_vec),
            });
        }
        (facets, ranks)
    }

    /// The actions, in order.
    pub(crate) fn actions(&self) -> &[Vec<u8>] {
        &self.actions
    }

    /// The rank of a facet's action.
    #[inline]
    pub(crate) fn action(&self, facet: u32) -> u32 {
        self.all.get(facet as usize).map_or(0, |facet| facet.action)
    }

    /// What a facet has beside its action.
    #[inline]
    pub(crate) fn further(&self, facet: u32) -> Option<&[u8]> {
        self.all.get(facet as usize)?.further.as_deref()
    }

    /// Bytes of the longest that any has beside its action.
    pub(crate) fn longest(&self) -> usize {
        let further = self.all.iter().filter_map(|facet| facet.further.as_ref());
        further.map(Vec::len).max().unwrap_or_default()
    }

    /// Whether every action is of one facet only: then each edge is a line.
    pub(crate) fn are_lines(&self) -> bool {
        self.actions.len() == self.all.len()
    }
}

/// The order of facets: by their actions, as lines are, then by the rest.
pub(crate) fn order(one: &[u8], other: &[u8]) -> Ordering {
    parts(one).cmp(&parts(other))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dimensions::Dimensions;
    use crate::fact::FactSet;

    const OURS: [Address; 2] = [Address::V4(0x0a00_0001), Address::V6(1)];

    fn facet(action: &str, tokens: [&str; 7]) -> Vec<u8> {
        facet_of(action, tokens, [""; 9])
    }

    fn facet_of(action: &str, tokens: [&str; 7], told: [&str; 9]) -> Vec<u8> {
        let mut out = b"what was there".to_vec();
        write(&mut out, action.as_bytes(), OURS, &all(&tokens, &told));
        out
    }

    fn all<'t>(tokens: &[&'t str], told: &[&'t str]) -> Tokens<'t> {
        let mut all = Tokens::default();
        for (place, token) in all.iter_mut().zip(tokens.iter().chain(told)) {
            *place = token.as_bytes();
        }
        all
    }

    #[test]
    fn a_facet_without_anything_further_is_its_action() {
        let long = "x".repeat(256);
        for nothing in [
            ["", "", "", "", "", "", ""],
            ["-", "-", "-", "-", "-", "-", "-"],
            ["10.0.0", "::g", "", "-1", "", &long, "-"],
        ] {
            assert_eq!(facet("ACCEPT", nothing), b"ACCEPT");
        }
        let too_long = "x".repeat(MOST_VALUE + 1);
        let told = ["-", "", "-", "", "-", "", "-", "", &too_long];
        assert_eq!(facet_of("ACCEPT", ["-"; 7], told), b"ACCEPT");
        assert_eq!(parts(b"ACCEPT"), (b"ACCEPT".as_slice(), None));
        assert_eq!(Dimensions::of(None, OURS), Dimensions::default());
    }

    #[test]
    fn a_facet_gives_back_what_it_was_made_of() {
        let long = "x".repeat(255);
        let tokens = ["10.0.0.9", "0:0:0:0:0:0:0:1", "egress", "08", "BPA", &long, "S3"];
        let longest = "y".repeat(MOST_VALUE);
        let made = facet_of(
            "REJECT",
            tokens,
            ["vpc-1", "-", "i-2", &longest, "", "", "", "", "z"],
        );
        let mut told = Vec::new();
        let facts = [(0, "vpc-1"), (6, "i-2"), (10, longest.as_str()), (15, "z")];
        FactSet::write(&mut told, facts.map(|(place, value)| (place, value.as_bytes())));
        let (action, further) = parts(&made);
        assert_eq!(action, b"REJECT");
        let found = Dimensions::of(further, OURS);
        let expected = Dimensions {
            pkt_srcaddr: Some("10.0.0.9".parse().unwrap()),
            pkt_dstaddr: Some("::1".parse().unwrap()),
            flow_direction: Some(b"egress"),
            traffic_path: Some(8),
            reject_reason: Some(b"BPA"),
            pkt_src_aws_service: Some(long.as_bytes()),
            pkt_dst_aws_service: Some(b"S3"),
            interface: FactSet::of(&told),
        };
        assert_eq!(found, expected);
        let alone = facet_of("REJECT", [""; 7], ["", "", "i-2", "", "", "", "", "", ""]);
        let found = Dimensions::of(parts(&alone).1, OURS);
        assert_eq!(
            found.interface.facts().collect::<Vec<_>>(),
            [(6, b"i-2".as_slice())]
        );
        assert_eq!(
            (found.interface.get(6), found.interface.get(7)),
            (Some(b"i-2".as_slice()), None)
        );
    }

    #[test]
    fn addresses_of_the_records_own_are_one_facet_whichever_they_are() {
        let made = facet("ACCEPT", ["10.0.0.1", "::1", "", "", "", "", ""]);
        let mut other = Vec::new();
        let theirs = [Address::V6(7), Address::V4(8)];
        let tokens = all(&["::7", "0.0.0.8", "-", "-", "-", "-", "-"], &["-"; 9]);
        write(&mut other, b"ACCEPT", theirs, &tokens);
        assert_eq!(made, other);
        let found = Dimensions::of(parts(&made).1, theirs);
        assert_eq!(found.pkt_srcaddr, Some("::7".parse().unwrap()));
        assert_eq!(found.pkt_dstaddr, Some("0.0.0.8".parse().unwrap()));
    }

    #[test]
    fn what_is_told_of_interfaces_stands_behind_all_fields_that_have_a_place() {
        let (placed, told) = FURTHER.split_at(PLACED);
        assert!(told.iter().eq(OF_EDGES.iter().map(|(field, _)| field)));
        assert!(placed.get(PATH) == Some(&Field::TrafficPath));
    }

    #[test]
    fn facets_are_in_the_order_of_their_actions() {
        let of = |action| facet(action, ["", "", "egress", "", "", "", ""]);
        let names = vec![of("B"), of("A\u{1}"), b"A".to_vec(), b"B".to_vec(), of("A")];
        let (facets, ranks) = Facets::ranked(names);
        assert_eq!(ranks, [4, 2, 0, 3, 1]);
        assert_eq!(
            facets.actions(),
            [b"A".to_vec(), b"A\x01".to_vec(), b"B".to_vec()]
        );
        let actions: Vec<u32> = (0..5).map(|facet| facets.action(facet)).collect();
        assert_eq!(actions, [0, 0, 1, 2, 2]);
        assert!(!facets.are_lines() && facets.further(0).is_none() && facets.further(1).is_some());
    }
}
