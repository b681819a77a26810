//! Objects that are too large to be fetched whole: of a Parquet file among them only the columns that are needed are
//! fetched, by ranges that its footer tells of. The footers of a bounded number of them are read.

use std::collections::HashMap;
use std::io::{self, Read};

use digest_core::{Contents, FoldOptions, Ranges, beginning};
use digest_storage::{FlowLogObject, FlowLogs, ObjectReader, Plan, Prefetch};
use tokio::task::spawn_blocking;

use super::choice::spread;

/// What fetching objects takes.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Fetching {
    pub(super) requests: u64,
    pub(super) bytes: u64,
    /// Whether it is by the footers of tables, or by their sizes where there was no look at any.
    pub(super) is_estimate: bool,
}

/// What was found of large objects.
#[derive(Debug, Default)]
pub(super) struct Large {
    /// What fetching each one takes that was looked at, by its name.
    looked: HashMap<String, Fetching>,
    /// The Parquet files among these: their sizes together, and what fetching them takes.
    tables: (u64, Fetching),
}

/// A large object's reader, as what the kernel reads.
struct ByRanges(ObjectReader);

impl Large {
    /// Looks at this many at most.
    pub(super) async fn look(
        (flow_logs, prefetch): (&FlowLogs, &Prefetch),
        plan: &Plan,
        options: &FoldOptions,
        most: usize,
    ) -> anyhow::Result<Self> {
        let mut large = Self::default();
        let objects = plan.objects.iter();
        let objects = objects.filter(|object| !prefetch.is_whole(object.size));
        for object in spread(objects, most, |_| true) {
            let mut reader = ByRanges(prefetch.open(flow_logs, object).await?);
            let (name, options) = (object.name().into_owned(), options.clone());
            let looking = spawn_blocking(move || beginning(&options, &name, &mut reader));
            large.enter(object, prefetch, looking.await??.ranges);
        }
        Ok(large)
    }

    /// What fetching an object takes. A table that was not looked at is taken for what those are that were.
    pub(super) fn fetching(&self, prefetch: &Prefetch, object: &FlowLogObject) -> Fetching {
        if prefetch.is_whole(object.size) {
            return in_order(prefetch, object);
        }
        if let Some(looked) = self.looked.get(object.name().as_ref()) {
            return *looked;
        }
        let (sizes, taken) = self.tables;
        let is_table = object.key.ends_with(".parquet");
        if sizes == 0 || !is_table {
            return Fetching {
                is_estimate: is_table,
                ..in_order(prefetch, object)
            };
        }
        let share = object.size as f64 / sizes as f64;
        Fetching {
            requests: (taken.requests as f64 * share).ceil() as u64,
            bytes: (taken.bytes as f64 * share).ceil() as u64,
            is_estimate: true,
        }
    }

    /// Notes the ranges of an object, if it is read by ranges.
    fn enter(&mut self, object: &FlowLogObject, prefetch: &Prefetch, ranges: Option<(u64, u64)>) {
        let fetching = match ranges {
            None => in_order(prefetch, object),
            Some((ranges, bytes)) => {
                // By the first piece it is known for a table.
                let fetching = Fetching {
                    requests: 1 + ranges,
                    bytes: prefetch.first_bytes(object.size) + bytes,
                    is_estimate: true,
                };
                let (sizes, all) = &mut self.tables;
                *sizes += object.size;
                all.requests += fetching.requests;
                all.bytes += fetching.bytes;
                fetching
            }
        };
        self.looked.insert(object.name().into_owned(), fetching);
    }
}

/// What fetching an object takes from its begin to its end.
fn in_order(prefetch: &Prefetch, object: &FlowLogObject) -> Fetching {
    Fetching {
        requests: prefetch.requests(object.size),
        bytes: object.size,
        is_estimate: false,
    }
}

impl Read for ByRanges {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.0.read(out)
    }
}

impl Contents for ByRanges {
    fn ranges(&mut self) -> Option<&mut dyn Ranges> {
        if self.0.has_ranges() { Some(self) } else { None }
    }
}

impl Ranges for ByRanges {
    fn size(&self) -> u64 {
        self.0.size()
    }

    fn read_at(&mut self, at: u64, out: &mut [u8]) -> io::Result<()> {
        self.0.read_at(at, out)
    }
}

#[cfg(test)]
mod tests {
    use super::super::object;
    use super::*;

    #[test]
    fn a_large_table_takes_its_ranges_and_others_are_taken_for_the_same() {
        let (prefetch, mut large) = (Prefetch::new(8, 1 << 30), Large::default());
        let fetching = |large: &Large, key, size| {
            let fetching = large.fetching(&prefetch, &object(key, size, ""));
            let is_large_table = key.ends_with(".parquet") && size > 32 << 20;
            assert_eq!(fetching.is_estimate, is_large_table, "{key}");
            (fetching.requests, fetching.bytes)
        };
        let unknown = fetching(&large, "a.parquet", 40 << 20);
        assert_eq!(unknown, (6, 40 << 20), "in order, as long as none was looked at");
        large.enter(&object("a.parquet", 40 << 20, ""), &prefetch, Some((99, 8 << 20)));
        large.enter(&object("b.log.gz", 40 << 20, ""), &prefetch, None);
        let first = 256 << 10;
        assert_eq!(fetching(&large, "a.parquet", 40 << 20), (100, first + (8 << 20)));
        assert_eq!(
            fetching(&large, "c.parquet", 80 << 20),
            (200, 2 * (first + (8 << 20)))
        );
        assert_eq!(fetching(&large, "b.log.gz", 40 << 20), (6, 40 << 20));
        assert_eq!(fetching(&large, "d.log.gz", 48 << 20), (7, 48 << 20));
        assert_eq!(fetching(&large, "small.parquet", 32 << 20), (1, 32 << 20));
    }
}
