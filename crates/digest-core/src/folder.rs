//! One thread's fold: objects into blocks, blocks into rows, rows into the logs of their interfaces.

use std::sync::{Arc, Mutex};

use memchr::{memchr, memrchr};

use crate::block::{Block, Blocks, Lines};
use crate::columnar::{Batch, Bounds, NoSchema, Place, Schema};
use crate::contents::Contents;
use crate::error::FoldError;
use crate::flow_record::Span;
use crate::fold::{BadRows, FoldOptions};
use crate::inflate::{Scratch, Text, TextFailure};
use crate::layout::is_header;
use crate::logs::Logs;
use crate::memory::Memory;
use crate::object_rows::ObjectRows;
use crate::readers::Allowance;
use crate::regular::{Regular, Terms};
use crate::spill::Budget;
use crate::tables::{Tables, lock};
use crate::tally::ObjectTally;
use crate::vector::{Level, Padded};

/// Bytes of rows that are read together: their columns stay in the nearest cache.
const TOGETHER: usize = 32 * 1024;

/// A thread's part of a digest in the making.
#[derive(Debug)]
pub(crate) struct Folder<M: Memory> {
    options: FoldOptions,
    tables: Arc<Tables<M>>,
    logs: Arc<Mutex<Logs<M>>>,
    scratch: Scratch,
    batch: Option<Batch>,
    pub(crate) regular: Regular,
    tally: ObjectTally,
}

/// What folders have gathered beside groups.
#[derive(Debug, Clone)]
pub(crate) struct Gathered {
    pub(crate) tally: ObjectTally,
    /// Least start and greatest end of all records.
    pub(crate) span: Option<Span>,
}

impl<M: Memory> Folder<M> {
    pub(crate) fn new(options: &FoldOptions, tables: &Arc<Tables<M>>) -> Self {
        Self {
            options: options.clone(),
            tables: Arc::clone(tables),
            logs: tables.member(),
            scratch: Scratch::default(),
            batch: None,
            regular: Regular::new(Level::best()),
            tally: ObjectTally::none_of(options.window.as_ref()),
        }
    }

    pub(crate) fn tally(&self) -> &ObjectTally {
        &self.tally
    }

    /// Reads one object; see [`Fold::read_object`](crate::Fold::read_object).
    pub(crate) fn read_object(
        &mut self,
        key: &str,
        source: &mut dyn Contents,
    ) -> Result<ObjectTally, FoldError> {
        let tally = match self.options.bad_rows {
            BadRows::Fail => {
                let pass = Pass {
                    tables: &self.tables,
                    logs: &self.logs,
                    regular: &mut self.regular,
                    rows: ObjectRows::new(&self.options, key, source.others()),
                    allowance: self.tables.spilling.open_file(),
                    batch: &mut self.batch,
                };
                pass.read(source, &mut self.scratch)?
            }
            BadRows::Skip => self.read_leniently(key, source)?,
        };
        self.tally.merge(&tally);
        Ok(tally)
    }

    /// Folds into tables of the object's own, which are merged only once the object has proved sound.
    fn read_leniently(&mut self, key: &str, source: &mut dyn Contents) -> Result<ObjectTally, FoldError> {
        // What one object brings may take a part of what all may.
        let budget = self.tables.spilling.budget().map(|budget| Budget {
            bytes: budget.bytes / 8,
            ..budget
        });
        let tables = Arc::new(Tables::<M>::new(budget));
        let logs = tables.member();
        let pass = Pass {
            tables: &tables,
            logs: &logs,
            regular: &mut self.regular,
            rows: ObjectRows::new(&self.options, key, source.others()),
            // Whatever tables its rows go to, it takes memory of the whole budget.
            allowance: self.tables.spilling.open_file(),
            batch: &mut self.batch,
        };
        match pass.read(source, &mut self.scratch) {
            Ok(tally) => {
                self.take_over(&logs)?;
                Ok(tally)
            }
            Err(error) if error.is_of_contents() => {
                let window = self.options.window.as_ref();
                Ok(ObjectTally::refused(window, key, error.to_string()))
            }
            Err(error) => Err(error),
        }
    }

