//! `digesterd sample-logs`: realistic flow log objects in AWS's layout, for the demonstration, tests and benchmarks.
//!
//! The same arguments give the same bytes, on any machine and any number of threads: each object has its own seeded
//! chance. A [`Profile`] says what kind of traffic it is.

use std::fs::{self, File};
use std::io::{self, BufWriter};
use std::num::NonZero;
use std::path::PathBuf;
use std::sync::Mutex;
use std::thread;

use anyhow::Context;
use digest_core::Window;

mod arguments;
mod dice;
mod flow;
mod object;
mod pair;
mod plan;
mod profile;
mod row;
mod talk;
#[cfg(test)]
mod tests;
mod world;
mod written;

pub use arguments::{SampleLogsArgs, run};
pub use profile::Profile;
pub use row::Format;
pub use written::{Counts, ObjectWritten, Written};

use plan::ObjectPlan;
use world::World;

/// Start of the default window: 2026-01-05T09:00:00Z, a Monday.
const START: i64 = 1_767_603_600;

/// What is to be written. The default is small and made for the demonstration.
#[derive(Debug, Clone)]
pub struct SampleLogs {
    /// Where `AWSLogs/` is made, as if it were the bucket.
    pub directory: PathBuf,
    /// Kind of traffic.
    pub profile: Profile,
    /// Another seed gives other logs of the same kind.
    pub seed: u64,
    /// Rows of all objects without the headers.
    pub records: u64,
    /// Number of objects. Each network (account and region) has at least one.
    pub objects: u64,
    /// The window that the records fill. A few begin before it, a few after.
    pub window: Window,
    /// Format of the rows.
    pub format: Format,
}

impl Default for SampleLogs {
    fn default() -> Self {
        Self::of(Profile::default(), "sample-logs")
    }
}

impl SampleLogs {
    /// Logs of this profile in its usual size, over one hour.
    #[must_use]
    pub fn of(profile: Profile, directory: impl Into<PathBuf>) -> Self {
        Self {
            directory: directory.into(),
            profile,
            seed: 1,
            records: profile.records(),
            objects: profile.objects(),
            window: Window::hour_from(START),
            format: Format::default(),
        }
    }
}

/// Writes the objects on all cores, the largest first, and tells of each when it is there.
///
/// An object of the same name is replaced; others are left alone.
///
/// # Errors
/// What cannot be written, by its path.
pub fn write(samples: &SampleLogs, on_object: impl Fn(&ObjectWritten) + Sync) -> anyhow::Result<Written> {
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    write_on(threads, samples, &on_object)
}

fn write_on(
    threads: usize,
    samples: &SampleLogs,
    on_object: &(impl Fn(&ObjectWritten) + Sync),
) -> anyhow::Result<Written> {
    let world = World::new(samples.seed, samples.profile.shape(), samples.records);
    let mut plans = plan::plan(&world, &samples.window, samples.objects, samples.records);
    // The queue gives from its end.
    plans.sort_by_key(|plan| plan.records);
    let objects = plans.len() as u64;
    let queue = Mutex::new(plans);
    let next = || queue.lock().ok()?.pop();
    let work = || -> anyhow::Result<Counts> {
        let mut sum = Counts::default();
        while let Some(plan) = next() {
            let counts = write_object(samples, &world, &plan)?;
            on_object(&ObjectWritten {
                key: plan.key,
                counts,
            });
            sum.merge(&counts);
        }
        Ok(sum)
    };
    let counts = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let mut sum = Counts::default();
        for worker in workers {
            match worker.join() {
                Ok(counts) => sum.merge(&counts?),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        anyhow::Ok(sum)
    })?;
    Ok(Written {
        objects,
        counts,
        window: samples.window,
    })
}

/// Writes one object beside its place and moves it there, so that none is ever seen half written.
fn write_object(samples: &SampleLogs, world: &World, plan: &ObjectPlan) -> anyhow::Result<Counts> {
    let path = samples.directory.join(&plan.key);
    let partial = path.with_extension("partial");
    let save = || -> io::Result<Counts> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut file = BufWriter::new(File::create(&partial)?);
        let mut counts = object::write(world, plan, samples.format, &mut file)?;
        counts.gzip_bytes = file.into_inner()?.metadata()?.len();
        fs::rename(&partial, &path)?;
        Ok(counts)
    };
    save().with_context(|| format!("cannot write the sample log {}", path.display()))
}
