//! A transit gateway tells of each flow twice: where it comes in and where it goes out. Which rows are the second
//! telling, so that the two never add up.
//!
//! The attachment stands in for the interface, so the two tellings are edges of their own: each attachment's account
//! of what it saw. They would meet on one edge in two cases, and then the row of the way in counts and the row of the
//! way out (flow-direction `egress`) does not:
//!
//! * a flow leaves by the attachment it came in by, which so is its own pair;
//! * the attachment is not named, by the format or by the row.

use crate::field::Field;
use crate::flow_record::ABSENT;
use crate::layout::Row;

/// The way out.
pub(crate) const EGRESS: &[u8] = b"egress";

/// Which rows of a layout are second tellings. Each column stands by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sightings {
    /// None: every row counts.
    Apart,
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
            (Some(_), ..) => Some(Self::Apart),
            (None, _, Some(direction)) => Some(Self::OfDirections { direction }),
            (None, _, None) => None,
        }
    }

    /// Whether a row is a second telling.
    #[inline]
    pub(crate) fn is_second(self, row: &Row<'_>) -> bool {
        match self {
            Self::Apart => false,
            Self::OfPairs { .. } => {
                let attachment = row.get(Field::InterfaceId);
                (attachment == row.get(Field::PairAttachment) || attachment == ABSENT)
                    && row.get(Field::FlowDirection) == EGRESS
            }
            Self::OfDirections { .. } => row.get(Field::FlowDirection) == EGRESS,
        }
    }
}