    /// Adds all that another folder with tables of its own has gathered.
    pub(crate) fn merge<N: Memory>(&mut self, other: Folder<N>) -> Result<(), FoldError> {
        self.tally.merge(&other.tally);
        self.take_over(&other.logs)
    }

    fn take_over<N: Memory>(&mut self, other: &Mutex<Logs<N>>) -> Result<(), FoldError> {
        lock(&self.logs).take_over(&mut lock(other))?;
        if self.tables.is_over() {
            self.tables.spill()?;
        }
        Ok(())
    }

    /// Folds what is left in the logs.
    pub(crate) fn finish(self) -> Result<(Arc<Tables<M>>, Gathered), FoldError> {
        let mut logs = lock(&self.logs);
        logs.flush()?;
        logs.tell_of_interfaces();
        let gathered = Gathered {
            tally: self.tally,
            span: logs.span,
        };
        drop(logs);
        Ok((self.tables, gathered))
    }
}

impl Gathered {
    /// Adds what another thread has gathered.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.tally.merge(&other.tally);
        self.span = match (self.span, other.span) {
            (Some(ours), Some(theirs)) => Some(ours.with(theirs)),
            (ours, theirs) => ours.or(theirs),
        };
    }
}

/// One object on its way into the logs.
struct Pass<'a, M: Memory> {
    tables: &'a Tables<M>,
    logs: &'a Mutex<Logs<M>>,
    regular: &'a mut Regular,
    rows: ObjectRows<'a>,
    /// What reading a Parquet file may hold.
    allowance: Allowance<'a>,
    /// What the last one was read with.
    batch: &'a mut Option<Batch>,
}

