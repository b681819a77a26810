//! What rows may have otherwise than the row that began their burst and yet be read beside it: their times, for every flow has
//! its own within an aggregation interval, and their action, for what is rejected stands amid what is accepted.

use crate::regular::bursts::other_action;
use crate::regular::plan::Plan;
use crate::vector::{BEFORE, Padded, View};

/// Tokens that may differ, at most.
const MOST: usize = 3;

/// A token that may differ.
#[derive(Debug, Clone, Copy)]
struct Token {
    is: What,
    /// The step that shares it, and its place among what is shared.
    step: usize,
    from: u32,
    to: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Start,
    End,
    /// Start and end of a layout that has one column for both.
    Both,
    Action,
}

/// Where the row that began a burst has them, and what it has there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Varying {
    tokens: [Option<Token>; MOST],
    /// The action that rows may have instead.
    other: Option<&'static [u8]>,
    times: (u32, u32),
}

/// What a row has there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Variant {
    pub(super) is_other: bool,
    /// Start and end, Unix seconds.
    pub(super) times: (u32, u32),
}

/// Bytes of a view from a place on.
pub(super) type From<'v> = (&'v View, u32);

impl Varying {
    /// Of a row with these delimiters and times, whose steps share these bytes; `by_action` where its action may not differ.
    #[inline]
    pub(super) fn of(
        plan: &Plan,
        view: &View,
        (cells, shared): (&[u32], &[(u32, u32)]),
        times: (u32, u32),
        by_action: bool,
    ) -> Self {
        let token = |is: What, column: Option<usize>| {
            let column = column?;
            let step = *plan.step_of.get(column)?;
            let (start, end) = (cells.get(column)? + 1, *cells.get(column + 1)?);
            let begin = shared.get(step)?.0;
            Some(Token {
                is,
                step,
                from: start.checked_sub(begin)?,
                to: end.checked_sub(begin)?,
            })
        };
        let action = token(What::Action, plan.action).filter(|_| !by_action);
        let other = action.and_then(|token| {
            let (start, _) = shared.get(token.step)?;
            other_action(view.get(start + token.from, start + token.to))
        });
        let (start, end) = plan.times;
        let mut tokens = [
            if start == end {
                token(What::Both, Some(start))
            } else {
                token(What::Start, Some(start))
            },
            token(What::End, Some(end)).filter(|_| start != end),
            action.filter(|_| other.is_some()),
        ];
        tokens.sort_unstable_by_key(|token| token.map(|token| (token.step, token.from)));
        Self { tokens, other, times }
    }

    /// What a row has that differs in nothing.
    #[inline(always)]
    pub(super) fn same(&self) -> Variant {
        Variant {
            is_other: false,
            times: self.times,
        }
    }

    /// Reads what a row has otherwise among the bytes of a step; `None` where it differs in anything else. `row` is its place in
    /// the text.
    #[inline(never)]
    pub(super) fn read(
        &self,
        step: usize,
        (first, from): From<'_>,
        (view, at): From<'_>,
        length: u32,
        (text, row): (Padded<'_>, u32),
        variant: &mut Variant,
    ) -> Option<()> {
        let same =
            |begin: u32, end: u32| view.get(at + begin, at + end) == first.get(from + begin, from + end);
        let number = |token: &Token| {
            let begin = row - BEFORE + at;
            text.number(begin + token.from, begin + token.to)
        };
        let mut done = 0;
        for token in self.tokens.iter().flatten().filter(|token| token.step == step) {
            if !same(done, token.from) {
                return None;
            }
            match token.is {
                What::Start => variant.times.0 = number(token)?,
                What::End => variant.times.1 = number(token)?,
                What::Both => {
                    let time = number(token)?;
                    variant.times = (time, time);
                }
                What::Action if same(token.from, token.to) => {}
                What::Action => {
                    if self.other != Some(view.get(at + token.from, at + token.to)) {
                        return None;
                    }
                    variant.is_other = true;
                }
            }
            done = token.to;
        }
        same(done, length).then_some(())
    }
}
