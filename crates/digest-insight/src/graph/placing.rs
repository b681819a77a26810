//! Where the nodes of a drawing stand: those that talk to each other near one another, by forces.
//!
//! The forces are those of the crate `force_graph`. It knows no chance and no clock, so that one graph is always drawn alike,
//! and takes any graph: hubs, cycles, all with all. Drawings in layers (`layout-rs`, `rust-sugiyama`, `dugong`) want a
//! direction that traffic does not have, and become wide and slow where many talk to many. What the crate does not do is done
//! here: parts that do not talk to each other are placed one by one and set in rows, for else they would drift apart without
//! end; the number of steps is bounded; and boxes are moved apart in the end, for the forces know points alone.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use force_graph::{EdgeData, ForceGraph, NodeData, SimulationParameters};
use petgraph::unionfind::UnionFind;

use crate::graph::boxes::{Frame, bounds, separate};

/// Steps of the forces: beyond, nothing moves any more that anybody would see.
const STEPS: usize = 350;
/// How fast a node gives way. The crate multiplies it by the cube of a step's length.
const SPEED: f32 = 7000.0;
/// How strongly a link draws its ends, with few links a node.
const SPRING: f32 = 0.3;
/// Links a node from which on each draws the less.
const FEW_LINKS: f32 = 4.0;
/// Boxes are wider than high: so are the distances between them.
const STRETCH: f64 = 1.5;
/// Most room of a part, in its boxes' own.
const ROOM: f64 = 7.0;
/// Between parts that do not talk to each other, in pixels.
const BETWEEN: f64 = 50.0;
/// Width by height of the whole.
const SHAPE: f64 = 1.5;

/// Places boxes of these widths and heights, some pairs of which are linked: in the same order, from the left upper corner
/// on.
pub(super) fn place(sizes: &[(f64, f64)], pairs: &[(usize, usize)]) -> Vec<Frame> {
    let mut union = UnionFind::new(sizes.len());
    for (one, other) in pairs {
        union.union(*one, *other);
    }
    let labels = union.into_labeling();
    let mut parts: BTreeMap<usize, Part> = BTreeMap::new();
    for (at, (label, (width, height))) in labels.iter().zip(sizes).enumerate() {
        let part = parts.entry(*label).or_default();
        part.nodes.push(at);
        part.boxes.push(Frame {
            width: *width,
            height: *height,
            ..Frame::default()
        });
    }
    for (one, other) in pairs.iter().filter(|(one, other)| one != other) {
        if let Some(part) = labels.get(*one).and_then(|label| parts.get_mut(label)) {
            part.pairs.push((*one, *other));
        }
    }
    let mut parts: Vec<Part> = parts.into_values().collect();
    parts.iter_mut().for_each(Part::settle);
    set_in_rows(&mut parts);
    let mut placed: Vec<(usize, Frame)> = parts
        .into_iter()
        .flat_map(|part| part.nodes.into_iter().zip(part.boxes))
        .collect();
    placed.sort_unstable_by_key(|(at, _)| *at);
    placed.into_iter().map(|(_, placed)| placed).collect()
}

/// Nodes that talk to each other, if over others.
#[derive(Debug, Default)]
struct Part {
    nodes: Vec<usize>,
    boxes: Vec<Frame>,
    pairs: Vec<(usize, usize)>,
}

impl Part {
    /// Lets the forces act, and puts the boxes where they have led.
    fn settle(&mut self) {
        if let [one, other] = self.boxes.as_mut_slice() {
            // Beside each other, with room for what the line says.
            other.x = (one.width + other.width) / 2.0 + 130.0;
            return;
        }
        let mut degrees: BTreeMap<usize, usize> = self.nodes.iter().map(|node| (*node, 0)).collect();
        for (one, other) in &self.pairs {
            for end in [one, other] {
                if let Some(degree) = degrees.get_mut(end) {
                    *degree += 1;
                }
            }
        }
        let most = degrees.values().copied().max().unwrap_or(0).max(1) as f32;
        let mean = 2.0 * self.pairs.len() as f32 / self.nodes.len() as f32;
        let spring = SPRING * (FEW_LINKS / mean.max(1.0)).min(1.0);
        let mut graph = <ForceGraph>::new(SimulationParameters {
            force_spring: spring,
            node_speed: SPEED,
            ..SimulationParameters::default()
        });
        // Who talks to many begins in the middle.
        let mut order: Vec<usize> = self.nodes.clone();
        order.sort_by_key(|node| (Reverse(degrees.get(node).copied()), *node));
        let mut indices = BTreeMap::new();
        for (rank, node) in order.iter().enumerate() {
            let (x, y) = spiral(rank);
            let data = NodeData {
                x,
                y,
                ..NodeData::default()
            };
            indices.insert(*node, graph.add_node(data));
        }
        for (one, other) in &self.pairs {
            if let (Some(one), Some(other)) = (indices.get(one), indices.get(other)) {
                graph.add_edge(*one, *other, EdgeData::default());
            }
        }
        // Of longer steps the busiest node would swing more and more widely.
        let step = (1.5 / (spring / 2.0 * most)).min(0.2);
        let step = (step / SPEED).cbrt();
        for _ in 0..STEPS {
            graph.update(step);
        }
        let mut points = Vec::new();
        graph.visit_nodes(|node| points.push((f64::from(node.x()), f64::from(node.y()))));
        let points: BTreeMap<usize, (f64, f64)> = order.into_iter().zip(points).collect();
        for (node, placed) in self.nodes.iter().zip(&mut self.boxes) {
            if let Some((x, y)) = points.get(node) {
                (placed.x, placed.y) = (x * STRETCH, *y);
            }
        }
        self.draw_together();
        separate(&mut self.boxes);
    }

