//! What `inspect` has found, as its JSON has it.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use digest_core::{Scope, Window};
use digest_storage::{FlowLogObject, Plan, Survey};
use digesterd_process::environment::DigestSettings;
use digesterd_worker::build::Source;
use serde::Serialize;

use super::estimate::Estimate;
use super::sample::Sample;
use super::sampled::Sampled;
use crate::place::Found;

/// Flow logs that are listed one by one.
const MOST_FLOW_LOGS: usize = 100;

/// All of it.
#[derive(Debug, Serialize)]
pub(super) struct Findings {
    /// The places looked at.
    pub(super) places: Vec<String>,
    /// How objects lie there: `layout` (AWS's), `loose` or `one`.
    pub(super) source: &'static str,
    /// Accounts and regions, where the place is in AWS's layout.
    pub(super) found: Vec<FoundFlowLogs>,
    /// How many of these were not asked for their days.
    pub(super) undated: usize,
    /// Requests that finding them took.
    pub(super) survey_requests: u64,
    /// The window of the digest that is reckoned; none: every record.
    pub(super) window: Option<Times>,
    /// Its scope.
    pub(super) scope: Scope,
    /// Settings that it would have.
    pub(super) settings: Settings,
    /// Why `digest` would not begin with that window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) refused: Option<String>,
    /// What that digest would read.
    pub(super) digest: WouldRead,
    /// What is in a bounded number of these objects.
    pub(super) sample: Sampled,
    /// What it would take.
    pub(super) estimate: Estimate,
}

/// Settings that decide whether rows can be digested, and which of them count.
#[derive(Debug, Serialize)]
pub(super) struct Settings {
    pub(super) bad_rows: &'static str,
    pub(super) overlap: &'static str,
    pub(super) max_row: usize,
    pub(super) max_columns: usize,
    pub(super) max_ratio: u64,
    /// `default`, or as AWS shows it.
    pub(super) format: String,
}

/// A window's start and stop.
#[derive(Debug, Serialize)]
pub(super) struct Times {
    pub(super) start: DateTime<Utc>,
    pub(super) stop: DateTime<Utc>,
}

/// The flow logs of one account and region.
#[derive(Debug, Serialize)]
pub(super) struct FoundFlowLogs {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) place: Option<String>,
    pub(super) account: String,
    pub(super) region: String,
    pub(super) folder: String,
    pub(super) hive: bool,
    pub(super) first_day: Option<NaiveDate>,
    pub(super) last_day: Option<NaiveDate>,
}

/// What a digest would read.
#[derive(Debug, Serialize)]
pub(super) struct WouldRead {
    pub(super) objects: u64,
    pub(super) bytes: u64,
    pub(super) largest: u64,
    /// Objects by the end of their name.
    pub(super) suffixes: BTreeMap<String, u64>,
    pub(super) empty: u64,
    pub(super) foreign: u64,
    pub(super) foreign_names: Vec<String>,
    pub(super) flow_logs: Vec<FlowLog>,
    /// Flow logs beyond those that are listed.
    pub(super) more_flow_logs: usize,
}

/// One flow log of the window.
#[derive(Debug, Serialize)]
pub(super) struct FlowLog {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) place: Option<String>,
    pub(super) id: String,
    pub(super) account: String,
    pub(super) region: String,
    /// `default`, `hours`, `hive`, `hive-hours`, `loose`.
    pub(super) layout: &'static str,
    pub(super) objects: u64,
    pub(super) bytes: u64,
    /// First and last time in the names; none where they carry none.
    pub(super) first: Option<DateTime<Utc>>,
    pub(super) last: Option<DateTime<Utc>>,
}

impl Findings {
    /// Puts it together.
    pub(super) fn of(
        found: &Found,
        (window, scope): (Option<Window>, &Scope),
        digests: &DigestSettings,
        survey: Survey,
        plan: &Plan,
        sample: Sample,
        estimate: Estimate,
    ) -> Self {
        let flow_logs = survey.found.into_iter().map(|found| FoundFlowLogs {
            place: found.place.as_deref().map(str::to_owned),
            account: found.account,
            region: found.region,
            folder: found.folder,
            hive: found.hive,
            first_day: found.days.map(|(first, _)| first),
            last_day: found.days.map(|(_, last)| last),
        });
        Self {
            places: found.flow_logs.stores().map(ToString::to_string).collect(),
            source: match found.source {
                Source::Layout => "layout",
                Source::Loose => "loose",
                Source::One(_) => "one",
            },
            found: flow_logs.collect(),
            undated: survey.undated,
            survey_requests: survey.calls,
            window: window.map(|window| Times {
                start: window.start(),
                stop: window.stop(),
            }),
            scope: scope.clone(),
            settings: Settings::of(digests),
            refused: window.and_then(|window| {
                let buildable = window.check_buildable(Utc::now(), digests.max_window_minutes());
                buildable.err().map(|why| why.to_string())
            }),
            digest: WouldRead::of(plan),
            sample: Sampled::of(sample),
            estimate,
        }
    }
}

