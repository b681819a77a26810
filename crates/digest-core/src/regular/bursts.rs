//! Bursts: rows one behind the other that agree in what repeats from record to record, and are of one interface.
//!
//! An interface's records of one aggregation interval stand together, with the same times. What such rows share is
//! compared as bytes, a run of columns at a time, and read once.

use crate::compact_record::COMPACT_VERSIONS;
use crate::error::FoldError;
use crate::field::Field;
use crate::flow_record::ABSENT;
use crate::layout::Layout;
use crate::logs::Logs;
use crate::memory::Memory;
use crate::regular::Terms;
use crate::vector::{Grid, Padded};

/// The fields that rows of a burst share.
const SHARED: [Field; 7] = [
    Field::Version,
    Field::AccountId,
    Field::InterfaceId,
    Field::Start,
    Field::End,
    Field::Action,
    Field::LogStatus,
];

/// Rows that share their interface, times, action, status and version.
#[derive(Debug, Clone, Copy)]
pub(super) struct Burst {
    first: u32,
    /// The row behind the last.
    end: u32,
    pub(super) is: Is,
    /// Unix seconds.
    pub(super) start: u32,
    /// Unix seconds; not before the start, nor more than 16 bits behind it.
    pub(super) stop: u32,
    pub(super) version: u8,
    /// The action's number.
    pub(super) action: u32,
    /// The thread's number of the interface.
    pub(super) interface: u32,
    hash: u64,
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

/// Where the shared fields are.
#[derive(Debug)]
pub(super) struct Repeated {
    runs: [(usize, usize); SHARED.len()],
    count: usize,
    version: Option<usize>,
    account: Option<usize>,
    interface: Option<usize>,
    /// Start and end; a layout that has only one of them means both by it.
    times: (usize, usize),
    action: Option<usize>,
    /// Whether rows have facets of their own, of which the action is a part.
    has_facets: bool,
    status: Option<usize>,
}

impl Repeated {
    /// `None` for a layout without times.
    pub(super) fn of(layout: &Layout) -> Option<Self> {
        let mut columns = SHARED.map(|field| layout.column(field));
        columns.sort_unstable();
        let mut repeated = Self {
            runs: [(0, 0); SHARED.len()],
            count: 0,
            version: layout.column(Field::Version),
            account: layout.column(Field::AccountId),
            interface: layout.column(Field::InterfaceId),
            times: (
                layout.column(Field::Start).or(layout.column(Field::End))?,
                layout.column(Field::End).or(layout.column(Field::Start))?,
            ),
            action: layout.column(Field::Action),
            has_facets: layout.has_further(),
            status: layout.column(Field::LogStatus),
        };
        for column in columns.into_iter().flatten() {
            let last = repeated
                .count
                .checked_sub(1)
                .and_then(|last| repeated.runs.get_mut(last));
            match last {
                Some(run) if run.1 + 1 == column => run.1 = column,
                _ => {
                    if let Some(run) = repeated.runs.get_mut(repeated.count) {
                        *run = (column, column);
                    }
                    repeated.count += 1;
                }
            }
        }
        Some(repeated)
    }

    /// First and last column of each run of neighbouring columns.
    pub(super) fn runs(&self) -> &[(usize, usize)] {
        self.runs.get(..self.count).unwrap_or_default()
    }

    /// Account and interface of a row; `-` where there is no column.
    fn names<'a>(&self, text: Padded<'a>, rows: Grid<'_>, row: usize) -> (&'a [u8], &'a [u8]) {
        (
            token(text, rows, self.account, row),
            token(text, rows, self.interface, row),
        )
    }
}

/// The token in a column; `-` where there is no column.
fn token<'a>(text: Padded<'a>, rows: Grid<'_>, column: Option<usize>, row: usize) -> &'a [u8] {
    let Some(column) = column else { return ABSENT };
    let (start, end) = rows.field(row, column);
    text.get(start, end)
}

impl Burst {
    /// Whether its rows are counted where nothing else speaks against them.
    pub(super) fn counts(&self) -> bool {
        self.is == Is::Counted
    }

    pub(super) fn rows(&self) -> std::ops::Range<usize> {
        self.first as usize..self.end as usize
    }
}

/// Reads what the rows of each burst share, but for the numbers that `resolve` gives.
pub(super) fn read(
    text: Padded<'_>,
    rows: Grid<'_>,
    terms: Terms<'_>,
    repeated: &Repeated,
    firsts: &[u32],
    bursts: &mut Vec<Burst>,
) {
    let inside = terms.window.map_or(0..u64::MAX, |window| {
        let bound = |unix: i64| u64::try_from(unix).unwrap_or(0);
        bound(window.start_unix())..bound(window.stop_unix())
    });
    bursts.clear();
    let ends = firsts.iter().skip(1).copied().chain([rows.count as u32]);
    bursts.extend(firsts.iter().zip(ends).map(|(&first, end)| {
        let row = first as usize;
        let number = |column| {
            let (start, end) = rows.field(row, column);
            text.number(start, end)
        };
        let (start, stop) = (number(repeated.times.0), number(repeated.times.1));
        let version = repeated.version.map_or(Some(0), number);
        let mut burst = Burst {
            first,
            end,
            is: Is::Odd,
            start: start.unwrap_or_default(),
            stop: stop.unwrap_or_default(),
            version: version.unwrap_or_default() as u8,
            action: 0,
            interface: 0,
            hash: 0,
        };
        let is_ok = repeated.status.is_none() || token(text, rows, repeated.status, row) == b"OK";
        if let (true, Some(start), Some(stop), Some(version)) = (is_ok, start, stop, version) {
            let fits = stop.wrapping_sub(start) <= u16::MAX.into() && version < COMPACT_VERSIONS.into();
            if !inside.contains(&start.into()) {
                burst.is = Is::Outside;
            } else if fits {
                burst.is = Is::Counted;
            }
        }
        burst
    }));
}

/// Finds the numbers of actions and interfaces. What the look-ups need is asked of memory for all bursts before the
/// first.
pub(super) fn resolve<M: Memory>(
    text: Padded<'_>,
    rows: Grid<'_>,
    repeated: &Repeated,
    bursts: &mut [Burst],
    logs: &mut Logs<M>,
) -> Result<(), FoldError> {
    let counted = |burst: &&mut Burst| burst.is == Is::Counted;
    for burst in bursts.iter_mut().filter(counted) {
        let (account, interface) = repeated.names(text, rows, burst.first as usize);
        burst.hash = logs.expect_interface(account, interface);
    }
    for burst in bursts.iter_mut().filter(counted) {
        logs.expect_names(burst.hash);
    }
    for burst in bursts.iter_mut().filter(counted) {
        let row = burst.first as usize;
        let (account, interface) = repeated.names(text, rows, row);
        burst.interface = logs.interface_by(burst.hash, account, interface)?;
        logs.expect_log(burst.interface);
        if !(M::EDGES && repeated.has_facets) {
            burst.action = logs.action(token(text, rows, repeated.action, row))?;
        }
    }
    Ok(())
}
