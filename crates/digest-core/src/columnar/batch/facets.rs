//! The facets of rows whose columns have been read, looked up by the bytes of their values.

use super::{Batch, at, is_outside};
use crate::address::Address;
use crate::error::FoldError;
use crate::facet::{FURTHER, MOST_TOKEN, Tokens};
use crate::field::Field;
use crate::flow_record::ABSENT;
use crate::known_facets::Shape;
use crate::logs::Logs;
use crate::memory::Memory;

impl Batch {
    /// Which of the further columns the file has. No columns of text have such a shape.
    fn shape(&self) -> Shape {
        let mut shape: Shape = [usize::MAX; FURTHER.len() + 3];
        for (place, field) in shape.iter_mut().zip(FURTHER) {
            *place -= usize::from(self.column(field).is_some());
        }
        shape
    }

    /// Numbers the facets of rows that count and are not odd, in the place of their actions.
    pub(super) fn number_facets<M: Memory>(
        &mut self,
        inside: (u64, u64),
        logs: &mut Logs<M>,
    ) -> Result<(), FoldError> {
        logs.known_facets.begin(self.shape());
        let mut facets = std::mem::take(&mut self.action);
        facets.clear();
        facets.resize(self.rows, 0);
        let of = |field| {
            let column = self.column(field);
            move |row: usize| {
                let text = column.map_or(ABSENT, |column| column.text(row));
                // None of the values is as long as that, but those that are as good as none.
                text.get(..=MOST_TOKEN).unwrap_or(text)
            }
        };
        let (action, own) = (of(Field::Action), [of(Field::SrcAddr), of(Field::DstAddr)]);
        let there = |(at, &field): (usize, &Field)| self.column(field).map(|_| (at, of(field)));
        let further: Vec<_> = FURTHER.iter().enumerate().filter_map(there).collect();
        for (row, place) in facets.iter_mut().enumerate() {
            if at(&self.odd, row) != 0 || is_outside(at(&self.start, row), inside) {
                continue;
            }
            let own = [own[0](row), own[1](row)];
            let bytes = &mut logs.known_facets.row;
            bytes.clear();
            let push = |bytes: &mut Vec<u8>, text: &[u8]| {
                bytes.extend_from_slice(&(text.len() as u16).to_be_bytes());
                bytes.extend_from_slice(text);
            };
            for (at, token) in &further {
                let token = token(row);
                // The first two are addresses in the packet.
                match own.get(*at) {
                    None => push(bytes, token),
                    Some(own) if token == *own => bytes.push(1),
                    Some(_) if token == ABSENT => bytes.push(0),
                    Some(own) => {
                        bytes.push(2);
                        push(bytes, token);
                        push(bytes, own);
                    }
                }
            }
            push(bytes, action(row));
            *place = match logs.known_facets.find() {
                Some(number) => number,
                None => {
                    let mut tokens = Tokens::default();
                    for (at, token) in &further {
                        if let Some(place) = tokens.get_mut(*at) {
                            *place = token(row);
                        }
                    }
                    let own = own.map(|own| Address::parse(own).unwrap_or(Address::V4(0)));
                    logs.new_facet(action(row), own, &tokens)?
                }
            };
        }
        self.action = facets;
        Ok(())
    }
}
