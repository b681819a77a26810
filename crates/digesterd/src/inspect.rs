//! `digesterd inspect`: what flow logs lie in a place, and what a digest of them would read and cost, before it runs.
//!
//! Accounts, regions and days are found by listing folders; then the objects of one window are listed as a digest would
//! list them; then a bounded number of those are read and folded, which tells what is in them and how fast they are read.

use std::io::Write;
use std::time::Instant;

use anyhow::{Context, bail};
use chrono::{Days, NaiveTime, TimeDelta};
use digest_core::{BadRows, FoldOptions, Scope, Window};
use digest_storage::{FlowLogs, Plan, Prefetch, Survey};
use digesterd_process::environment::{DigestSettings, Environment, PrefetchSettings};
use digesterd_worker::build::Source;

use crate::arguments::{InspectArguments, refused};
use crate::place::{Found, MOST_LOOKED_INTO, find};
use crate::stdout;

mod choice;
mod estimate;
mod findings;
mod large;
mod sample;
mod sampled;
mod text;

use estimate::Estimate;
use findings::Findings;
use large::{Fetching, Large};
use sample::Sample;

/// Accounts and regions whose days are looked for.
const MOST_DATED: usize = 200;

/// Looks, and prints what there is.
pub(crate) async fn run(arguments: &InspectArguments, environment: Environment) -> anyhow::Result<()> {
    let (window, scope) = (arguments.window()?, arguments.scope()?);
    let (digests, prefetch) = settings(&environment)?;
    let found = find(&arguments.logs, &environment).await?;
    let found = with_what_lies_below(found, &environment).await?;
    let Found { flow_logs, source } = &found;
    if *source != Source::Layout && !scope.is_all() {
        let why = "is not in AWS's layout: --account and --region cannot be told from its keys";
        return Err(refused("inspect", format!("{} {why}", arguments.logs)).into());
    }
    let survey = match source {
        Source::Layout => flow_logs.survey(&scope, MOST_DATED).await?,
        Source::Loose | Source::One(_) => Survey::default(),
    };
    let window = match (window, source) {
        (Some(window), _) => Some(window),
        (None, Source::Layout) => last_day(&survey),
        (None, _) => None,
    };
    if *source == Source::Layout && window.is_none() {
        bail!("{flow_logs} has the folders of AWS's layout and no flow logs in them for this scope");
    }
    let late_arrival = TimeDelta::from_std(digests.late_arrival)?;
    let begun = Instant::now();
    let plan = planned(flow_logs, source, window.as_ref(), &scope, late_arrival).await?;
    let listing = begun.elapsed();
    let options = options(&digests, window);
    let most = usize::from(arguments.samples);
    let sample = Sample::take(flow_logs, &plan, &options, most).await?;
    let fetched = FoldOptions {
        // What a worker keeps.
        edges: digests.edges.unwrap_or(true),
        ..options
    };
    let fetching = fetching(flow_logs, &plan, &fetched, &prefetch, most).await?;
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let estimate = Estimate::of(&plan, listing, fetching, &sample, threads, prefetch.objects);
    let findings = Findings::of(
        &found,
        (window, &scope),
        &digests,
        survey,
        &plan,
        sample,
        estimate,
    );
    if arguments.json {
        let json = serde_json::to_vec_pretty(&findings)?;
        stdout::write(|out| out.write_all(&json).and_then(|()| out.write_all(b"\n")))?;
    } else {
        stdout::write(|out| {
            text::lines(&findings)
                .iter()
                .try_for_each(|line| writeln!(out, "{line}"))
        })?;
    }
    Ok(())
}

fn settings(environment: &Environment) -> anyhow::Result<(DigestSettings, PrefetchSettings)> {
    let reader = environment.reader();
    let digests = DigestSettings::read(&reader);
    let prefetch = PrefetchSettings::read_or_default(&reader);
    Ok(reader.finish(digests.zip(prefetch))?)
}

/// How a digest would read its rows; here those that cannot be read are counted, whatever they would do to a digest.
fn options(digests: &DigestSettings, window: Option<Window>) -> FoldOptions {
    FoldOptions {
        window,
        bad_rows: BadRows::Skip,
        max_row: digests.max_row,
        max_columns: digests.max_columns,
        max_ratio: digests.max_ratio,
        // Versions and regions are told by nothing else.
        edges: true,
        layout: digests.layout.clone(),
    }
}

/// What fetching all objects takes.
async fn fetching(
    flow_logs: &FlowLogs,
    plan: &Plan,
    options: &FoldOptions,
    prefetch: &PrefetchSettings,
    most: usize,
) -> anyhow::Result<Fetching> {
    let prefetch = Prefetch::new(prefetch.objects, prefetch.bytes);
    let large = Large::look((flow_logs, &prefetch), plan, options, most).await?;
    let each = plan
        .objects
        .iter()
        .map(|object| large.fetching(&prefetch, object));
    Ok(each.fold(Fetching::default(), |all, one| Fetching {
        requests: all.requests + one.requests,
        bytes: all.bytes + one.bytes,
        is_estimate: all.is_estimate || one.is_estimate,
    }))
}

/// Where a directory has no flow logs at its top (of a bucket it is known), those of the folders below, some levels deep.
async fn with_what_lies_below(found: Found, environment: &Environment) -> anyhow::Result<Found> {
    if found.source != Source::Loose {
        return Ok(found);
    }
    let below = found.flow_logs.look_below(MOST_LOOKED_INTO).await?;
    match below.is_empty() {
        true => Ok(found),
        false => find(&below.join(","), environment)
            .await
            .with_context(|| format!("flow logs lie in {}", below.join(", "))),
    }
}

/// The last day that has flow logs.
fn last_day(survey: &Survey) -> Option<Window> {
    let days = survey.found.iter().filter_map(|found| found.days);
    let (_, day) = days.max_by_key(|(_, last)| *last)?;
    let midnight = |day: chrono::NaiveDate| day.and_time(NaiveTime::MIN).and_utc().timestamp();
    let next = day.checked_add_days(Days::new(1))?;
    Window::from_unix(midnight(day), midnight(next)).ok()
}

/// What a digest would list.
async fn planned(
    flow_logs: &FlowLogs,
    source: &Source,
    window: Option<&Window>,
    scope: &Scope,
    late_arrival: TimeDelta,
) -> anyhow::Result<Plan> {
    Ok(match (source, window) {
        (Source::Layout, Some(window)) => flow_logs.plan(window, scope, late_arrival).await?,
        (Source::Layout, None) | (Source::Loose, _) => flow_logs.loose().await?,
        (Source::One(key), _) => flow_logs.one(key).await?,
    })
}

/// An object of a plan, for the tests of what becomes of plans.
#[cfg(test)]
fn object(key: &str, size: u64, flow_log_id: &str) -> digest_storage::FlowLogObject {
    digest_storage::FlowLogObject {
        place: None,
        key: key.to_owned(),
        size,
        etag: None,
        account: "1".to_owned(),
        region: "r".to_owned(),
        flow_log_id: flow_log_id.to_owned(),
        named: chrono::DateTime::UNIX_EPOCH,
    }
}
