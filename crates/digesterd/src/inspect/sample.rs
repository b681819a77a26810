//! A bounded number of a plan's objects, read and folded: what is in them, and how fast that goes.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::time::{Duration, Instant};

use digest_core::{BadRows, Fold, FoldOptions, Layout, ObjectTally, Window};
use digest_storage::{FlowLogObject, FlowLogs, Plan, Prefetch};
use flate2::read::MultiGzDecoder;
use tokio::task::spawn_blocking;

/// Compressed bytes that are sampled at most; a larger object is left to the digest.
const MOST_BYTES: u64 = 64 << 20;
/// Bytes of a header that are looked at.
const HEAD: usize = 64 << 10;

/// How much is sampled, and how it is read.
#[derive(Debug)]
pub(super) struct Sampling {
    pub(super) window: Option<Window>,
    pub(super) max_row: usize,
    /// Columns of rows that no header stands above.
    pub(super) layout: Layout,
    pub(super) most_objects: usize,
}

/// What the sampled objects hold.
#[derive(Debug, Default)]
pub(super) struct Sample {
    /// Objects read, and their compressed bytes.
    pub(super) objects: u64,
    pub(super) bytes: u64,
    /// Time that reading and folding took, one object after the other.
    pub(super) fetching: Duration,
    pub(super) folding: Duration,
    /// Rows by their fate.
    pub(super) tally: ObjectTally,
    /// Versions of records in the window: bit *n* for version *n*.
    pub(super) versions: u32,
    /// Headers by their text, with how many objects begin with each; empty for objects without one.
    pub(super) headers: BTreeMap<String, u64>,
    /// Objects by how they are packed.
    pub(super) containers: BTreeMap<&'static str, u64>,
    /// Interfaces by flow log.
    pub(super) interfaces: BTreeMap<String, BTreeSet<Vec<u8>>>,
}

/// One object's bytes in memory.
struct Fetched {
    flow_log: String,
    name: String,
    bytes: Vec<u8>,
}

impl Sampling {
    /// Reads and folds the sample.
    pub(super) async fn take(&self, flow_logs: &FlowLogs, plan: &Plan) -> anyhow::Result<Sample> {
        let prefetch = Prefetch::new(1, MOST_BYTES);
        let mut sample = Sample::default();
        for object in choose(&plan.objects, self.most_objects) {
            let begun = Instant::now();
            let mut reader = prefetch.open(flow_logs, object).await?;
            let reading = spawn_blocking(move || {
                let mut bytes = Vec::new();
                reader.read_to_end(&mut bytes).map(|_| bytes)
            });
            let bytes = reading.await??;
            sample.fetching += begun.elapsed();
            let fetched = Fetched {
                flow_log: object.flow_log_id.clone(),
                name: object.name().into_owned(),
                bytes,
            };
            let options = FoldOptions {
                window: self.window,
                bad_rows: BadRows::Skip,
                max_row: self.max_row,
                edges: true,
                layout: self.layout.clone(),
                ..FoldOptions::default()
            };
            sample = spawn_blocking(move || sample.with(&options, &fetched)).await??;
        }
        Ok(sample)
    }
}

impl Sample {
    /// Interfaces that more than one flow log of the sample reports on.
    pub(super) fn interfaces_of_several(&self) -> usize {
        let mut seen: BTreeMap<&[u8], usize> = BTreeMap::new();
        for interface in self.interfaces.values().flatten().filter(|name| *name != b"-") {
            *seen.entry(interface.as_slice()).or_default() += 1;
        }
        seen.values().filter(|&&count| count > 1).count()
    }

    /// Adds an object.
    fn with(mut self, options: &FoldOptions, object: &Fetched) -> anyhow::Result<Self> {
        self.objects += 1;
        self.bytes += object.bytes.len() as u64;
        let (container, header) = head(&object.bytes);
        *self.containers.entry(container).or_default() += 1;
        if let Some(header) = header {
            *self.headers.entry(header).or_default() += 1;
        }
        let begun = Instant::now();
        let mut fold = Fold::new(options);
        let tally = fold.read_object(&object.name, &mut object.bytes.as_slice())?;
        self.folding += begun.elapsed();
        // An object's minutes are as many as its window's, and a sample has no use for them.
        self.tally.merge(&ObjectTally {
            minutes: ObjectTally::default().minutes,
            ..tally
        });
        let of_flow_log = self.interfaces.entry(object.flow_log.clone()).or_default();
        let versions = &mut self.versions;
        fold.finish()?.for_each_edge(|edge| {
            *versions |= edge.history.map_or(0, |history| history.versions);
            if !of_flow_log.contains(edge.interface_id) {
                of_flow_log.insert(edge.interface_id.to_owned());
            }
            Ok(())
        })?;
        Ok(self)
    }
}

