//! Edges some at a time: every thread makes something of a block, and what was made is handed on in the digest's order.

use std::io;
use std::ops::Range;
use std::sync::{Arc, Mutex, mpsc};
use std::thread;

use crate::digest::{Body, Digest, Held};
use crate::edge::Edge;
use crate::merge::{Merge, Part};
use crate::spill::SpilledRun;
use crate::tables::lock;
use crate::turns::Turns;

/// Merged edges that are handed to another thread at once, at most.
const MERGED_AT_ONCE: usize = 8192;

/// Edges that stand one behind the other in a digest.
#[derive(Debug)]
pub struct EdgeBlock<'d>(Edges<'d>);

#[derive(Debug)]
enum Edges<'d> {
    Held(&'d Held, &'d [usize], Range<usize>),
    Merged(&'d [Part], &'d [Vec<u8>]),
}

impl<'d> EdgeBlock<'d> {
    /// Hands out all edges in the digest's order, one or more of one interface at a time.
    pub fn for_each(&self, mut take: impl FnMut(&[Edge<'d>])) {
        match self.0 {
            Edges::Held(held, starts, ref edges) => held.edges(starts, edges.clone(), take),
            Edges::Merged(parts, actions) => {
                for part in parts {
                    for (row, sums) in &part.rows {
                        take(&[part.edge(row, sums, actions)]);
                    }
                }
            }
        }
    }
}

impl Digest {
    /// Cuts the edges into blocks of `edges`, the last of which may have fewer. `make` is called on all of the digest's
    /// threads; `take` gets what it made, in order. As [`Digest::for_each_edge`], it knows edges of one line apart.
    ///
    /// # Errors
    /// The first one that `make` or `take` returns, and failures of runs that are read back.
    pub fn edge_blocks<T: Send>(
        &self,
        edges: usize,
        make: impl Fn(EdgeBlock<'_>) -> io::Result<T> + Sync,
        take: impl FnMut(T) -> io::Result<()> + Send,
    ) -> io::Result<()> {
        let edges = edges.max(1);
        let turns = Turns::new(take, self.threads);
        match &self.body {
            Body::Held(held) => {
                let starts = held.starts();
                let all = starts.last().copied().unwrap_or_default();
                let blocks = all.div_ceil(edges);
                turns.make(blocks, self.threads, |at| {
                    let from = at.saturating_mul(edges);
                    make(EdgeBlock(Edges::Held(held, &starts, from..all.min(from + edges))))
                });
                turns.end()
            }
            Body::Spilled(runs) => self.merged_edges(runs, edges, make, turns),
        }
    }

    /// Blocks of edges that this thread merges and the others make something of.
    fn merged_edges<T: Send>(
        &self,
        runs: &[Arc<dyn SpilledRun>],
        edges: usize,
        make: impl Fn(EdgeBlock<'_>) -> io::Result<T> + Sync,
        turns: Turns<T, impl FnMut(T) -> io::Result<()> + Send>,
    ) -> io::Result<()> {
        let mut merge = Merge::edges(runs)?;
        let actions = Arc::clone(&merge.actions);
        let (sender, merged) = mpsc::sync_channel::<(usize, Vec<Part>)>(1);
        let merged = Mutex::new(merged);
        let work = || {
            loop {
                let received = lock(&merged).recv();
                let Ok((at, parts)) = received else { return };
                if !turns.is_over() {
                    let _watch = turns.watch();
                    turns.take(at, make(EdgeBlock(Edges::Merged(&parts, &actions))));
                }
            }
        };
        let fed = thread::scope(|scope| {
            for _ in 0..self.threads.max(1) {
                scope.spawn(work);
            }
            let feed = sender;
            let (mut at, mut parts, mut held) = (0, Vec::new(), 0);
            merge.read(MERGED_AT_ONCE.min(edges), |mut part| {
                if turns.is_over() {
                    return Err(io::Error::other("nobody takes the merged edges any more"));
                }
                // Once it is full, a block has room for nothing.
                let rest = part.rows.split_off(part.rows.len().min(edges - held));
                held += part.rows.len();
                let names = Arc::clone(&part.names);
                parts.push(part);
                if held == edges {
                    // The receiver outlives all workers.
                    feed.send((at, std::mem::take(&mut parts)))
                        .map_err(io::Error::other)?;
                    (at, held) = (at + 1, rest.len());
                    if held > 0 {
                        parts.push(Part { names, rows: rest });
                    }
                }
                Ok(())
            })?;
            if parts.is_empty() {
                return Ok(());
            }
            feed.send((at, parts)).map_err(io::Error::other)
        });
        turns.end().and(fed)
    }
}
