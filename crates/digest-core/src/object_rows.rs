//! One object's rows, judged one at a time: the layout in force, the line at hand, the tally so far.

use std::sync::Arc;

use crate::columnar::{Failure, NoSchema, is_blank};
use crate::error::{FoldError, LayoutFault, RowFault, Unit, quoted};
use crate::fact::{self, FactColumn};
use crate::field::Field;
use crate::flow_record::{FlowRecord, Span, Verdict, judge, judge_row};
use crate::fold::{BadRows, FoldOptions};
use crate::inflate::TextFailure;
use crate::layout::{Layout, Row, tokens};
use crate::logs::Logs;
use crate::memory::Memory;
use crate::others::{Actions, Others, is_named};
use crate::sighting::Sightings;
use crate::standing::Silence;
use crate::tally::ObjectTally;

/// What is known of the object whose rows are read.
pub(crate) struct ObjectRows<'a> {
    pub(crate) options: &'a FoldOptions,
    key: &'a str,
    pub(crate) layout: Layout,
    pub(crate) unit: Unit,
    /// Lines or rows read so far.
    pub(crate) line: u64,
    pub(crate) tally: ObjectTally,
    /// What other flow logs tell of the same interfaces.
    others: Option<Arc<dyn Others>>,
}

impl<'a> ObjectRows<'a> {
    pub(crate) fn new(options: &'a FoldOptions, key: &'a str, others: Option<Arc<dyn Others>>) -> Self {
        Self {
            options,
            key,
            layout: options.layout.clone(),
            unit: Unit::Line,
            line: 0,
            tally: ObjectTally::none_of(options.window.as_ref()),
            others,
        }
    }

    /// What other flow logs tell, if anything is known of them.
    pub(crate) fn others(&self) -> Option<&Arc<dyn Others>> {
        self.others.as_ref()
    }

    /// Whether others may have any of the object's records.
    pub(crate) fn may_be_had(&self) -> bool {
        self.others.as_ref().is_some_and(|others| others.may_have())
    }

    /// Whether others have the interface's records of this action.
    #[inline]
    pub(crate) fn is_had(&self, interface: &[u8], action: &[u8]) -> bool {
        let others = self.others.as_ref();
        others.is_some_and(|others| is_named(interface) && others.have(interface, Actions::of(action)))
    }

