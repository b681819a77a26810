//! Bursts: rows one behind the other that agree in what repeats from record to record, and are of one interface.
//!
//! An interface's records of one aggregation interval stand together, often with the same times. What such rows share is
//! compared as bytes and read once.

use std::ops::Range;

use crate::compact_record::COMPACT_VERSIONS;
use crate::error::FoldError;
use crate::flow_record::ABSENT;
use crate::logs::Logs;
use crate::memory::Memory;
use crate::regular::plan::Plan;
use crate::regular::reader::Cell;
use crate::vector::Padded;

/// Rows that share their interface, times, status and version, and have one action or the other; or rows that are judged each by
/// itself.
#[derive(Debug, Clone, Copy)]
pub(super) struct Burst {
    pub(super) is: Is,
    /// Lines of text.
    pub(super) lines: u32,
    /// Its rows among those that were read, if they are counted.
    first: u32,
    pub(super) end: u32,
    /// Its IPv6 addresses among those of all bursts, from here to there.
    pub(super) v6: (u32, u32),
    /// Its lines, if they are odd.
    pub(super) text: (u32, u32),
    /// Unix seconds.
    pub(super) start: u32,
    /// Unix seconds; not before the start, nor more than 16 bits behind it.
    pub(super) stop: u32,
    pub(super) version: u8,
    account: Cell,
    name: Cell,
    action_at: Cell,
    /// The action's number.
    pub(super) action: u32,
    /// Whether some rows have this action, whether some have the other one, and that one's number.
    pub(super) has_own: bool,
    pub(super) has_other: bool,
    pub(super) other: u32,
    /// The thread's number of the interface.
    pub(super) interface: u32,
    hash: u64,
    /// Where its facts are among those of all bursts.
    pub(super) facts: u32,
}

/// What becomes of a burst's rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Is {
    /// Each is judged by itself.
    Odd,
    /// Not of the window.
    Outside,
    Counted,
}

impl Is {
    /// What becomes of rows of these times and this version; `None` where each is judged by itself.
    #[inline]
    fn of((start, stop): (u32, u32), version: u32, inside: &Range<u64>) -> Option<Self> {
        if !inside.contains(&start.into()) {
            Some(Self::Outside)
        } else if stop.wrapping_sub(start) <= u16::MAX.into() && version < COMPACT_VERSIONS.into() {
            Some(Self::Counted)
        } else {
            None
        }
    }
}

/// The action that rows may have instead of this one, and be of the burst all the same: what is rejected stands amid what is
/// accepted.
pub(super) fn other_action(action: &[u8]) -> Option<&'static [u8]> {
    match action {
        b"ACCEPT" => Some(b"REJECT"),
        b"REJECT" => Some(b"ACCEPT"),
        _ => None,
    }
}

/// A token; `-` where there is no column.
fn token(text: Padded<'_>, (start, end): Cell) -> &[u8] {
    if end == 0 { ABSENT } else { text.get(start, end) }
}

impl Burst {
    /// The burst that a row begins; `None` where the row is to be judged by itself.
    #[inline]
    pub(super) fn of(
        text: Padded<'_>,
        origin: u32,
        plan: &Plan,
        cells: &[u32],
        first: usize,
        inside: &Range<u64>,
    ) -> Option<Self> {
        let place = |column: usize| Some((origin + cells.get(column)? + 1, origin + cells.get(column + 1)?));
        let cell = |column: Option<usize>| column.map_or(Some((0, 0)), place);
        let number = |column: usize| {
            let (start, end) = place(column)?;
            text.number(start, end)
        };
        let status = cell(plan.status)?;
        if plan.status.is_some() && text.get(status.0, status.1) != b"OK" {
            return None;
        }
        let (start, stop) = (number(plan.times.0)?, number(plan.times.1)?);
        let version = plan.version.map_or(Some(0), number)?;
        Some(Self {
            is: Is::of((start, stop), version, inside)?,
            lines: 0,
            first: first as u32,
            end: first as u32,
            v6: (0, 0),
            text: (0, 0),
            start,
            stop,
            // One that is too great stays so.
            version: u8::try_from(version).unwrap_or(u8::MAX),
            account: cell(plan.account)?,
            name: cell(plan.interface)?,
            action_at: cell(plan.action)?,
            action: 0,
            has_own: false,
            has_other: false,
            other: 0,
            interface: 0,
            hash: 0,
            facts: 0,
        })
    }

