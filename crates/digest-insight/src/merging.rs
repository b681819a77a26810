//! Several sorted digests as one: the digest of the union of their records.

use std::cmp::Ordering;
use std::io::{self, Write};

use digest_core::{DigestRow, DigestWriter, GzipSummary, TextSummary};
use thiserror::Error;

use crate::edges::{Edges, ReadError};

/// Why digests cannot be merged.
#[derive(Debug, Error)]
pub enum MergeError {
    /// One of them cannot be read.
    #[error("digest {digest}: {error}")]
    Read {
        /// Which of them, from 1.
        digest: usize,
        /// Why.
        error: ReadError,
    },
    /// Its lines have different times: each line of a digest has the times of all.
    #[error("digest {digest}: its lines do not all have the same start and end")]
    Times {
        /// Which of them, from 1.
        digest: usize,
    },
    /// A sum left its range.
    #[error("the {measure} of one edge pass the greatest value that a digest can hold")]
    Overflow {
        /// Packets or bytes.
        measure: &'static str,
    },
    /// The merged digest cannot be written.
    #[error("it cannot be written: {0}")]
    Write(#[from] io::Error),
}

/// What was merged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merged {
    /// The merged text.
    pub text: TextSummary,
    /// The gzip member, where that was asked for.
    pub gzip: Option<GzipSummary>,
    /// Lines that were read.
    pub read: u64,
}

/// A digest that is merged.
struct Input {
    edges: Edges,
    span: (i64, i64),
}

/// The digests that have lines left, as a heap whose first has the least.
struct Heap {
    inputs: Vec<Input>,
    heap: Vec<usize>,
}

/// Merges sorted digests into one, as text or as one gzip member. Edges of several are summed; every line has the least
/// start and the greatest end of all. What it writes is what a build of all records would have written.
///
/// # Errors
/// [`MergeError`].
pub fn merge(digests: Vec<Edges>, out: impl Write, gzip: bool) -> Result<Merged, MergeError> {
    let mut heap = Heap::of(digests);
    let span = heap.span();
    let mut writer = if gzip {
        DigestWriter::gzip(out, span)?
    } else {
        DigestWriter::text(out, span)
    };
    let (mut read, mut same) = (0, Vec::new());
    while let Some(first) = heap.pop() {
        same.clear();
        same.push(first);
        while heap.is_same_as(first) {
            same.extend(heap.pop());
        }
        if let Some(mut edge) = heap.row(first).map(|row| row.edge()) {
            let others = same.iter().skip(1).filter_map(|at| heap.row(*at));
            for other in others {
                edge.packets = sum("packets", edge.packets, other.packets())?;
                edge.bytes = sum("bytes", edge.bytes, other.bytes())?;
            }
            writer.push(&edge)?;
        }
        for &at in &same {
            heap.advance(at)?;
        }
        read += same.len() as u64;
    }
    let (text, gzip) = writer.finish()?;
    Ok(Merged { text, gzip, read })
}

fn sum(measure: &'static str, one: u64, other: u64) -> Result<u64, MergeError> {
    let sum = one.checked_add(other).filter(|sum| i64::try_from(*sum).is_ok());
    sum.ok_or(MergeError::Overflow { measure })
}

impl Heap {
    fn of(digests: Vec<Edges>) -> Self {
        let inputs: Vec<Input> = digests
            .into_iter()
            .map(|edges| Input {
                span: edges
                    .line()
                    .map_or((i64::MAX, i64::MIN), |line| (line.start, line.end)),
                edges,
            })
            .collect();
        let mut heap = Self {
            heap: Vec::with_capacity(inputs.len()),
            inputs,
        };
        for at in 0..heap.inputs.len() {
            heap.push(at);
        }
        heap
    }

    /// Least start and greatest end; of no lines it does not matter.
    fn span(&self) -> (i64, i64) {
        let spans = self.inputs.iter().map(|input| input.span);
        let span = spans.reduce(|(start, end), (other, others)| (start.min(other), end.max(others)));
        span.unwrap_or_default()
    }

    fn row(&self, at: usize) -> Option<DigestRow<'_>> {
        self.inputs.get(at)?.edges.row()
    }

    /// Goes on in a digest that was popped, and puts it back if it has lines left.
    fn advance(&mut self, at: usize) -> Result<(), MergeError> {
        let digest = at + 1;
        let Some(input) = self.inputs.get_mut(at) else {
            return Ok(());
        };
        let advanced = input.edges.advance();
        advanced.map_err(|error| MergeError::Read { digest, error })?;
        if let Some(line) = input.edges.line()
            && (line.start, line.end) != input.span
        {
            return Err(MergeError::Times { digest });
        }
        self.push(at);
        Ok(())
    }

    /// Whether the least of the heap is the edge at hand of this digest too.
    fn is_same_as(&self, at: usize) -> bool {
        let least = self.heap.first().and_then(|least| self.row(*least));
        let pair = least.zip(self.row(at));
        pair.is_some_and(|(least, row)| least.order(&row) == Ordering::Equal)
    }

    fn is_less(&self, one: usize, other: usize) -> bool {
        // Of equal edges that of the digest which was named first.
        let pair = self.row(one).zip(self.row(other));
        pair.is_some_and(|(left, right)| left.order(&right).then(one.cmp(&other)).is_lt())
    }

    /// Whether the digest at one place of the heap comes before that at another.
    fn place_is_less(&self, one: usize, other: usize) -> bool {
        match (self.heap.get(one), self.heap.get(other)) {
            (Some(one), Some(other)) => self.is_less(*one, *other),
            _ => false,
        }
    }

    fn push(&mut self, at: usize) {
        if self.row(at).is_none() {
            return;
        }
        let mut place = self.heap.len();
        self.heap.push(at);
        while place > 0 && self.place_is_less(place, (place - 1) / 2) {
            self.heap.swap(place, (place - 1) / 2);
            place = (place - 1) / 2;
        }
    }

    fn pop(&mut self) -> Option<usize> {
        if self.heap.is_empty() {
            return None;
        }
        let least = self.heap.swap_remove(0);
        let mut place = 0;
        loop {
            let mut first = place;
            for below in [2 * place + 1, 2 * place + 2] {
                if self.place_is_less(below, first) {
                    first = below;
                }
            }
            if first == place {
                return Some(least);
            }
            self.heap.swap(place, first);
            place = first;
        }
    }
}
