//! Finding accounts and regions by delimiter, in every layout that AWS writes.
//!
//! Under `AWSLogs/` lie accounts (`<account>/vpcflowlogs/<region>/YYYY/MM/DD/`, with or without hours), accounts of
//! an organisation (`o-<id>/<account>/…`), or Hive-compatible folders
//! (`aws-account-id=<account>/aws-service=vpcflowlogs/aws-region=<region>/year=YYYY/month=MM/day=DD/`).
//! Source: "Flow log files", Amazon VPC user guide.

use chrono::{Datelike, NaiveDate};
use digest_core::Scope;
use futures::{StreamExt, TryStreamExt, stream};
use object_store::path::Path;

use super::AT_ONCE;
use super::folders::Lookup;
use crate::error::StoreError;

/// Folder that every layout begins with.
pub(super) const ROOT: &str = "AWSLogs";

/// The flow logs of one account in one region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Dataset {
    pub(super) account: String,
    pub(super) region: String,
    pub(super) base: Path,
    pub(super) hive: bool,
}

/// One account's folder.
#[derive(Debug, Clone)]
struct Account {
    name: String,
    folder: Path,
    hive: bool,
}

impl Dataset {
    /// Folder of one day.
    pub(super) fn day(&self, day: NaiveDate) -> Path {
        let (year, month, date) = (day.year(), day.month(), day.day());
        let parts = if self.hive {
            [
                format!("year={year:04}"),
                format!("month={month:02}"),
                format!("day={date:02}"),
            ]
        } else {
            [format!("{year:04}"), format!("{month:02}"), format!("{date:02}")]
        };
        let mut folder = self.base.clone();
        folder.extend(parts);
        folder
    }
}

/// The datasets of a place that its settings and the scope admit, and how many requests it took to find them.
pub(super) async fn discover(
    lookup: &Lookup<'_>,
    scan: &Scope,
    scope: &Scope,
) -> Result<(Vec<Dataset>, u64), StoreError> {
    let mut calls = 0;
    let mut accounts = Vec::new();
    let mut folders = vec![Path::from(ROOT)];
    while let Some(folder) = folders.pop() {
        let (names, taken) = lookup.inside(&folder).await?;
        calls += taken;
        for name in names.iter() {
            let child = folder.clone().join(name.as_str());
            let is_organisation = name.starts_with("o-") && folder.as_ref() == ROOT;
            if is_organisation {
                folders.push(child);
                continue;
            }
            let (name, hive) = match name.strip_prefix("aws-account-id=") {
                Some(name) => (name, true),
                None => (name.as_str(), false),
            };
            if is_admitted(scan.accounts(), name) && is_admitted(scope.accounts(), name) {
                accounts.push(Account {
                    name: name.to_owned(),
                    folder: child,
                    hive,
                });
            }
        }
    }
    let found: Vec<(Vec<Dataset>, u64)> = stream::iter(accounts)
        .map(|account| regions(lookup, scan, account))
        .buffered(AT_ONCE)
        .try_collect()
        .await?;
    calls += found.iter().map(|(_, taken)| taken).sum::<u64>();
    let datasets = found.into_iter().flat_map(|(datasets, _)| datasets);
    let datasets = datasets.filter(|dataset| is_admitted(scope.regions(), &dataset.region));
    Ok((datasets.collect(), calls))
}

async fn regions(
    lookup: &Lookup<'_>,
    scan: &Scope,
    account: Account,
) -> Result<(Vec<Dataset>, u64), StoreError> {
    let (service, label) = if account.hive {
        ("aws-service=vpcflowlogs", "aws-region=")
    } else {
        ("vpcflowlogs", "")
    };
    let service = account.folder.clone().join(service);
    let dataset = |region: &str| Dataset {
        account: account.name.clone(),
        region: region.to_owned(),
        base: service.clone().join(format!("{label}{region}")),
        hive: account.hive,
    };
    if !scan.regions().is_empty() {
        let given = scan.regions().iter();
        return Ok((given.map(|region| dataset(region)).collect(), 0));
    }
    let (names, calls) = lookup.inside(&service).await?;
    let regions = names.iter().filter_map(|name| name.strip_prefix(label));
    Ok((regions.map(dataset).collect(), calls))
}

fn is_admitted(names: &[String], name: &str) -> bool {
    names.is_empty() || names.iter().any(|known| known == name)
}
