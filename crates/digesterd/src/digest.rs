//! `digesterd digest`: one digest, no service. The worker's build, and its text or gzip on stdout or in a file.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use chrono::Utc;
use digest_core::manifest::StoredTable;
use digest_core::{BadRows, GzipSummary, Job};
use digest_storage::Prefetch;
use digest_tables::{TableSummary, write_edges, write_interfaces};
use digesterd_process::environment::{DigestSettings, Environment, PrefetchSettings, WorkerSettings};
use digesterd_worker::build as build_digest;
use digesterd_worker::build::{
    BuildOptions, BuildRequest, Built, ProgressCounters, Report, Source, TemporaryRoom, WhichCount,
};

use crate::arguments::{BadRowsArgument, DigestArguments, refused};
use crate::output::Output;
use crate::place::{Found, find};
use crate::progress_bar::{ProgressBar, tell};
use crate::summary;

/// How often the progress bar moves.
const TICK: Duration = Duration::from_millis(100);

/// Makes the digest, or nothing at all.
pub(crate) async fn run(arguments: &DigestArguments, environment: Environment) -> anyhow::Result<()> {
    let begun = Instant::now();
    let (window, scope) = (arguments.window()?, arguments.scope()?);
    let (digests, prefetch, worker) = settings(&environment)?;
    if let Some(window) = &window {
        let buildable = window.check_buildable(Utc::now(), digests.max_window_minutes());
        buildable.map_err(|why| refused("digest", why))?;
    }
    let Found { flow_logs, source } = find(&arguments.logs, &environment).await?;
    if source == Source::Layout && window.is_none() {
        return Err(refused(
            "digest",
            format!(
                "{} is in AWS's layout: say which window with --start and --stop",
                arguments.logs
            ),
        )
        .into());
    }
    if source != Source::Layout && !scope.is_all() {
        return Err(refused(
            "digest",
            format!(
                "{} is not in AWS's layout: --account and --region cannot be told from its keys",
                arguments.logs
            ),
        )
        .into());
    }
    let output = Output::open(arguments.output.as_deref())?;
    let manifest = match &arguments.manifest {
        Some(path) => Some(Output::open(Some(path))?),
        None => None,
    };
    let table = |path: &Option<PathBuf>| path.as_deref().map(|path| Output::open(Some(path))).transpose();
    let (edges, interfaces) = (table(&arguments.edges)?, table(&arguments.interfaces)?);
    let tables = || [edges.as_ref(), interfaces.as_ref()].into_iter().flatten();
    let to_stdout = tables().filter(|table| table.is_stdout()).count();
    if to_stdout + usize::from(output.is_stdout()) > 1 {
        return Err(refused(
            "digest",
            "text, edges and interfaces cannot go to stdout together: name a file for each but one",
        )
        .into());
    }
    for output in [&output].into_iter().chain(manifest.as_ref()).chain(tables()) {
        output.remove_on_signals()?;
    }
    let request = BuildRequest {
        window,
        scope,
        late_arrival: chrono::TimeDelta::from_std(digests.late_arrival)?,
        source,
    };
    let options = options(arguments, &digests, &worker);
    if tables().next().is_some() && !options.edges {
        return Err(refused(
            "digest",
            "DIGEST_EDGES=off keeps nothing that --edges or --interfaces could write",
        )
        .into());
    }
    let prefetch = Prefetch::new(prefetch.objects, prefetch.bytes);
    let counters = Arc::new(ProgressCounters::default());
    let bar = ProgressBar::of_bytes();
    let building = build_digest(&request, &flow_logs, &prefetch, &options, &counters);
    let built = watched(building, &bar, &counters).await;
    bar.clear();
    let built = built.with_context(|| format!("no digest was made of {flow_logs}"))?;
    refuse_unread(&built.report)?;
    let written = output.write(&built.digest, arguments.format, manifest.is_some())?;
    let edges_table = match edges {
        Some(edges) => edges.write_with(|out| Ok(write_edges(&built.digest, &built.origins, out)?))?,
        None => None,
    };
    let interfaces_table = match interfaces {
        Some(interfaces) => {
            interfaces.write_with(|out| Ok(write_interfaces(&built.digest, &built.origins, out)?))?
        }
        None => None,
    };
    if let (Some(manifest), Some(window)) = (manifest, window) {
        let tables = [
            (edges_table, &arguments.edges),
            (interfaces_table, &arguments.interfaces),
        ];
        write_manifest(
            manifest,
            &built,
            &Job::new(window, request.scope),
            tables.map(stored),
            written.as_ref().and_then(|written| written.gzip.clone()),
        )?;
    }
    if let Some(written) = written {
        for line in summary::lines(written.lines, &built.report, window.as_ref(), begun.elapsed()) {
            tell(line);
        }
    }
    // The program ends, and its memory with it: tables of a hundred thousand interfaces taken apart one by one take some
    // hundredths of the time. What has spilled is let go, and its files with it.
    if !built.digest.is_spilled() {
        std::mem::forget(built);
    }
    Ok(())
}

