//! One object's rows, judged one at a time: the layout in force, the line at hand, the tally so far.

use crate::error::{FoldError, LayoutFault, RowFault};
use crate::flow_record::{Span, Verdict, judge};
use crate::fold::{BadRows, FoldOptions};
use crate::inflate::TextFailure;
use crate::layout::{Layout, tokens};
use crate::logs::Logs;
use crate::memory::Memory;
use crate::tally::ObjectTally;

/// What is known of the object whose rows are read.
pub(crate) struct ObjectRows<'a> {
    pub(crate) options: &'a FoldOptions,
    key: &'a str,
    pub(crate) layout: Layout,
    /// Lines read so far.
    pub(crate) line: u64,
    pub(crate) tally: ObjectTally,
}

impl<'a> ObjectRows<'a> {
    pub(crate) fn new(options: &'a FoldOptions, key: &'a str) -> Self {
        Self {
            options,
            key,
            layout: options.layout.clone(),
            line: 0,
            tally: ObjectTally::none_of(options.window.as_ref()),
        }
    }

    /// Takes the next line. It may be blank, or a header, which changes the layout.
    pub(crate) fn take<M: Memory>(&mut self, logs: &mut Logs<M>, line: &[u8]) -> Result<(), FoldError> {
        self.line += 1;
        if line.len() > self.options.max_row {
            return self.refuse_long();
        }
        let verdict = match judge(line, &self.layout, self.options.window.as_ref()) {
            Ok(verdict) => verdict,
            Err(_) if tokens(line).next().is_none() => return Ok(()),
            Err(fault) => return self.refuse(fault),
        };
        match verdict {
            Verdict::Counted(record) => {
                logs.add(&record)?;
                self.tally.records += 1;
                self.tally.minutes.mark(record.span.start, record.span.end);
            }
            Verdict::Header => return self.header(line),
            Verdict::Outside => self.tally.outside_window += 1,
            Verdict::SecondSighting => self.tally.second_sightings += 1,
            Verdict::NoData(span) => {
                self.tally.no_data += 1;
                if let Some(Span { start, end }) = span {
                    self.tally.minutes.mark(start, end);
                }
            }
            Verdict::SkipData => self.tally.skip_data += 1,
            Verdict::OtherStatus(status) => self.tally.other_status(self.key, self.line, status),
            Verdict::Unusable(field) => self.tally.unusable(self.key, self.line, field),
        }
        self.tally.rows += 1;
        Ok(())
    }

    /// Takes a line that is longer than the bound and was not kept.
    pub(crate) fn take_long(&mut self) -> Result<(), FoldError> {
        self.line += 1;
        self.refuse_long()
    }

    /// Counts rows that were folded, and rows outside the window, without a look at each.
    pub(crate) fn count(&mut self, records: u64, outside: u64) {
        self.tally.records += records;
        self.tally.outside_window += outside;
        self.tally.rows += records + outside;
    }

    /// What the end of an object's text means for the object.
    #[cold]
    pub(crate) fn failed(&self, failure: TextFailure) -> FoldError {
        let key = self.key.to_owned();
        match failure {
            TextFailure::Source(source) => FoldError::Read { key, source },
            TextFailure::Corrupt(reason) => FoldError::Corrupt { key, reason },
            TextFailure::Parquet => self.not_flow_log(1, LayoutFault::Parquet),
        }
    }

    #[cold]
    fn header(&mut self, line: &[u8]) -> Result<(), FoldError> {
        self.layout = Layout::from_header(line).map_err(|reason| self.not_flow_log(self.line, reason))?;
        self.tally.headers += 1;
        self.tally.unknown_columns(self.layout.unknown());
        Ok(())
    }

    /// The tally, once the object has been read to its end.
    pub(crate) fn finish(mut self) -> ObjectTally {
        if self.tally.headers == 0 && self.tally.rows > 0 {
            self.tally.unknown_columns(self.layout.unknown());
        }
        self.tally.objects = 1;
        self.tally
    }

    #[cold]
    fn refuse_long(&mut self) -> Result<(), FoldError> {
        self.refuse(RowFault::TooLong {
            most: self.options.max_row,
        })
    }

    #[cold]
    fn refuse(&mut self, reason: RowFault) -> Result<(), FoldError> {
        match self.options.bad_rows {
            BadRows::Fail => Err(FoldError::BadRow {
                key: self.key.to_owned(),
                line: self.line,
                reason,
            }),
            BadRows::Skip => {
                self.tally.bad_row(self.key, self.line, &reason);
                Ok(())
            }
        }
    }

    #[cold]
    fn not_flow_log(&self, line: u64, reason: LayoutFault) -> FoldError {
        FoldError::NotFlowLog {
            key: self.key.to_owned(),
            line,
            reason,
        }
    }
}
