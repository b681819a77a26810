//! What `inspect` has found, for people.

use super::findings::{Findings, FlowLog, FoundFlowLogs, Sampled, WouldRead};
use crate::units::{bytes, counted, grouped};

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
    lines.extend(would_read(&findings.digest));
    lines.extend(sampled(&findings.sample));
    let estimate = &findings.estimate;
    lines.push(format!(
        "would take {} and {}: ${:.6} ({})",
        counted(estimate.list_requests, "LIST request"),
        counted(estimate.get_requests, "GET request"),
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
    format!(
        "{} of {} {}: {}, {}, {} to {}, layout {}",
        if flow_log.id.is_empty() {
            "files"
        } else {
            &flow_log.id
        },
        flow_log.account,
        flow_log.region,
        counted(flow_log.objects, "object"),
        bytes(flow_log.bytes.into()),
        flow_log.first.format("%Y-%m-%dT%H:%MZ"),
        flow_log.last.format("%Y-%m-%dT%H:%MZ"),
        flow_log.layout,
    )
}

fn sampled(sample: &Sampled) -> Vec<String> {
    let containers: Vec<String> = sample
        .containers
        .iter()
        .map(|(name, count)| format!("{count} {name}"))
        .collect();
    let mut lines = vec![format!(
        "sampled    {} of {} ({}): what follows is of these alone",
        counted(sample.objects, "object"),
        bytes(sample.bytes.into()),
        if containers.is_empty() {
            "nothing".to_owned()
        } else {
            containers.join(", ")
        },
    )];
    let records = &sample.records;
    let fates = [
        (records.ok, "OK"),
        (records.nodata, "NODATA"),
        (records.skipdata, "SKIPDATA"),
        (records.other_status, "of another log-status"),
        (records.outside_window, "outside the window"),
        (records.unusable, "with - where a value is needed"),
        (records.bad, "that cannot be read"),
    ];
    let fates = fates.iter().filter(|(count, _)| *count > 0);
    let fates: Vec<String> = fates
        .map(|(count, fate)| format!("{} {fate}", grouped(count)))
        .collect();
    lines.push(format!(
        "           {}: {}",
        counted(records.rows, "row"),
        fates.join(", ")
    ));
    let versions: Vec<String> = sample
        .versions
        .iter()
        .map(|version| format!("version {version}"))
        .collect();
    if !versions.is_empty() {
        lines.push(format!("           {}", versions.join(", ")));
    }
    some(&mut lines, &sample.headers, |header| {
        if header.text.is_empty() {
            return format!("{} without a header", counted(header.objects, "object"));
        }
        let shown: String = header.text.chars().take(200).collect();
        format!(
            "{} with {} columns: {shown}",
            counted(header.objects, "object"),
            header.columns
        )
    });
    if !sample.unknown_columns.is_empty() {
        let names: Vec<&str> = sample.unknown_columns.keys().map(String::as_str).collect();
        lines.push(format!(
            "           unknown columns, passed over: {}",
            names.join(", ")
        ));
    }
    if sample.interfaces_of_several_flow_logs > 0 {
        lines.push(format!(
            "           {} in more than one flow log: their traffic counts more than once",
            counted(sample.interfaces_of_several_flow_logs as u64, "interface")
        ));
    }
    if sample.objects_refused > 0 {
        lines.push(format!(
            "           {} cannot be read",
            counted(sample.objects_refused, "object")
        ));
    }
    lines.extend(sample.faults.iter().map(|fault| format!("           {fault}")));
    lines
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
