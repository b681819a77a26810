//! A difference as a graph for Graphviz: green is new, red is gone, amber has changed.

use std::io::Write;

use super::{Change, ChangeKind, Difference};
use crate::quoting;

impl Difference {
    /// The changes as a graph in DOT, and how many more there are.
    #[must_use]
    pub fn to_dot(&self) -> Vec<u8> {
        let mut out = b"digraph difference {\n  node [shape=box];\n".to_vec();
        for list in [&self.new, &self.gone, &self.changed] {
            list.items.iter().for_each(|change| line(&mut out, change));
        }
        let lists = [
            (self.new.more(), "new"),
            (self.gone.more(), "gone"),
            (self.changed.more(), "changed"),
        ];
        let more: Vec<String> = lists
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, kind)| format!("{count} more {kind}"))
            .collect();
        if !more.is_empty() {
            out.extend_from_slice(b"  label=");
            quoting::dot(&mut out, &format!("and {}", more.join(", ")));
            out.extend_from_slice(b";\n");
        }
        out.extend_from_slice(b"}\n");
        out
    }
}

fn line(out: &mut Vec<u8>, change: &Change) {
    let subject = &change.subject;
    out.extend_from_slice(b"  ");
    quoting::dot(out, &subject.source);
    out.extend_from_slice(b" -> ");
    quoting::dot(out, &subject.destination);
    out.extend_from_slice(b" [label=");
    let action = subject.action.as_deref().unwrap_or_default();
    quoting::dot(out, format!("{} {action}", subject.service()).trim());
    let colour = match Difference::kind(change) {
        ChangeKind::New => "green",
        ChangeKind::Gone => "red",
        ChangeKind::Changed => "orange",
    };
    // Writing into memory cannot fail.
    let _ = write!(out, ", color={colour}");
    for (name, sums) in [("before", change.before), ("after", change.after)] {
        if let Some(sums) = sums {
            let _ = write!(out, ", bytes_{name}={}", sums.bytes);
        }
    }
    out.extend_from_slice(b"];\n");
}
