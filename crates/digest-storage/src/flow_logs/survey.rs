//! What flow logs there are, without listing them: accounts, regions, layouts, and the first and last day of each.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use digest_core::Scope;
use futures::{StreamExt, TryStreamExt, stream};
use object_store::path::Path;

use super::discovery::{self, Dataset, ROOT};
use super::folders::Lookup;
use super::{AT_ONCE, FlowLogs, Source};
use crate::error::StoreError;

/// Levels of folders that are looked into for flow logs.
const MOST_LEVELS: usize = 5;

/// The flow logs of one account and region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundLogs {
    /// The place that they lie in, as a URL, where there are several; none where there is one.
    pub place: Option<Arc<str>>,
    /// Owner of the flow logs.
    pub account: String,
    /// Region.
    pub region: String,
    /// Folder of the region, inside the place.
    pub folder: String,
    /// Whether folders are named in Hive's way.
    pub hive: bool,
    /// First and last day that has a folder, where that was looked for and there is any.
    pub days: Option<(NaiveDate, NaiveDate)>,
}

/// What a survey found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Survey {
    /// By place and folder.
    pub found: Vec<FoundLogs>,
    /// How many of these were not asked for their days.
    pub undated: usize,
    /// Requests that it took.
    pub calls: u64,
}

impl FlowLogs {
    /// Finds accounts and regions, and the first and last day of the first `most_dated` of them.
    ///
    /// # Errors
    /// [`StoreError`] where a listing fails.
    pub async fn survey(&self, scope: &Scope, most_dated: usize) -> Result<Survey, StoreError> {
        let mut survey = Survey::default();
        for source in self.places.iter() {
            let lookup = self.lookup(source, DateTime::<Utc>::MAX_UTC);
            let (datasets, calls) = discovery::discover(&lookup, &self.scan, scope).await?;
            survey.calls += calls;
            let dated = most_dated.saturating_sub(survey.found.len()).min(datasets.len());
            survey.undated += datasets.len() - dated;
            let lookup = &lookup;
            let days: Vec<_> = stream::iter(datasets.iter().take(dated).cloned())
                .map(|dataset| days_of(lookup, dataset))
                .buffered(AT_ONCE)
                .try_collect()
                .await?;
            survey.calls += days.iter().map(|(_, calls)| calls).sum::<u64>();
            let days = days
                .into_iter()
                .map(|(days, _)| days)
                .chain(std::iter::repeat(None));
            let found = datasets.into_iter().zip(days);
            survey
                .found
                .extend(found.map(|(dataset, days)| found_logs(source, dataset, days)));
        }
        survey
            .found
            .sort_by(|left, right| (&left.place, &left.folder).cmp(&(&right.place, &right.folder)));
        Ok(survey)
    }

    /// Folders, some levels deep, that hold flow logs in AWS's layout, by their URL: for a place that holds none at its
    /// top. Looks into at most `most_calls` folders.
    ///
    /// # Errors
    /// [`StoreError`] where a listing fails.
    pub async fn look_below(&self, most_calls: usize) -> Result<Vec<String>, StoreError> {
        let mut found = Vec::new();
        for source in self.places.iter() {
            let mut level = vec![Path::default()];
            let mut left = most_calls;
            for _ in 0..MOST_LEVELS {
                let mut next = Vec::new();
                for folder in level.iter().take(left) {
                    let inside = source.store.children(folder).await?.common_prefixes;
                    if inside.iter().any(|child| child.filename() == Some(ROOT)) {
                        found.push(
                            format!("{}/{folder}", source.store)
                                .trim_end_matches('/')
                                .to_owned(),
                        );
                    } else {
                        next.extend(inside);
                    }
                }
                left = left.saturating_sub(level.len());
                level = next;
            }
        }
        found.sort();
        Ok(found)
    }
}

fn found_logs(source: &Source, dataset: Dataset, days: Option<(NaiveDate, NaiveDate)>) -> FoundLogs {
    FoundLogs {
        place: source.name.clone(),
        account: dataset.account,
        region: dataset.region,
        folder: dataset.base.to_string(),
        hive: dataset.hive,
        days,
    }
}

/// First and last day that has a folder, and the requests that it took.
async fn days_of(
    lookup: &Lookup<'_>,
    dataset: Dataset,
) -> Result<(Option<(NaiveDate, NaiveDate)>, u64), StoreError> {
    let (first, calls) = day_at_the_end(lookup, &dataset, true).await?;
    let (last, more) = day_at_the_end(lookup, &dataset, false).await?;
    Ok((first.zip(last), calls + more))
}

/// The first or the last day.
async fn day_at_the_end(
    lookup: &Lookup<'_>,
    dataset: &Dataset,
    first: bool,
) -> Result<(Option<NaiveDate>, u64), StoreError> {
    let mut folder = dataset.base.clone();
    let (mut numbers, mut taken) = ([0i32; 3], 0);
    for (label, number) in ["year=", "month=", "day="].into_iter().zip(&mut numbers) {
        let (names, calls) = lookup.inside(&folder).await?;
        taken += calls;
        let read = |name: &String| -> Option<(i32, String)> {
            let digits = if dataset.hive {
                name.strip_prefix(label)?
            } else {
                name.as_str()
            };
            Some((digits.parse().ok()?, name.clone()))
        };
        let read = names.iter().filter_map(read);
        let Some((value, name)) = (if first { read.min() } else { read.max() }) else {
            return Ok((None, taken));
        };
        *number = value;
        folder = folder.join(name);
    }
    let [year, month, day] = numbers;
    let part = |number: i32| u32::try_from(number).unwrap_or_default();
    Ok((NaiveDate::from_ymd_opt(year, part(month), part(day)), taken))
}
