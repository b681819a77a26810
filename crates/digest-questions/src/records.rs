//! The raw rows behind edges: read again from the objects that a digest's manifest names, each as it was then.

use std::ops::ControlFlow;
use std::sync::Arc;

use digest_core::manifest::ObjectEntry;
use digest_core::{BadRows, FoldError, FoldOptions, InOrder, Layout, Manifest, Unit, raw_records};
use digest_insight::{Filter, Listed, Sums};
use digest_storage::{FlowLogObject, FlowLogs, Manifests, Prefetch};
use futures::{StreamExt, stream};
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use crate::error::QuestionError;
use crate::question::computed;

/// Objects that are read at once, and compressed bytes.
const OBJECTS: usize = 4;
const BYTES: u64 = 64 << 20;
/// Most objects that could not be read that are named.
const NAMED: usize = 20;
/// The setting that the format of rows without a header stands in.
const FORMAT: &str = "VPC_FLOW_LOGS_FORMAT";
/// Most text of one object, for each byte of it.
const MOST_RATIO: u64 = 1000;

/// Where raw records are read from.
#[derive(Debug, Clone)]
pub struct RecordSource {
    flow_logs: FlowLogs,
    prefetch: Prefetch,
}

/// Which records are asked for.
#[derive(Debug, Clone, Default)]
pub struct RecordsAsking {
    /// Of edges of which this holds, and none of these. Bytes and packets are the records' own.
    pub filter: Filter,
    /// Edges that are not wanted.
    pub ignore: Vec<Filter>,
    /// Most records that are handed out; all are counted.
    pub limit: usize,
}

/// Records, and what of the digests' objects could be read.
#[derive(Debug, Default, Serialize)]
pub struct RecordsAnswer {
    /// The first of them, by digest, object and line.
    #[serde(flatten)]
    pub listed: Listed<RecordRow>,
    /// What all of them add up to.
    pub total: Sums,
    /// Objects that were read again.
    pub objects_read: u64,
    /// Objects of which nothing is told here.
    pub unread: Listed<UnreadObject>,
}

/// A record, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RecordRow {
    /// The object's key.
    pub object: String,
    /// Its line, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// Its row in a Parquet file, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub row: Option<u64>,
    /// First second, Unix time.
    pub start: i64,
    /// Last second.
    pub end: i64,
    /// As it stands there; of Parquet the columns that a digest needs.
    pub record: String,
}

/// An object that could not be read again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnreadObject {
    /// Its key.
    pub object: String,
    /// Why.
    pub why: String,
}

impl RecordSource {
    /// Records of these flow logs.
    #[must_use]
    pub fn new(flow_logs: FlowLogs) -> Self {
        Self {
            flow_logs,
            prefetch: Prefetch::new(OBJECTS, BYTES),
        }
    }

    /// Reads the objects of a digest again and adds what is asked for to the answer. `manifests` has the list of its
    /// objects where it does not stand in the manifest.
    ///
    /// # Errors
    /// [`QuestionError`] where the list cannot be had; what of the objects cannot be read is told in the answer.
    pub async fn read(
        &self,
        manifest: &Manifest,
        manifests: Option<&Manifests>,
        asking: &RecordsAsking,
        given_up: &CancellationToken,
        answer: &mut RecordsAnswer,
    ) -> Result<(), QuestionError> {
        let objects = match (manifests, &manifest.object_list) {
            (_, Some(list)) => Some(list.clone()),
            (Some(manifests), None) => manifests.objects(manifest).await?,
            (None, None) => None,
        };
        let objects = objects.ok_or_else(|| QuestionError::NoObjects(manifest.job.window().to_string()))?;
        let options = Arc::new(FoldOptions {
            window: Some(*manifest.job.window()),
            bad_rows: BadRows::Skip,
            max_ratio: MOST_RATIO,
            edges: false,
            layout: layout(manifest),
            ..FoldOptions::default()
        });
        let (read, skipped): (Vec<_>, Vec<_>) =
            objects.into_iter().partition(|object| object.skipped.is_none());
        for object in skipped {
            let why = object.skipped.unwrap_or_default();
            answer.pass_over(object.key, why);
        }
        let mut found = stream::iter(read)
            .map(|object| self.of_object(object, Arc::clone(&options), asking, given_up))
            .buffered(OBJECTS);
        while let Some((key, found)) = found.next().await {
            if given_up.is_cancelled() {
                return Err(QuestionError::GivenUp);
            }
            match found {
                Ok(found) => answer.add(found, asking.limit),
                Err(why) => answer.pass_over(key, why),
            }
        }
        Ok(())
    }

    async fn of_object(
        &self,
        entry: ObjectEntry,
        options: Arc<FoldOptions>,
        asking: &RecordsAsking,
        given_up: &CancellationToken,
    ) -> (String, Result<Found, String>) {
        let object = FlowLogObject::told(&entry);
        let name = object.name().into_owned();
        let opened = self.prefetch.open(&self.flow_logs, &object);
        let opened = match given_up.run_until_cancelled(opened).await {
            Some(Ok(opened)) => opened,
            Some(Err(error)) => return (name, Err(error.to_string())),
            None => return (name, Err("it was given up".to_owned())),
        };
        let (key, asking, given_up) = (name.clone(), asking.clone(), given_up.clone());
        let read = computed(move || {
            let mut found = Found::default();
            let each = &mut |record: &digest_core::RawRecord<'_>| {
                found.take(&key, record, &asking);
                if given_up.is_cancelled() {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            };
            raw_records(&options, &key, &mut InOrder(opened), each).map(|()| found)
        });
        let read = match read.await {
            Ok(read) => read.map_err(|error| told(&error)),
            Err(error) => Err(error.to_string()),
        };
        (name, read)
    }
}

/// The columns of rows that no header stands above, as the digest was made with.
fn layout(manifest: &Manifest) -> Layout {
    let format = manifest.settings.get(FORMAT).map(String::as_str);
    format
        .and_then(|format| Layout::of_format(format).ok())
        .unwrap_or_default()
}

/// A failure and its cause, in a line.
fn told(error: &FoldError) -> String {
    use std::error::Error as _;
    match error.source() {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}

/// What an object has.
#[derive(Debug, Default)]
struct Found {
    listed: Listed<RecordRow>,
    total: Sums,
}

impl Found {
    fn take(&mut self, key: &str, record: &digest_core::RawRecord<'_>, asking: &RecordsAsking) {
        let edge = &record.edge;
        if !asking.filter.holds(edge) || asking.ignore.iter().any(|ignore| ignore.holds(edge)) {
            return;
        }
        self.total.add(Sums::of(edge));
        self.listed.count += 1;
        if self.listed.items.len() >= asking.limit {
            return;
        }
        let is_line = record.unit == Unit::Line;
        self.listed.items.push(RecordRow {
            object: key.to_owned(),
            line: is_line.then_some(record.number),
            row: (!is_line).then_some(record.number),
            start: record.span.0,
            end: record.span.1,
            record: String::from_utf8_lossy(record.text).trim_end().to_owned(),
        });
    }
}

impl RecordsAnswer {
    fn add(&mut self, found: Found, limit: usize) {
        self.objects_read += 1;
        self.total.add(found.total);
        self.listed.count += found.listed.count;
        let room = limit.saturating_sub(self.listed.items.len());
        self.listed
            .items
            .extend(found.listed.items.into_iter().take(room));
    }

    fn pass_over(&mut self, object: String, why: String) {
        self.unread.count += 1;
        if self.unread.items.len() < NAMED {
            self.unread.items.push(UnreadObject { object, why });
        }
    }
}
