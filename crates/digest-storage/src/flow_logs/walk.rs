//! One day's folder of one account and region, listed with as few requests as its size allows.
//!
//! Names begin with account, region and flow log id, and then comes the time: the objects of a window are one run of
//! keys for each flow log. Between the runs lie keys of other times, perhaps very many. They are passed over: at the
//! end of a page whose last key is of no use, the next request asks for what comes after the keys that cannot be of
//! use either (`start-after`). A key before the window sends it to its flow log's first time, a key behind it to the
//! next flow log. So with F flow logs and N planned objects there are at most `1 + 2·F + N/1000` requests, however many
//! keys the flow logs have there. A key that is no flow log's says nothing of what follows it: such a key is passed over
//! with the keys that it lies among, and where it lies among planned ones or by itself it counts as one of N.
//!
//! The folder may have folders of hours, or objects, or both. To find that out takes up to two requests, counted as
//! discovery: one over the hours before the window, one behind those after it.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Timelike, Utc};
use futures::TryStreamExt;
use object_store::ObjectMeta;
use object_store::path::Path;
use std::sync::Arc;

use super::discovery::Dataset;
use super::name::ObjectName;
use super::object::FlowLogObject;
use super::plan::Plan;
use super::span::Span;
use crate::error::StoreError;
use crate::place::Place;
use crate::store::Store;

/// Keys that S3 returns by one request.
const PAGE: usize = 1000;

/// One folder to be walked.
#[derive(Debug)]
pub(super) struct Day {
    store: Store,
    place: Option<Arc<str>>,
    dataset: Arc<Dataset>,
    date: NaiveDate,
    /// The folder, with a slash at its end.
    folder: String,
    span: Span,
}

/// What a key is to the plan.
#[derive(Debug, PartialEq, Eq)]
enum Use<'a> {
    /// A flow log object of the span.
    Planned(ObjectName<'a>),
    /// No flow log's.
    Foreign,
    /// Of another time.
    Other,
}

/// Where a listing goes on.
#[derive(Debug, PartialEq, Eq)]
enum Onward {
    /// Behind this key.
    After { key: String, past_hours: bool },
    /// Nowhere: nothing that follows can be of use.
    End,
}

impl Day {
    pub(super) fn new(
        store: Store,
        place: Option<Arc<str>>,
        dataset: Arc<Dataset>,
        date: NaiveDate,
        span: Span,
    ) -> Self {
        Self {
            folder: format!("{}/", dataset.day(date)),
            store,
            place,
            dataset,
            date,
            span,
        }
    }

    /// Lists the folder's objects of the span.
    pub(super) async fn list(&self) -> Result<Plan, StoreError> {
        // A directory is read whole by every listing, and in no order.
        if !matches!(self.store.place(), Place::Local { .. })
            && let Some(plan) = self.walk().await?
        {
            return Ok(plan);
        }
        self.sweep().await
    }

    /// Passes over what is of no use. Nothing comes of it where the store does not list in order.
    async fn walk(&self) -> Result<Option<Plan>, StoreError> {
        let prefix = self.dataset.day(self.date);
        let mut plan = Plan::default();
        let (mut after, mut past_hours) = (None, false);
        loop {
            let mut listed = self.store.list(Some(&prefix), after.as_ref());
            let (mut taken, mut last): (usize, Option<Path>) = (0, None);
            let mut other: Option<Path> = None;
            let onward = loop {
                // The page is used up; another request is due.
                if taken > 0
                    && taken.is_multiple_of(PAGE)
                    && let Some(onward) = last
                        .as_ref()
                        .and_then(|last| self.behind(last.as_ref(), other.as_ref()))
                {
                    break onward;
                }
                let Some(meta) = listed.try_next().await? else {
                    break Onward::End;
                };
                if last
                    .as_ref()
                    .or(after.as_ref())
                    .is_some_and(|last| *last >= meta.location)
                {
                    return Ok(None);
                }
                taken += 1;
                if self.enter(&mut plan, &meta) {
                    other = Some(meta.location.clone());
                }
                last = Some(meta.location);
            };
            let calls = pages(taken);
            plan.list_calls += calls - u64::from(past_hours);
            plan.discovery_calls += u64::from(past_hours);
            match onward {
                Onward::After {
                    key,
                    past_hours: past,
                } => {
                    let Ok(key) = Path::parse(key) else {
                        return Ok(None);
                    };
                    (after, past_hours) = (Some(key), past);
                }
                Onward::End => return Ok(Some(plan)),
            }
        }
    }

    /// Lists all that is there.
    async fn sweep(&self) -> Result<Plan, StoreError> {
        let mut plan = Plan::default();
        let mut listed = self.store.list(Some(&self.dataset.day(self.date)), None);
        let mut taken = 0;
        while let Some(meta) = listed.try_next().await? {
            taken += 1;
            self.enter(&mut plan, &meta);
        }
        plan.list_calls = pages(taken);
        Ok(plan)
    }

    /// Enters what a listing returned; whether it is a flow log's of another time.
    fn enter(&self, plan: &mut Plan, meta: &ObjectMeta) -> bool {
        plan.listed += 1;
        match self.judge(meta.location.as_ref()) {
            Use::Planned(name) => plan.enter(FlowLogObject {
                place: self.place.clone(),
                key: meta.location.to_string(),
                size: meta.size,
                etag: meta.e_tag.clone(),
                account: self.dataset.account.clone(),
                region: self.dataset.region.clone(),
                flow_log_id: name.flow_log_id.to_owned(),
                named: name.time,
            }),
            Use::Foreign => plan.enter_foreign(meta),
            Use::Other => return true,
        }
        false
    }

