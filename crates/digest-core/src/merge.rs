//! Runs into one sequence of edges, or of lines: equal ones of several runs add up, and edges that are one line.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;

use crate::error::FoldError;
use crate::flow_record::ABSENT;
use crate::key::ports_of;
use crate::number::MOST_COUNTER;
use crate::run::{Heading, Row, RunReader, Sums};
use crate::spill::SpilledRun;

/// Reads several runs at once, in order.
pub(crate) struct Merge {
    cursors: Vec<Cursor>,
    /// All runs' actions, in order.
    pub(crate) actions: Arc<Vec<Vec<u8>>>,
    /// Whether edges that are one line of the text are one row.
    by_line: bool,
}

/// Edges of one interface, some at a time.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) names: Arc<(Vec<u8>, Vec<u8>)>,
    pub(crate) rows: Vec<(Row, Sums)>,
}

/// One run, at the place where the merge is.
struct Cursor {
    reader: RunReader,
    /// What the run's numbers of actions are among all.
    actions: Vec<u32>,
    heading: Option<Heading>,
    row: Option<(Row, Sums)>,
}

impl Merge {
    /// Lines of the digest's text.
    pub(crate) fn lines(runs: &[Arc<dyn SpilledRun>]) -> io::Result<Self> {
        Ok(Self {
            by_line: true,
            ..Self::edges(runs)?
        })
    }

    /// Every edge.
    pub(crate) fn edges(runs: &[Arc<dyn SpilledRun>]) -> io::Result<Self> {
        let mut readers = Vec::with_capacity(runs.len());
        for run in runs {
            readers.push(RunReader::open(run.open()?)?);
        }
        let actions: BTreeSet<Vec<u8>> = readers.iter().flat_map(|reader| reader.actions.clone()).collect();
        let actions: Vec<Vec<u8>> = actions.into_iter().collect();
        let mut cursors = Vec::with_capacity(readers.len());
        for mut reader in readers {
            let numbers = reader.actions.iter();
            let numbers = numbers.map(|action| actions.binary_search(action).unwrap_or_default() as u32);
            cursors.push(Cursor {
                actions: numbers.collect(),
                heading: reader.heading()?,
                row: None,
                reader,
            });
        }
        Ok(Self {
            cursors,
            actions: Arc::new(actions),
            by_line: false,
        })
    }

    /// Hands out all rows, in parts of at most so many, each of one interface.
    pub(crate) fn read(
        &mut self,
        most: usize,
        mut take: impl FnMut(Part) -> io::Result<()>,
    ) -> io::Result<()> {
        let by_line = self.by_line;
        while let Some((account, interface)) = self.next_interface() {
            let names = Arc::new((account, interface));
            let mut here: Vec<&mut Cursor> = Vec::new();
            for cursor in &mut self.cursors {
                if cursor
                    .heading
                    .as_ref()
                    .is_some_and(|heading| heading.is_of(&names))
                {
                    cursor.advance(by_line)?;
                    here.push(cursor);
                }
            }
            let mut rows: Vec<(Row, Sums)> = Vec::with_capacity(most);
            while let Some(least) = here
                .iter()
                .filter_map(|cursor| cursor.row.as_ref().map(|(row, _)| row))
                .min()
                .cloned()
            {
                let mut all: Option<Sums> = None;
                for cursor in &mut here {
                    while let Some((_, sums)) = cursor.row.as_ref().filter(|(row, _)| *row == least) {
                        all = Some(match all {
                            Some(known) => known.with(sums).map_err(|measure| {
                                io::Error::other(overflow(
                                    measure,
                                    (&names.0, &names.1),
                                    &least,
                                    &self.actions,
                                ))
                            })?,
                            None => *sums,
                        });
                        cursor.advance(by_line)?;
                    }
                }
                rows.extend(all.map(|sums| (least, sums)));
                if rows.len() == most {
                    let names = Arc::clone(&names);
                    let rows = std::mem::replace(&mut rows, Vec::with_capacity(most));
                    take(Part { names, rows })?;
                }
            }
            for cursor in here {
                cursor.heading = cursor.reader.heading()?;
            }
            if !rows.is_empty() {
                take(Part { names, rows })?;
            }
        }
        Ok(())
    }

    /// The least names among the runs' next sections.
    fn next_interface(&self) -> Option<(Vec<u8>, Vec<u8>)> {
        let headings = self.cursors.iter().filter_map(|cursor| cursor.heading.as_ref());
        let least = headings.min_by(|one, other| one.order(other))?;
        Some((least.account.clone(), least.interface.clone()))
    }
}

/// A sum that passes its range, told as it would be of edges in memory.
#[cold]
pub(crate) fn overflow(
    measure: &'static str,
    names: (&[u8], &[u8]),
    row: &Row,
    actions: &[Vec<u8>],
) -> FoldError {
    let name = |name: &[u8]| String::from_utf8_lossy(name).into_owned();
    let (src, dst) = (IpAddr::from(row.src), IpAddr::from(row.dst));
    let ports = ports_of(row.service).map_or("- -".to_owned(), |(src, dst)| format!("{src} {dst}"));
    let action = actions.get(row.action as usize).map_or(ABSENT, Vec::as_slice);
    let (account, interface, action) = (name(names.0), name(names.1), name(action));
    FoldError::Overflow {
        measure,
        edge: format!(
            "{account} {interface} {src} {dst} {ports} {} {action}",
            row.service & 0xff
        ),
    }
}

impl Cursor {
    fn advance(&mut self, by_line: bool) -> io::Result<()> {
        self.row = self.reader.row()?;
        if let Some((row, _)) = &mut self.row {
            row.action = self.actions.get(row.action as usize).copied().unwrap_or_default();
            if by_line {
                row.further = None;
            }
        }
        Ok(())
    }
}

impl Heading {
    fn is_of(&self, names: &(Vec<u8>, Vec<u8>)) -> bool {
        self.account == names.0 && self.interface == names.1
    }

    /// `-` comes before every name.
    fn order(&self, other: &Self) -> Ordering {
        names_order(
            (&self.account, &self.interface),
            (&other.account, &other.interface),
        )
    }
}

/// The order of names in a digest: bytes, with `-` before all.
fn name_order(one: &[u8], other: &[u8]) -> Ordering {
    (one != ABSENT, one).cmp(&(other != ABSENT, other))
}

/// The order of interfaces in a digest: by account, then by name.
pub(crate) fn names_order(one: (&[u8], &[u8]), other: (&[u8], &[u8])) -> Ordering {
    name_order(one.0, other.0).then_with(|| name_order(one.1, other.1))
}

impl Sums {
    /// Both together; the name of a sum that passes the range of a counter is the error.
    pub(crate) fn with(&self, other: &Self) -> Result<Self, &'static str> {
        let sum = |measure, one: u64, other: u64| {
            let sum = one.checked_add(other).filter(|&sum| sum <= MOST_COUNTER);
            sum.ok_or(measure)
        };
        Ok(Self {
            packets: sum("packets", self.packets, other.packets)?,
            bytes: sum("bytes", self.bytes, other.bytes)?,
            history: match (self.history, other.history) {
                (Some(mut ours), Some(theirs)) => {
                    ours.merge(&theirs);
                    Some(ours)
                }
                (ours, theirs) => ours.or(theirs),
            },
        })
    }
}
