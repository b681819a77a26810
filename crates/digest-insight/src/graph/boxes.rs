//! The boxes of nodes that are drawn: how large each is, and that none covers another.

/// Least space between two boxes, in pixels.
const GAP: f64 = 14.0;
/// Rounds in which boxes push each other apart before all distances grow, and how often they may grow.
const ROUNDS: usize = 60;
const GROWTHS: usize = 16;
const GROWTH: f64 = 1.2;

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

    /// Moves both away from each other where they are too close: where one covers the other, whichever way is shorter.
    fn push(&mut self, other: &mut Self) -> bool {
        let (dx, dy) = (other.x - self.x, other.y - self.y);
        let over_x = (self.width + other.width) / 2.0 + GAP - dx.abs();
        let over_y = (self.height + other.height) / 2.0 + GAP - dy.abs();
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

/// Moves boxes until none covers another; ends in any case.
pub(super) fn separate(boxes: &mut [Frame]) {
    for _ in 0..GROWTHS {
        for _ in 0..ROUNDS {
            if !push_all(boxes) {
                return;
            }
        }
        for one in &mut *boxes {
            one.x *= GROWTH;
            one.y *= GROWTH;
        }
    }
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
