//! Rows one after the other: each is held against the burst that is open, and what is its own is read.
//!
//! A row of the burst has the bytes that the burst's rows share, in the same places but for the lengths of what stands
//! between: so they are compared without a look for delimiters, and only the row's own columns are split. A row that
//! differs in more than its times and its action (`varying.rs`) begins another burst; it is split whole.

use std::ops::Range;

use memchr::memchr;

use crate::folder::begins_with_header;
use crate::regular::Terms;
use crate::regular::bursts::{Burst, Is};
use crate::regular::facets::{Columns, Facets};
use crate::regular::plan::{Own, Plan, Step, no_places};
use crate::regular::row::{Here, Row};
use crate::regular::split::{cell, split};
use crate::regular::varying::{self, First, Variant};
use crate::vector::{
    BEFORE, Lanes, Neighbours, PAD, PLACES, Padded, Pass, SplitColumns, View, prefetch_text,
};

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
    /// The row's place in the text.
    at: u32,
    /// Its start and end.
    times: (u32, u32),
    /// Whether the burst's rows all have its action.
    by_action: bool,
}

impl Open<'_> {
    /// What a row has that differs in nothing.
    #[inline(always)]
    fn variant(&self) -> Variant {
        Variant {
            is_other: false,
            times: self.times,
        }
    }

    /// Lets the burst at hand be that of these times; false where their rows are each judged by itself.
    #[inline(always)]
    fn turn(&mut self, times: (u32, u32), rows: &mut Rows, inside: &Range<u64>) -> bool {
        self.burst.times() == times || self.turn_to(times, rows, inside)
    }

    fn turn_to(&mut self, times: (u32, u32), rows: &mut Rows, inside: &Range<u64>) -> bool {
        let Some(other) = self.burst.at(times, rows.rows.len(), inside) else {
            return false;
        };
        rows.close(std::mem::replace(&mut self.burst, other));
        true
    }
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
    let neighbours = plan
        .neighbours
        .as_ref()
        .filter(|_| L::READS_COLUMNS && facets.is_none());
    let mut at = PAD as u32;
    let mut open: Option<Open<'_>> = None;
    while at < end {
        let Some(view) = text.view(at) else { break };
        let here = Here { text, view, at, plan };
        prefetch_text(terms.ahead, at as usize);
        if let Some(open) = &mut open
            && let Some(neighbours) = neighbours
            && let Some((columns, length, variant)) = at_once(lanes, here, neighbours, rows, open)
            && length <= most
            && open.turn(variant.times, rows, &inside)
        {
            let row = match open.burst.is {
                Is::Outside => None,
                _ => rows.row(lanes, here, columns.numbers, columns.addresses),
            };
            if row.is_some() || open.burst.is == Is::Outside {
                rows.take(row, variant, &mut open.burst);
                at += length;
                continue;
            }
        }
        if let Some(open) = &mut open
            && let Some((length, variant)) = follow(lanes, here, rows, open, &mut own)
            && open.turn(variant.times, rows, &inside)
        {
            let burst = &mut open.burst;
            let row = match burst.is {
                Is::Outside if length <= most => {
                    rows.take(None, variant, burst);
                    at += length;
                    continue;
                }
                _ if length > most => None,
                _ => rows.split_row(lanes, here, &own, open.row),
            };
            if row.is_some() {
                rows.take(row, variant, burst);
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
        // A row that cannot follow itself, since its own columns reach beyond its view, is judged by itself.
        let is_begun = open.take().is_some_and(|open| {
            rows.close(open.burst);
            open.at == at
        });
        let burst = if is_begun {
            None
        } else {
            rows.start(lanes, here, &inside)
        };
        match burst {
            // The row is read as one that follows itself.
            Some(burst) => {
                open = Some(Open {
                    burst,
                    row: view,
                    at,
                    times: burst.times(),
                    by_action,
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

/// Splits a row of the open burst; gives its length with its newline, and what it has otherwise. `None` where it is none.
#[inline(always)]
fn follow<L: Lanes>(
    lanes: L,
    here: Here<'_>,
    rows: &Rows,
    open: &Open<'_>,
    own: &mut Own,
) -> Option<(u32, Variant)> {
    let mut at = BEFORE;
    let mut place = 0;
    let mut variant = open.variant();
    for (number, step) in (0..).zip(&here.plan.steps) {
        match *step {
            Step::Shared { .. } => at = share(lanes, here, (rows, open), (number, at), &mut variant)?,
            Step::Own { count, is_last, .. } => {
                at = split(lanes, here.view, at, own.get_mut(place..=place + count)?, is_last)?;
                place += count + 1;
            }
        }
    }
    Some((at - BEFORE, variant))
}

/// Splits a row of the open burst and reads its numbers, where that can be done at once; gives its length as well, and what it
/// has otherwise.
#[inline(always)]
fn at_once<L: Lanes>(
    lanes: L,
    here: Here<'_>,
    neighbours: &Neighbours,
    rows: &Rows,
    open: &Open<'_>,
) -> Option<(SplitColumns, u32, Variant)> {
    // No more than one run of shared columns stands before them, and one behind.
    let step = here.plan.own;
    let mut variant = open.variant();
    let at = share(
        lanes,
        here,
        (rows, open),
        (step.wrapping_sub(1), BEFORE),
        &mut variant,
    )?;
    let columns = lanes.columns(here.view, at, neighbours)?;
    let end = share(lanes, here, (rows, open), (step + 1, columns.end), &mut variant)?;
    Some((columns, end - BEFORE, variant))
}

/// Holds what a row shares by a step, if there is such a step, against the row that began the burst; gives where it ends. `None`
/// where it differs in more than may vary.
#[inline(always)]
fn share<L: Lanes>(
    lanes: L,
    here: Here<'_>,
    (rows, open): (&Rows, &Open<'_>),
    (step, at): (usize, u32),
    variant: &mut Variant,
) -> Option<u32> {
    let (from, length) = rows.shared.get(step).copied().unwrap_or_default();
    let end = at + length;
    if end as usize > PLACES {
        return None;
    }
    if !lanes.same(open.row, from, here.view, at, length) {
        if !here.plan.varies(step) {
            return None;
        }
        let first = First {
            view: open.row,
            cells: &rows.cells,
            shared: &rows.shared,
        };
        varying::read(first, here, (step, at), variant)?;
        if variant.is_other && open.by_action {
            return None;
        }
    }
    Some(end)
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

    /// Takes a row of a burst; none where it lies outside the window.
    #[inline(always)]
    fn take(&mut self, row: Option<Row>, variant: Variant, burst: &mut Burst) {
        if let Some(row) = row {
            let is_other = variant.is_other;
            self.rows.push(Row { is_other, ..row });
            burst.has_other |= is_other;
            burst.has_own |= !is_other;
        }
        burst.lines += 1;
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
