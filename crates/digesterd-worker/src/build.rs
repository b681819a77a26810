//! From a request to a digest, on one page: plan → list → fetch (bounded) → inflate → parse → fold → merge → order.
//!
//! The flow logs that can hold records of the window are listed. A feed opens them as far ahead as the
//! process's permits allow and sends their readers through a bounded channel; threads off the async runtime
//! take one reader after another, inflate, parse and fold it into tables that they share, which are sorted in the
//! end. The first error ends all of it. Where an object vanished or changed after it
//! was listed, the whole is planned anew a few times: a digest is made of one list, or not at all.
//!
//! Encoding and storing follow in `publish`; the command line writes the digest itself.

use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use digest_storage::{FlowLogObject, FlowLogs, Prefetch};
use digesterd_process::metrics::Phase;
use tokio::sync::{mpsc, watch};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

mod crew;
mod error;
mod feed;
mod ledger;
mod mentions;
mod options;
mod overlap;
mod plan;
mod preference;
mod progress;
mod reader;
mod report;
mod request;
mod room;
mod runs;
mod stopwatch;

pub use error::BuildError;
pub(crate) use error::told_of;
pub use options::{BuildOptions, WhichCount};
pub use progress::ProgressCounters;
pub use report::{Built, PROGRAM, Report};
pub use request::{BuildRequest, Source};
pub use room::TemporaryRoom;

use crew::Crew;
use ledger::Ledger;
use overlap::Overlaps;
use stopwatch::Stopwatch;

/// How often a build is planned anew because an object was not as listed.
const REPLANS: u32 = 2;
/// Least pause before that; up to three times as long.
const REPLAN_PAUSE: Duration = Duration::from_millis(250);

/// Builds a digest. Nothing is stored.
///
/// Dropping the future stops the build: its threads end at their next read, and what they hold is let go.
///
/// # Errors
/// [`BuildError`]; it says whether another try can help.
pub async fn build(
    request: &BuildRequest,
    flow_logs: &FlowLogs,
    prefetch: &Prefetch,
    options: &BuildOptions,
    progress: &Arc<ProgressCounters>,
) -> Result<Built, BuildError> {
    let mut replanned = 0;
    loop {
        match build_once(request, flow_logs, prefetch, options, progress).await {
            Err(error) if error.is_of_an_old_list() && replanned < REPLANS => {
                replanned += 1;
                info!(%error, replanned, "an object is not as it was listed; the digest is planned anew");
                sleep(REPLAN_PAUSE.mul_f64(1.0 + 2.0 * fastrand::f64())).await;
            }
            ended => return ended,
        }
    }
}

/// One list of objects, and the digest of exactly these.
async fn build_once(
    request: &BuildRequest,
    flow_logs: &FlowLogs,
    prefetch: &Prefetch,
    options: &BuildOptions,
    progress: &Arc<ProgressCounters>,
) -> Result<Built, BuildError> {
    let begun_at = Utc::now();
    progress.enter(Phase::List);
    let mut listed = plan::list(request, flow_logs).await?;
    progress.begin(listed.objects.len() as u64, listed.bytes());
    progress.enter(Phase::Read);

    let stop = CancellationToken::new();
    let _stop_if_dropped = stop.clone().drop_guard();
    let stopwatch = Arc::new(Stopwatch::default());
    let (gone, done) = watch::channel(0);
    let crew = Crew {
        threads: options.threads,
        options: options.fold(request.window),
        budget: options.budget(&stopwatch),
        progress: Arc::clone(progress),
        stopwatch: Arc::clone(&stopwatch),
        enough: stop.child_token(),
        stop,
        gone,
    };
    let (stop, enough) = (crew.stop.clone(), crew.enough.clone());
    let (readers, opened) = mpsc::channel(options.threads.max(1));
    let ledger = Ledger::of(std::mem::take(&mut listed.objects), request.window, options.edges);
    let objects = ledger.objects();
    let places = (flow_logs, prefetch);
    let turns = turns(&objects, &ledger, places, options, &crew).await?;
    let feeding = async {
        let fed = feed::feed(turns, places, readers, done, &enough).await;
        if fed.is_err() {
            stop.cancel();
        }
        fed
    };
    let (fed, folded) = tokio::join!(feeding, crew.fold(opened, ledger));
    // An object that could not be opened is why the threads were stopped, so it is named first.
    fed?;
    let (digest, ledger) = folded?;
    let report = Report::of(request, options, begun_at, listed, (&digest, &ledger, &stopwatch));
    if let Some(overlap) = &report.overlap {
        warn!(
            interfaces = overlap.interfaces,
            flow_logs = overlap.flow_logs,
            examples = ?overlap.examples,
            newest_counts = overlap.newest_counts,
            "several flow logs report on the same interfaces: unless only the newest counts, their traffic counts more \
             than once"
        );
    }
    let origins = ledger.into_origins();
    Ok(Built {
        digest,
        report,
        origins,
        keeps_edges: options.edges,
    })
}

/// The objects, each with the turn in which it is read: all at once, unless only the newest flow log of an interface is to
/// count.
async fn turns<'o>(
    objects: &'o [FlowLogObject],
    ledger: &Ledger,
    places: (&FlowLogs, &Prefetch),
    options: &BuildOptions,
    crew: &Crew,
) -> Result<Vec<(usize, &'o FlowLogObject)>, BuildError> {
    let mentions = ledger.mentions();
    if options.overlap == WhichCount::Newest {
        // Nobody else knows of it yet.
        let mut watched = Overlaps::among(objects);
        let novelty = preference::novelty(objects, &watched, places, &crew.options, &crew.stop).await?;
        watched.take_turns(&novelty);
        mentions.take_turns(watched);
    }
    let overlaps = mentions.overlaps();
    Ok(objects
        .iter()
        .map(|object| (overlaps.turn(object), object))
        .collect())
}
