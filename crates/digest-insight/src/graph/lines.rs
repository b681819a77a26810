//! The lines of links that are drawn: how wide each is, and its way from one box to another, with the head of an arrow.

use std::collections::HashMap;

use crate::graph::boxes::Frame;
use crate::links::Link;

/// Widths of the lines of the lightest and of the heaviest link, in pixels.
const THINNEST: f64 = 1.0;
const WIDEST: f64 = 6.0;
/// How far lines between the same two boxes are bent apart, and how far the last of many at most, in pixels. Half of it is
/// seen.
const APART: f64 = 22.0;
const FARTHEST: f64 = 200.0;
/// How far a line from a box to itself is bent away from it, in pixels.
const LOOP: f64 = 60.0;

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

/// A link's line.
#[derive(Debug)]
pub(super) struct Line<'l> {
    pub(super) link: &'l Link,
    pub(super) way: Way,
    pub(super) width: f64,
}

/// The lines of links whose ends' numbers and boxes are known, in their order.
pub(super) fn lines<'l>(
    links: impl Iterator<Item = (&'l Link, (usize, usize))> + Clone,
    frames: &[Frame],
    widths: Widths,
) -> Vec<Line<'l>> {
    let mut between: HashMap<(usize, usize), usize> = HashMap::new();
    for (_, (from, to)) in links.clone() {
        *between.entry((from.min(to), from.max(to))).or_default() += 1;
    }
    let mut drawn: HashMap<(usize, usize), usize> = HashMap::new();
    let mut lines = Vec::new();
    for (link, (from, to)) in links {
        let (Some(one), Some(other)) = (frames.get(from), frames.get(to)) else {
            continue;
        };
        let count = between.get(&(from.min(to), from.max(to))).copied().unwrap_or(1);
        let turn = drawn.entry((from, to)).or_default();
        let apart = APART.min(FARTHEST / count as f64);
        let width = widths.of_link(link);
        let way = match (from == to, count) {
            (true, _) => Way::around(one, *turn as f64 * apart, width),
            (false, 1) => Way::between(one, other, 0.0, width),
            (false, _) => Way::between(one, other, (*turn + 1) as f64 * apart, width),
        };
        *turn += 1;
        lines.push(Line { link, way, width });
    }
    lines
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
    /// From one box to another, bent to the right of its direction by so many pixels, so that there and back are two lines.
    fn between(from: &Frame, to: &Frame, bend: f64, width: f64) -> Self {
        let (dx, dy) = (to.x - from.x, to.y - from.y);
        let length = dx.hypot(dy).max(1.0);
        let over = (
            (from.x + to.x) / 2.0 - dy / length * bend,
            (from.y + to.y) / 2.0 + dx / length * bend,
        );
        Self::curve(from.border(over), over, to.border(over), width)
    }

    /// From a box to itself, above it and by so many pixels higher.
    fn around(of: &Frame, bend: f64, width: f64) -> Self {
        let (top, reach) = (of.y - of.height / 2.0, 12.0 + bend / 6.0);
        let (from, to) = ((of.x - reach, top), (of.x + reach, top));
        Self::curve(from, (of.x, top - LOOP - bend), to, width)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_ends_at_the_borders_and_its_arrow_at_the_tip() {
        let frame = |x: f64, y: f64| Frame {
            x,
            y,
            width: 100.0,
            height: 40.0,
        };
        let straight = Way::between(&frame(0.0, 0.0), &frame(300.0, 0.0), 0.0, 1.0);
        assert!(straight.path.starts_with("M50.0 0.0Q150.0 0.0 "), "{straight:?}");
        assert!(straight.head.starts_with("M250.0 0.0L"), "{straight:?}");
        assert_eq!(straight.middle, (150.0, 0.0));
        // There and back bend to different sides.
        let there = Way::between(&frame(0.0, 0.0), &frame(300.0, 0.0), 22.0, 1.0);
        let back = Way::between(&frame(300.0, 0.0), &frame(0.0, 0.0), 22.0, 1.0);
        assert!(there.middle.1 > 5.0 && back.middle.1 < -5.0, "{there:?} {back:?}");
        let around = Way::around(&frame(0.0, 0.0), 0.0, 1.0);
        assert_eq!(around.middle, (0.0, -50.0));
    }
}
