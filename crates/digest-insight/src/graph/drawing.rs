//! A graph drawn in SVG: boxes with names, arrows between them, a legend. Whatever a name holds stands in it as text, and no
//! script, style sheet or outside file is needed to show it.

use std::collections::BTreeMap;
use std::io::Write;

use crate::figures::{bytes as shown_bytes, counted, grouped};
use crate::graph::boxes::{Frame, bounds};
use crate::graph::legend::Legend;
use crate::graph::lines::{Line, Widths, lines};
use crate::graph::placing::place;
use crate::graph::written::{action, is_rejected};
use crate::graph::{Graph, GraphFormat};
use crate::grouping::Node;
use crate::links::Link;
use crate::quoting;

/// The widths of a letter of a name and of what stands below it, in pixels.
const LETTER: f64 = 7.3;
const SMALL_LETTER: f64 = 6.0;
const HEIGHT: f64 = 38.0;
/// Longest name in letters; the middle of a longer one is left out. No address is longer.
const LONGEST: usize = 44;
/// Most links whose lines have text on them.
const MOST_LABELLED: usize = 40;
const MARGIN: f64 = 24.0;
/// The legend needs as much.
const NARROWEST: f64 = 560.0;
const FONT: &str = "'DejaVu Sans Mono',Menlo,Consolas,monospace";
const LINE_COLOUR: &str = "#5f7390";
const REJECTED_COLOUR: &str = "#c8102e";

impl Graph {
    /// At most [`GraphFormat::MOST_DRAWN`] nodes are drawn.
    pub(super) fn svg(&self) -> Vec<u8> {
        self.at_most(GraphFormat::MOST_DRAWN).drawn()
    }

    fn drawn(&self) -> Vec<u8> {
        let names: Vec<(String, String)> = self
            .nodes
            .iter()
            .map(|(node, bytes)| (shortened(&node.to_string()), shown_bytes(*bytes)))
            .collect();
        let places: BTreeMap<&Node, usize> = self.nodes.keys().zip(0..).collect();
        let ends = |link: &Link| Some((*places.get(&link.source)?, *places.get(&link.destination)?));
        let pairs: Vec<(usize, usize)> = self.links.iter().filter_map(ends).collect();
        let sizes: Vec<(f64, f64)> = names.iter().map(|(name, below)| size(name, below)).collect();
        let mut frames = place(&sizes, &pairs);
        // Rejected ones above the others; of each the lightest above.
        let ranked = |rejected| {
            self.links
                .iter()
                .filter(move |link| is_rejected(link) == rejected)
        };
        let ranked = ranked(false).chain(ranked(true));
        let ranked = ranked.filter_map(|link| Some((link, ends(link)?)));
        let widths = Widths::of(&self.links);
        // What is bent outwards needs room as well.
        let bent = lines(ranked.clone(), &frames, widths).into_iter().map(|line| {
            let (x, y) = line.way.middle;
            let (width, height) = (60.0, 20.0);
            Frame { x, y, width, height }
        });
        let (left, top, width, height) = bounds(&frames.iter().copied().chain(bent).collect::<Vec<_>>());
        for frame in &mut frames {
            *frame = frame.moved(MARGIN - left, MARGIN - top);
        }
        let lines = lines(ranked, &frames, widths);
        let width = (width + 2.0 * MARGIN).max(NARROWEST);
        let bottom = if frames.is_empty() { 0.0 } else { MARGIN + height };
        let legend = Legend::of(self, width - 2.0 * MARGIN);
        let height = bottom + MARGIN + legend.height() + MARGIN;
        let mut out = Vec::new();
        // Writing into memory cannot fail.
        let _ = writeln!(
            out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" \
             viewBox=\"0 0 {width:.0} {height:.0}\" role=\"img\" font-family=\"{FONT}\">\n\
             <title>Who talks to whom</title>\n\
             <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>"
        );
        lines.iter().for_each(|line| draw_line(&mut out, line));
        for ((node, bytes), (frame, (name, below))) in self.nodes.iter().zip(frames.iter().zip(&names)) {
            draw_node(&mut out, frame, node, (name, below), *bytes);
        }
        if lines.len() <= MOST_LABELLED {
            lines.iter().for_each(|line| draw_label(&mut out, line));
        }
        legend.write(&mut out, (MARGIN, bottom + MARGIN));
        out.extend_from_slice(b"</svg>\n");
        out
    }
}

