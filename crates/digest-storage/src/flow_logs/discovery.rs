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

use super::{AT_ONCE, FlowLogs};
use crate::error::StoreError;

/// Folder that every layout begins with.
pub(super) const ROOT: &str = "AWSLogs";

/// The flow logs of one account in one region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Dataset {
    pub(super) account: String,
    pub(super) region: String,
    base: Path,
    hive: bool,
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

impl FlowLogs {
    /// Whether flow logs can be listed: the one listing that every plan begins with.
    ///
    /// # Errors
    /// [`StoreError`] that says why not.
    pub async fn check(&self) -> Result<(), StoreError> {
        self.store().children(&Path::from(ROOT)).await.map(drop)
    }

    /// The datasets that the settings and the scope admit, and how many listings it took to find them.
    pub(super) async fn discover(&self, scope: &Scope) -> Result<(Vec<Dataset>, u64), StoreError> {
        let mut calls = 0;
        let mut accounts = Vec::new();
        let mut folders = vec![Path::from(ROOT)];
        while let Some(folder) = folders.pop() {
            calls += 1;
            for child in self.store().children(&folder).await?.common_prefixes {
                let Some(name) = child.filename().map(str::to_owned) else {
                    continue;
                };
                let is_organisation = name.starts_with("o-") && folder.as_ref() == ROOT;
                if is_organisation {
                    folders.push(child);
                    continue;
                }
                let (name, hive) = match name.strip_prefix("aws-account-id=") {
                    Some(name) => (name.to_owned(), true),
                    None => (name, false),
                };
                if is_admitted(self.scan.accounts(), &name) && is_admitted(scope.accounts(), &name) {
                    accounts.push(Account {
                        name,
                        folder: child,
                        hive,
                    });
                }
            }
        }
        if self.scan.regions().is_empty() {
            calls += accounts.len() as u64;
        }
        let found: Vec<Vec<Dataset>> = stream::iter(accounts)
            .map(|account| self.regions(account))
            .buffered(AT_ONCE)
            .try_collect()
            .await?;
        let datasets = found.into_iter().flatten();
        Ok((
            datasets
                .filter(|dataset| is_admitted(scope.regions(), &dataset.region))
                .collect(),
            calls,
        ))
    }

    async fn regions(&self, account: Account) -> Result<Vec<Dataset>, StoreError> {
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
        if !self.scan.regions().is_empty() {
            return Ok(self.scan.regions().iter().map(|region| dataset(region)).collect());
        }
        let found = self.store().children(&service).await?;
        let regions = found.common_prefixes.iter().filter_map(Path::filename);
        Ok(regions
            .filter_map(|name| name.strip_prefix(label))
            .map(dataset)
            .collect())
    }
}

fn is_admitted(names: &[String], name: &str) -> bool {
    names.is_empty() || names.iter().any(|known| known == name)
}