impl Settings {
    fn of(digests: &DigestSettings) -> Self {
        Self {
            bad_rows: if digests.skip_bad_rows { "skip" } else { "fail" },
            overlap: if digests.prefer_newest {
                "prefer-newest"
            } else {
                "report"
            },
            max_row: digests.max_row,
            max_columns: digests.max_columns,
            max_ratio: digests.max_ratio,
            format: digests.layout.format().unwrap_or("default").to_owned(),
        }
    }
}

impl WouldRead {
    fn of(plan: &Plan) -> Self {
        let mut suffixes: BTreeMap<String, u64> = BTreeMap::new();
        let mut flow_logs: BTreeMap<_, FlowLog> = BTreeMap::new();
        for object in &plan.objects {
            *suffixes.entry(suffix(&object.key)).or_default() += 1;
            let key = (
                &object.place,
                &object.account,
                &object.region,
                &object.flow_log_id,
                layout(object),
            );
            let flow_log = flow_logs.entry(key).or_insert_with(|| FlowLog {
                place: object.place.as_deref().map(str::to_owned),
                id: object.flow_log_id.clone(),
                account: object.account.clone(),
                region: object.region.clone(),
                layout: layout(object),
                objects: 0,
                bytes: 0,
                first: object.time_in_name(),
                last: object.time_in_name(),
            });
            flow_log.objects += 1;
            flow_log.bytes += object.size;
            // Either all names of a flow log carry a time, or none does.
            flow_log.first = flow_log.first.min(object.time_in_name());
            flow_log.last = flow_log.last.max(object.time_in_name());
        }
        Self {
            objects: plan.objects.len() as u64,
            bytes: plan.bytes(),
            largest: plan
                .objects
                .iter()
                .map(|object| object.size)
                .max()
                .unwrap_or_default(),
            suffixes,
            empty: plan.empty,
            foreign: plan.foreign,
            foreign_names: plan.foreign_names.clone(),
            more_flow_logs: flow_logs.len().saturating_sub(MOST_FLOW_LOGS),
            flow_logs: flow_logs.into_values().take(MOST_FLOW_LOGS).collect(),
        }
    }
}

/// The end of a name, from its first dot on.
fn suffix(key: &str) -> String {
    let file = key.rsplit_once('/').map_or(key, |(_, file)| file);
    file.split_once('.')
        .map_or(String::new(), |(_, suffix)| format!(".{suffix}"))
}

/// Which of AWS's layouts an object lies in, by the folders of its key.
fn layout(object: &FlowLogObject) -> &'static str {
    let mut parts = object.key.split('/').rev().skip(1);
    let last = parts.next().unwrap_or_default();
    let is_number =
        |part: &str, digits: usize| part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit());
    if !object.key.starts_with("AWSLogs/") {
        "loose"
    } else if last.starts_with("hour=") {
        "hive-hours"
    } else if last.starts_with("day=") {
        "hive"
    } else if is_number(last, 2) && parts.nth(2).is_some_and(|part| is_number(part, 4)) {
        "hours"
    } else {
        "default"
    }
}

#[cfg(test)]
mod tests {
    use super::super::object;
    use super::*;

    #[test]
    fn a_key_tells_its_layout() {
        let of = |key: &str| layout(&object(key, 1, "fl-1"));
        assert_eq!(of("AWSLogs/1/vpcflowlogs/r/2018/10/17/f.log.gz"), "default");
        assert_eq!(of("AWSLogs/o-1/1/vpcflowlogs/r/2018/10/17/09/f.log.gz"), "hours");
        let hive = "AWSLogs/aws-account-id=1/aws-service=vpcflowlogs/aws-region=r/year=2018/month=10/day=17";
        assert_eq!(of(&format!("{hive}/f.log.gz")), "hive");
        assert_eq!(of(&format!("{hive}/hour=09/f.log.gz")), "hive-hours");
        assert_eq!(of("a/b.log"), "loose");
        assert_eq!(
            (suffix("a.b/c.log.gz"), suffix("a.b/c")),
            (".log.gz".to_owned(), String::new())
        );
    }
}
