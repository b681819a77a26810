//! How rows of a layout are read: which columns a burst's rows share, and where the others are.

use std::sync::Arc;

use crate::compact_record::{HAS_FLAGS, HAS_FOLDED, HAS_VERSION};
use crate::fact::FactColumn;
use crate::field::Field;
use crate::layout::Layout;
use crate::regular::facets::Columns;
use crate::regular::varying::{Varying, What};
use crate::sighting::Sightings;
use crate::vector::Neighbours;

/// The fields that rows of a burst share.
const SHARED: [Field; 7] = [
    Field::Version,
    Field::AccountId,
    Field::InterfaceId,
    Field::Start,
    Field::End,
    Field::Action,
    Field::LogStatus,
];

/// Numbers that are read together, each with the most that it may be.
pub(super) const NUMBERS: [(Field, u32); 6] = [
    (Field::SrcPort, u16::MAX as u32),
    (Field::DstPort, u16::MAX as u32),
    (Field::Packets, u32::MAX),
    (Field::Bytes, u32::MAX),
    (Field::Protocol, u8::MAX as u32),
    (Field::TcpFlags, u8::MAX as u32),
];

/// Delimiters of a row that are kept, at most.
pub(super) const OWN: usize = 64;
/// Where delimiters of a row's own columns are: before the first of neighbouring columns and behind each.
pub(crate) type Own = [u32; OWN + 1];

/// No places yet.
pub(crate) const fn no_places() -> Own {
    [0; OWN + 1]
}

/// Neighbouring columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// So many columns, from this one on, whose bytes rows of a burst share.
    Shared { first: usize, count: usize },
    /// So many columns, from this one on, that each row has of its own.
    Own {
        first: usize,
        count: usize,
        is_last: bool,
    },
}

/// What to read of a row, and where it is.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) width: usize,
    pub(super) steps: Vec<Step>,
    /// Where in [`Own`] the delimiter before a field stands; that behind it stands next. A number that the layout lacks has
    /// the protocol's.
    pub(super) src: u8,
    pub(super) dst: u8,
    pub(super) numbers: [u8; NUMBERS.len()],
    pub(super) has_flags: bool,
    pub(super) has_ports: bool,
    /// The record's marks.
    pub(super) marks: u8,
    pub(super) second: Second,
    /// The columns of a row's own, where they stand side by side and nothing else is read of them.
    pub(super) neighbours: Option<Neighbours>,
    /// The first step of a row's own columns.
    pub(super) own: usize,
    /// Where rows have facets of their own.
    pub(super) facets: Option<Columns>,
    /// The columns that say something of a burst's interface.
    pub(super) facts: Arc<[FactColumn]>,
    pub(super) version: Option<usize>,
    pub(super) account: Option<usize>,
    pub(super) interface: Option<usize>,
    /// Start and end; a layout that has only one of them means both by it.
    pub(super) times: (usize, usize),
    pub(super) action: Option<usize>,
    /// What rows of a burst may have otherwise, in the order of the columns.
    pub(super) varying: Vec<Varying>,
    pub(super) status: Option<usize>,
}

/// Which rows may be the second telling of a flow, and so are judged by themselves. Places in [`Own`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Second {
    Never,
    /// Where the pair is the attachment.
    IfPair(u8),
    /// Where the direction is not that of the way in.
    UnlessIngress(u8),
}

impl Plan {
    /// `None` for a layout that lacks addresses or times.
    pub(super) fn of(layout: &Layout) -> Option<Self> {
        let width = layout.width();
        let shared: Vec<usize> = SHARED.iter().filter_map(|&field| layout.column(field)).collect();
        let is_shared = |column: usize| shared.contains(&column) || layout.is_steady(column);
        let mut steps: Vec<Step> = Vec::new();
        // Places of columns that are a row's own: each run of them has one more in front.
        let (mut places, mut next) = (vec![None; width], 0);
        for (first, place) in places.iter_mut().enumerate() {
            let is_shared = is_shared(first);
            match steps.last_mut() {
                Some(Step::Shared { count, .. }) if is_shared => *count += 1,
                Some(Step::Own { count, .. }) if !is_shared => *count += 1,
                _ if is_shared => steps.push(Step::Shared { first, count: 1 }),
                _ => {
                    next += usize::from(next > 0);
                    steps.push(Step::Own {
                        first,
                        count: 1,
                        is_last: false,
                    });
                }
            }
            if !is_shared {
                *place = u8::try_from(next).ok();
                next += 1;
            }
        }
        if next >= OWN {
            return None;
        }
        if let Some(Step::Own { is_last, .. }) = steps.last_mut() {
            *is_last = true;
        }
        let place = |column: usize| places.get(column).copied().flatten();
        let mark = |field: Field, mark: u8| if layout.has(field) { mark } else { 0 };
        let marks = if layout.has_ports() { HAS_FOLDED } else { 0 }
            | mark(Field::TcpFlags, HAS_FLAGS)
            | mark(Field::Version, HAS_VERSION);
        let protocol = place(layout.column(Field::Protocol)?)?;
        let numbers = NUMBERS.map(|(field, _)| {
            let is_read = layout.has_ports() || !matches!(field, Field::SrcPort | Field::DstPort);
            let column = layout.column(field).filter(|_| is_read);
            column.and_then(place).unwrap_or(protocol)
        });
        let second = match layout.sightings() {
            Sightings::Apart | Sightings::Blind => Second::Never,
            Sightings::OfPairs { pair, .. } | Sightings::Twins { pair, .. } => Second::IfPair(place(pair)?),
            Sightings::OfDirections { direction } => Second::UnlessIngress(place(direction)?),
        };
        let column = |field| layout.column(field);
        let times = (
            column(Field::Start).or(column(Field::End))?,
            column(Field::End).or(column(Field::Start))?,
        );
        let what = |at: usize| match at {
            _ if times == (at, at) => Some(What::Both),
            _ if times.0 == at => Some(What::Start),
            _ if times.1 == at => Some(What::End),
            _ if column(Field::Action) == Some(at) => Some(What::Action),
            _ => None,
        };
        let columns = steps.iter().enumerate().flat_map(|(step, columns)| {
            let (Step::Shared { first, count } | Step::Own { first, count, .. }) = *columns;
            (first..first + count).map(move |column| (column, step))
        });
        let varying = columns.filter_map(|(column, step)| {
            Some(Varying {
                is: what(column)?,
                column,
                step,
            })
        });
        let varying = varying.collect();
        let (src, dst) = (place(column(Field::SrcAddr)?)?, place(column(Field::DstAddr)?)?);
        let facets = Columns::of(layout, place);
        let own = steps.iter().position(|step| matches!(step, Step::Own { .. }))?;
        let mut owns = steps.iter().filter_map(|step| match *step {
            Step::Own { count, is_last, .. } => Some((count, is_last)),
            Step::Shared { .. } => None,
        });
        let neighbours = match (owns.next(), owns.next()) {
            (Some((count, is_last)), None) if second == Second::Never => {
                Neighbours::of(count, is_last, numbers, [src, dst])
            }
            _ => None,
        };
        Some(Self {
            width,
            steps,
            src,
            dst,
            numbers,
            has_flags: layout.has(Field::TcpFlags),
            has_ports: layout.has_ports(),
            marks,
            second,
            neighbours,
            own,
            facets,
            facts: Arc::clone(layout.facts()),
            version: column(Field::Version),
            account: column(Field::AccountId),
            interface: column(Field::InterfaceId),
            times,
            action: column(Field::Action),
            varying,
            status: column(Field::LogStatus),
        })
    }
}
