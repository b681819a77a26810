//! Rows of a row group on their way into the logs, some thousand at a time: each column by itself, then the records.

use super::codec::Codec;
use super::column::Column;
use super::schema::{Use, Wanted};
use super::table::{NONE, ODD, WIDE};
use super::{Bounds, Failure, Group, Place, Schema, TOGETHER};
use crate::error::FoldError;
use crate::fact::FACTS;
use crate::field::{Field, USED};
use crate::flow_record::ABSENT;
use crate::layout::Layout;
use crate::logs::Logs;
use crate::memory::Memory;
use crate::readers::Allowance;
use crate::vector::Level;

mod bursts;
mod facets;
mod facts;
mod names;
mod records;
mod row_set;
mod written;

use bursts::Bursts;
use names::{KnownNames, Names};
pub(crate) use written::Written;

/// An entry below is a plain number.
const PLAIN: u64 = WIDE;
/// The number of an IPv6 address is that of a destination: set among the 32 bits that a key has for it.
const IS_DST: u32 = 1 << 31;
/// The part of the memory that is left which columns may keep from one row group, or file, to the next.
const KEPT_PART: usize = 8;
/// Actions whose numbers are remembered for some rows.
const FEW: usize = 16;

/// The columns of some rows.
#[derive(Debug)]
pub(crate) struct Batch {
    codec: Codec,
    columns: Vec<Column>,
    /// Which of them holds a field.
    places: [Option<usize>; USED],
    /// Facts in order, and which of the columns holds each; and rows that tell another set than the row before.
    facts: Vec<(u8, usize)>,
    tells_anew: Vec<bool>,
    /// Rows of the group that are still to come, and rows at hand.
    left: u64,
    rows: usize,
    /// Inflated bytes so far.
    pub(crate) inflated: u64,
    /// Rows that are judged by themselves.
    odd: Vec<u8>,
    start: Vec<u64>,
    end: Vec<u64>,
    /// Addresses as keys have them; the numbers of IPv6 addresses are those of the column's table.
    src: Vec<u64>,
    dst: Vec<u64>,
    /// Whether the layout has ports; zeros stand for them else.
    has_ports: bool,
    srcport: Vec<u64>,
    dstport: Vec<u64>,
    protocol: Vec<u64>,
    packets: Vec<u64>,
    bytes: Vec<u64>,
    flags: Vec<u64>,
    version: Vec<u64>,
    action: Vec<u32>,
    bursts: Bursts,
    known_names: KnownNames,
    judged: Written,
}

impl Batch {
    /// Before the first row group; so much of the processor is used.
    pub(crate) fn new(level: Level) -> Self {
        Self {
            codec: Codec::new(level),
            columns: Vec::new(),
            places: [None; USED],
            facts: Vec::new(),
            tells_anew: Vec::new(),
            left: 0,
            rows: 0,
            inflated: 0,
            odd: Vec::new(),
            start: Vec::new(),
            end: Vec::new(),
            src: Vec::new(),
            dst: Vec::new(),
            has_ports: false,
            srcport: Vec::new(),
            dstport: Vec::new(),
            protocol: Vec::new(),
            packets: Vec::new(),
            bytes: Vec::new(),
            flags: Vec::new(),
            version: Vec::new(),
            action: Vec::new(),
            bursts: Bursts::default(),
            known_names: KnownNames::default(),
            judged: Written::default(),
        }
    }

    /// Begins a row group.
    pub(crate) fn begin(
        &mut self,
        schema: &Schema,
        group: Group<'_>,
        (size, bounds): (u64, Bounds),
        allowance: &mut Allowance<'_>,
    ) -> Result<(), Failure> {
        self.keep_columns(schema.wanted.len(), allowance);
        self.places = [None; USED];
        self.facts.clear();
        self.known_names.forget();
        for (at, wanted) in schema.wanted.iter().enumerate() {
            let extent = schema.extent(group, wanted, size);
            let extent = extent.map_err(|failure| failure.of(wanted.name()))?;
            match wanted.is_for {
                Use::Field(field) => {
                    if let Some(place) = self.places.get_mut(field as usize) {
                        *place = Some(at);
                    }
                }
                Use::Fact(fact) => self.facts.push((fact, at)),
            }
            match self.columns.get_mut(at) {
                Some(column) => {
                    column.begin(wanted.clone(), &extent, bounds);
                    column.charge(allowance);
                }
                None => self.columns.push(Column::new(wanted.clone(), &extent, bounds)),
            }
        }
        self.facts.sort_unstable();
        self.left = group.rows;
        Ok(())
    }

