//! A row of a burst: what it has of its own, out of the numbers and addresses that were found in it.

use crate::address::Address;
use crate::flow_record::ABSENT;
use crate::key::{Key, NO_PORTS, folded_ports};
use crate::regular::plan::{NUMBERS, Own, Plan, Second};
use crate::regular::reader::{Cell, Rows};
use crate::regular::split::cell;
use crate::sighting::INGRESS;
use crate::vector::{BEFORE, Lanes, Padded, View};

/// What a row of a burst has of its own.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    /// Without its action; an IPv6 address is its place among its burst's in [`Rows::v6`].
    pub(super) key: Key,
    pub(super) packets: u32,
    pub(super) bytes: u32,
    /// The port that is folded away; 0 where there are no ports.
    pub(super) folded: u16,
    pub(super) flags: u8,
    /// Its action is not that of the row which began the burst, but the other one.
    pub(super) is_other: bool,
}

/// The row at hand: where it is, and how its layout is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Here<'a> {
    pub(super) text: Padded<'a>,
    pub(super) view: &'a View,
    /// Its place in the text.
    pub(super) at: u32,
    pub(super) plan: &'a Plan,
}

impl Rows {
    /// The row at hand, which has been split; `None` where it is to be judged by itself.
    #[inline(always)]
    pub(super) fn split_row<L: Lanes>(
        &mut self,
        lanes: L,
        here: Here<'_>,
        own: &Own,
        first: &View,
    ) -> Option<Row> {
        let Here { text, view, at, plan } = here;
        let numbers = match lanes.numbers(view, plan.numbers.map(|place| cell(own, place))) {
            Some(numbers) => numbers,
            None => long_numbers(text, at - BEFORE, plan, own)?,
        };
        if plan.second != Second::Never {
            is_told_once(view, first, &self.cells, plan, own)?;
        }
        let addresses = [cell(own, plan.src), cell(own, plan.dst)];
        self.row(lanes, here, numbers, addresses)
    }

    /// The row at hand, of these numbers and addresses; `None` where it is to be judged by itself.
    #[inline(always)]
    pub(super) fn row<L: Lanes>(
        &mut self,
        lanes: L,
        Here { text, view, at, plan }: Here<'_>,
        numbers: [u32; NUMBERS.len()],
        addresses: [Cell; 2],
    ) -> Option<Row> {
        let [srcport, dstport, packets, bytes, protocol, flags] = numbers;
        if (srcport | dstport) > 0xffff || (protocol | flags) > 0xff {
            return None;
        }
        let (values, are_other) = lanes.addresses(view, addresses);
        let mut sides = [(values[0], 0), (values[1], 0)];
        if are_other != 0 {
            let here = Here { text, view, at, plan };
            sides = self.others(lanes, here, addresses, values, are_other)?;
        }
        let (kept, folded) = match plan.has_ports {
            true => folded_ports(srcport as u16, dstport as u16),
            false => (NO_PORTS, 0),
        };
        Some(Row {
            key: Key::of_parts(sides[0], sides[1], kept, protocol as u8, 0),
            packets,
            bytes,
            folded,
            flags: if plan.has_flags { flags as u8 } else { 0 },
            is_other: false,
        })
    }

    /// Addresses of which one at least is not IPv4.
    #[inline(never)]
    fn others<L: Lanes>(
        &mut self,
        lanes: L,
        Here { text, view, at, .. }: Here<'_>,
        addresses: [Cell; 2],
        values: [u32; 2],
        are_other: u8,
    ) -> Option<[(u32, u8); 2]> {
        let origin = at - BEFORE;
        let cells = addresses.map(|(start, end)| (origin + start, origin + end));
        let mut sides = [(values[0], 0), (values[1], 0)];
        let mut is_free = [true; 2];
        let mut are_new = 0;
        for (side, (place, is_other)) in sides.iter_mut().enumerate() {
            let cell = *cells.get(side)?;
            *is_other = are_other >> side & 1;
            if *is_other == 1 {
                match self
                    .last_v6
                    .iter()
                    .position(|(last, _)| is_same(text, *last, cell))
                {
                    Some(known) => {
                        *place = self.last_v6.get(known)?.1;
                        *is_free.get_mut(known)? = false;
                    }
                    None => are_new |= 1 << side,
                }
            }
        }
        // One side of an interface's records is nearly always its own address: what was just met again stays.
        for (side, (place, _)) in sides
            .iter_mut()
            .enumerate()
            .filter(|(side, _)| are_new >> side & 1 == 1)
        {
            let cell = *cells.get(side)?;
            let address = match lanes.v6(view, *addresses.get(side)?) {
                Some(address) => address,
                None => match Address::parse(text.get(cell.0, cell.1))? {
                    Address::V6(address) => address,
                    // A token that the vectors do not take.
                    Address::V4(_) => return None,
                },
            };
            *place = self.v6.len() as u32 - self.v6_from;
            self.v6.push(address);
            let free = is_free.iter().position(|&is_free| is_free)?;
            *is_free.get_mut(free)? = false;
            *self.last_v6.get_mut(free)? = (cell, *place);
        }
        Some(sides)
    }
}

/// Whether a token is the same as one that was kept.
fn is_same(text: Padded<'_>, (from, to): Cell, (start, end): Cell) -> bool {
    let length = to - from;
    length != 0 && length == end - start && text.same(from, start, length)
}

/// The numbers where one of them has more than eight digits, or is none.
#[cold]
fn long_numbers(text: Padded<'_>, origin: u32, plan: &Plan, own: &Own) -> Option<[u32; NUMBERS.len()]> {
    let mut values = [0; NUMBERS.len()];
    for (value, &place) in values.iter_mut().zip(&plan.numbers) {
        let (start, end) = cell(own, place);
        *value = text.number(origin + start, origin + end)?;
    }
    Some(values)
}

/// `None` where the row may tell of a flow a second time, or does not say whether it does.
#[cold]
fn is_told_once(view: &View, first: &View, cells: &[u32], plan: &Plan, own: &Own) -> Option<()> {
    let token = |place: u8| {
        let (start, end) = cell(own, place);
        view.get(start, end)
    };
    let is_second = match plan.second {
        Second::Never => false,
        Second::UnlessIngress(direction) => token(direction) != INGRESS,
        Second::IfPair(pair) => {
            let column = plan.interface?;
            let attachment = first.get(cells.get(column)? + 1, *cells.get(column + 1)?);
            attachment == token(pair) || attachment == ABSENT
        }
    };
    (!is_second).then_some(())
}
