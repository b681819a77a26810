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
use crate::regular::bursts::{Burst, Is};
use crate::regular::reader::Cell;
use crate::vector::Padded;

/// How an address in the packet stands to the record's own, in a row's bytes.
const NONE: u8 = b'-';
const OWN: u8 = b'=';
const OTHER: u8 = b'!';

/// The columns that make a facet beside the action, which is the burst's.
#[derive(Debug)]
pub(super) struct Columns {
    /// Places of delimiters before the record's addresses, and before each further field.
    pub(super) places: Vec<u8>,
    /// Which of the further fields they are.
    further: Vec<usize>,
    shape: Shape,
}

/// Where the tokens of these columns are, of each row that counts; and the numbers of the rows' facets.
#[derive(Debug, Default)]
pub(super) struct Facets {
    pub(super) cells: Vec<Cell>,
    pub(super) numbers: Vec<u32>,
}

impl Columns {
    /// `None` for a layout whose facets are its actions. `place` gives the place of a column that is a row's own.
    pub(super) fn of(layout: &Layout, place: impl Fn(usize) -> Option<u8>) -> Option<Self> {
        if !layout.has_further() {
            return None;
        }
        let own = [layout.column(Field::SrcAddr)?, layout.column(Field::DstAddr)?];
        let columns = FURTHER.map(|field| layout.column(field));
        let further: Vec<usize> = (0..FURTHER.len())
            .filter(|&at| columns.get(at).is_some_and(Option::is_some))
            .collect();
        let mut shape = Shape::default();
        let all = columns.into_iter().chain([layout.column(Field::Action)]);
        for (shape, column) in shape.iter_mut().zip(all.chain(own.map(Some))) {
            *shape = column.map_or(0, |column| column + 1);
        }
        Some(Self {
            places: own
                .into_iter()
                .chain(columns.into_iter().flatten())
                .map(place)
                .collect::<Option<_>>()?,
            further,
            shape,
        })
    }

    /// Writes the bytes that a row's facet depends on.
    #[inline]
    fn write(&self, text: Padded<'_>, action: &[u8], cells: &[Cell], out: &mut Vec<u8>) {
        out.clear();
        let (own, cells) = cells.split_at(cells.len().min(2));
        for (&field, &(start, end)) in self.further.iter().zip(cells) {
            let token = text.get(start, end);
            // The first two are addresses in the packet.
            if let Some(&(own, own_end)) = own.get(field) {
                let length = end - start;
                if length == own_end - own && text.same(start, own, length) {
                    out.push(OWN);
                    continue;
                }
                if token == ABSENT {
                    out.push(NONE);
                    continue;
                }
                // Which address it is beside its own may be a matter of spelling.
                out.push(OTHER);
                out.extend_from_slice(text.get(own, own_end));
                out.push(b' ');
            }
            out.extend_from_slice(token);
            out.push(b' ');
        }
        out.extend_from_slice(action);
    }
}

impl Facets {
    /// Numbers the facets of the rows that count.
    pub(super) fn number<M: Memory>(
        &mut self,
        text: Padded<'_>,
        columns: &Columns,
        bursts: &[Burst],
        logs: &mut Logs<M>,
    ) -> Result<(), FoldError> {
        logs.known_facets.begin(columns.shape);
        let mut rows = self.cells.chunks_exact(columns.places.len());
        for burst in bursts.iter().filter(|burst| burst.is == Is::Counted) {
            let action = burst.action_token(text);
            for cells in rows.by_ref().take(burst.rows().len()) {
                columns.write(text, action, cells, &mut logs.known_facets.row);
                let number = match logs.known_facets.find() {
                    Some(number) => number,
                    None => {
                        let tokens = |at: usize| cells.get(at).map(|&(start, end)| text.get(start, end));
                        let own = [0, 1].map(|at| tokens(at).and_then(Address::parse));
                        let own = own.map(|address| address.unwrap_or(Address::V4(0)));
                        let mut further = FURTHER.map(|_| ABSENT);
                        for (at, &field) in columns.further.iter().enumerate() {
                            if let (Some(place), Some(token)) = (further.get_mut(field), tokens(at + 2)) {
                                *place = token;
                            }
                        }
                        logs.new_facet(action, own, &further)?
                    }
                };
                self.numbers.push(number);
            }
        }
        Ok(())
    }
}
