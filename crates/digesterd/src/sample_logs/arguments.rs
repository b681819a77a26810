//! The command: its arguments, its progress and its summary.

use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::{Context, bail};
use chrono::DateTime;
use digest_core::Window;
use digest_core::window::{Bound, WindowError};
use indicatif::{ProgressBar, ProgressStyle};

use super::{Format, Profile, SampleLogs, write};

/// Longest stretch of sample logs: 31 days.
const MOST_HOURS: u64 = 744;

/// Most records: a hundred terabytes of text.
const MOST_RECORDS: u64 = 1_000_000_000_000;

/// Arguments of `digesterd sample-logs`.
#[derive(clap::Args, Debug, Clone)]
pub struct SampleLogsArgs {
    /// Directory that stands for the bucket: the objects go under DIR/AWSLogs/
    pub dir: PathBuf,
    /// Kind of traffic: a small demonstration, or a corpus of the benchmark
    #[arg(long, value_enum, default_value_t)]
    pub profile: Profile,
    /// The same seed gives the same bytes
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Number of records [default: the profile's own]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=MOST_RECORDS))]
    pub records: Option<u64>,
    /// Number of objects [default: the profile's own]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub objects: Option<u64>,
    /// Begin of the logs, RFC 3339, cut to the minute
    #[arg(long, value_name = "T", default_value = "2026-01-05T09:00:00Z", value_parser = begin)]
    pub start: Bound,
    /// Hours of logs
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=MOST_HOURS))]
    pub hours: u64,
    /// Format of the records: the default one, or all fields up to version 5
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

fn begin(text: &str) -> Result<Bound, WindowError> {
    Bound::parse("start", text)
}

impl SampleLogsArgs {
    /// What these arguments ask for.
    fn samples(&self) -> anyhow::Result<SampleLogs> {
        let start = self.start.unix;
        // Names hold four digits of year.
        let last = DateTime::parse_from_rfc3339("9998-12-31T00:00:00Z").map(|time| time.timestamp());
        if start < 0 || last.is_ok_and(|last| start > last) {
            bail!("--start must lie between the years 1970 and 9998");
        }
        let mut samples = SampleLogs {
            seed: self.seed,
            window: Window::from_unix(start, start + 3600 * self.hours as i64)?,
            format: self.format,
            ..SampleLogs::of(self.profile, &self.dir)
        };
        samples.records = self.records.unwrap_or(samples.records);
        samples.objects = self.objects.unwrap_or(samples.objects);
        Ok(samples)
    }
}

/// Runs the command: progress on stderr if it is a terminal, a summary on stdout.
///
/// # Errors
/// A directory that already holds flow logs, since a mixture would belong to no seed; what cannot be written.
pub fn run(args: &SampleLogsArgs) -> anyhow::Result<()> {
    let samples = args.samples()?;
    let logs = samples.directory.join("AWSLogs");
    if logs.exists() {
        bail!(
            "{} is already there: name another directory, or remove it first",
            logs.display()
        );
    }
    let style = ProgressStyle::with_template("{bar:40} {human_pos}/{human_len} records  {elapsed}")
        .context("the template of the progress bar")?;
    let bar = ProgressBar::new(samples.records).with_style(style);
    let written = write(&samples, |object| bar.inc(object.counts.records()))?;
    bar.finish_and_clear();
    writeln!(io::stdout(), "{written}").context("cannot write to stdout")
}
