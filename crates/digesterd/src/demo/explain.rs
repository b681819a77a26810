//! The fetched digest in words and numbers.

use std::time::Duration;

use digest_core::{Coverage, Job, Manifest};

use super::client::Fetched;
use crate::edges::Edges;
use crate::summary::left_out;
use crate::units::{bytes, counted, grouped, share};

/// Edges that are shown.
const SHOWN: usize = 5;

/// The lines of the explanation.
pub(super) fn lines(
    job: &Job,
    fetched: &Fetched,
    manifest: &Manifest,
    took: Duration,
) -> anyhow::Result<Vec<String>> {
    let edges = Edges::of(&fetched.text, SHOWN)?;
    let (objects, records) = (&manifest.objects, &manifest.records);
    let window = job.window();
    let mut lines = vec![
        format!(
            "Digest of {} to {}",
            window.start_rfc3339(),
            window.stop_rfc3339()
        ),
        String::new(),
        format!(
            "  edges     {}, one line each: who, to whom, on which port",
            grouped(edges.count)
        ),
        format!("  packets   {}", grouped(edges.packets)),
        format!("  bytes     {}", bytes(edges.bytes)),
        format!(
            "  rejected  {} of the edges, {} of the packets",
            share(edges.rejected.into(), edges.count.into()),
            share(edges.rejected_packets, edges.packets),
        ),
        format!(
            "  read      {} from {} ({})",
            counted(records.counted, "record"),
            counted(objects.read, "object"),
            bytes(objects.bytes_read.into()),
        ),
    ];
    lines.extend(left_out(records).map(|left_out| format!("            {left_out}")));
    lines.push(format!("  coverage  {}", coverage(manifest)));
    lines.push(format!(
        "  took      {:.2} s from POST to the last byte of {}",
        took.as_secs_f64(),
        bytes(manifest.gzip.bytes.into()),
    ));
    if !edges.busiest.is_empty() {
        lines.push(String::new());
        lines.push("Busiest edges".to_owned());
        lines.push(String::new());
        lines.extend(busiest(&edges));
    }
    Ok(lines)
}

fn coverage(manifest: &Manifest) -> String {
    match manifest.coverage {
        Coverage::Complete => {
            let late = manifest.late_arrival_seconds / 60;
            format!(
                "complete: every object named up to {late} min past the hour was read, every row understood"
            )
        }
        Coverage::Partial => format!("partial: {}", manifest.reasons.join("; ")),
        Coverage::NoData => "no-data: there are no flow logs of this window".to_owned(),
        Coverage::Unknown => "unknown".to_owned(),
    }
}

/// A table as wide as its contents.
fn busiest(edges: &Edges) -> Vec<String> {
    let rows: Vec<[String; 6]> = edges
        .busiest
        .iter()
        .map(|edge| {
            [
                bytes(edge.bytes.into()),
                format!("{} packets", grouped(edge.packets)),
                edge.source.to_string(),
                edge.destination.to_string(),
                edge.protocol.to_string(),
                edge.action.clone(),
            ]
        })
        .collect();
    let width =
        |of: fn(&[String; 6]) -> &String| rows.iter().map(|row| of(row).len()).max().unwrap_or_default();
    let (of_bytes, of_packets) = (width(|[size, ..]| size), width(|[_, packets, ..]| packets));
    let (of_from, of_to) = (width(|[_, _, from, ..]| from), width(|[_, _, _, to, ..]| to));
    let of_protocol = width(|[.., protocol, _]| protocol);
    rows.iter()
        .map(|[size, packets, from, to, protocol, action]| {
            format!(
                "  {size:>of_bytes$}  {packets:>of_packets$}  {from:>of_from$} → {to:<of_to$}  \
                 {protocol:<of_protocol$}  {action}"
            )
        })
        .collect()
}
