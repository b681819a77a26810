//! The feed: opens the plan's objects one after the other, as far ahead as the permits allow.

use digest_storage::{FlowLogObject, FlowLogs, Prefetch};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::crew::Opened;
use super::error::BuildError;

/// Sends a reader of every object; waits where the threads or the permits are busy.
///
/// The largest objects come first, so that none of them is left for the end when all threads but one have
/// gone idle; the text does not depend on the order. Objects of a later turn come once the threads have done with all of
/// the earlier ones, of which `gone` tells how many. Ends early and without an error once the threads have
/// gone or `enough` is cancelled: they know why.
pub(super) async fn feed(
    objects: Vec<(usize, &FlowLogObject)>,
    (flow_logs, prefetch): (&FlowLogs, &Prefetch),
    readers: mpsc::Sender<Opened>,
    mut gone: watch::Receiver<usize>,
    enough: &CancellationToken,
) -> Result<(), BuildError> {
    let mut last = 0;
    for (sent, (turn, object)) in in_order(objects).into_iter().enumerate() {
        if turn != last {
            last = turn;
            tokio::select! {
                _ = gone.wait_for(|&gone| gone >= sent) => {}
                () = readers.closed() => return Ok(()),
                () = enough.cancelled() => return Ok(()),
            }
        }
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

/// By turn; the largest of each first.
fn in_order(mut objects: Vec<(usize, &FlowLogObject)>) -> Vec<(usize, &FlowLogObject)> {
    objects.sort_by(|(turn, left), (other, right)| {
        let by_size = right.size.cmp(&left.size);
        turn.cmp(other)
            .then(by_size)
            .then_with(|| left.cmp_by_name(right))
    });
    objects
}