    /// Takes out room that nobody needs: chains are driven far apart, and a drawing has to be looked at.
    fn draw_together(&mut self) {
        let boxes: f64 = self.boxes.iter().map(|placed| placed.width * placed.height).sum();
        let (width, height) = self.size();
        let share = (boxes * ROOM / (width * height)).sqrt();
        if share < 1.0 {
            for placed in &mut self.boxes {
                // Whole pixels, as above.
                (placed.x, placed.y) = ((placed.x * share).round(), (placed.y * share).round());
            }
        }
    }

    /// Its width and height.
    fn size(&self) -> (f64, f64) {
        let (_, _, width, height) = bounds(&self.boxes);
        (width, height)
    }
}

/// Points that fill a disc evenly, from its middle on.
fn spiral(rank: usize) -> (f32, f32) {
    const GOLDEN: f32 = 2.399_963;
    let (angle, radius) = (rank as f32 * GOLDEN, 70.0 * (rank as f32 + 0.5).sqrt());
    // Whole pixels: the last digits of a sine are not the same everywhere.
    ((angle.cos() * radius).round(), (angle.sin() * radius).round())
}

/// Sets parts side by side, the highest first, in rows of about one width.
fn set_in_rows(parts: &mut [Part]) {
    parts.sort_by(|one, other| other.size().1.total_cmp(&one.size().1));
    let area: f64 = parts
        .iter()
        .map(|part| (part.size().0 + BETWEEN) * (part.size().1 + BETWEEN))
        .sum();
    let widest = parts.iter().map(|part| part.size().0).fold(0.0, f64::max);
    let most = widest.max((area * SHAPE).sqrt());
    let (mut x, mut y, mut row) = (0.0, 0.0, 0.0_f64);
    for part in parts {
        let (left, top, width, height) = bounds(&part.boxes);
        if x > 0.0 && x + width > most {
            y += row + BETWEEN;
            (x, row) = (0.0, 0.0);
        }
        for placed in &mut part.boxes {
            *placed = placed.moved(x - left, y - top);
        }
        x += width + BETWEEN;
        row = row.max(height);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_sound(placed: &[Frame]) {
        for (at, one) in placed.iter().enumerate() {
            assert!(one.x.is_finite() && one.y.is_finite(), "{one:?}");
            assert!(
                one.x >= one.width / 2.0 - 1.0 && one.y >= one.height / 2.0 - 1.0,
                "{one:?}"
            );
            for other in &placed[at + 1..] {
                let apart_x = (one.x - other.x).abs() >= (one.width + other.width) / 2.0;
                let apart_y = (one.y - other.y).abs() >= (one.height + other.height) / 2.0;
                assert!(apart_x || apart_y, "{one:?} covers {other:?}");
            }
        }
    }

    #[test]
    fn graphs_of_any_shape_are_placed_alike_and_without_overlap() {
        let all = 300;
        let everyone = (0..all).flat_map(|one| (0..one).map(move |other| (one, other)));
        for (name, pairs) in [
            ("a star", (1..all).map(|leaf| (0, leaf)).collect::<Vec<_>>()),
            ("a line", (1..all).map(|node| (node - 1, node)).collect()),
            ("all with all", everyone.collect()),
            (
                "pairs",
                (0..all / 2).map(|pair| (2 * pair, 2 * pair + 1)).collect(),
            ),
            ("alone", (0..all).map(|node| (node, node)).collect()),
            (
                "two hubs",
                (2..all).flat_map(|leaf| [(0, leaf), (1, leaf)]).collect(),
            ),
        ] {
            let sizes: Vec<(f64, f64)> = (0..all)
                .map(|node| (80.0 + (node % 7) as f64 * 20.0, 36.0))
                .collect();
            let placed = place(&sizes, &pairs);
            assert_eq!(placed.len(), all, "{name}");
            is_sound(&placed);
            let (_, _, width, height) = bounds(&placed);
            assert!(width * height < 2e8, "{name}: {width} by {height}");
            assert_eq!(placed, place(&sizes, &pairs), "{name}");
        }
    }

    #[test]
    fn nothing_is_placed_nowhere() {
        assert_eq!(place(&[], &[]), []);
        is_sound(&place(&[(10.0, 10.0)], &[(0, 0)]));
        is_sound(&place(&[(10.0, 10.0); 2], &[(0, 1), (1, 0)]));
    }
}