    /// Keeps so many columns at most, for their memory is used again where that leaves others their room.
    fn keep_columns(&mut self, most: usize, allowance: &mut Allowance<'_>) {
        let held: usize = self.columns.iter().map(Column::charged).sum();
        let fits = held <= allowance.room() / KEPT_PART;
        let kept = if fits { most.min(self.columns.len()) } else { 0 };
        for mut column in self.columns.drain(kept..) {
            column.let_go(allowance);
        }
    }

    /// The file has been read. What is kept for the next one is charged again with that one.
    pub(crate) fn end(&mut self, allowance: &mut Allowance<'_>) {
        self.inflated = 0;
        self.keep_columns(usize::MAX, allowance);
        for column in &mut self.columns {
            column.let_go(allowance);
        }
    }

    /// Reads the next rows; false where the group has no more.
    pub(crate) fn next(
        &mut self,
        place: &mut Place<'_>,
        allowance: &mut Allowance<'_>,
    ) -> Result<bool, Failure> {
        if self.left == 0 {
            return Ok(false);
        }
        let mut rows = usize::try_from(self.left).unwrap_or(TOGETHER).min(TOGETHER);
        for column in &mut self.columns {
            let ready = column.ready((place, allowance), &mut self.codec, self.left, &mut self.inflated);
            rows = rows.min(ready.map_err(|failure| failure.of(column.wanted.name()))?);
        }
        for column in &mut self.columns {
            let read = column.read(self.codec.level, rows);
            read.map_err(|failure| failure.of(column.wanted.name()))?;
            column.charge(allowance);
        }
        self.rows = rows;
        self.left -= rows as u64;
        Ok(true)
    }

    /// All that records need beyond their start.
    fn gather_values<M: Memory>(
        &mut self,
        layout: &Layout,
        inside: (u64, u64),
        logs: &mut Logs<M>,
    ) -> Result<(), FoldError> {
        if layout.has(Field::Start) && layout.has(Field::End) {
            self.gather(Field::End, |batch| &mut batch.end);
        } else {
            self.end.clone_from(&self.start);
        }
        self.gather(Field::Protocol, |batch| &mut batch.protocol);
        self.gather(Field::Packets, |batch| &mut batch.packets);
        self.gather(Field::Bytes, |batch| &mut batch.bytes);
        self.has_ports = layout.has_ports();
        if self.has_ports {
            self.gather(Field::SrcPort, |batch| &mut batch.srcport);
            self.gather(Field::DstPort, |batch| &mut batch.dstport);
        } else {
            self.srcport.clear();
            self.srcport.resize(self.rows, 0);
            self.dstport.clone_from(&self.srcport);
        }
        self.gather_optional(Field::TcpFlags, |batch| &mut batch.flags);
        self.gather_optional(Field::Version, |batch| &mut batch.version);
        for ((odd, start), end) in self.odd.iter_mut().zip(&self.start).zip(&self.end) {
            *odd |= u8::from(end.wrapping_sub(*start) > u16::MAX.into());
        }
        for field in [
            Field::LogStatus,
            Field::AccountId,
            Field::InterfaceId,
            Field::Action,
        ] {
            self.look(field);
        }
        let has_facets = M::EDGES && layout.has_further();
        if !has_facets {
            self.number_actions(logs)?;
        }
        self.gather_but(ODD | NONE, Field::SrcAddr, |batch| &mut batch.src);
        self.gather_but(ODD | NONE, Field::DstAddr, |batch| &mut batch.dst);
        // A transit gateway's rows are told apart one by one.
        if layout.sightings().are_by_row() {
            self.odd.fill(1);
        }
        if has_facets {
            self.number_facets(inside, logs)?;
        }
        Ok(())
    }

    fn column(&self, field: Field) -> Option<&Column> {
        let place = self.places.get(field as usize).copied().flatten()?;
        self.columns.get(place)
    }

