//! A transit gateway tells of each flow twice: where it comes in and where it goes out. Which rows are the second
//! telling, so that the two never add up.
//!
//! The attachment stands in for the interface, so the two tellings are edges of their own: each attachment's account
//! of what it saw. They would meet on one edge in two cases, and then the row of the way in counts and the row of the
//! way out (flow-direction `egress`) does not:
//!
//! * a flow leaves by the attachment it came in by, which so is its own pair;
//! * the attachment is not named, by the format or by the row.
//!
//! A format that names the attachment and lacks the pair or the direction cannot tell the first case, and no format where a
//! row of either case leaves its direction open: such rows count, and those that may be second tellings are counted as doubtful.

use crate::field::Field;
use crate::flow_record::ABSENT;
use crate::layout::Row;

/// The way in.
pub(crate) const INGRESS: &[u8] = b"ingress";
/// The way out.
const EGRESS: &[u8] = b"egress";

/// Which rows of a layout are second tellings. Each column stands by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sightings {
    /// None: every row counts.
    Apart,
    /// Nothing tells: every row counts, and any may be one.
    Blind,
    /// The direction does not tell: every row counts, and those where attachment and pair are one or the attachment is not
    /// named may be.
    Twins { attachment: usize, pair: usize },
    /// Those of the way out, where attachment and pair are one or the attachment is not named.
    OfPairs { attachment: usize, pair: usize },
    /// Those of the way out.
    OfDirections { direction: usize },
}

impl Sightings {
    /// By a transit gateway's columns for the attachment, its pair and the direction; `None` where nothing tells the
    /// two apart.
    pub(crate) fn of(
        attachment: Option<usize>,
        pair: Option<usize>,
        direction: Option<usize>,
    ) -> Option<Self> {
        match (attachment, pair, direction) {
            (Some(attachment), Some(pair), Some(_)) => Some(Self::OfPairs { attachment, pair }),
            (Some(attachment), Some(pair), None) => Some(Self::Twins { attachment, pair }),
            (Some(_), None, _) => Some(Self::Blind),
            (None, _, Some(direction)) => Some(Self::OfDirections { direction }),
            (None, _, None) => None,
        }
    }

    /// Whether a row is a second telling.
    #[inline]
    pub(crate) fn is_second(self, row: &Row<'_>) -> bool {
        match self {
            Self::Apart | Self::Blind | Self::Twins { .. } => false,
            Self::OfPairs { .. } => meets_itself(row) && row.get(Field::FlowDirection) == EGRESS,
            Self::OfDirections { .. } => row.get(Field::FlowDirection) == EGRESS,
        }
    }

    /// Whether a row that counts may be a second telling for all that its layout tells.
    #[inline]
    pub(crate) fn is_doubtful(self, row: &Row<'_>) -> bool {
        match self {
            Self::Blind => true,
            Self::Twins { .. } => meets_itself(row),
            Self::OfPairs { .. } => meets_itself(row) && is_open(row),
            Self::OfDirections { .. } => is_open(row),
            Self::Apart => false,
        }
    }

    /// Whether rows must be looked at one by one.
    pub(crate) fn are_by_row(self) -> bool {
        !matches!(self, Self::Apart | Self::Blind)
    }
}

/// Whether a row does not say which way it tells of.
fn is_open(row: &Row<'_>) -> bool {
    ![INGRESS, EGRESS].contains(&row.get(Field::FlowDirection))
}

/// Whether both tellings of a row's flow would be of one edge.
fn meets_itself(row: &Row<'_>) -> bool {
    let attachment = row.get(Field::InterfaceId);
    attachment == row.get(Field::PairAttachment) || attachment == ABSENT
}
