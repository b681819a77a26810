//! What is in the sample, for people.

use chrono::{DateTime, Utc};

use super::some;
use crate::inspect::findings::Findings;
use crate::inspect::sampled::{Header, Sampled};
use crate::units::{bytes, counted, grouped};

/// Accounts and regions that are shown; the JSON has more.
const MOST_NAMES: usize = 10;

/// Characters of a header that are shown: all fields there are take fewer.
const MOST_SHOWN: usize = 1500;

/// The lines.
pub(super) fn sampled(findings: &Findings) -> Vec<String> {
    let (sample, settings) = (&findings.sample, &findings.settings);
    if sample.objects == 0 {
        return vec!["sampled    nothing: what is in the objects is not known".to_owned()];
    }
    let containers: Vec<String> = sample
        .containers
        .iter()
        .map(|(name, count)| format!("{count} {name}"))
        .collect();
    let mut lines = vec![format!(
        "sampled    {} of {} ({}): what follows is of these alone",
        counted(sample.objects, "object"),
        bytes(sample.bytes.into()),
        containers.join(", "),
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
    lines.extend(named(sample, findings.window.is_some()));
    let versions: Vec<String> = sample
        .versions
        .iter()
        .map(|version| format!("version {version}"))
        .collect();
    if !versions.is_empty() {
        lines.push(format!("           {} in the records", versions.join(", ")));
    }
    some(&mut lines, &sample.headers, |header| {
        columns(header, &settings.format)
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
            "           {} in more than one flow log: {}",
            counted(sample.interfaces_of_several_flow_logs as u64, "interface"),
            match settings.overlap {
                "report" => "their traffic counts more than once",
                _ => "the newest one's records count",
            }
        ));
    }
    if sample.objects_refused > 0 {
        lines.push(format!(
            "           {} cannot be read",
            counted(sample.objects_refused, "object")
        ));
    }
    if records.bad + sample.objects_refused > 0 {
        lines.push(format!(
            "           DIGEST_BAD_ROWS={}: {}",
            settings.bad_rows,
            match settings.bad_rows {
                "fail" => "a digest of these fails",
                _ => "what cannot be read is left out, and the digest is partial",
            }
        ));
    }
    lines.extend(sample.faults.iter().map(|fault| format!("           {fault}")));
    lines
}

/// When the records are, and whose.
fn named(sample: &Sampled, is_of_window: bool) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(span) = &sample.span {
        let shown = |time: DateTime<Utc>| time.format("%Y-%m-%dT%H:%M:%SZ");
        lines.push(format!(
            "           records of the sample{} from {} to {}",
            if is_of_window { " in the window" } else { "" },
            shown(span.start),
            shown(span.end),
        ));
    }
    if sample.records.rows == 0 {
        return lines;
    }
    for (kind, names) in [("account", &sample.accounts), ("region", &sample.regions)] {
        let shown: Vec<&str> = names.iter().take(MOST_NAMES).map(String::as_str).collect();
        lines.push(match names.len() {
            0 => format!("           rows name no {kind}"),
            1..=MOST_NAMES => format!("           rows of {kind} {}", shown.join(", ")),
            all => format!(
                "           rows of {kind} {} and {} more (--json)",
                shown.join(", "),
                all - MOST_NAMES
            ),
        });
    }
    lines
}

/// Objects that begin with the same columns.
fn columns(header: &Header, format: &str) -> String {
    let objects = counted(header.objects, "object");
    let version = header.version.map(|version| format!(" of version {version}"));
    let version = version.unwrap_or_default();
    if header.columns == 0 {
        let read_by = match format {
            "default" => "the default format",
            _ => "VPC_FLOW_LOGS_FORMAT",
        };
        return format!("{objects} without a header, read by {read_by}: columns{version}");
    }
    let shown: String = header.text.chars().take(MOST_SHOWN).collect();
    let more = if shown.len() < header.text.len() {
        " …"
    } else {
        ""
    };
    let columns = counted(header.columns as u64, "column");
    format!("{objects} with {columns}{version}: {shown}{more}")
}
