//! What stands below a drawn graph: how to read it, and what it leaves out.

use std::io::Write;

use crate::figures::{bytes as shown_bytes, counted};
use crate::graph::Graph;
use crate::quoting;
use crate::subject::Sums;

/// Height of a line of text, and the width of a character, in pixels.
const LINE: f64 = 18.0;
const CHARACTER: f64 = 6.6;

/// Lines of text.
#[derive(Debug)]
pub(super) struct Legend(Vec<String>);

impl Legend {
    /// What is said of a graph in lines that are no wider than so many pixels.
    pub(super) fn of(graph: &Graph, width: f64) -> Self {
        let mut sums = Sums::default();
        graph.links.iter().for_each(|link| sums.add(link.sums));
        let shown = format!(
            "{}, {}, {}.",
            counted(graph.nodes.len() as u64, "node"),
            counted(graph.links.len() as u64, "link"),
            shown_bytes(sums.bytes)
        );
        let reading = match graph.links.is_empty() {
            true => "Nothing to draw.",
            false => {
                "Arrows point to where the bytes went; the wider, the more (in powers of ten); red and dashed was rejected. \
                 Below a name stand the bytes of all that it sent and received."
            }
        };
        let left_out = graph.more().map(|more| format!("Not drawn: {more}."));
        let sentences = [shown, reading.to_owned()].into_iter().chain(left_out);
        let most = (width / CHARACTER).max(20.0) as usize;
        let lines = sentences.chain(graph.notes.iter().cloned());
        Self(lines.flat_map(|line| wrapped(&line, most)).collect())
    }

    /// In pixels.
    pub(super) fn height(&self) -> f64 {
        self.0.len() as f64 * LINE
    }

    pub(super) fn write(&self, out: &mut Vec<u8>, (x, y): (f64, f64)) {
        for (at, line) in self.0.iter().enumerate() {
            // Writing into memory cannot fail.
            let _ = write!(
                out,
                "<text x=\"{x:.0}\" y=\"{:.0}\" font-size=\"12\" fill=\"#444\">",
                y + (at + 1) as f64 * LINE - 5.0
            );
            quoting::xml(out, line);
            out.extend_from_slice(b"</text>\n");
        }
    }
}

/// A text in lines of at most so many characters; a longer word has a line of its own.
fn wrapped(text: &str, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= most => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_between_words() {
        assert_eq!(wrapped("one two  three", 7), ["one two", "three"]);
        assert_eq!(wrapped("a-very-long-word b", 5), ["a-very-long-word", "b"]);
        assert!(wrapped("", 5).is_empty());
    }
}
