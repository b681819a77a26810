//! The facets of regular rows: looked up by the bytes of their columns, so that only what is new is read.

use crate::address::Address;
use crate::error::FoldError;
use crate::facet::FURTHER;
use crate::field::Field;
use crate::flow_record::ABSENT;
use crate::known_facets::Shape;
use crate::layout::Layout;
use crate::logs::Logs;
use crate::memory::Memory;
use crate::regular::bursts::Burst;
use crate::vector::{Grid, Padded};

/// How an address in the packet stands to the record's own, in a row's bytes.
const NONE: u8 = b'-';
const OWN: u8 = b'=';
const OTHER: u8 = b'!';

/// Where the columns are that make a facet.
struct Places {
    action: Option<usize>,
    further: [Option<usize>; FURTHER.len()],
    own: [usize; 2],
    /// First and last column of each run of neighbours that are copied together.
    runs: Vec<(usize, usize)>,
}

impl Places {
    /// `None` for a layout whose facets are its actions.
    fn of(layout: &Layout) -> Option<Self> {
        if !layout.has_further() {
            return None;
        }
        let further = FURTHER.map(|field| layout.column(field));
        let action = layout.column(Field::Action);
        let mut copied: Vec<usize> = further
            .iter()
            .skip(2)
            .chain([&action])
            .copied()
            .flatten()
            .collect();
        copied.sort_unstable();
        let mut runs: Vec<(usize, usize)> = Vec::new();
        for column in copied {
            match runs.last_mut() {
                Some(run) if run.1 + 1 == column => run.1 = column,
                _ => runs.push((column, column)),
            }
        }
        Some(Self {
            action,
            further,
            own: [layout.column(Field::SrcAddr)?, layout.column(Field::DstAddr)?],
            runs,
        })
    }

    fn shape(&self) -> Shape {
        let mut shape = Shape::default();
        let columns = self.further.iter().chain([&self.action]).copied();
        let columns = columns.map(|column| column.map_or(0, |column| column + 1));
        for (place, column) in shape.iter_mut().zip(columns.chain(self.own)) {
            *place = column;
        }
        shape
    }

    /// Writes the bytes that a row's facet depends on.
    #[inline]
    fn write(&self, text: Padded<'_>, rows: Grid<'_>, row: usize, out: &mut Vec<u8>) {
        out.clear();
        for (pkt, own) in self.further.iter().zip(self.own) {
            let &Some(pkt) = pkt else { continue };
            let ((start, end), (own, own_end)) = (rows.field(row, pkt), rows.field(row, own));
            let length = end - start;
            let token = text.get(start, end);
            if length == own_end - own && text.same(start, own, length) {
                out.push(OWN);
            } else if token == ABSENT {
                out.push(NONE);
            } else {
                out.push(OTHER);
                out.extend_from_slice(token);
                out.push(b' ');
                // Which address it is beside its own may be a matter of spelling.
                out.extend_from_slice(text.get(own, own_end));
                out.push(b' ');
            }
        }
        for &(first, last) in &self.runs {
            let ((start, _), (_, end)) = (rows.field(row, first), rows.field(row, last));
            out.extend_from_slice(text.get(start, end));
            out.push(b' ');
        }
    }
}

/// Numbers the facets of the rows that count; gives none at all where the facets are the bursts' actions.
pub(super) fn read<M: Memory>(
    text: Padded<'_>,
    rows: Grid<'_>,
    layout: &Layout,
    bursts: &[Burst],
    (odd, out): (&[u8], &mut Vec<u32>),
    logs: &mut Logs<M>,
) -> Result<(), FoldError> {
    out.clear();
    let Some(places) = Places::of(layout).filter(|_| M::EDGES) else {
        return Ok(());
    };
    logs.known_facets.begin(places.shape());
    out.resize(rows.count, 0);
    for row in bursts.iter().filter(|burst| burst.counts()).flat_map(Burst::rows) {
        if odd.get(row) != Some(&0) {
            continue;
        }
        places.write(text, rows, row, &mut logs.known_facets.row);
        let number = match logs.known_facets.find() {
            Some(number) => number,
            None => {
                let token = |column: usize| {
                    let (start, end) = rows.field(row, column);
                    text.get(start, end)
                };
                let own = places.own.map(|column| Address::parse(token(column)));
                let own = own.map(|address| address.unwrap_or(Address::V4(0)));
                let further = places.further.map(|column| column.map_or(ABSENT, token));
                logs.new_facet(places.action.map_or(ABSENT, token), own, &further)?
            }
        };
        if let Some(place) = out.get_mut(row) {
            *place = number;
        }
    }
    Ok(())
}
