//! What `inspect` has found, for people.

use chrono::{DateTime, Utc};

use super::findings::{Findings, FlowLog, FoundFlowLogs, WouldRead};
use crate::units::{bytes, counted};

mod sampled;

use sampled::sampled;

/// Flow logs, accounts and headers that are shown line by line; the JSON has more.
const MOST_LINES: usize = 20;

/// The lines.
pub(super) fn lines(findings: &Findings) -> Vec<String> {
    let mut lines = vec![format!("place      {}", findings.places.join(", "))];
    lines.push(match findings.source {
        "layout" => format!(
            "found      {} of account and region in AWS's layout, by {}",
            counted(findings.found.len() as u64, "pair"),
            counted(findings.survey_requests, "request")
        ),
        "one" => "found      one object".to_owned(),
        _ => "found      loose objects: every one of them is read".to_owned(),
    });
    some(&mut lines, &findings.found, found);
    if findings.undated > 0 {
        lines.push(format!(
            "           {} were not asked for their days",
            findings.undated
        ));
    }
    lines.push(format!(
        "digest     of {}{}",
        match &findings.window {
            Some(window) => format!(
                "{} to {}",
                window.start.format("%Y-%m-%dT%H:%MZ"),
                window.stop.format("%Y-%m-%dT%H:%MZ")
            ),
            None => "every record".to_owned(),
        },
        if findings.scope.is_all() {
            ""
        } else {
            ", narrowed to the scope"
        },
    ));
    if let Some(why) = &findings.refused {
        lines.push(format!("           refused as it stands: {why}"));
    }
    lines.extend(would_read(&findings.digest));
    lines.extend(sampled(findings));
    let estimate = &findings.estimate;
    lines.push(format!(
        "would take {} and {}{} for {}: ${:.6} ({})",
        counted(estimate.list_requests, "LIST request"),
        if estimate.get_is_estimate { "about " } else { "" },
        counted(estimate.get_requests, "GET request"),
        bytes(estimate.get_bytes.into()),
        estimate.dollars,
        estimate.prices
    ));
    lines.push(match estimate.seconds {
        Some(seconds) => format!(
            "           about {seconds:.1} s on this machine ({}, {} in flight), going by the sample",
            counted(estimate.threads as u64, "thread"),
            counted(estimate.objects_in_flight as u64, "object"),
        ),
        None => "           nothing could be sampled, so how long is not known".to_owned(),
    });
    lines
}

fn found(found: &FoundFlowLogs) -> String {
    let days = match (found.first_day, found.last_day) {
        (Some(first), Some(last)) => format!("{first} to {last}"),
        _ => "no days".to_owned(),
    };
    let layout = if found.hive { ", Hive-compatible" } else { "" };
    let place = found
        .place
        .as_deref()
        .map(|place| format!(" in {place}"))
        .unwrap_or_default();
    format!("{} {}: {days}{layout}{place}", found.account, found.region)
}

fn would_read(digest: &WouldRead) -> Vec<String> {
    let mut lines = vec![format!(
        "would read {} of {}, the largest of {}",
        counted(digest.objects, "object"),
        bytes(digest.bytes.into()),
        bytes(digest.largest.into())
    )];
    some(&mut lines, &digest.flow_logs, flow_log);
    if digest.suffixes.keys().any(|suffix| suffix.ends_with(".parquet")) {
        let parquet = digest
            .suffixes
            .iter()
            .filter(|(suffix, _)| suffix.ends_with(".parquet"));
        let count: u64 = parquet.map(|(_, count)| count).sum();
        lines.push(format!("           {} in Parquet", counted(count, "object")));
    }
    if digest.foreign + digest.empty > 0 {
        let example = digest
            .foreign_names
            .first()
            .map(|name| format!(", such as {name}"));
        lines.push(format!(
            "           passed over: {}, {}{}",
            counted(digest.empty, "empty object"),
            counted(digest.foreign, "foreign key"),
            example.unwrap_or_default()
        ));
    }
    lines
}

fn flow_log(flow_log: &FlowLog) -> String {
    let whose = match flow_log.id.as_str() {
        "" => "files whose names tell no account, region or time".to_owned(),
        id => format!("{id} of {} {}", flow_log.account, flow_log.region),
    };
    let times = flow_log.first.zip(flow_log.last).map(|(first, last)| {
        let shown = |time: DateTime<Utc>| time.format("%Y-%m-%dT%H:%MZ");
        format!(", named {} to {}", shown(first), shown(last))
    });
    format!(
        "{whose}: {}, {}{}, layout {}",
        counted(flow_log.objects, "object"),
        bytes(flow_log.bytes.into()),
        times.unwrap_or_default(),
        flow_log.layout,
    )
}

/// The first few, each on a line of its own.
fn some<T>(lines: &mut Vec<String>, all: &[T], shown: impl Fn(&T) -> String) {
    lines.extend(
        all.iter()
            .take(MOST_LINES)
            .map(|one| format!("           {}", shown(one))),
    );
    if all.len() > MOST_LINES {
        lines.push(format!("           and {} more (--json)", all.len() - MOST_LINES));
    }
}
