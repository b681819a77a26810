//! The facets of rows whose columns have been read, looked up by the bytes of their values.

use super::{Batch, at, is_outside};
use crate::address::Address;
use crate::error::FoldError;
use crate::facet::{FURTHER, MOST_TEXT};
use crate::field::Field;
use crate::flow_record::ABSENT;
use crate::known_facets::Shape;
use crate::logs::Logs;
use crate::memory::Memory;

/// No columns of text have this shape.
const SHAPE: Shape = [usize::MAX; FURTHER.len() + 3];

impl Batch {
    /// Numbers the facets of rows that count and are not odd, in the place of their actions.
    pub(super) fn number_facets<M: Memory>(
        &mut self,
        inside: (u64, u64),
        logs: &mut Logs<M>,
    ) -> Result<(), FoldError> {
        logs.known_facets.begin(SHAPE);
        let mut facets = std::mem::take(&mut self.action);
        facets.clear();
        facets.resize(self.rows, 0);
        let of = |field| {
            let column = self.column(field);
            move |row: usize| {
                let text = column.map_or(ABSENT, |column| column.text(row));
                // None of the values is as long as that, but those that are as good as none.
                text.get(..=MOST_TEXT).unwrap_or(text)
            }
        };
        let (action, own) = (of(Field::Action), [of(Field::SrcAddr), of(Field::DstAddr)]);
        let further = FURTHER.map(of);
        for (row, place) in facets.iter_mut().enumerate() {
            if at(&self.odd, row) != 0 || is_outside(at(&self.start, row), inside) {
                continue;
            }
            let own = [own[0](row), own[1](row)];
            let tokens = further.each_ref().map(|token| token(row));
            let bytes = &mut logs.known_facets.row;
            bytes.clear();
            for (token, own) in tokens.iter().zip(own) {
                if *token == own {
                    bytes.push(1);
                } else if *token == ABSENT {
                    bytes.push(0);
                } else {
                    bytes.push(2);
                    for text in [token, own] {
                        bytes.extend_from_slice(&(text.len() as u16).to_be_bytes());
                        bytes.extend_from_slice(text);
                    }
                }
            }
            for text in tokens.iter().skip(own.len()).chain([&action(row)]) {
                bytes.extend_from_slice(&(text.len() as u16).to_be_bytes());
                bytes.extend_from_slice(text);
            }
            *place = match logs.known_facets.find() {
                Some(number) => number,
                None => {
                    let own = own.map(|own| Address::parse(own).unwrap_or(Address::V4(0)));
                    logs.new_facet(action(row), own, &tokens)?
                }
            };
        }
        self.action = facets;
        Ok(())
    }
}
