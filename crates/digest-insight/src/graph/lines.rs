//! The lines of links that are drawn: how wide each is, and its way from one box to another, with the head of an arrow.

use crate::graph::boxes::Frame;
use crate::links::Link;

/// Widths of the lines of the lightest and of the heaviest link, in pixels.
const THINNEST: f64 = 1.0;
const WIDEST: f64 = 6.0;
/// How far lines between the same two boxes stand apart, in pixels.
const APART: f64 = 22.0;

/// How wide lines are, by the bytes of their links: ten times the bytes are so much wider.
#[derive(Debug, Clone, Copy)]
pub(super) struct Widths {
    least: u128,
    most: u128,
}

impl Widths {
    pub(super) fn of(links: &[Link]) -> Self {
        let bytes = || links.iter().map(|link| link.sums.bytes.max(1));
        Self {
            least: bytes().min().unwrap_or(1),
            most: bytes().max().unwrap_or(1),
        }
    }

    pub(super) fn of_link(self, link: &Link) -> f64 {
        let [least, most, bytes] =
            [self.least, self.most, link.sums.bytes.max(1)].map(|bytes| (bytes as f64).ln());
        if most <= least {
            return THINNEST;
        }
        THINNEST + (WIDEST - THINNEST) * ((bytes - least) / (most - least)).clamp(0.0, 1.0)
    }
}

/// A line's way.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Way {
    /// The line, as SVG says it.
    pub(super) path: String,
    /// The head of the arrow, as SVG says it.
    pub(super) head: String,
    /// Where text about it stands.
    pub(super) middle: (f64, f64),
}

impl Way {
    /// From one box to another. The `turn`th line of several between two boxes bends the more, to the right of its
    /// direction, so that there and back are two lines; 0 is straight.
    pub(super) fn between(from: &Frame, to: &Frame, turn: usize, width: f64) -> Self {
        let (dx, dy) = (to.x - from.x, to.y - from.y);
        let length = dx.hypot(dy).max(1.0);
        let bend = turn as f64 * APART;
        let over = (
            (from.x + to.x) / 2.0 - dy / length * bend,
            (from.y + to.y) / 2.0 + dx / length * bend,
        );
        Self::curve(from.border(over), over, to.border(over), width)
    }

    /// From a box to itself, above it.
    pub(super) fn around(of: &Frame, turn: usize, width: f64) -> Self {
        let (top, reach) = (of.y - of.height / 2.0, 12.0 + 4.0 * turn as f64);
        let (from, to) = ((of.x - reach, top), (of.x + reach, top));
        Self::curve(from, (of.x, top - LOOP - APART * turn as f64), to, width)
    }

    fn curve(from: (f64, f64), over: (f64, f64), tip: (f64, f64), width: f64) -> Self {
        let (dx, dy) = (tip.0 - over.0, tip.1 - over.1);
        let length = dx.hypot(dy).max(0.1);
        let (dx, dy) = (dx / length, dy / length);
        let (long, half) = (7.0 + 1.6 * width, 3.0 + 0.9 * width);
        // The line ends inside the head, whose tip touches the box.
        let end = (tip.0 - dx * long * 0.7, tip.1 - dy * long * 0.7);
        let base = (tip.0 - dx * long, tip.1 - dy * long);
        let middle = |one: f64, over: f64, other: f64| one / 4.0 + over / 2.0 + other / 4.0;
        Self {
            path: format!(
                "M{:.1} {:.1}Q{:.1} {:.1} {:.1} {:.1}",
                from.0, from.1, over.0, over.1, end.0, end.1
            ),
            head: format!(
                "M{:.1} {:.1}L{:.1} {:.1}L{:.1} {:.1}Z",
                tip.0,
                tip.1,
                base.0 - dy * half,
                base.1 + dx * half,
                base.0 + dy * half,
                base.1 - dx * half
            ),
            middle: (middle(from.0, over.0, tip.0), middle(from.1, over.1, tip.1)),
        }
    }
}

/// How high a line from a box to itself rises above it, in pixels: half of it is seen.
pub(super) const LOOP: f64 = 60.0;
