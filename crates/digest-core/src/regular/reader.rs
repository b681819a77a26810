//! Rows one after the other: each is held against the burst that is open, and what is its own is read.
//!
//! A row of the burst has the bytes that the burst's rows share, in the same places but for the lengths of what stands
//! between: so they are compared without a look for delimiters, and only the row's own columns are split. A row that
//! differs begins another burst; it is split whole.

use std::ops::Range;

use memchr::memchr;

use crate::folder::begins_with_header;
use crate::regular::Terms;
use crate::regular::bursts::{Burst, Is, other_action};
use crate::regular::facets::{Columns, Facets};
use crate::regular::plan::{Own, Plan, Step, no_places};
use crate::regular::row::{Here, Row};
use crate::regular::split::{cell, split};
use crate::vector::{BEFORE, Lanes, MOST_SPLIT, Neighbours, PAD, PLACES, Padded, Pass, SplitColumns, View};

/// Where a token begins and ends.
pub(super) type Cell = (u32, u32);

/// Rows that were read together, kept to be used again.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub(super) rows: Vec<Row>,
    pub(super) bursts: Vec<Burst>,
    /// IPv6 addresses; the places among those of their burst are their numbers in the rows' keys.
    pub(super) v6: Vec<u128>,
    pub(super) facets: Facets,
    /// Where the columns of facts are, of each burst that has been begun.
    pub(super) facts: Vec<Cell>,
    /// Where reading ended: behind the text, or behind a header in it.
    pub(super) read_to: u32,
    /// The first of the open burst's, and where the last of them were read.
    pub(super) v6_from: u32,
    pub(super) last_v6: [(Cell, u32); 2],
    /// All delimiters of the row that began the open burst, in its view, and the place before it.
    pub(super) cells: Vec<u32>,
    /// Begin and length of what rows of the open burst share, by step.
    shared: Vec<(u32, u32)>,
}

/// Whole lines, each with its newline, that are to be read.
pub(super) struct Reading<'a> {
    pub(super) text: Padded<'a>,
    pub(super) plan: &'a Plan,
    /// The columns of facets, where they are asked for.
    pub(super) facets: Option<&'a Columns>,
    pub(super) terms: &'a Terms<'a>,
    pub(super) rows: &'a mut Rows,
}

impl Pass for Reading<'_> {
    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        read(lanes, self.text, self.plan, self.facets, self.terms, self.rows);
    }
}

/// What the rows of the open burst are held against: the row that began it.
#[derive(Clone, Copy)]
struct Open<'a> {
    burst: Burst,
    row: &'a View,
    other: Option<Other>,
}

/// The action that rows of the open burst may have instead.
#[derive(Clone, Copy)]
struct Other {
    action: &'static [u8],
    /// The step that it is shared in, and its place among what is shared.
    step: usize,
    at: u32,
}