impl<M: Memory> Pass<'_, M> {
    fn read(mut self, source: &mut dyn Contents, scratch: &mut Scratch) -> Result<ObjectTally, FoldError> {
        lock(self.logs).met.begin(self.rows.others());
        scratch.most_ratio = self.rows.options.max_ratio;
        let text = match Text::open(source, scratch) {
            Ok(text) => text,
            Err(TextFailure::Parquet(read)) => return self.parquet(source, scratch, read),
            Err(failure) => return Err(self.rows.failed(failure)),
        };
        let mut blocks = Blocks::new(text, self.rows.options.max_row);
        while let Some(block) = blocks.next().map_err(|failure| self.rows.failed(failure))? {
            match block {
                Block::Lines(lines) => self.lines(lines)?,
                Block::TooLong => self.rows.take_long()?,
            }
        }
        let mut tally = self.rows.finish();
        tally.source_bytes = blocks.taken();
        tally.inflated_bytes = blocks.inflated();
        lock(self.logs).end_object();
        Ok(tally)
    }

    /// Reads a Parquet file, whose first `read` bytes are at hand.
    fn parquet(
        mut self,
        source: &mut dyn Contents,
        scratch: &mut Scratch,
        read: usize,
    ) -> Result<ObjectTally, FoldError> {
        let mut batch = match self.batch.take() {
            Some(batch) => batch,
            None => Batch::new(self.regular.level()),
        };
        let mut object = None;
        let taken = if let Some(ranges) = source.ranges() {
            let mut place = Place::Ranges(ranges, 0);
            self.table(&mut place, &mut batch)?;
            let taken = place.taken();
            if let Place::Ranges(ranges, _) = place {
                ranges.end();
            }
            taken
        } else {
            let whole = scratch.whole_object(source, read);
            let whole = whole.map_err(|failure| self.rows.failed(failure))?;
            object = Some(whole.clone());
            let mut place = Place::Memory(whole, source);
            self.table(&mut place, &mut batch)?;
            place.taken()
        };
        let mut tally = self.rows.finish();
        tally.source_bytes = taken;
        tally.inflated_bytes = batch.inflated;
        lock(self.logs).end_object();
        batch.end(&mut self.allowance);
        *self.batch = Some(batch);
        if let Some(object) = object {
            scratch.take_back(object);
        }
        Ok(tally)
    }

    /// Folds a Parquet file's rows, one row group after the other.
    fn table(&mut self, place: &mut Place<'_>, batch: &mut Batch) -> Result<(), FoldError> {
        let allowance = &mut self.allowance;
        let schema = Schema::read(place, M::EDGES, allowance).map_err(|why| self.rows.no_schema(why))?;
        let within = schema.layout.within(self.rows.options.max_columns);
        within.map_err(|fault| self.rows.no_schema(NoSchema::Layout(fault)))?;
        self.rows.of_table(schema.layout.clone());
        let bounds = Bounds::within(allowance.most());
        let size = place.size();
        let (window, rows) = (self.rows.options.window, &mut self.rows);
        for group in schema.groups() {
            if schema.is_outside(group, window.as_ref()) {
                rows.pass_outside(group.rows);
                continue;
            }
            let begun = batch.begin(&schema, group, (size, bounds), allowance);
            begun.map_err(|failure| rows.no_rows(failure))?;
            while batch
                .next(place, allowance)
                .map_err(|failure| rows.no_rows(failure))?
            {
                batch.fold(&mut *lock(self.logs), rows)?;
                if self.tables.is_over() {
                    self.tables.spill()?;
                }
                place.ask_on().map_err(|failure| rows.no_rows(failure))?;
            }
        }
        Ok(())
    }

    /// Takes lines some at a time, all their columns together where they are regular.
    fn lines(&mut self, lines: Lines<'_>) -> Result<(), FoldError> {
        let mut from = lines.from;
        while from < lines.to {
            let to = together(lines.buffer, from, lines.to);
            let text = lines.buffer.get(from..to).unwrap_or_default();
            if begins_with_header(text) {
                from += self.line(text)?;
                continue;
            }
            let done = match Padded::new(lines.buffer, from, to) {
                Some(text) => self.regular_lines(text, lines.ahead(from))?,
                None => 0,
            };
            let mut rest = if done == 0 { text } else { &[] };
            while !rest.is_empty() {
                let taken = self.line(rest)?;
                rest = rest.get(taken..).unwrap_or_default();
            }
            from = if done == 0 { to } else { from + done };
            if self.tables.is_over() {
                self.tables.spill()?;
            }
        }
        Ok(())
    }

    /// Folds lines whose columns can be read together; gives the bytes that were taken: all of them, none, or those
    /// up to a header, which ends what can be read by the layout.
    fn regular_lines(&mut self, text: Padded<'_>, ahead: &[u8]) -> Result<usize, FoldError> {
        let layout = self.rows.layout.clone();
        let terms = Terms {
            layout: &layout,
            window: self.rows.options.window.as_ref(),
            max_row: self.rows.options.max_row,
            by_action: self.rows.may_be_had(),
            ahead,
        };
        // No other thread wants these logs but one that spills.
        let logs = &mut *lock(self.logs);
        match self.regular.read(text, terms, logs)? {
            Some(read) => read.fold(logs, &mut self.rows),
            None => Ok(0),
        }
    }

    /// Takes the first line of a text; gives its bytes.
    fn line(&mut self, text: &[u8]) -> Result<usize, FoldError> {
        let end = memchr(b'\n', text).unwrap_or(text.len());
        let line = text.get(..end).unwrap_or_default();
        self.rows.take(&mut *lock(self.logs), line)?;
        Ok((end + 1).min(text.len()))
    }
}

/// Whether the first line of a text is a header. Names of fields begin with a letter, rows seldom do.
pub(crate) fn begins_with_header(text: &[u8]) -> bool {
    text.first().is_some_and(u8::is_ascii_alphabetic)
        && text.split(|&byte| byte == b'\n').next().is_some_and(is_header)
}

/// Where to end lines that begin here: behind the last newline within [`TOGETHER`] bytes, or behind the first one.
pub(crate) fn together(buffer: &[u8], from: usize, to: usize) -> usize {
    let stop = to.min(from + TOGETHER);
    let near = buffer.get(from..stop).unwrap_or_default();
    if let Some(at) = memrchr(b'\n', near) {
        return from + at + 1;
    }
    let far = buffer.get(stop..to).unwrap_or_default();
    memchr(b'\n', far).map_or(to, |at| stop + at + 1)
}