fn settings(environment: &Environment) -> anyhow::Result<(DigestSettings, PrefetchSettings, WorkerSettings)> {
    let reader = environment.reader();
    let digests = DigestSettings::read(&reader);
    let prefetch = PrefetchSettings::read_or_default(&reader);
    let worker = WorkerSettings::read(&reader);
    let settings = (|| Some((digests?, prefetch?, worker?)))();
    Ok(reader.finish(settings)?)
}

fn options(arguments: &DigestArguments, digests: &DigestSettings, worker: &WorkerSettings) -> BuildOptions {
    let skip = match arguments.bad_rows {
        Some(what) => what == BadRowsArgument::Skip,
        None => digests.skip_bad_rows,
    };
    let default = BuildOptions::default();
    BuildOptions {
        threads: arguments.threads.map_or(default.threads, usize::from),
        bad_rows: if skip { BadRows::Skip } else { BadRows::Fail },
        max_row: digests.max_row,
        max_columns: digests.max_columns,
        max_ratio: digests.max_ratio,
        // Nothing is kept that nobody will see: the text does not show it.
        edges: digests.edges.unwrap_or(arguments.keeps_edges()),
        overlap: WhichCount::of(digests.prefer_newest),
        layout: digests.layout.clone(),
        max_memory: Some(worker.memory_of_a_build()),
        temp_dir: worker.temporary_directory(),
        room: Arc::new(TemporaryRoom::new(worker.max_temp)),
    }
}

/// Waits for a build and moves its bar.
async fn watched<T>(building: impl Future<Output = T>, bar: &ProgressBar, counters: &ProgressCounters) -> T {
    let mut tick = tokio::time::interval(TICK);
    tokio::pin!(building);
    loop {
        tokio::select! {
            built = &mut building => return built,
            _ = tick.tick() => bar.show(&counters.snapshot()),
        }
    }
}

/// A digest of nothing that could be read is none: the person named files and not one of them was understood.
fn refuse_unread(report: &Report) -> anyhow::Result<()> {
    if report.objects.read > 0 || report.objects.unread.is_empty() {
        return Ok(());
    }
    let faults = report.faults.iter().map(|fault| fault.reason.clone());
    let skipped = report.object_list.iter().filter_map(|object| {
        let why = object.skipped.as_ref()?;
        report.faults.is_empty().then(|| format!("{}: {why}", object.key))
    });
    let reasons: Vec<String> = faults.chain(skipped).take(3).collect();
    bail!("none of the objects could be read: {}", reasons.join("; "));
}

/// A table as a manifest names it: by its file's name.
fn stored((summary, path): (Option<TableSummary>, &Option<PathBuf>)) -> Option<StoredTable> {
    let summary = summary?;
    Some(StoredTable {
        key: path.as_ref()?.file_name()?.to_string_lossy().into_owned(),
        rows: summary.rows,
        bytes: summary.bytes,
        sha256: summary.sha256,
    })
}

/// The manifest that the service would store beside this digest, with the list of objects always inside. Where the digest was
/// not written as gzip it is compressed once more, for its hashes.
fn write_manifest(
    output: Output,
    built: &Built,
    job: &Job,
    [edges, interfaces]: [Option<StoredTable>; 2],
    gzip: Option<GzipSummary>,
) -> anyhow::Result<()> {
    let gzip = match gzip {
        Some(gzip) => gzip,
        None => built.digest.write_gzip(&mut std::io::sink())?,
    };
    let (mut manifest, _) = built.report.manifest(job, &gzip, "");
    manifest.object_list = Some(built.report.object_list.clone());
    manifest.object_list_key = None;
    (manifest.edges_table, manifest.interfaces_table) = (edges, interfaces);
    let mut json = serde_json::to_vec_pretty(&manifest)?;
    json.push(b'\n');
    output.write_bytes(&json)
}
