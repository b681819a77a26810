//! What `digest` tells the person on stderr once the digest is written.

use std::time::Duration;

use digest_core::manifest::RecordCounts;
use digest_core::{Coverage, Window};
use digesterd_worker::build::Report;

use crate::units::{bytes, counted};

/// What was made of what, and how complete it is.
pub(crate) fn lines(edges: u64, report: &Report, window: Option<&Window>, took: Duration) -> Vec<String> {
    let mut lines = vec![format!(
        "{} from {} in {} ({}), {:.2} s",
        counted(edges, "edge"),
        counted(report.records.counted, "record"),
        counted(report.objects.read, "object"),
        bytes(report.objects.bytes_read.into()),
        took.as_secs_f64(),
    )];
    lines.extend(left_out(&report.records));
    if !report.unknown_columns.is_empty() {
        let names: Vec<&str> = report.unknown_columns.keys().map(String::as_str).collect();
        lines.push(format!("unknown columns, passed over: {}", names.join(", ")));
    }
    lines.extend(report.overlap.as_ref().map(|overlap| {
        format!(
            "overlap: {} in more than one flow log; {} (the manifest has examples)",
            counted(overlap.interfaces, "interface"),
            if overlap.newest_counts {
                "of each the newest one's records count"
            } else {
                "their traffic counts more than once"
            }
        )
    }));
    let (coverage, reasons) = report.verdict(window);
    lines.push(match coverage {
        Coverage::NoData => "coverage: no-data, there are no flow logs of this window here".to_owned(),
        Coverage::Partial => format!("coverage: partial, because {}", reasons.join("; and ")),
        Coverage::Complete | Coverage::Unknown => format!("coverage: {coverage}"),
    });
    lines.extend(report.faults.iter().map(|fault| match fault.line {
        // The reason of a whole object names it.
        0 => format!("  {}", fault.reason),
        line => format!("  {}: {} {line}: {}", fault.key, fault.unit, fault.reason),
    }));
    lines
}

/// Records that are not in the digest, by reason.
pub(crate) fn left_out(records: &RecordCounts) -> Option<String> {
    let reasons = [
        (records.outside_window, "outside the window"),
        (
            records.second_sightings,
            "by which a transit gateway told of a flow a second time",
        ),
        (records.superseded, "of which a newer flow log has its own"),
        (records.nodata, "NODATA"),
        (records.skipdata, "SKIPDATA (records that AWS lost)"),
        (records.other_status, "of another log-status"),
        (records.unusable, "with - where a value is needed"),
        (records.bad, "that could not be read"),
    ];
    let counted: Vec<String> = reasons
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, reason)| format!("{} {reason}", crate::units::grouped(count)))
        .collect();
    (!counted.is_empty()).then(|| format!("left out: {}", counted.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_left_out_is_told() {
        assert_eq!(left_out(&RecordCounts::default()), None);
        let records = RecordCounts {
            nodata: 1200,
            bad: 1,
            ..RecordCounts::default()
        };
        assert_eq!(
            left_out(&records).unwrap(),
            "left out: 1,200 NODATA, 1 that could not be read"
        );
    }
}
