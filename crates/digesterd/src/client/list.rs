//! `digesterd list`: the stored digests of a window of time.

use std::io::Write;

use anyhow::Context;
use digest_core::Job;
use digesterd_api::listing::{ListedDigest, Listing};
use digesterd_process::environment::Environment;
use url::form_urlencoded;

use super::Client;
use crate::arguments::ListArguments;
use crate::stdout;

/// Prints every page, a line for each digest.
pub(crate) async fn run(arguments: &ListArguments, environment: &Environment) -> anyhow::Result<()> {
    let job = arguments.window.job("list")?;
    let client = Client::new(&arguments.api, environment)?;
    let mut next = Some(format!("/v1/digests?{}", job_query(&job).finish()));
    while let Some(path) = next {
        let listing: Option<Listing> = client.document(&path).await?;
        let listing = listing.context("the API has no list; is it of this version?")?;
        let written = stdout::write(|out| {
            let mut digests = listing.digests.iter();
            digests.try_for_each(|digest| line(out, digest, arguments.json))
        })?;
        // A reader that went away wants no more.
        next = listing.next.filter(|_| written.is_some());
    }
    Ok(())
}

fn line(out: &mut impl Write, digest: &ListedDigest, json: bool) -> std::io::Result<()> {
    if json {
        return writeln!(out, "{}", serde_json::to_string(digest).unwrap_or_default());
    }
    let entry = &digest.entry;
    let (window, scope) = (entry.job.window(), entry.job.scope());
    let mut narrowed = String::new();
    for (name, names) in [("account", scope.accounts()), ("region", scope.regions())] {
        if !names.is_empty() {
            narrowed.push_str(&format!(" {name}={}", names.join(",")));
        }
    }
    writeln!(
        out,
        "{} {} {} {:<8} {:>9} lines {:>10} bytes{narrowed}",
        window.start_rfc3339(),
        window.stop_rfc3339(),
        entry.job.id(),
        entry.coverage.as_str(),
        entry.edges,
        entry.bytes,
    )
}

/// The parameters that name a job.
pub(super) fn job_query(job: &Job) -> form_urlencoded::Serializer<'static, String> {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("start", &job.window().start_rfc3339());
    query.append_pair("stop", &job.window().stop_rfc3339());
    for (name, names) in [
        ("account", job.scope().accounts()),
        ("region", job.scope().regions()),
    ] {
        if !names.is_empty() {
            query.append_pair(name, &names.join(","));
        }
    }
    query
}
