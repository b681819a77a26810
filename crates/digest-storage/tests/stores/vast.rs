//! A bucket of millions of flow log objects that are written nowhere: its keys are made as they are listed, a page of
//! 1,000 for each request, as S3 has it. Requests are counted.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use digest_storage::{Capabilities, Place, Store};
use futures::stream::BoxStream;
use futures::{StreamExt, stream};
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

/// Keys of one page.
const PAGE: usize = 1000;
/// Times in the names of one day.
const SLOTS: usize = 288;

/// How a day's objects lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) hive: bool,
    pub(crate) hours: bool,
    /// Flow logs in the folder.
    pub(crate) flow_logs: usize,
    /// Objects of each flow log at each time.
    pub(crate) each: usize,
}

/// One day of one account and region.
#[derive(Debug, Clone)]
struct Day {
    folder: String,
    account: &'static str,
    /// As names have it.
    date: String,
    shape: Shape,
}

/// The bucket.
#[derive(Debug, Clone)]
pub(crate) struct Vast {
    days: Arc<Vec<Day>>,
    requests: Arc<AtomicU64>,
}

impl Vast {
    /// These days in this shape, for each of the accounts, in one region.
    pub(crate) fn new(accounts: &[&'static str], dates: &[&str], shape: Shape) -> Self {
        let mut days = Vec::new();
        for account in accounts {
            for date in dates {
                let date: DateTime<Utc> = format!("{date}T00:00:00Z").parse().unwrap();
                let folder = if shape.hive {
                    format!(
                        "AWSLogs/aws-account-id={account}/aws-service=vpcflowlogs/aws-region=us-east-1/{}",
                        date.format("year=%Y/month=%m/day=%d")
                    )
                } else {
                    format!(
                        "AWSLogs/{account}/vpcflowlogs/us-east-1/{}",
                        date.format("%Y/%m/%d")
                    )
                };
                days.push(Day {
                    folder,
                    account,
                    date: date.format("%Y%m%d").to_string(),
                    shape,
                });
            }
        }
        days.sort_by(|left, right| left.folder.cmp(&right.folder));
        Self {
            days: Arc::new(days),
            requests: Arc::default(),
        }
    }

    pub(crate) fn store(&self) -> Store {
        let place = Place::S3 {
            bucket: "vast".to_owned(),
            prefix: String::new(),
        };
        Store::new(Arc::new(self.clone()), place, Capabilities::ALL)
    }

    /// Keys in the bucket.
    pub(crate) fn len(&self) -> usize {
        self.days.iter().map(Day::len).sum()
    }

    /// Requests since they were last asked for.
    pub(crate) fn take_requests(&self) -> u64 {
        self.requests.swap(0, Ordering::Relaxed)
    }

    fn request(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    /// The keys below a prefix and behind an offset: whole days but for the first one's beginning.
    fn ranges(&self, prefix: &str, offset: &str) -> Vec<(usize, Range<usize>)> {
        let mut ranges = Vec::new();
        for (at, day) in self.days.iter().enumerate() {
            let inside = day.folder.starts_with(prefix) || prefix.is_empty();
            assert!(
                inside || !prefix.starts_with(&day.folder),
                "no test lists below a day"
            );
            if inside {
                let first = day.first_behind(offset);
                ranges.push((at, first..day.len()));
            }
        }
        ranges
    }
}

impl Day {
    fn len(&self) -> usize {
        SLOTS * self.shape.flow_logs * self.shape.each
    }

    /// The key at a place in the listing's order.
    fn key(&self, at: usize) -> String {
        let Shape {
            hours,
            flow_logs,
            each,
            ..
        } = self.shape;
        let (slots, groups) = if hours { (12, 24) } else { (SLOTS, 1) };
        let (rest, number) = (at / each, at % each);
        let (rest, slot) = (rest / slots, rest % slots);
        let (hour, flow_log) = (rest / flow_logs, rest % flow_logs);
        assert!(hour < groups);
        let minutes = (hour * 12 + slot) * 5;
        let (at_hour, at_minute) = (minutes / 60, minutes % 60);
        let folder = match (hours, self.shape.hive) {
            (false, _) => String::new(),
            (true, false) => format!("{hour:02}/"),
            (true, true) => format!("hour={hour:02}/"),
        };
        format!(
            "{}/{folder}{}_vpcflowlogs_us-east-1_fl-{flow_log:08x}_{}T{at_hour:02}{at_minute:02}Z_{number:08x}.log.gz",
            self.folder, self.account, self.date,
        )
    }

    fn first_behind(&self, offset: &str) -> usize {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low + (high - low) / 2;
            if self.key(middle).as_str() > offset {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        low
    }
}

fn meta(key: String) -> ObjectMeta {
    ObjectMeta {
        location: Path::parse(key).unwrap(),
        last_modified: DateTime::UNIX_EPOCH,
        size: 1,
        e_tag: Some("e".to_owned()),
        version: None,
    }
}

impl fmt::Display for Vast {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("vast")
    }
}

#[async_trait]
impl ObjectStore for Vast {
    async fn put_opts(&self, _: &Path, _: PutPayload, _: PutOptions) -> Result<PutResult> {
        Err(Error::NotImplemented {
            operation: "put".to_owned(),
            implementer: "vast".to_owned(),
        })
    }

    async fn put_multipart_opts(&self, _: &Path, _: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        Err(Error::NotImplemented {
            operation: "put".to_owned(),
            implementer: "vast".to_owned(),
        })
    }

    async fn get_opts(&self, location: &Path, _: GetOptions) -> Result<GetResult> {
        Err(Error::NotFound {
            path: location.to_string(),
            source: "nothing is written here".into(),
        })
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        locations
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.list_with_offset(prefix, &Path::default())
    }

    fn list_with_offset(
        &self,
        prefix: Option<&Path>,
        offset: &Path,
    ) -> BoxStream<'static, Result<ObjectMeta>> {
        let prefix = prefix.map(|prefix| format!("{prefix}/")).unwrap_or_default();
        // A day's folder is listed by its own name.
        let ranges = self.ranges(prefix.trim_end_matches('/'), offset.as_ref());
        let mut keys = ranges
            .into_iter()
            .flat_map(|(day, range)| range.map(move |at| (day, at)))
            .peekable();
        let vast = self.clone();
        let mut begun = false;
        let pages = std::iter::from_fn(move || {
            if begun && keys.peek().is_none() {
                return None;
            }
            begun = true;
            vast.request();
            let page: Vec<_> = keys
                .by_ref()
                .take(PAGE)
                .map(|(day, at)| Ok(meta(vast.days[day].key(at))))
                .collect();
            Some(stream::iter(page))
        });
        stream::iter(pages).flatten().boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.request();
        let prefix = prefix.map(|prefix| format!("{prefix}/")).unwrap_or_default();
        let below = self
            .days
            .iter()
            .filter_map(|day| day.folder.strip_prefix(&prefix));
        let mut folders: Vec<_> = below
            .map(|rest| {
                let name = rest.split_once('/').map_or(rest, |(name, _)| name);
                Path::parse(format!("{prefix}{name}")).unwrap()
            })
            .collect();
        folders.dedup();
        assert!(folders.len() <= PAGE);
        Ok(ListResult {
            common_prefixes: folders,
            objects: Vec::new(),
            extensions: Default::default(),
        })
    }

    async fn copy_opts(&self, _: &Path, _: &Path, _: CopyOptions) -> Result<()> {
        Err(Error::NotImplemented {
            operation: "copy".to_owned(),
            implementer: "vast".to_owned(),
        })
    }
}