    fn judge<'k>(&self, key: &'k str) -> Use<'k> {
        let file = key.rsplit_once('/').map_or(key, |(_, file)| file);
        match ObjectName::parse(file) {
            Some(name) if self.span.holds(name.time) => Use::Planned(name),
            Some(_) => Use::Other,
            None => Use::Foreign,
        }
    }

    /// Where to go on behind a page's last key, where `other` is the page's last key of another time; `None`: with the key
    /// that follows.
    fn behind(&self, last: &str, other: Option<&Path>) -> Option<Onward> {
        self.onward(last).or_else(|| {
            // What the other key sends the listing over, the last one may lie in.
            self.onward(other?.as_ref()).filter(|onward| match onward {
                Onward::After { key, .. } => key.as_str() > last,
                Onward::End => true,
            })
        })
    }

    /// Where to go on behind a key; `None`: with the key that follows it.
    fn onward(&self, key: &str) -> Option<Onward> {
        if matches!(self.judge(key), Use::Planned(_)) {
            return None;
        }
        let below = key.strip_prefix(&self.folder)?;
        let (folders, file) = key.rsplit_once('/')?;
        let hour = below.split_once('/').and_then(|(folder, _)| self.hour(folder));
        if let Some(hour) = hour
            && let Some(onward) = self.past_hours(key, hour)
        {
            return Some(onward);
        }
        let name = ObjectName::parse(file)?;
        // What stands before the time, whatever stands behind it.
        let stem = format!(
            "{folders}/{}_vpcflowlogs_{}_{}",
            name.account, name.region, name.flow_log_id
        );
        let first = self.span.first.format("%Y%m%dT%H%MZ");
        Some(Onward::After {
            key: if name.time < self.span.first {
                format!("{stem}_{first}")
            } else {
                // Behind every digit, and so behind every time of this flow log.
                format!("{stem}_Z")
            },
            past_hours: false,
        })
    }

    /// Where to go on behind a key in an hour's folder, where that hour is outside the span.
    fn past_hours(&self, key: &str, hour: DateTime<Utc>) -> Option<Onward> {
        // Objects that lie beside the folders begin with their account.
        let objects = format!("{}{}_", self.folder, self.dataset.account);
        let objects = Some(objects).filter(|objects| objects.as_str() > key);
        let target = if hour + TimeDelta::hours(1) <= self.span.first {
            let first = self.span.first.hour();
            let label = if self.dataset.hive { "hour=" } else { "" };
            let first = format!("{}{label}{first:02}", self.folder);
            Some(objects.filter(|objects| *objects < first).unwrap_or(first))
        } else if self.span.last < hour {
            objects
        } else {
            return None;
        };
        Some(match target {
            Some(key) => Onward::After {
                key,
                past_hours: true,
            },
            None => Onward::End,
        })
    }

    /// The hour that a folder is named after.
    fn hour(&self, folder: &str) -> Option<DateTime<Utc>> {
        let digits = if self.dataset.hive {
            folder.strip_prefix("hour=")?
        } else {
            folder
        };
        let hour = digits.parse().ok().filter(|_| digits.len() == 2)?;
        Some(self.date.and_time(NaiveTime::from_hms_opt(hour, 0, 0)?).and_utc())
    }
}

/// Every day from that of the span's first time to that of its last, both included.
pub(super) fn dates(span: &Span) -> impl Iterator<Item = NaiveDate> + use<> {
    let last = span.last.date_naive();
    std::iter::successors(Some(span.first.date_naive()), |day| {
        day.checked_add_days(Days::new(1))
    })
    .take_while(move |day| *day <= last)
}

/// Requests that it takes to list so many keys.
pub(super) fn pages(keys: usize) -> u64 {
    keys.div_ceil(PAGE).max(1) as u64
}

/// Reads a text as a flow log's key in a day's folder of either layout: its name has one spelling of its time, and a listing
/// goes on behind it or not at all.
#[cfg(feature = "testing")]
pub(crate) fn check_key(text: &str) {
    let time =
        |day: u32, hour| NaiveDate::from_ymd_opt(2018, 6, day).and_then(|day| day.and_hms_opt(hour, 20, 0));
    let (Some(date), Some(first), Some(last)) = (
        NaiveDate::from_ymd_opt(2018, 6, 20),
        time(20, 4).map(|time| time.and_utc()),
        time(20, 9).map(|time| time.and_utc()),
    ) else {
        return;
    };
    if let Some(name) = ObjectName::parse(text) {
        let time = format!("_{}_", name.time.format("%Y%m%dT%H%MZ"));
        assert!(text.contains(&time), "{text}: {time}");
        let written = format!(
            "{}_vpcflowlogs_{}_{}{time}h.log.gz",
            name.account, name.region, name.flow_log_id
        );
        assert_eq!(ObjectName::parse(&written), Some(name), "{text}");
    }
    for hive in [false, true] {
        let dataset = Dataset {
            account: "123456789012".to_owned(),
            region: "us-east-1".to_owned(),
            base: Path::from("AWSLogs/123456789012/vpcflowlogs/us-east-1"),
            hive,
        };
        let day = Day::new(
            Store::memory(),
            None,
            Arc::new(dataset),
            date,
            Span { first, last },
        );
        for key in [text.to_owned(), format!("{}{text}", day.folder)] {
            if let Some(Onward::After { key: onward, .. }) = day.onward(&key) {
                assert!(onward > key, "{onward} behind {key}");
            }
        }
    }
}