#[inline(always)]
fn read<L: Lanes>(
    lanes: L,
    text: Padded<'_>,
    plan: &Plan,
    facets: Option<&Columns>,
    terms: &Terms<'_>,
    rows: &mut Rows,
) {
    rows.begin(plan);
    let inside = terms.window.map_or(0..u64::MAX, |window| {
        let bound = |unix: i64| u64::try_from(unix).unwrap_or(0);
        bound(window.start_unix())..bound(window.stop_unix())
    });
    let most = u32::try_from(terms.max_row).unwrap_or(u32::MAX);
    let end = text.end();
    let mut own = no_places();
    // A row's facet holds its action.
    let by_action = terms.by_action || facets.is_some();
    let neighbours = plan.neighbours.as_ref().filter(|_| facets.is_none());
    let mut at = PAD as u32;
    let mut open: Option<Open<'_>> = None;
    while at < end {
        let Some(view) = text.view(at) else { break };
        let here = Here { text, view, at, plan };
        if let Some(Open {
            burst,
            row: first,
            other,
        }) = &mut open
            && let (Some(neighbours), Is::Counted) = (neighbours, burst.is)
            && let Some((columns, length, is_other)) =
                at_once(lanes, view, plan, neighbours, &rows.shared, first, other)
            && length <= most
            && let Some(row) = rows.row(lanes, here, columns.numbers, columns.addresses)
        {
            rows.rows.push(Row { is_other, ..row });
            burst.has_other |= is_other;
            burst.lines += 1;
            at += length;
            continue;
        }
        if let Some(Open {
            burst,
            row: first,
            other,
        }) = &mut open
            && let Some((length, is_other)) = follow(lanes, view, plan, &rows.shared, first, other, &mut own)
        {
            let row = match burst.is {
                Is::Outside if length <= most => {
                    burst.lines += 1;
                    at += length;
                    continue;
                }
                _ if length > most => None,
                _ => rows.split_row(lanes, here, &own, first),
            };
            if let Some(row) = row {
                rows.rows.push(Row { is_other, ..row });
                burst.has_other |= is_other;
                burst.lines += 1;
                if let Some(columns) = facets {
                    rows.keep_facet(columns, at - BEFORE, &own);
                }
            } else {
                let again = burst.again(rows.rows.len());
                rows.close(std::mem::replace(burst, again));
                rows.odd(at, at + length);
            }
            at += length;
            continue;
        }
        if let Some(open) = open.take() {
            rows.close(open.burst);
        }
        match rows.start(lanes, here, &inside) {
            // The row is read as one that follows itself.
            Some(burst) => {
                let other = if by_action { None } else { rows.other(plan, view) };
                open = Some(Open {
                    burst,
                    row: view,
                    other,
                });
            }
            // Behind a header the columns may be others.
            None if begins_with_header(text.get(at, end)) => {
                at = rows.odd_line(text, at);
                break;
            }
            None => at = rows.odd_line(text, at),
        }
    }
    if let Some(open) = open {
        rows.close(open.burst);
    }
    rows.read_to = at;
}

/// Splits a row of the open burst; gives its length with its newline, and whether it has the other action. `None` where it
/// is none.
#[inline(always)]
fn follow<L: Lanes>(
    lanes: L,
    view: &View,
    plan: &Plan,
    shared: &[(u32, u32)],
    first: &View,
    other: &Option<Other>,
    own: &mut Own,
) -> Option<(u32, bool)> {
    let mut at = BEFORE;
    let mut place = 0;
    let mut is_other = false;
    for ((number, step), &(from, length)) in (0..).zip(&plan.steps).zip(shared) {
        match *step {
            Step::Shared { .. } => {
                let end = at + length;
                if end as usize > PLACES {
                    return None;
                }
                if !lanes.same(first, from, view, at, length) {
                    has_other(number, (first, from), (view, at), length, other)?;
                    is_other = true;
                }
                at = end;
            }
            Step::Own { count, is_last, .. } => {
                at = split(lanes, view, at, own.get_mut(place..=place + count)?, is_last)?;
                place += count + 1;
            }
        }
    }
    Some((at - BEFORE, is_other))
}

/// That a row shares a step's bytes with the burst's first row, but for its action, which is the other one.
#[cold]
fn has_other(
    step: usize,
    (first, from): (&View, u32),
    (view, at): (&View, u32),
    length: u32,
    other: &Option<Other>,
) -> Option<()> {
    let other = other.as_ref().filter(|other| other.step == step)?;
    let (before, behind) = (other.at, other.at + other.action.len() as u32);
    let is_so = view.get(at + before, at + behind) == other.action
        && view.get(at, at + before) == first.get(from, from + before)
        && view.get(at + behind, at + length) == first.get(from + behind, from + length);
    is_so.then_some(())
}