/// How an object is packed, and its header if it is text and has one.
fn head(bytes: &[u8]) -> (&'static str, Option<String>) {
    let mut text = Vec::new();
    let container = match bytes {
        [0x1f, 0x8b, ..] => {
            // What cannot be inflated is told by the fold.
            let _ = MultiGzDecoder::new(bytes)
                .take(HEAD as u64)
                .read_to_end(&mut text);
            "gzip"
        }
        [b'P', b'A', b'R', b'1', ..] => return ("parquet", None),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => return ("zstd", None),
        _ => {
            text.extend(bytes.iter().take(HEAD));
            "text"
        }
    };
    let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = String::from_utf8_lossy(line).trim().to_owned();
    // Values are numbers and addresses; the names of fields are neither.
    let is_header = !line.is_empty()
        && line
            .split(' ')
            .all(|name| !name.starts_with(|first: char| first.is_ascii_digit()));
    (container, Some(if is_header { line } else { String::new() }))
}

/// Objects spread over flow logs, and over the time of each: one of the first flow log, one of the next, and so on.
fn choose(objects: &[FlowLogObject], most: usize) -> Vec<&FlowLogObject> {
    let mut by_flow_log: BTreeMap<_, Vec<&FlowLogObject>> = BTreeMap::new();
    for object in objects.iter().filter(|object| object.size <= MOST_BYTES) {
        let key = (
            &object.place,
            &object.account,
            &object.region,
            &object.flow_log_id,
        );
        by_flow_log.entry(key).or_default().push(object);
    }
    let (mut chosen, mut bytes) = (Vec::new(), 0);
    for round in 0..most {
        for its in by_flow_log.values() {
            // The middle of each of as many parts as there are rounds.
            let rounds = most.div_ceil(by_flow_log.len()).min(its.len());
            let Some(object) = its.get((2 * round + 1) * its.len() / (2 * rounds)) else {
                continue;
            };
            if round < rounds && chosen.len() < most && bytes + object.size <= MOST_BYTES {
                bytes += object.size;
                chosen.push(*object);
            }
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn objects(flow_log: &str, count: u64, size: u64) -> Vec<FlowLogObject> {
        let object = |number| FlowLogObject {
            place: Some(Arc::from("s3://a")),
            key: format!("{flow_log}-{number}"),
            size,
            etag: None,
            account: "1".to_owned(),
            region: "r".to_owned(),
            flow_log_id: flow_log.to_owned(),
            named: chrono::DateTime::UNIX_EPOCH,
        };
        (0..count).map(object).collect()
    }

    #[test]
    fn every_flow_log_is_sampled_before_any_is_sampled_twice() {
        let all = [
            objects("fl-a", 100, 10),
            objects("fl-b", 1, 10),
            objects("fl-c", 3, 10),
        ]
        .concat();
        let keys = |most| {
            let chosen = choose(&all, most);
            chosen
                .iter()
                .map(|object| object.key.as_str())
                .collect::<Vec<_>>()
        };
        assert_eq!(keys(0), [""; 0]);
        assert_eq!(keys(3), ["fl-a-50", "fl-b-0", "fl-c-1"]);
        let ten = keys(10);
        assert_eq!(ten.len(), 8, "{ten:?}");
        assert_eq!(ten.iter().collect::<BTreeSet<_>>().len(), 8, "{ten:?}");
        assert_eq!(choose(&[], 5).len(), 0);
    }

    #[test]
    fn no_more_than_the_permitted_bytes_are_sampled() {
        let all = [
            objects("fl-a", 100, MOST_BYTES / 4),
            objects("fl-b", 1, MOST_BYTES + 1),
        ]
        .concat();
        assert_eq!(choose(&all, 20).len(), 4);
    }

    #[test]
    fn headers_are_told_from_rows() {
        assert_eq!(
            head(b"version account-id\n2 1\n"),
            ("text", Some("version account-id".to_owned()))
        );
        assert_eq!(head(b"2 123 eni-1 10.0.0.1\n"), ("text", Some(String::new())));
        assert_eq!(head(b"PAR1xxx"), ("parquet", None));
    }
}