    /// A column of needed numbers.
    fn gather(&mut self, field: Field, out: impl Fn(&mut Self) -> &mut Vec<u64>) {
        self.gather_but(!(PLAIN - 1), field, out);
    }

    /// A column of numbers that may be absent.
    fn gather_optional(&mut self, field: Field, out: impl Fn(&mut Self) -> &mut Vec<u64>) {
        self.gather_but(ODD, field, out);
    }

    /// A column of numbers, or of addresses; rows where one has any of these bits are odd.
    fn gather_but(&mut self, odd_bits: u64, field: Field, out: impl Fn(&mut Self) -> &mut Vec<u64>) {
        let mut values = std::mem::take(out(self));
        let place = self.places.get(field as usize).copied().flatten();
        if let Some(column) = place.and_then(|place| self.columns.get_mut(place)) {
            column.take_entries(&mut values);
            if column.table().has(odd_bits) {
                for (odd, entry) in self.odd.iter_mut().zip(&values) {
                    *odd |= u8::from(entry & odd_bits != 0);
                }
            }
            if odd_bits & NONE != 0 {
                mark(&mut self.odd, &column.absent);
            }
        } else {
            values.clear();
            values.resize(self.rows, NONE);
        }
        *out(self) = values;
    }

    /// Marks rows whose status is not `OK`, or whose name is to be looked at. A name may be absent.
    fn look(&mut self, field: Field) {
        let place = self.places.get(field as usize).copied().flatten();
        let Some(column) = place.and_then(|place| self.columns.get(place)) else {
            return;
        };
        let is_status = field == Field::LogStatus;
        let bad = if is_status { ODD | NONE } else { ODD };
        if column.table().has(bad) {
            for (row, odd) in self.odd.iter_mut().enumerate() {
                *odd |= u8::from(column.entry(row) & bad != 0);
            }
        }
        if is_status {
            mark(&mut self.odd, &column.absent);
        }
    }

    /// Exchanges actions for their numbers, in rows that are not odd.
    fn number_actions<M: Memory>(&mut self, logs: &mut Logs<M>) -> Result<(), FoldError> {
        let mut actions = std::mem::take(&mut self.action);
        actions.clear();
        match self.column(Field::Action) {
            Some(column) => {
                let mut known = [None; FEW];
                for (row, &odd) in self.odd.iter().enumerate() {
                    let number = column.numbers.get(row).copied().unwrap_or(u32::MAX);
                    let action = match known.get_mut(number as usize) {
                        _ if odd != 0 => 0,
                        Some(Some(action)) => *action,
                        Some(place) => *place.insert(logs.action(column.text(row))?),
                        None => logs.action(column.text(row))?,
                    };
                    actions.push(action);
                }
            }
            None => actions.resize(self.rows, logs.action(ABSENT)?),
        }
        self.action = actions;
        Ok(())
    }

    /// The IPv6 address of a place that a row's key has.
    fn v6(&self, place: u32) -> u128 {
        let field = if place & IS_DST == 0 {
            Field::SrcAddr
        } else {
            Field::DstAddr
        };
        let address = self
            .column(field)
            .and_then(|column| column.table().wide.get((place & !IS_DST) as usize));
        address.copied().unwrap_or_default()
    }
}

/// Marks rows of a list.
fn mark(odd: &mut [u8], rows: &[u32]) {
    for &row in rows {
        if let Some(odd) = odd.get_mut(row as usize) {
            *odd = 1;
        }
    }
}

impl Wanted {
    pub(super) fn name(&self) -> &'static str {
        match self.is_for {
            Use::Field(field) => field.name(),
            Use::Fact(fact) => FACTS.get(usize::from(fact)).copied().unwrap_or_default(),
        }
    }
}

/// Whether a row's start can be read and lies outside: then nothing more of it is looked at.
#[inline]
fn is_outside(start: u64, inside: (u64, u64)) -> bool {
    start < PLAIN && !(inside.0..inside.1).contains(&start)
}

#[inline]
fn at<T: Copy + Default>(column: &[T], row: usize) -> T {
    column.get(row).copied().unwrap_or_default()
}
