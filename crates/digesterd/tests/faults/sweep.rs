//! The sweep: every call of a job, every way to fail that the call can meet.

use std::time::Duration;

use futures::{StreamExt as _, stream};

use crate::scene::{Outcome, Scene, play};
use crate::script::{Kind, When};

/// Runs at once: most of the time is waiting.
const AT_ONCE: usize = 12;

/// Runs without any fault: a busy machine makes more calls now and then, as signs of life.
const BEFOREHAND: usize = 3;

/// Sweeps a scene with faults of these kinds; every run ends as it has to, or panics.
async fn sweep(scene: Scene, least: usize, kinds: &[Kind]) {
    let mut beforehand = Vec::new();
    for _ in 0..BEFOREHAND {
        beforehand.push(play(scene, When::Never, Kind::Fails).await.calls);
    }
    beforehand.sort_by_key(Vec::len);
    let always = beforehand[0].len() as u64;
    let calls = beforehand.pop().unwrap();
    assert!(calls.len() >= least, "only {} calls: {calls:?}", calls.len());
    let mut runs = Vec::new();
    for (number, (asked, _)) in (1..).zip(&calls) {
        // An API that is told that there is no digest to be replaced asks for a first one, which then is there: what was
        // written is read everywhere else, so no store says that.
        let is_told_of_none =
            |kind: &Kind| scene == Scene::Again && number == 1 && matches!(kind, Kind::SaysThereIsNone);
        let kinds = kinds
            .iter()
            .copied()
            .filter(|kind| kind.fault_of(*asked).is_some() && !is_told_of_none(kind));
        runs.extend(kinds.map(|kind| (number, kind)));
    }
    let count = runs.len();
    let played = stream::iter(runs)
        .map(|(number, kind)| async move { (number, kind, play(scene, When::At(number), kind).await) })
        .buffer_unordered(AT_ONCE);
    let outcomes: Vec<(u64, Kind, Outcome)> = played.collect().await;
    let met = outcomes
        .iter()
        .filter(|(_, _, outcome)| outcome.met.is_some())
        .count();
    let failed: Vec<_> = outcomes
        .iter()
        .filter(|(_, _, outcome)| outcome.failed.is_some())
        .collect();
    let longest = outcomes.iter().map(|(_, _, outcome)| outcome.took).max();
    println!(
        "{scene:?}: {} calls, {count} faults, {met} met, {} stored at once, {} failed first with a reason, longest {:?}",
        calls.len(),
        count - failed.len(),
        failed.len(),
        longest.unwrap_or(Duration::ZERO)
    );
    for (_, kind, outcome) in &failed {
        println!(
            "  {kind:?} at {}: {}",
            outcome.met.as_deref().unwrap_or_default(),
            outcome.failed.as_deref().unwrap_or_default()
        );
    }
    // Calls come in another order now and then; a sweep that meets nothing would prove nothing.
    let due = outcomes.iter().filter(|(number, ..)| *number <= always);
    let (due, unmet): (Vec<_>, Vec<_>) = due.partition(|(_, _, outcome)| outcome.met.is_some());
    assert!(
        due.len() >= unmet.len() * 9,
        "only {} faults were met, {} were not",
        due.len(),
        unmet.len()
    );
}

#[actix_web::test]
async fn whatever_answer_of_a_first_build_is_lost_it_ends_stored_or_with_a_reason() {
    sweep(Scene::First, 30, &[Kind::LosesItsAnswer]).await;
}

// The rest takes minutes: scripts/long/fault-sweep.
#[cfg(feature = "fault-sweep")]
mod all {
    use super::*;

    #[actix_web::test]
    async fn whatever_call_of_a_first_build_fails_it_ends_stored_or_with_a_reason() {
        sweep(Scene::First, 30, &Kind::ALL).await;
    }

    #[actix_web::test]
    async fn whatever_call_of_a_large_build_fails_it_ends_stored_or_with_a_reason() {
        sweep(Scene::Large, 30, &Kind::ALL).await;
    }

    #[actix_web::test]
    async fn whatever_call_of_a_build_that_replaces_a_digest_fails_it_ends_stored_or_with_a_reason() {
        sweep(Scene::Again, 30, &Kind::ALL).await;
    }

    #[actix_web::test]
    async fn whatever_call_of_a_takeover_fails_it_ends_stored_or_with_a_reason() {
        sweep(Scene::Abandoned, 20, &Kind::ALL).await;
        sweep(Scene::Published, 10, &Kind::ALL).await;
        sweep(Scene::Named, 10, &Kind::ALL).await;
    }
}