/// Splits a row of the open burst and reads its numbers, where that can be done at once; gives its length as well, and
/// whether it has the other action.
#[inline(always)]
fn at_once<L: Lanes>(
    lanes: L,
    view: &View,
    plan: &Plan,
    neighbours: &Neighbours,
    shared: &[(u32, u32)],
    first: &View,
    other: &Option<Other>,
) -> Option<(SplitColumns, u32, bool)> {
    // No more than one run of shared columns stands before them, and one behind.
    let shared_by = |step: usize| shared.get(step).copied().unwrap_or_default();
    let mut is_other = false;
    let step = plan.own.wrapping_sub(1);
    let (from, length) = shared_by(step);
    let at = BEFORE + length;
    if at > MOST_SPLIT {
        return None;
    }
    if !lanes.same(first, from, view, BEFORE, length) {
        has_other(step, (first, from), (view, BEFORE), length, other)?;
        is_other = true;
    }
    let columns = lanes.columns(view, at, neighbours)?;
    let step = plan.own + 1;
    let (from, length) = shared_by(step);
    let end = columns.end + length;
    if end as usize > PLACES {
        return None;
    }
    if !lanes.same(first, from, view, columns.end, length) {
        has_other(step, (first, from), (view, columns.end), length, other)?;
        is_other = true;
    }
    Some((columns, end - BEFORE, is_other))
}

impl Rows {
    fn begin(&mut self, plan: &Plan) {
        self.rows.clear();
        self.bursts.clear();
        self.v6.clear();
        self.facets.cells.clear();
        self.facets.numbers.clear();
        self.facts.clear();
        self.v6_from = 0;
        self.last_v6 = Default::default();
        self.cells.clear();
        self.cells.resize(plan.width + 1, 0);
        self.shared.clear();
        self.shared.resize(plan.steps.len(), (0, 0));
    }

    /// Splits a row that begins a burst, whose rows may count.
    #[inline(always)]
    fn start<L: Lanes>(
        &mut self,
        lanes: L,
        Here { text, view, at, plan }: Here<'_>,
        inside: &Range<u64>,
    ) -> Option<Burst> {
        split(lanes, view, BEFORE, &mut self.cells, true)?;
        for (step, shared) in plan.steps.iter().zip(&mut self.shared) {
            if let Step::Shared { first, count } = *step {
                let (before, end) = (self.cells.get(first)?, self.cells.get(first + count)?);
                // With the delimiter behind it.
                *shared = (before + 1, end - before);
            }
        }
        let mut burst = Burst::of(text, at - BEFORE, plan, &self.cells, self.rows.len(), inside)?;
        if !plan.facts.is_empty() {
            burst.facts = self.facts.len() as u32;
            self.keep_facts(&plan.facts, at - BEFORE);
        }
        Some(burst)
    }

    /// The action that rows of a burst may have instead of that of the row which began it.
    #[inline]
    fn other(&self, plan: &Plan, view: &View) -> Option<Other> {
        let (column, step) = (plan.action?, plan.action_step?);
        let (start, end) = (self.cells.get(column)? + 1, *self.cells.get(column + 1)?);
        Some(Other {
            action: other_action(view.get(start, end))?,
            step,
            at: start.checked_sub(self.shared.get(step)?.0)?,
        })
    }

    /// Keeps where the tokens of a row's facet are.
    #[cold]
    fn keep_facet(&mut self, columns: &Columns, origin: u32, own: &Own) {
        let cells = columns.places.iter().map(|&place| {
            let (start, end) = cell(own, place);
            (origin + start, origin + end)
        });
        self.facets.cells.extend(cells);
    }

    fn close(&mut self, mut burst: Burst) {
        if burst.lines > 0 {
            burst.end = self.rows.len() as u32;
            burst.v6 = (self.v6_from, self.v6.len() as u32);
            self.bursts.push(burst);
        }
        self.v6_from = self.v6.len() as u32;
        self.last_v6 = Default::default();
    }

    /// A row that is to be judged by itself; gives the place behind it.
    #[cold]
    fn odd_line(&mut self, text: Padded<'_>, at: u32) -> u32 {
        let rest = text.get(at, text.end());
        let end = memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
        let next = at + end as u32;
        self.odd(at, next);
        next
    }

    fn odd(&mut self, from: u32, to: u32) {
        let first = self.rows.len() as u32;
        match self.bursts.last_mut() {
            Some(last) if last.is == Is::Odd && last.text.1 == from => {
                last.text.1 = to;
                last.lines += 1;
            }
            _ => self.bursts.push(Burst::odd(first, (from, to))),
        }
    }
}
