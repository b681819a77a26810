//! Regular rows: tokens one blank apart, as many to a line as the layout has columns.
//!
//! Records come in bursts of one interface whose rows agree in most columns: these are compared as bytes with the row
//! that began the burst, and read once (`bursts.rs`). What is left, addresses and numbers, is read by the loops of
//! `vector.rs` (`reader.rs`). A row that is not as most rows are (its status is not OK, a number is larger than 32 bits, a
//! token is no number at all, blanks stand two together) is odd and judged by itself (`flow_record.rs`): both ways mean
//! the same.

use crate::error::FoldError;
use crate::layout::Layout;
use crate::logs::Logs;
use crate::memory::Memory;
use crate::vector::{Level, Padded};
use crate::window::Window;

mod bursts;
mod facets;
mod facts;
mod fold;
mod plan;
mod reader;
mod row;
mod split;
mod varying;

pub(crate) use fold::Read;
use plan::Plan;
pub(crate) use plan::{Own, no_places};
use reader::{Reading, Rows};
pub(crate) use split::{cell, split};

/// Some regular rows, and how rows of their layout are read; kept to be used again.
#[derive(Debug)]
pub(crate) struct Regular {
    level: Level,
    plan: Option<(Layout, Plan)>,
    rows: Rows,
}

/// What the rows are read for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms<'a> {
    pub(crate) layout: &'a Layout,
    pub(crate) window: Option<&'a Window>,
    pub(crate) max_row: usize,
    /// Whether what becomes of a row depends on its action.
    pub(crate) by_action: bool,
    /// What is there of the text from a block behind these rows on. It is asked for while they are read.
    pub(crate) ahead: &'a [u8],
}

impl Regular {
    pub(crate) fn new(level: Level) -> Self {
        Self {
            level,
            plan: None,
            rows: Rows::default(),
        }
    }

    /// What is used of the processor.
    pub(crate) fn level(&self) -> Level {
        self.level
    }

    /// Reads whole lines, each with its newline; `None` where the layout's rows are each judged by themselves. Actions and
    /// interfaces get their numbers from `logs`.
    ///
    /// # Errors
    /// [`FoldError::Overflow`] where numbers run out.
    pub(crate) fn read<'a, M: Memory>(
        &'a mut self,
        text: Padded<'a>,
        terms: Terms<'_>,
        logs: &mut Logs<M>,
    ) -> Result<Option<Read<'a>>, FoldError> {
        if self
            .plan
            .as_ref()
            .is_none_or(|(layout, _)| layout != terms.layout)
        {
            self.plan = Plan::of(terms.layout).map(|plan| (terms.layout.clone(), plan));
        }
        let Some((_, plan)) = &self.plan else {
            return Ok(None);
        };
        let facets = plan.facets.as_ref().filter(|_| M::EDGES);
        let rows = &mut self.rows;
        self.level.run(Reading {
            text,
            plan,
            facets,
            terms: &terms,
            rows,
        });
        bursts::resolve(text, &mut rows.bursts, facets.is_some(), logs)?;
        if let Some(columns) = facets {
            rows.facets.number(text, columns, &rows.bursts, logs)?;
        }
        Ok(self.as_read(text))
    }

    /// What was read last, out of this text.
    pub(crate) fn as_read<'a>(&'a self, text: Padded<'a>) -> Option<Read<'a>> {
        self.plan.as_ref().map(|(_, plan)| Read {
            rows: &self.rows,
            text,
            marks: plan.marks,
            facts: &plan.facts,
        })
    }
}