    /// Counts rows that others have.
    pub(crate) fn supersede(&mut self, rows: u64) {
        self.tally.superseded += rows;
        self.tally.rows += rows;
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
            Verdict::Header => self.header(line),
            verdict => self.enter(logs, verdict, |set, columns| fact::of_line(set, columns, line)),
        }
    }

    /// From here on rows of a table are read, with these columns.
    pub(crate) fn of_table(&mut self, layout: Layout) {
        self.layout = layout;
        self.unit = Unit::Row;
    }

    /// Passes over rows of a table that all lie outside the window.
    pub(crate) fn pass_outside(&mut self, rows: u64) {
        self.line += rows;
        self.count(0, rows);
    }

    /// Takes a row of a table, which `set` writes the facts of. Its number is `line` already.
    pub(crate) fn take_row<M: Memory>(
        &mut self,
        logs: &mut Logs<M>,
        row: &Row<'_>,
        set: impl FnOnce(&mut Vec<u8>),
    ) -> Result<(), FoldError> {
        let judged = judge_row(row, &self.layout, self.options.window.as_ref(), || false);
        match judged.and_then(|verdict| self.one_token_each(verdict)) {
            Ok(verdict) => self.enter(logs, verdict, |out, _| set(out)),
            Err(fault) => self.refuse(fault),
        }
    }

    /// A table's names may be anything; in a digest they are tokens.
    pub(crate) fn one_token_each<'v>(&self, verdict: Verdict<'v>) -> Result<Verdict<'v>, RowFault> {
        if let Verdict::Counted(FlowRecord {
            account,
            interface,
            action,
            ..
        }) = verdict
        {
            for (field, token) in [
                (Field::AccountId, account),
                (Field::InterfaceId, interface),
                (Field::Action, action),
            ] {
                if token.iter().any(|&byte| is_blank(byte)) {
                    return Err(RowFault::Blank {
                        field: field.name(),
                        token: quoted(token),
                    });
                }
            }
        }
        Ok(verdict)
    }

    /// Enters what a row is; `set` writes what its columns tell of its interface.
    pub(crate) fn enter<M: Memory>(
        &mut self,
        logs: &mut Logs<M>,
        verdict: Verdict<'_>,
        set: impl FnOnce(&mut Vec<u8>, &[FactColumn]),
    ) -> Result<(), FoldError> {
        let at = (self.unit, self.line);
        let told = match verdict {
            Verdict::Counted(record) if self.is_had(record.interface, record.action) => {
                let interface = logs.interface(record.account, record.interface)?;
                logs.note(interface, record.action);
                self.supersede(1);
                return Ok(());
            }
            Verdict::Counted(record) => {
                self.tally.doubtful_sightings += u64::from(record.is_doubtful);
                let interface = logs.add(&record)?;
                self.tally.records += 1;
                self.tally.minutes.mark(record.span.start, record.span.end);
                Some((interface, record.span.start))
            }
            Verdict::Header => return Ok(()),
            Verdict::NoData(silent) => {
                self.tally.no_data += 1;
                if let Some(Span { start, end }) = silent.span {
                    self.tally.minutes.mark(start, end);
                }
                logs.count_silence(&silent, Silence::NoData)?
            }
            Verdict::SkipData(silent) => {
                self.tally.skip_data += 1;
                logs.count_silence(&silent, Silence::SkipData)?
            }
            verdict => {
                self.count_left_out(at, verdict);
                None
            }
        };
        if M::EDGES
            && !self.layout.facts().is_empty()
            && let Some((interface, start)) = told
        {
            set(&mut logs.known_sets.row, self.layout.facts());
            logs.tell(interface, start);
        }
        self.tally.rows += 1;
        Ok(())
    }

    /// Counts a row that says nothing of its interface.
    fn count_left_out(&mut self, at: (Unit, u64), verdict: Verdict<'_>) {
        match verdict {
            Verdict::Outside => self.tally.outside_window += 1,
            Verdict::SecondSighting => self.tally.second_sightings += 1,
            Verdict::OtherStatus(status) => self.tally.other_status(self.key, at, status),
            Verdict::Unusable(field) => self.tally.unusable(self.key, at, field),
            // These are counted where they are entered.
            Verdict::Header | Verdict::Counted(_) | Verdict::NoData(_) | Verdict::SkipData(_) => {}
        }
    }

    /// Takes a line that is longer than the bound and was not kept.
    pub(crate) fn take_long(&mut self) -> Result<(), FoldError> {
        self.line += 1;
        self.refuse_long()
    }

    /// Counts rows that were folded, and rows outside the window, without a look at each.
    pub(crate) fn count(&mut self, records: u64, outside: u64) {
        self.tally.records += records;
        if self.layout.sightings() == Sightings::Blind {
            self.tally.doubtful_sightings += records;
        }
        self.tally.outside_window += outside;
        self.tally.rows += records + outside;
    }

    /// What the end of an object's text means for the object.
    #[cold]
    pub(crate) fn failed(&self, failure: TextFailure) -> FoldError {
        let key = self.key.to_owned();
        match failure {
            TextFailure::Source(source) => FoldError::Read { key, source },
            TextFailure::Corrupt(reason) => FoldError::Corrupt {
                key,
                what: "object",
                reason,
            },
            TextFailure::Parquet(_) => self.no_rows(Failure::Corrupt("it is no text".to_owned())),
        }
    }

    /// What the end of a table's rows means for the object.
    #[cold]
    pub(crate) fn no_rows(&self, failure: Failure) -> FoldError {
        let key = self.key.to_owned();
        match failure {
            Failure::Source(source) => FoldError::Read { key, source },
            Failure::TooLarge(reason) => FoldError::TooLarge { key, reason },
            Failure::Corrupt(reason) => FoldError::Corrupt {
                key,
                what: "Parquet file",
                reason,
            },
        }
    }

    /// What a table without columns to go by means for the object.
    #[cold]
    pub(crate) fn no_schema(&self, why: NoSchema) -> FoldError {
        match why {
            NoSchema::Failure(failure) => self.no_rows(failure),
            NoSchema::Layout(fault) => self.not_flow_log(0, fault),
        }
    }

    /// Takes a header: rows below it are of its columns.
    #[cold]
    pub(crate) fn header(&mut self, line: &[u8]) -> Result<(), FoldError> {
        let layout = Layout::from_header(line).and_then(|layout| {
            layout.within(self.options.max_columns)?;
            Ok(layout)
        });
        self.layout = layout.map_err(|reason| self.not_flow_log(self.line, reason))?;
        self.tally.headers += 1;
        self.tally.unknown_columns(self.layout.unknown());
        Ok(())
    }

    /// The tally, once the object has been read to its end.
    pub(crate) fn finish(mut self) -> ObjectTally {
        if self.tally.headers == 0 && (self.tally.rows > 0 || self.unit == Unit::Row) {
            self.tally.unknown_columns(self.layout.unknown());
        }
        self.tally.objects = 1;
        self.tally
    }

    /// Refuses a row that is longer than rows may be.
    #[cold]
    pub(crate) fn refuse_long(&mut self) -> Result<(), FoldError> {
        self.refuse(RowFault::TooLong {
            most: self.options.max_row,
        })
    }

    #[cold]
    fn refuse(&mut self, reason: RowFault) -> Result<(), FoldError> {
        match self.options.bad_rows {
            BadRows::Fail => Err(FoldError::BadRow {
                key: self.key.to_owned(),
                unit: self.unit,
                line: self.line,
                reason,
            }),
            BadRows::Skip => {
                self.tally.bad_row(self.key, (self.unit, self.line), &reason);
                Ok(())
            }
        }
    }

    #[cold]
    pub(crate) fn not_flow_log(&self, line: u64, reason: LayoutFault) -> FoldError {
        FoldError::NotFlowLog {
            key: self.key.to_owned(),
            line,
            reason,
        }
    }
}
