//! The feed: opens the plan's objects one after the other, as far ahead as the permits allow.

use digest_storage::{FlowLogObject, FlowLogs, Prefetch};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::crew::Opened;
use super::error::BuildError;

/// Sends a reader of every object; waits where the threads or the permits are busy.
///
/// The largest objects come first, so that none of them is left for the end when all threads but one have
/// gone idle; the text does not depend on the order. Ends early and without an error once the threads have
/// gone or `enough` is cancelled: they know why.
pub(super) async fn feed(
    objects: &[FlowLogObject],
    flow_logs: &FlowLogs,
    prefetch: &Prefetch,
    readers: mpsc::Sender<Opened>,
    enough: &CancellationToken,
) -> Result<(), BuildError> {
    for object in largest_first(objects) {
        // A place in the channel first: an opened reader holds permits, and none may be held in vain.
        let place = tokio::select! {
            place = readers.reserve() => place,
            () = enough.cancelled() => return Ok(()),
        };
        let Ok(place) = place else { return Ok(()) };
        let opened = tokio::select! {
            opened = prefetch.open(flow_logs, object) => opened,
            () = enough.cancelled() => return Ok(()),
        };
        let reader = opened.map_err(|source| BuildError::Fetch {
            key: object.name().into_owned(),
            source,
        })?;
        place.send((object.name().into_owned(), reader));
    }
    Ok(())
}

fn largest_first(objects: &[FlowLogObject]) -> Vec<&FlowLogObject> {
    let mut ordered: Vec<_> = objects.iter().collect();
    ordered.sort_by(|left, right| right.size.cmp(&left.size).then_with(|| left.cmp_by_name(right)));
    ordered
}
