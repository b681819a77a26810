//! What questions are asked of: tables of edges and texts of digests, several at once, each edge handed to whoever sums.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use digest_core::Edge;
use digest_tables::{EdgesTable, TableReadError, Wanted};
use thiserror::Error;

use crate::edges::{Edges, ReadError};
use crate::filter::Filter;

/// Something that has edges.
#[derive(Debug)]
pub enum Source {
    /// A digest's text: of its edges no history is known.
    Text(Edges),
    /// A table of edges, read by several threads.
    Table(EdgesTable),
}

impl Source {
    /// Whether it is a table, which can be read again.
    #[must_use]
    pub fn is_table(&self) -> bool {
        matches!(self, Self::Table(_))
    }

    /// Rows of a table; of a text nobody knows before it has been read.
    pub(crate) fn rows(&self) -> u64 {
        match self {
            Self::Table(table) => table.rows(),
            Self::Text(_) => 0,
        }
    }
}

/// Why a question has no answer.
#[derive(Debug, Error)]
pub enum AskError {
    /// More would have to be held than may be.
    #[error(
        "there are more than {0} of them: narrow it by a filter, or group more coarsely (/16, account, internet)"
    )]
    TooMany(usize),
    /// A digest cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A table cannot be read.
    #[error(transparent)]
    Table(#[from] TableReadError),
}

/// Where an edge stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Standing {
    /// Which of the sources has it, from 0.
    pub source: usize,
    /// Its place in the source: a later edge has a greater one.
    pub place: u64,
}

/// What is made of edges, whatever their order: several threads make one each, which are put together.
pub trait Answer: Send + Sized {
    /// Takes an edge that is wanted.
    ///
    /// # Errors
    /// [`AskError::TooMany`].
    fn take(&mut self, at: Standing, edge: &Edge<'_>) -> Result<(), AskError>;

    /// Takes what another was told.
    ///
    /// # Errors
    /// [`AskError::TooMany`].
    fn merge(&mut self, other: Self) -> Result<(), AskError>;
}

/// Asks all sources for the edges of which the filter holds. Of tables no more is read than `wanted` and the filter need.
///
/// # Errors
/// [`AskError`]: the first that is met.
pub fn ask<A: Answer>(
    sources: &mut [Source],
    wanted: Wanted,
    filter: &Filter,
    new: impl Fn() -> A + Sync,
) -> Result<A, AskError> {
    let mut tables = Vec::new();
    let mut answer = new();
    for (source, one) in sources.iter_mut().enumerate() {
        match one {
            Source::Table(table) => tables.push((source, &*table)),
            Source::Text(edges) => {
                let mut place = 0;
                edges.for_each::<AskError>(|line| {
                    place += 1;
                    match filter.holds(&line.edge) {
                        true => answer.take(Standing { source, place }, &line.edge),
                        false => Ok(()),
                    }
                })?;
            }
        }
    }
    for other in ask_tables(&tables, wanted, filter, new)? {
        answer.merge(other)?;
    }
    Ok(answer)
}

/// Row groups are taken by whichever thread is free.
fn ask_tables<A: Answer>(
    tables: &[(usize, &EdgesTable)],
    wanted: Wanted,
    filter: &Filter,
    new: impl Fn() -> A + Sync,
) -> Result<Vec<A>, AskError> {
    let groups = tables
        .iter()
        .flat_map(|(source, table)| (0..table.groups()).map(move |group| (*source, *table, group)));
    let groups: Vec<_> = groups.collect();
    let conditions = filter.conditions();
    let (next, failed) = (AtomicUsize::new(0), AtomicBool::new(false));
    let work = || -> Result<A, AskError> {
        let mut answer = new();
        while let Some((source, table, group)) = groups.get(next.fetch_add(1, Ordering::Relaxed)) {
            if failed.load(Ordering::Relaxed) {
                break;
            }
            let Some(rows) = table.read(*group, wanted, &conditions)? else {
                continue;
            };
            rows.for_each(|row, edge| {
                if !filter.holds(edge) {
                    return Ok(());
                }
                let place = ((*group as u64) << 32) + row as u64;
                let at = Standing {
                    source: *source,
                    place,
                };
                answer.take(at, edge)
            })?;
        }
        Ok(answer)
    };
    let answers = Mutex::new(Vec::new());
    let threads = thread::available_parallelism()
        .map_or(1, usize::from)
        .min(groups.len());
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let answer = work();
                failed.fetch_or(answer.is_err(), Ordering::Relaxed);
                answers
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(answer);
            });
        }
    });
    let answers = answers.into_inner().unwrap_or_else(PoisonError::into_inner);
    answers.into_iter().collect()
}
