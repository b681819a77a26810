//! The boxes of nodes that are drawn: how large each is, and that none covers another.

/// Least space between two boxes, in pixels.
const GAP: f64 = 14.0;
/// Rounds in which boxes push each other apart.
const ROUNDS: usize = 80;
/// What still covers another then looks for room on rings round its place, each so many pixels wider, in so many
/// directions.
const RING: f64 = 12.0;
const DIRECTIONS: u32 = 16;

/// A node's box by its centre, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Frame {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

impl Frame {
    /// Where a line from the centre to this point leaves the box.
    pub(super) fn border(&self, (x, y): (f64, f64)) -> (f64, f64) {
        let (dx, dy) = (x - self.x, y - self.y);
        let reach = |half: f64, length: f64| {
            if length == 0.0 {
                f64::INFINITY
            } else {
                half / length.abs()
            }
        };
        let share = reach(self.width / 2.0, dx).min(reach(self.height / 2.0, dy));
        if share.is_finite() {
            (self.x + dx * share, self.y + dy * share)
        } else {
            (self.x, self.y)
        }
    }

    pub(super) fn moved(self, dx: f64, dy: f64) -> Self {
        Self {
            x: self.x + dx,
            y: self.y + dy,
            ..self
        }
    }

    /// How much the space between them lacks, across and down: they are too close where both do.
    fn lacking(&self, other: &Self) -> (f64, f64) {
        let (dx, dy) = (other.x - self.x, other.y - self.y);
        (
            (self.width + other.width) / 2.0 + GAP - dx.abs(),
            (self.height + other.height) / 2.0 + GAP - dy.abs(),
        )
    }

    fn is_clear_of(&self, other: &Self) -> bool {
        let (over_x, over_y) = self.lacking(other);
        over_x <= 0.0 || over_y <= 0.0
    }

    /// Moves both away from each other where they are too close, whichever way is shorter.
    fn push(&mut self, other: &mut Self) -> bool {
        let (dx, dy) = (other.x - self.x, other.y - self.y);
        let (over_x, over_y) = self.lacking(other);
        if over_x <= 0.0 || over_y <= 0.0 {
            return false;
        }
        if over_x < over_y {
            let step = (over_x / 2.0 + 0.5).copysign(dx);
            self.x -= step;
            other.x += step;
        } else {
            let step = (over_y / 2.0 + 0.5).copysign(dy);
            self.y -= step;
            other.y += step;
        }
        true
    }
}

/// Moves boxes until none covers another.
pub(super) fn separate(boxes: &mut [Frame]) {
    for _ in 0..ROUNDS {
        if !push_all(boxes) {
            return;
        }
    }
    // A box that many push in turn comes to no rest: the rest look for room one after the other, and far enough out there is.
    for at in 0..boxes.len() {
        let (placed, rest) = boxes.split_at_mut(at);
        if let Some(one) = rest.first_mut() {
            *one = with_room(*one, placed);
        }
    }
}

/// The box at the first place near its own that is clear of the others.
fn with_room(one: Frame, others: &[Frame]) -> Frame {
    let rings = (0..).flat_map(|ring| (0..DIRECTIONS).map(move |direction| (ring, direction)));
    let places = rings.map(|(ring, direction): (u32, u32)| {
        let (angle, radius) = (
            f64::from(direction) * std::f64::consts::TAU / f64::from(DIRECTIONS),
            f64::from(ring) * RING,
        );
        // Whole pixels: the last digits of a sine are not the same everywhere.
        one.moved(
            (angle.cos() * radius * 1.5).round(),
            (angle.sin() * radius).round(),
        )
    });
    let is_clear = |place: &Frame| others.iter().all(|other| place.is_clear_of(other));
    places.into_iter().find(is_clear).unwrap_or(one)
}

fn push_all(boxes: &mut [Frame]) -> bool {
    let mut moved = false;
    let mut rest = boxes;
    while let Some((one, others)) = rest.split_first_mut() {
        for other in &mut *others {
            moved |= one.push(other);
        }
        rest = others;
    }
    moved
}

/// Left, top, width and height of all of them; boxes of nothing have none.
pub(super) fn bounds(boxes: &[Frame]) -> (f64, f64, f64, f64) {
    let least = |of: fn(&Frame) -> f64| boxes.iter().map(of).fold(f64::INFINITY, f64::min);
    let most = |of: fn(&Frame) -> f64| boxes.iter().map(of).fold(f64::NEG_INFINITY, f64::max);
    if boxes.is_empty() {
        return (0.0, 0.0, 0.0, 0.0);
    }
    let left = least(|one| one.x - one.width / 2.0);
    let top = least(|one| one.y - one.height / 2.0);
    let right = most(|one| one.x + one.width / 2.0);
    let bottom = most(|one| one.y + one.height / 2.0);
    (left, top, right - left, bottom - top)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(x: f64, y: f64) -> Frame {
        let (width, height) = (100.0, 30.0);
        Frame { x, y, width, height }
    }

    #[test]
    fn boxes_at_one_place_are_moved_apart() {
        let mut boxes = vec![of(0.0, 0.0); 40];
        separate(&mut boxes);
        for (at, one) in boxes.iter().enumerate() {
            for other in &boxes[at + 1..] {
                let apart_x = (one.x - other.x).abs() >= 100.0;
                assert!(
                    apart_x || (one.y - other.y).abs() >= 30.0,
                    "{one:?} covers {other:?}"
                );
            }
        }
    }

    #[test]
    fn a_line_leaves_a_box_at_its_border() {
        let one = of(10.0, 10.0);
        assert_eq!(one.border((200.0, 10.0)), (60.0, 10.0));
        assert_eq!(one.border((10.0, -90.0)), (10.0, -5.0));
        assert_eq!(one.border((10.0, 10.0)), (10.0, 10.0));
        assert_eq!(bounds(&[one, of(110.0, 10.0)]), (-40.0, -5.0, 200.0, 30.0));
    }
}
