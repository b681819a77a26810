//! A look at every state that the model can come to, and what is asked of each.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};

use super::{Api, Faults, MOST_STATES, Plant, World};

/// What a look at every state found.
#[derive(Debug, Default)]
struct Explored {
    states: usize,
    /// The first state that is wrong, by the way to it.
    wrong: Option<String>,
    /// The first state from which no end is in reach.
    stuck: Option<String>,
}

/// One state, by the number of the one that it was first reached from.
struct Known {
    from: usize,
    by: &'static str,
    is_settled: bool,
    /// States that lead here without a fault.
    before: Vec<usize>,
}

fn known(world: &World, from: usize, by: &'static str) -> Known {
    Known {
        from,
        by,
        is_settled: world.is_settled(),
        before: Vec::new(),
    }
}

/// Looks at every state that there can be, as far as the first that is wrong.
fn explore(first: World, plant: Plant) -> Explored {
    let mut numbers = HashMap::from([(first.key(), 0)]);
    let mut states = vec![known(&first, 0, "")];
    let mut open = VecDeque::from([(0, first)]);
    while let Some((at, world)) = open.pop_front() {
        for step in world.steps(plant) {
            if world.is_taken_back_in(&step.to) {
                return Explored {
                    states: states.len(),
                    wrong: Some(format!("{}; {}", way(&states, at), step.name)),
                    stuck: None,
                };
            }
            let number = match numbers.entry(step.to.key()) {
                Entry::Occupied(found) => *found.get(),
                Entry::Vacant(new) => {
                    let number = *new.insert(states.len());
                    states.push(known(&step.to, at, step.name));
                    open.push_back((number, step.to));
                    number
                }
            };
            if !step.is_fault {
                states[number].before.push(at);
            }
        }
        assert!(states.len() < MOST_STATES, "the model has run away");
    }
    Explored {
        states: states.len(),
        wrong: None,
        stuck: stuck(&states).map(|at| way(&states, at)),
    }
}

/// The first state from which no settled one can be reached without a fault.
fn stuck(states: &[Known]) -> Option<usize> {
    let mut reaches: Vec<bool> = states.iter().map(|state| state.is_settled).collect();
    let mut open: Vec<usize> = (0..states.len()).filter(|at| reaches[*at]).collect();
    while let Some(at) = open.pop() {
        for earlier in &states[at].before {
            if !std::mem::replace(&mut reaches[*earlier], true) {
                open.push(*earlier);
            }
        }
    }
    reaches.iter().position(|reaches| !reaches)
}

/// The steps to a state.
fn way(states: &[Known], mut at: usize) -> String {
    let mut steps = Vec::new();
    while at != 0 {
        steps.push(states[at].by);
        at = states[at].from;
    }
    steps.reverse();
    steps.join("; ")
}

const NEW: Api = Api::Waiting { refresh: false };
const AGAIN: Api = Api::Waiting { refresh: true };
const NONE: Api = Api::Done;

/// Crashes, pauses, losses, failures, late markers.
fn faults([crashes, pauses, losses, failures, lates]: [u8; 5]) -> Faults {
    Faults {
        crashes,
        pauses,
        losses,
        failures,
        lates,
    }
}

#[test]
fn no_order_of_steps_and_faults_leaves_a_job_stuck_lost_or_wrong() {
    for (requests, may_happen) in [
        ([NEW, NONE], [1, 1, 0, 0, 0]),
        ([NEW, NONE], [0, 2, 0, 0, 0]),
        ([NEW, NONE], [1, 0, 1, 1, 0]),
        ([NEW, NONE], [0, 1, 0, 0, 1]),
        ([NEW, NONE], [1, 0, 1, 0, 1]),
        ([NEW, NEW], [0, 1, 0, 0, 0]),
        ([NEW, NEW], [0, 0, 1, 0, 0]),
        ([NEW, AGAIN], [0, 1, 0, 0, 0]),
        ([NEW, AGAIN], [1, 0, 0, 0, 0]),
    ] {
        let explored = explore(World::new(requests.clone(), faults(may_happen)), Plant::Nothing);
        assert_eq!(
            (explored.wrong, explored.stuck),
            (None, None),
            "{requests:?} {may_happen:?}"
        );
        assert!(explored.states > 2_000, "{} states", explored.states);
    }
}

#[test]
fn what_is_planted_is_found() {
    for (plant, may_happen, is_wrong) in [
        (Plant::WritesBlindly, [0, 1, 0, 0, 0], true),
        (Plant::IgnoresLostSwaps, [0, 1, 0, 0, 0], true),
        (Plant::NoSweeper, [0, 0, 1, 0, 0], false),
        (Plant::LeavesUntold, [0, 2, 0, 0, 0], false),
        (Plant::TrustsAnyDigest, [1, 1, 0, 0, 0], false),
        (Plant::LeavesMarkers, [0, 0, 0, 0, 1], false),
        (Plant::LeavesMarkers, [1, 0, 0, 0, 0], false),
    ] {
        let explored = explore(World::new([NEW, NONE], faults(may_happen)), plant);
        let found = if is_wrong {
            &explored.wrong
        } else {
            &explored.stuck
        };
        assert!(found.is_some(), "{plant:?} went unnoticed: {explored:?}");
    }
}
