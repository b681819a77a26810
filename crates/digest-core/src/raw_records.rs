//! An object's records one at a time, as they stand there: what lies behind an edge.
//!
//! Slow and plain beside a fold: each row is judged by itself, with the same meaning.

use std::ops::ControlFlow;

use crate::block::{Block, Blocks, Lines};
use crate::columnar::{Batch, Bounds, Place, Schema};
use crate::contents::Contents;
use crate::edge::Edge;
use crate::error::{FoldError, RowFault, Unit};
use crate::facet::Dimensions;
use crate::flow_record::{FlowRecord, Verdict, judge, judge_row};
use crate::fold::FoldOptions;
use crate::inflate::{Scratch, Text, TextFailure};
use crate::layout::{Layout, Row};
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
/// over: a digest that was made of them counted them, or was not made.
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
    let mut scratch = Scratch::default();
    scratch.most_ratio = options.max_ratio;
    let text = match Text::open(source, &mut scratch) {
        Ok(text) => text,
        Err(TextFailure::Parquet(read)) => return of_parquet(rows, source, &mut scratch, read, each),
        Err(failure) => return Err(rows.failed(failure)),
    };
    let mut reading = Reading {
        options,
        layout: rows.layout.clone(),
        unit: Unit::Line,
        number: 0,
    };
    let mut blocks = Blocks::new(text, options.max_row);
    while let Some(block) = blocks.next().map_err(|failure| rows.failed(failure))? {
        let Block::Lines(Lines { buffer, from, to }) = block else {
            reading.number += 1;
            continue;
        };
        let lines = buffer.get(from..to).unwrap_or_default();
        let lines = lines.strip_suffix(b"\n").unwrap_or(lines);
        for line in lines.split(|&byte| byte == b'\n') {
            if reading.line(line, each).is_break() {
                return Ok(());
            }
        }
    }
    Ok(())
}

fn of_parquet(
    rows: ObjectRows<'_>,
    source: &mut dyn Contents,
    scratch: &mut Scratch,
    read: usize,
    each: EachRecord<'_>,
) -> Result<(), FoldError> {
    let whole = scratch.whole_object(source, read);
    let whole = whole.map_err(|failure| rows.failed(failure))?;
    let mut place = Place::Memory(whole, source);
    let readers = Readers::new(None);
    let allowance = &mut readers.open(1);
    let schema = Schema::read(&mut place, false, allowance).map_err(|why| rows.no_schema(why))?;
    let mut reading = Reading {
        options: rows.options,
        layout: schema.layout.clone(),
        unit: Unit::Row,
        number: 0,
    };
    let (bounds, size) = (Bounds::within(allowance.most()), place.size());
    let mut batch = Batch::new(Level::best());
    for group in schema.groups() {
        if schema.is_outside(group, rows.options.window.as_ref()) {
            reading.number += group.rows;
            continue;
        }
        let begun = batch.begin(&schema, group, (size, bounds), allowance);
        begun.map_err(|failure| rows.no_rows(failure))?;
        while batch
            .next(&mut place, allowance)
            .map_err(|failure| rows.no_rows(failure))?
        {
            for row in 0..batch.rows() {
                let (text, spans) = batch.written(row);
                let tokens = spans.into_iter();
                let row = Row::of(tokens.map(|(field, span)| (field, text.get(span).unwrap_or_default())));
                if reading.row(&row, text.trim_ascii_end(), each).is_break() {
                    return Ok(());
                }
            }
        }
    }
    Ok(())
}

/// Where in an object.
struct Reading<'o> {
    options: &'o FoldOptions,
    layout: Layout,
    unit: Unit,
    number: u64,
}

impl Reading<'_> {
    fn line(&mut self, line: &[u8], each: EachRecord<'_>) -> ControlFlow<()> {
        self.number += 1;
        match judge(line, &self.layout, self.options.window.as_ref()) {
            Ok(Verdict::Header) => {
                if let Ok(layout) = Layout::from_header(line) {
                    self.layout = layout;
                }
                ControlFlow::Continue(())
            }
            verdict => self.hand_out(verdict, line, each),
        }
    }

    fn row(&mut self, row: &Row<'_>, text: &[u8], each: EachRecord<'_>) -> ControlFlow<()> {
        self.number += 1;
        let verdict = judge_row(row, &self.layout, self.options.window.as_ref(), || false);
        self.hand_out(verdict, text, each)
    }

    fn hand_out(
        &self,
        verdict: Result<Verdict<'_>, RowFault>,
        text: &[u8],
        each: EachRecord<'_>,
    ) -> ControlFlow<()> {
        match verdict {
            Ok(Verdict::Counted(record)) => each(&RawRecord {
                number: self.number,
                unit: self.unit,
                text,
                edge: edge(&record),
                ports: record.ports,
                span: (record.span.start, record.span.end),
            }),
            _ => ControlFlow::Continue(()),
        }
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