/// Width and height of a node's box.
fn size(name: &str, below: &str) -> (f64, f64) {
    let letters = (name.chars().count() as f64 * LETTER).max(below.chars().count() as f64 * SMALL_LETTER);
    ((letters + 20.0).round(), HEIGHT)
}

/// A name that is short enough for a box.
fn shortened(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    if letters.len() <= LONGEST {
        return name.to_owned();
    }
    let half = (LONGEST - 1) / 2;
    let (begin, end) = (
        letters.iter().take(half),
        letters.iter().skip(letters.len() - half),
    );
    begin.chain([&'…']).chain(end).collect()
}

fn draw_node(out: &mut Vec<u8>, frame: &Frame, node: &Node, (name, below): (&str, &str), bytes: u128) {
    let (fill, stroke) = match node {
        Node::Internet => ("#fff3d6", "#b07a00"),
        Node::Elsewhere => ("#eeeeee", "#777777"),
        Node::Address(_) | Node::Network(_) => ("#f3f7fc", "#33507a"),
        Node::Interface(_) | Node::Account(_) | Node::Label(_) => ("#eef8f0", "#2c6e49"),
    };
    out.extend_from_slice(b"<g><title>");
    quoting::xml(out, &node.to_string());
    let _ = write!(
        out,
        ": {} bytes</title><rect x=\"{:.1}\" y=\"{:.1}\" width=\"{:.0}\" height=\"{:.0}\" rx=\"5\" fill=\"{fill}\" \
         stroke=\"{stroke}\"/>",
        grouped(bytes),
        frame.x - frame.width / 2.0,
        frame.y - frame.height / 2.0,
        frame.width,
        frame.height
    );
    // The text is as wide as its box allows for, in whatever font it is shown.
    let mut text = |y: f64, letter: f64, style: &str, content: &str| {
        let _ = write!(
            out,
            "<text x=\"{:.1}\" y=\"{y:.1}\" text-anchor=\"middle\" textLength=\"{:.0}\" lengthAdjust=\"spacingAndGlyphs\" \
             {style}>",
            frame.x,
            content.chars().count() as f64 * letter
        );
        quoting::xml(out, content);
        out.extend_from_slice(b"</text>");
    };
    text(frame.y - 1.5, LETTER, "font-size=\"12\" fill=\"#111\"", name);
    text(
        frame.y + 12.5,
        SMALL_LETTER,
        "font-size=\"10\" fill=\"#555\"",
        below,
    );
    out.extend_from_slice(b"</g>\n");
}

fn draw_line(out: &mut Vec<u8>, Line { link, way, width }: &Line<'_>) {
    let (colour, dashes) = if is_rejected(link) {
        (REJECTED_COLOUR, " stroke-dasharray=\"7 4\"")
    } else {
        (LINE_COLOUR, "")
    };
    out.extend_from_slice(b"<g><title>");
    let subject = &link.subject;
    let what = format!("{} {}", subject.service(), action(link));
    quoting::xml(
        out,
        &format!(
            "{} → {} {}: {} in {}, {}",
            subject.source,
            subject.destination,
            what.trim(),
            shown_bytes(link.sums.bytes),
            packets(link.sums.packets),
            counted(link.edges, "edge")
        ),
    );
    let _ = writeln!(
        out,
        "</title><path d=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"{width:.1}\" stroke-opacity=\"0.75\"{dashes}/>\
         <path d=\"{}\" fill=\"{colour}\"/></g>",
        way.path, way.head
    );
}

fn packets(count: u128) -> String {
    counted(u64::try_from(count).unwrap_or(u64::MAX), "packet")
}

fn draw_label(out: &mut Vec<u8>, Line { link, way, .. }: &Line<'_>) {
    let (x, y) = way.middle;
    let colour = if is_rejected(link) {
        REJECTED_COLOUR
    } else {
        "#333"
    };
    let _ = write!(
        out,
        "<text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\" font-size=\"10\" fill=\"{colour}\" stroke=\"#fff\" \
         stroke-width=\"3\" paint-order=\"stroke\">",
        y + 3.5
    );
    let label = format!("{} {}", link.subject.service(), shown_bytes(link.sums.bytes));
    quoting::xml(out, label.trim());
    out.extend_from_slice(b"</text>\n");
}
