//! `digesterd demo`: the whole way once, with nothing set: sample flow logs, the real API and worker on loopback, a
//! digest asked for by POST, fetched by GET, held against its manifest and explained.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use digest_core::{Job, Manifest, Scope};
use digest_insight::Grouping;
use digest_storage::{Manifests, Records};
use digesterd_process::environment::Environment;
use digesterd_process::shutdown::Shutdown;
use digesterd_worker::Settings;

use crate::arguments::DemoArguments;
use crate::progress_bar::{ProgressBar, tell};
use crate::sample_logs::{self, SampleLogs, Written};
use crate::serve::{FLOW_LOGS, below};
use crate::standalone::Standalone;
use crate::stdout;
use crate::units::{bytes, counted};

mod client;
mod explain;
mod next_steps;

use client::{Client, Fetched};

/// How often the digest is asked after.
const PAUSE: Duration = Duration::from_millis(100);
/// Longer than this no digest of the sample takes.
const PATIENCE: Duration = Duration::from_secs(300);

/// Runs the demonstration.
pub(crate) async fn run(arguments: &DemoArguments) -> anyhow::Result<()> {
    let (directory, keep) = directory(arguments)?;
    let settings = settings(&directory)?;
    let samples = SampleLogs {
        directory: directory.join(FLOW_LOGS),
        ..SampleLogs::default()
    };
    let job = Job::new(samples.window, Scope::default());
    let written = write(samples).await?;
    tell(format!(
        "wrote {} with {} ({}) to {}",
        counted(written.objects, "flow log object"),
        counted(written.counts.records(), "record"),
        bytes(written.counts.gzip_bytes.into()),
        directory.join(FLOW_LOGS).display(),
    ));

    let service = Standalone::open(&settings, Grouping::usual_inside()).await?;
    let url = format!("http://{}", service.address());
    let (records, manifests) = (service.records.clone(), service.manifests.clone());
    let shutdown = Shutdown::new();
    let running = tokio::spawn(service.run(shutdown.clone()));
    tell(format!("API and worker listen on {url}"));
    let client = Client::new(url.clone(), &job)?;
    let asked = Instant::now();
    let fetched = ask(&client, &job, &records).await?;
    let took = asked.elapsed();
    let manifest = verified(&manifests, &job, &fetched).await?;
    tell("the digest is what its manifest says: size, lines, SHA-256 of the gzip and of the text\n");

    let explained = explain::lines(&job, &fetched, &manifest, took)?;
    let scoped = manifest.minutes.first().map(|covered| covered.account.as_str());
    let next = if arguments.keep_running {
        next_steps::while_running(&url, &job, scoped)
    } else {
        next_steps::after(&directory, &job, scoped)
    };
    // From here on the directory is named to the person, so it stays.
    keep();
    stdout::write(|out| {
        use std::io::Write;
        explained
            .iter()
            .chain(&next)
            .try_for_each(|line| writeln!(out, "{line}"))
    })?;
    drop(client);
    if arguments.keep_running {
        let signals = Shutdown::on_signals()?;
        tell("\nrunning until Ctrl-C");
        signals.requested().await;
    }
    shutdown.request();
    running.await?
}

/// The directory to work in, and what is to be called once it shall stay.
fn directory(arguments: &DemoArguments) -> anyhow::Result<(PathBuf, impl FnOnce() + use<>)> {
    let temporary = match &arguments.dir {
        Some(_) => None,
        None => Some(
            tempfile::Builder::new()
                .prefix("digesterd-demo-")
                .tempdir()
                .context("no temporary directory can be made; name one with --dir")?,
        ),
    };
    let directory = match (&arguments.dir, &temporary) {
        (Some(directory), _) => directory.clone(),
        (None, Some(temporary)) => temporary.path().to_owned(),
        (None, None) => PathBuf::from("."),
    };
    let keep = move || {
        if let Some(temporary) = temporary {
            let _ = temporary.keep();
        }
    };
    Ok((directory, keep))
}

/// Writes the sample off the async runtime.
async fn write(samples: SampleLogs) -> anyhow::Result<Written> {
    let bar = ProgressBar::of_records(samples.records);
    let shown = bar.clone();
    let writing = tokio::task::spawn_blocking(move || {
        sample_logs::write(&samples, |object| shown.advance(object.counts.records()))
    });
    let written = writing.await;
    bar.clear();
    written?
}

/// Settings of a service over the directory, on loopback and a port that is free.
fn settings(directory: &Path) -> anyhow::Result<Settings> {
    let environment = Environment::from_pairs([
        ("PORT", "0"),
        ("LISTEN_ADDRESS", "127.0.0.1"),
        // A short lease: the record then shows twice a second how far the build is.
        ("DIGEST_PROGRESS_TIMEOUT", "2000"),
    ]);
    Ok(Settings::read_standalone(&below(directory, environment)?)?)
}

/// Asks for the digest, waits and fetches it.
async fn ask(client: &Client, job: &Job, records: &Records) -> anyhow::Result<Fetched> {
    let status = client.ask().await?;
    let meaning = match status {
        202 => "the job is queued",
        409 => "the digest is there from an earlier demonstration",
        _ => bail!("POST was answered {status}"),
    };
    tell(format!("POST {} → {status}: {meaning}", client.path()));
    let bar = ProgressBar::of_bytes();
    let began = Instant::now();
    let fetched = loop {
        if let Some(fetched) = client.fetch().await? {
            break fetched;
        }
        if began.elapsed() > PATIENCE {
            bail!("the digest was not made within {} s", PATIENCE.as_secs());
        }
        if let Some((record, _)) = records.load(job.id()).await?
            && let Some(progress) = record.progress()
        {
            bar.show(&progress);
        }
        tokio::time::sleep(PAUSE).await;
    };
    bar.clear();
    tell(format!(
        "GET  {} → 200: {} of gzip, Digest-Coverage: {}",
        client.path(),
        bytes(fetched.gzip.len() as u128),
        fetched.coverage,
    ));
    Ok(fetched)
}

/// The digest's manifest, if it is of these very bytes.
async fn verified(manifests: &Manifests, job: &Job, fetched: &Fetched) -> anyhow::Result<Manifest> {
    let manifest = manifests
        .load(job.id())
        .await?
        .context("the digest has no manifest")?;
    let lines = fetched.text.lines().count() as u64;
    if manifest.gzip != fetched.gzip_seal() || manifest.text != fetched.text_seal() || manifest.edges != lines
    {
        bail!("the fetched digest is not the one that its manifest describes");
    }
    if manifest.coverage.as_str() != fetched.coverage {
        bail!(
            "the API says {}, the manifest {}",
            fetched.coverage,
            manifest.coverage
        );
    }
    Ok(manifest)
}
