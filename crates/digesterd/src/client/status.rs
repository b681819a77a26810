//! `digesterd status`: how far a digest is.

use std::io::Write;

use anyhow::bail;
use digesterd_api::status::{Status, StatusState};
use digesterd_process::environment::Environment;

use super::Client;
use crate::arguments::StatusArguments;
use crate::stdout;
use crate::units::{bytes, counted, grouped};

/// Prints what is known, or fails where nothing is.
pub(crate) async fn run(arguments: &StatusArguments, environment: &Environment) -> anyhow::Result<()> {
    let id = arguments.which.id("status")?;
    let client = Client::new(&arguments.api, environment)?;
    let Some(known) = client.status(id).await? else {
        bail!("nothing is known of the digest {id}: `digesterd create` asks for it");
    };
    stdout::write(|out| match arguments.json {
        true => writeln!(
            out,
            "{}",
            serde_json::to_string_pretty(&known).unwrap_or_default()
        ),
        false => lines(&known)
            .iter()
            .try_for_each(|(name, value)| writeln!(out, "{name:<10} {value}")),
    })?;
    Ok(())
}

/// A status in lines of a name and a value.
fn lines(known: &Status) -> Vec<(&'static str, String)> {
    let mut lines = vec![("id", known.id.clone())];
    if let (Some(start), Some(stop)) = (&known.start, &known.stop) {
        lines.push(("window", format!("{start} to {stop}")));
    }
    for (name, names) in [("accounts", &known.account), ("regions", &known.region)] {
        if !names.is_empty() {
            lines.push((name, names.join(", ")));
        }
    }
    let state = match known.state {
        StatusState::Absent => "absent",
        StatusState::Claimed => "claimed",
        StatusState::Queued => "queued",
        StatusState::Building => "building",
        StatusState::Stored => "stored",
        StatusState::Failed => "failed",
    };
    lines.push(("state", state.to_owned()));
    if let (Some(progress), StatusState::Building) = (known.progress, known.state) {
        lines.push((
            "progress",
            format!(
                "{} of {}, {} of {}, {}",
                grouped(progress.objects_done),
                counted(progress.objects_total, "object"),
                bytes(u128::from(progress.bytes_done)),
                bytes(u128::from(progress.bytes_total)),
                counted(progress.records, "record")
            ),
        ));
    }
    if let Some(seconds) = known.estimated_seconds {
        lines.push(("left", format!("about {seconds} s")));
    }
    if known.failed_attempts + known.lost_leases > 0 {
        let tried = format!("{} failed, {} lost", known.failed_attempts, known.lost_leases);
        lines.push(("attempts", tried));
    }
    for (name, time) in [
        ("asked", known.requested_at),
        ("started", known.started_at),
        ("seen", known.updated_at),
    ] {
        lines.extend(time.map(|time| (name, time.format("%Y-%m-%dT%H:%M:%SZ").to_string())));
    }
    lines.extend(known.worker.clone().map(|worker| ("worker", worker)));
    lines.extend(known.failure.clone().map(|failure| ("failure", failure.reason)));
    if let Some(digest) = &known.digest {
        lines.push(("coverage", digest.coverage.to_string()));
        lines.extend(digest.reasons.iter().map(|reason| ("reason", reason.clone())));
        lines.extend(digest.edges.map(|edges| ("lines", grouped(edges))));
        lines.push(("gzip", bytes(u128::from(digest.bytes))));
    }
    lines
}
