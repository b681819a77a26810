//! What rows may have otherwise than the row that began their burst and yet be read beside it: their times, for every flow has
//! its own within an aggregation interval, and their action, for what is rejected stands amid what is accepted.

use crate::regular::bursts::other_action;
use crate::regular::plan::Plan;
use crate::regular::row::Here;
use crate::vector::{BEFORE, View};

/// A column that may differ.
#[derive(Debug, Clone, Copy)]
pub(super) struct Varying {
    pub(super) is: What,
    pub(super) column: usize,
    /// The step that shares it.
    pub(super) step: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    Start,
    End,
    /// Start and end of a layout that has one column for both.
    Both,
    Action,
}

/// The row that began a burst, its delimiters, and what its steps share.
#[derive(Debug, Clone, Copy)]
pub(super) struct First<'a> {
    pub(super) view: &'a View,
    pub(super) cells: &'a [u32],
    pub(super) shared: &'a [(u32, u32)],
}

/// What a row has there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Variant {
    pub(super) is_other: bool,
    /// Start and end, Unix seconds.
    pub(super) times: (u32, u32),
}

impl Plan {
    /// Whether rows may differ in what they share by this step.
    #[inline(always)]
    pub(super) fn varies(&self, step: usize) -> bool {
        self.varying.iter().any(|varying| varying.step == step)
    }
}

/// Reads what a row has otherwise in a step, whose bytes begin at a place of its view; `None` where it differs in anything else.
#[inline(never)]
pub(super) fn read(
    first: First<'_>,
    Here {
        text,
        view,
        at: row,
        plan,
    }: Here<'_>,
    (step, at): (usize, u32),
    variant: &mut Variant,
) -> Option<()> {
    let &(begin, length) = first.shared.get(step)?;
    // Places are those of the first row.
    let token = |start: u32, end: u32| view.get(start - begin + at, end - begin + at);
    let same = |start: u32, end: u32| token(start, end) == first.view.get(start, end);
    let number = |start: u32, end: u32| {
        let from = row - BEFORE + at;
        text.number(start - begin + from, end - begin + from)
    };
    let mut done = begin;
    for varying in plan.varying.iter().filter(|varying| varying.step == step) {
        let (start, end) = (
            first.cells.get(varying.column)? + 1,
            *first.cells.get(varying.column + 1)?,
        );
        if !same(done, start) {
            return None;
        }
        match varying.is {
            What::Start => variant.times.0 = number(start, end)?,
            What::End => variant.times.1 = number(start, end)?,
            What::Both => {
                let time = number(start, end)?;
                variant.times = (time, time);
            }
            What::Action if same(start, end) => {}
            What::Action => {
                if other_action(first.view.get(start, end)) != Some(token(start, end)) {
                    return None;
                }
                variant.is_other = true;
            }
        }
        done = end;
    }
    same(done, begin + length).then_some(())
}
