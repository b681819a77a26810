//! An object's records one at a time, as they stand there: what lies behind an edge.
//!
//! Slow and plain beside a fold: each row is judged by itself, with the same meaning.

use std::ops::ControlFlow;

use crate::block::{Block, Blocks, Lines};
use crate::columnar::{Batch, Bounds, NoSchema, Place, Schema, Written};
use crate::contents::Contents;
use crate::dimensions::Dimensions;
use crate::edge::Edge;
use crate::error::{FoldError, Unit};
use crate::flow_record::{FlowRecord, Verdict, judge, judge_row};
use crate::fold::FoldOptions;
use crate::inflate::{Scratch, Text, TextFailure};
use crate::object_rows::ObjectRows;
use crate::readers::Readers;
use crate::vector::Level;

/// A record as it stands in its object.
#[derive(Debug)]
pub struct RawRecord<'a> {
    /// Its line or row in the object, from 1.
    pub number: u64,
    /// Which of both.
    pub unit: Unit,
    /// The line, or the values of the row's columns that a digest needs, with blanks between.
    pub text: &'a [u8],
    /// The edge that it adds to, with what it adds.
    pub edge: Edge<'a>,
    /// Both its ports, where the format has them.
    pub ports: Option<(u16, u16)>,
    /// First and last second, Unix time.
    pub span: (i64, i64),
}

/// Whoever is handed records; a break ends the reading.
pub type EachRecord<'e> = &'e mut dyn FnMut(&RawRecord<'_>) -> ControlFlow<()>;

/// Hands out the records of an object that count in the options' window, in its order. Rows that cannot be read are passed
/// over: a digest that was made of them counted them, or was not made. An object that no digest can be made of is an error,
/// which may come behind records that were handed out already.
///
/// # Errors
/// [`FoldError`], as folding the object would have it.
pub fn raw_records(
    options: &FoldOptions,
    key: &str,
    source: &mut dyn Contents,
    each: EachRecord<'_>,
) -> Result<(), FoldError> {
    let rows = ObjectRows::new(options, key, None);
    let mut reading = Reading { rows, each };
    let mut scratch = Scratch::default();
    scratch.most_ratio = options.max_ratio;
    let text = match Text::open(source, &mut scratch) {
        Ok(text) => text,
        Err(TextFailure::Parquet(read)) => return reading.table(source, &mut scratch, read),
        Err(failure) => return Err(reading.rows.failed(failure)),
    };
    let mut blocks = Blocks::new(text, options.max_row);
    while let Some(block) = blocks.next().map_err(|failure| reading.rows.failed(failure))? {
        let Block::Lines(Lines { buffer, from, to }) = block else {
            reading.rows.line += 1;
            continue;
        };
        let lines = buffer.get(from..to).unwrap_or_default();
        let lines = lines.strip_suffix(b"\n").unwrap_or(lines);
        for line in lines.split(|&byte| byte == b'\n') {
            if reading.line(line)?.is_break() {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// An object, and whoever is handed its records.
struct Reading<'o, 'e> {
    rows: ObjectRows<'o>,
    each: EachRecord<'e>,
}

impl Reading<'_, '_> {
    fn line(&mut self, line: &[u8]) -> Result<ControlFlow<()>, FoldError> {
        self.rows.line += 1;
        if line.len() > self.rows.options.max_row {
            return Ok(ControlFlow::Continue(()));
        }
        let window = self.rows.options.window.as_ref();
        match judge(line, &self.rows.layout, window) {
            Ok(Verdict::Header) => self.rows.header(line).map(ControlFlow::Continue),
            Ok(Verdict::Counted(record)) => Ok(self.hand_out(&record, line)),
            _ => Ok(ControlFlow::Continue(())),
        }
    }

    /// Reads a Parquet file, whose first `read` bytes are at hand.
    fn table(
        &mut self,
        source: &mut dyn Contents,
        scratch: &mut Scratch,
        read: usize,
    ) -> Result<(), FoldError> {
        let whole = scratch.whole_object(source, read);
        let whole = whole.map_err(|failure| self.rows.failed(failure))?;
        let mut place = Place::Memory(whole, source);
        let readers = Readers::new(None);
        let allowance = &mut readers.open(1);
        let schema = Schema::read(&mut place, false, allowance).map_err(|why| self.rows.no_schema(why))?;
        let within = schema.layout.within(self.rows.options.max_columns);
        within.map_err(|fault| self.rows.no_schema(NoSchema::Layout(fault)))?;
        self.rows.of_table(schema.layout.clone());
        let (bounds, size) = (Bounds::within(allowance.most()), place.size());
        let mut batch = Batch::new(Level::best());
        let mut written = Written::default();
        for group in schema.groups() {
            if schema.is_outside(group, self.rows.options.window.as_ref()) {
                self.rows.line += group.rows;
                continue;
            }
            let begun = batch.begin(&schema, group, (size, bounds), allowance);
            begun.map_err(|failure| self.rows.no_rows(failure))?;
            while batch
                .next(&mut place, allowance)
                .map_err(|failure| self.rows.no_rows(failure))?
            {
                for row in 0..batch.rows() {
                    self.rows.line += 1;
                    let is_row = batch.write_row(row, self.rows.options.max_row, &mut written);
                    if is_row && self.row(&written).is_break() {
                        return Ok(());
                    }
                }
            }
        }
        Ok(())
    }

    fn row(&mut self, written: &Written) -> ControlFlow<()> {
        let row = written.row();
        let window = self.rows.options.window.as_ref();
        let judged = judge_row(&row, &self.rows.layout, window, || false);
        match judged.and_then(|verdict| self.rows.one_token_each(verdict)) {
            Ok(Verdict::Counted(record)) => self.hand_out(&record, written.text()),
            _ => ControlFlow::Continue(()),
        }
    }

    fn hand_out(&mut self, record: &FlowRecord<'_>, text: &[u8]) -> ControlFlow<()> {
        (self.each)(&RawRecord {
            number: self.rows.line,
            unit: self.rows.unit,
            text,
            edge: edge(record),
            ports: record.ports,
            span: (record.span.start, record.span.end),
        })
    }
}

/// The edge of a record.
fn edge<'a>(record: &FlowRecord<'a>) -> Edge<'a> {
    let folded = |(src, dst): (u16, u16)| if src < dst { (src, 0) } else { (0, dst) };
    Edge {
        account_id: record.account,
        interface_id: record.interface,
        srcaddr: record.src.into(),
        dstaddr: record.dst.into(),
        ports: record.ports.map(folded),
        protocol: record.protocol,
        packets: record.packets,
        bytes: record.bytes,
        action: record.action,
        dimensions: Dimensions::default(),
        history: None,
    }
}
