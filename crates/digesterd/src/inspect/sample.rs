//! A bounded number of a plan's objects, read and folded: what is in them, and how fast that goes.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::time::{Duration, Instant};

use digest_core::{Beginning, Container, Delivery, Digest, FACTS, Fold, FoldOptions, ObjectTally, beginning};
use digest_storage::{FlowLogs, Plan, Prefetch};
use tokio::task::spawn_blocking;

use super::choice::{LARGEST, choose};

/// The fact that names an interface's region.
const REGION: &str = "region";

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
    /// Least start and greatest end of the records in the window, Unix seconds.
    pub(super) span: Option<(i64, i64)>,
    /// Versions of records in the window: bit *n* for version *n*.
    pub(super) versions: u32,
    /// Objects by the columns that they begin with.
    pub(super) formats: BTreeMap<Format, u64>,
    /// Objects by how they are packed and what their rows came in.
    pub(super) containers: BTreeMap<(Container, Option<Delivery>), u64>,
    /// Accounts and regions that rows in the window name.
    pub(super) accounts: BTreeSet<String>,
    pub(super) regions: BTreeSet<String>,
    /// Interfaces by flow log.
    pub(super) interfaces: BTreeMap<String, BTreeSet<Vec<u8>>>,
}

/// The columns that an object begins with.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Format {
    /// Their names as they stand there; none where no header stands above the rows.
    pub(super) columns: Option<Vec<String>>,
    /// The version of flow logs that they need; none where no digest can be made of them.
    pub(super) version: Option<u8>,
}

/// One object's bytes in memory.
struct Fetched {
    flow_log: String,
    name: String,
    bytes: Vec<u8>,
}

impl Sample {
    /// Reads and folds this many objects at most, as a digest with these options would.
    pub(super) async fn take(
        flow_logs: &FlowLogs,
        plan: &Plan,
        options: &FoldOptions,
        most: usize,
    ) -> anyhow::Result<Self> {
        let prefetch = Prefetch::new(1, LARGEST);
        let mut sample = Self::default();
        for object in choose(&plan.objects, most) {
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
            let options = options.clone();
            sample = spawn_blocking(move || sample.with(&options, &fetched)).await??;
        }
        Ok(sample)
    }

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
        self.begin(beginning(options, &object.name, &mut object.bytes.as_slice())?);
        let begun = Instant::now();
        let mut fold = Fold::new(options);
        let tally = fold.read_object(&object.name, &mut object.bytes.as_slice())?;
        self.folding += begun.elapsed();
        // An object's minutes are as many as its window's, and a sample has no use for them.
        self.tally.merge(&ObjectTally {
            minutes: ObjectTally::default().minutes,
            ..tally
        });
        self.enter(&object.flow_log, &fold.finish()?)?;
        Ok(self)
    }

    /// Counts what an object begins with.
    fn begin(&mut self, beginning: Beginning) {
        let packed = (beginning.container, beginning.delivery);
        *self.containers.entry(packed).or_default() += 1;
        let format = Format {
            columns: beginning.columns,
            version: beginning.layout.ok().map(|layout| layout.novelty().0),
        };
        // What has neither cannot be read, as the fold tells.
        if format.columns.is_some() || format.version.is_some() {
            *self.formats.entry(format).or_default() += 1;
        }
    }

    /// Notes what the records of one object say.
    fn enter(&mut self, flow_log: &str, digest: &Digest) -> anyhow::Result<()> {
        self.span = match (self.span, digest.span()) {
            (Some((start, end)), Some((first, last))) => Some((start.min(first), end.max(last))),
            (known, found) => known.or(found),
        };
        let of_flow_log = self.interfaces.entry(flow_log.to_owned()).or_default();
        let versions = &mut self.versions;
        digest.for_each_edge(|edge| {
            *versions |= edge.history.map_or(0, |history| history.versions);
            if !of_flow_log.contains(edge.interface_id) {
                of_flow_log.insert(edge.interface_id.to_owned());
            }
            Ok(())
        })?;
        let region = FACTS.iter().position(|fact| *fact == REGION);
        let named = |name: &[u8]| (name != b"-").then(|| String::from_utf8_lossy(name).into_owned());
        digest.for_each_interface(|interface| {
            self.accounts.extend(named(interface.account_id));
            let region = region.and_then(|place| interface.fact(place));
            self.regions.extend(region.and_then(named));
            Ok(())
        })?;
        Ok(())
    }
}
