//! Throwaway stand-in of `sample-logs` with its interface, replaced when the real one is merged.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;

use anyhow::Context;
use chrono::TimeDelta;
use digest_core::Window;
use flate2::Compression;
use flate2::write::GzEncoder;

/// Arguments of `sample-logs`.
#[derive(clap::Args, Debug, Clone)]
pub struct SampleLogsArgs {
    /// Where to write.
    pub dir: PathBuf,
}

/// A kind of traffic.
#[derive(Debug, Clone, Copy, Default)]
pub enum Profile {
    /// The demonstration's.
    #[default]
    Demo,
}

/// What to write.
#[derive(Debug, Clone)]
pub struct SampleLogs {
    /// Where.
    pub directory: PathBuf,
    /// Which traffic.
    pub profile: Profile,
    /// Seed.
    pub seed: u64,
    /// Records.
    pub records: u64,
    /// Window.
    pub window: Window,
}

/// One object.
#[derive(Debug, Clone)]
pub struct ObjectWritten {
    /// Records in it.
    pub records: u64,
    /// Its size.
    pub bytes: u64,
}

/// What was written.
#[derive(Debug, Clone)]
pub struct Written {
    /// Objects.
    pub objects: u64,
    /// Records.
    pub records: u64,
    /// Bytes.
    pub bytes: u64,
}

impl SampleLogs {
    fn of(directory: PathBuf) -> Self {
        #[expect(clippy::unwrap_used, reason = "a stand-in")]
        let window = Window::from_unix(1_763_805_600, 1_763_809_200).unwrap();
        Self {
            directory,
            profile: Profile::Demo,
            seed: 1,
            records: 60_000,
            window,
        }
    }
}

impl Default for SampleLogs {
    fn default() -> Self {
        Self::of(PathBuf::from("."))
    }
}

/// Writes.
///
/// # Errors
/// The system's.
pub fn write(samples: &SampleLogs, on_object: impl Fn(&ObjectWritten) + Sync) -> anyhow::Result<Written> {
    let mut written = Written {
        objects: 0,
        records: 0,
        bytes: 0,
    };
    let each = samples.records / 12;
    for part in 0..12_i64 {
        let from = samples.window.start() + TimeDelta::minutes(5 * part);
        let named = from + TimeDelta::minutes(5);
        let folder = samples
            .directory
            .join("AWSLogs/123456789010/vpcflowlogs/us-east-1")
            .join(named.format("%Y/%m/%d").to_string());
        std::fs::create_dir_all(&folder).context("no folder")?;
        let mut text = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status\n".to_owned();
        for record in 0..each {
            let start = from.timestamp() + (record % 300).cast_signed();
            let action = if record % 30 == 0 { "REJECT" } else { "ACCEPT" };
            let _ = writeln!(
                text,
                "2 123456789010 eni-{} 10.0.0.{} 10.0.1.9 {} 443 6 {} {} {start} {} {action} OK",
                record % 7,
                record % 250,
                40_000 + record % 11,
                record + 1,
                (record + 1) * 40,
                start + 30
            );
        }
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text.as_bytes())?;
        let bytes = encoder.finish()?;
        std::fs::write(
            folder.join(format!(
                "123456789010_vpcflowlogs_us-east-1_fl-1_{}_{part:08x}.log.gz",
                named.format("%Y%m%dT%H%MZ")
            )),
            &bytes,
        )?;
        written.objects += 1;
        written.records += each;
        written.bytes += bytes.len() as u64;
        on_object(&ObjectWritten {
            records: each,
            bytes: bytes.len() as u64,
        });
    }
    Ok(written)
}

/// The command.
///
/// # Errors
/// The system's.
pub fn run(args: &SampleLogsArgs) -> anyhow::Result<()> {
    write(&SampleLogs::of(args.dir.clone()), |_| {}).map(drop)
}