    /// A line that is judged by itself.
    pub(super) fn odd(first: u32, text: (u32, u32)) -> Self {
        Self {
            is: Is::Odd,
            lines: 1,
            first,
            end: first,
            v6: (0, 0),
            text,
            start: 0,
            stop: 0,
            version: 0,
            account: (0, 0),
            name: (0, 0),
            action_at: (0, 0),
            action: 0,
            has_own: false,
            has_other: false,
            other: 0,
            interface: 0,
            hash: 0,
            facts: 0,
        }
    }

    /// The same burst once more, without any row, behind so many.
    pub(super) fn again(&self, rows: usize) -> Self {
        Self {
            lines: 0,
            first: rows as u32,
            end: rows as u32,
            has_own: false,
            has_other: false,
            ..*self
        }
    }

    /// The same burst at other times, without any row, behind so many; `None` where rows of these times are each judged by
    /// itself.
    pub(super) fn at(&self, (start, stop): (u32, u32), rows: usize, inside: &Range<u64>) -> Option<Self> {
        Some(Self {
            is: Is::of((start, stop), self.version.into(), inside)?,
            start,
            stop,
            ..self.again(rows)
        })
    }

    /// Start and end, Unix seconds.
    #[inline(always)]
    pub(super) fn times(&self) -> (u32, u32) {
        (self.start, self.stop)
    }

    /// Where its interface is named.
    fn names(&self) -> (Cell, Cell) {
        (self.account, self.name)
    }

    /// The action's name.
    pub(super) fn action_token<'a>(&self, text: Padded<'a>) -> &'a [u8] {
        token(text, self.action_at)
    }

    /// The interface's name.
    pub(super) fn interface_token<'a>(&self, text: Padded<'a>) -> &'a [u8] {
        token(text, self.name)
    }

    /// Its rows among those that were read.
    pub(super) fn rows(&self) -> Range<usize> {
        self.first as usize..self.end as usize
    }
}

/// Finds the numbers of interfaces, and of actions where they are all that facets are. What the look-ups need is asked of memory
/// for all bursts before the first. Bursts that one row began, for rows of other times or odd ones stand between them, need one look.
pub(super) fn resolve<M: Memory>(
    text: Padded<'_>,
    bursts: &mut [Burst],
    has_facets: bool,
    logs: &mut Logs<M>,
) -> Result<(), FoldError> {
    let counted = |burst: &&mut Burst| burst.is == Is::Counted;
    let mut last = None;
    for burst in bursts.iter_mut().filter(counted) {
        burst.hash = match last {
            Some((names, hash)) if names == burst.names() => hash,
            _ => logs.expect_interface(token(text, burst.account), token(text, burst.name)),
        };
        last = Some((burst.names(), burst.hash));
    }
    let mut last = None;
    for burst in bursts.iter_mut().filter(counted) {
        if last.replace(burst.names()) != Some(burst.names()) {
            logs.expect_names(burst.hash);
        }
    }
    let mut last = None;
    for burst in bursts.iter_mut().filter(counted) {
        burst.interface = match last {
            Some((names, interface)) if names == burst.names() => interface,
            _ => {
                let (account, name) = (token(text, burst.account), token(text, burst.name));
                let interface = logs.interface_by(burst.hash, account, name)?;
                logs.expect_log(interface, burst.rows().len());
                interface
            }
        };
        last = Some((burst.names(), burst.interface));
        let action = token(text, burst.action_at);
        if burst.has_own {
            logs.note(burst.interface, action);
        }
        let other = other_action(action).filter(|_| burst.has_other);
        if let Some(other) = other {
            logs.note(burst.interface, other);
        }
        if !has_facets {
            if burst.has_own {
                burst.action = logs.action(action)?;
            }
            burst.other = other.map_or(Ok(0), |other| logs.action(other))?;
        }
    }
    Ok(())
}
