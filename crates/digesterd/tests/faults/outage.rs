//! Every store and the queue fail for a while, from each call of a job on: no job is lost, and none is given up.

use futures::{StreamExt as _, stream};

use crate::scene::{Scene, play};
use crate::script::{Kind, When};
use crate::service::RETRY_PAUSE;

/// Half a minute to the usual pause of 5 s.
const RATIO: u32 = 6;

#[actix_web::test]
async fn an_outage_of_all_stores_and_the_queue_loses_no_job_whenever_it_begins() {
    let calls = play(Scene::First, When::Never, Kind::Fails).await.calls.len() as u64;
    let played = stream::iter(1..=calls)
        .map(|number| play(Scene::First, When::From(number, RETRY_PAUSE * RATIO), Kind::Fails))
        .buffer_unordered(12);
    let outcomes: Vec<_> = played.collect().await;
    let failed: Vec<_> = outcomes
        .iter()
        .filter_map(|outcome| outcome.failed.as_deref())
        .collect();
    println!(
        "{calls} outages, {} claims released and asked for again",
        failed.len()
    );
    // A request whose job could not be queued was told so. What was taken is seen to its end.
    assert!(
        failed.iter().all(|reason| !reason.contains("given up")),
        "{failed:?}"
    );
}
