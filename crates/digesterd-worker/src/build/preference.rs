//! Which of several flow logs is the newest: by its format, which stays as it is as long as a flow log lives.
//!
//! When a flow log was made is written nowhere in a bucket. What can be seen is its format: the one whose fields are of a
//! later version is newer, then the one that has more of them, then the greater id. So every window's digest prefers the
//! same one. The format is read off one small object of each flow log, wherever a region has several.

use std::sync::Arc;

use digest_core::{FoldError, FoldOptions, first_layout};
use digest_storage::{FlowLogObject, FlowLogs, Prefetch};
use futures::FutureExt;
use futures::future::{BoxFuture, try_join_all};
use tokio_util::sync::CancellationToken;

use super::error::BuildError;
use super::overlap::Overlaps;
use super::progress::ProgressCounters;
use super::reader::TimedReader;
use super::stopwatch::Stopwatch;

/// Objects that are looked at at the same time.
const AT_ONCE: usize = 8;

/// How new each watched flow log is, by its number.
pub(super) async fn novelty(
    objects: &[FlowLogObject],
    overlaps: &Overlaps,
    places: (&FlowLogs, &Prefetch),
    options: &FoldOptions,
    stop: &CancellationToken,
) -> Result<Vec<(u8, usize)>, BuildError> {
    let mut novelty = Vec::new();
    for some in smallest(objects, overlaps).chunks(AT_ONCE) {
        let looks: Vec<BoxFuture<'_, _>> = some
            .iter()
            .map(|object| look(*object, places, options, stop).boxed())
            .collect();
        novelty.extend(try_join_all(looks).await?);
    }
    Ok(novelty)
}

/// How new the format of one object is.
async fn look(
    object: Option<&FlowLogObject>,
    (flow_logs, prefetch): (&FlowLogs, &Prefetch),
    options: &FoldOptions,
    stop: &CancellationToken,
) -> Result<(u8, usize), BuildError> {
    let Some(object) = object else {
        return Ok((0, 0));
    };
    let key = object.name().into_owned();
    let reader = prefetch.open(flow_logs, object).await;
    let reader = reader.map_err(|source| BuildError::Fetch {
        key: key.clone(),
        source,
    })?;
    // What is read here is read again: it is no progress.
    let progress = Arc::new(ProgressCounters::default());
    let mut reader = TimedReader::new(reader, &progress, &Arc::new(Stopwatch::default()), stop, None);
    let options = options.clone();
    let looked = tokio::task::spawn_blocking(move || match first_layout(&options, &key, &mut reader) {
        Ok(layout) => Ok(layout.novelty()),
        Err(error @ FoldError::Read { .. }) => Err(error),
        // Folding it says what is wrong.
        Err(_) => Ok((0, 0)),
    });
    Ok(looked.await.map_err(BuildError::panicked)??)
}

/// The smallest object of each watched flow log, by its number.
fn smallest<'o>(objects: &'o [FlowLogObject], overlaps: &Overlaps) -> Vec<Option<&'o FlowLogObject>> {
    let mut smallest: Vec<Option<&FlowLogObject>> = vec![None; overlaps.watched()];
    for object in objects {
        if let Some(place) = overlaps
            .number(object)
            .and_then(|number| smallest.get_mut(number))
            && place.is_none_or(|known| object.size < known.size)
        {
            *place = Some(object);
        }
    }
    smallest
}
