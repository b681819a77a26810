//! Which interfaces overlap, and which flow log's records count.

use std::sync::Arc;

use chrono::TimeDelta;

use super::*;

fn object(place: Option<&str>, region: &str, flow_log: &str, minutes: i64) -> FlowLogObject {
    FlowLogObject {
        place: place.map(Arc::from),
        key: format!("{flow_log}-{minutes}"),
        size: 1,
        etag: None,
        account: "1".to_owned(),
        region: region.to_owned(),
        flow_log_id: flow_log.to_owned(),
        named: DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes),
    }
}

fn accepted(interfaces: &[&str]) -> Vec<(Arc<[u8]>, Actions)> {
    with(interfaces, b"ACCEPT")
}

fn with(interfaces: &[&str], action: &[u8]) -> Vec<(Arc<[u8]>, Actions)> {
    let named = interfaces.iter();
    named
        .map(|name| (Arc::from(name.as_bytes()), Actions::of(action)))
        .collect()
}

fn enter(overlaps: &mut Overlaps, object: &FlowLogObject, interfaces: &[(Arc<[u8]>, Actions)]) {
    let Some(flow_log) = overlaps.number(object) else {
        return;
    };
    for (interface, actions) in interfaces {
        let reports = Reports {
            flow_log,
            actions: *actions,
            first: object.named,
            last: object.named,
        };
        overlaps.enter(interface, reports);
    }
}

fn found(objects: &[(FlowLogObject, &[&str])]) -> Option<Overlap> {
    let all: Vec<_> = objects.iter().map(|(object, _)| object.clone()).collect();
    let mut overlaps = Overlaps::among(&all);
    for (object, interfaces) in objects {
        enter(&mut overlaps, object, &accepted(interfaces));
    }
    overlaps.found()
}

#[test]
fn an_interface_of_two_flow_logs_at_one_time_overlaps() {
    let overlap = found(&[
        (object(None, "r", "fl-b", 0), &["eni-1", "eni-2", "eni-2"]),
        (object(None, "r", "fl-b", 10), &["eni-2"]),
        (object(None, "r", "fl-a", 5), &["eni-2", "eni-3"]),
        (object(None, "s", "fl-c", 5), &["eni-4"]),
    ])
    .unwrap();
    assert_eq!((overlap.interfaces, overlap.flow_logs), (1, 2));
    assert_eq!(overlap.examples[0].interface, "eni-2");
    assert_eq!(overlap.examples[0].flow_logs, ["fl-a", "fl-b"]);
}

#[test]
fn one_flow_log_after_the_other_is_none() {
    let after = found(&[
        (object(None, "r", "fl-a", 0), &["eni-1"]),
        (object(None, "r", "fl-a", 5), &["eni-1"]),
        (object(None, "r", "fl-b", 10), &["eni-1"]),
    ]);
    assert_eq!(after, None);
}

#[test]
fn one_flow_log_in_two_places_overlaps_with_itself() {
    let overlap = found(&[
        (object(Some("s3://a"), "r", "fl-a", 0), &["eni-1"]),
        (object(Some("s3://b"), "r", "fl-a", 0), &["eni-1"]),
    ])
    .unwrap();
    assert_eq!(overlap.examples[0].flow_logs, ["s3://a fl-a", "s3://b fl-a"]);
}

#[test]
fn lists_are_bounded_and_counts_are_not() {
    let names: Vec<String> = (0..100).map(|number| format!("eni-{number:03}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let objects: Vec<_> = (0..30)
        .map(|number| (object(None, "r", &format!("fl-{number:02}"), 0), &names[..]))
        .collect();
    let overlap = found(&objects).unwrap();
    assert_eq!((overlap.interfaces, overlap.flow_logs), (100, 30));
    assert_eq!(
        (overlap.examples.len(), overlap.examples[0].flow_logs.len()),
        (20, 10)
    );
}

#[test]
fn nothing_is_kept_where_regions_have_one_flow_log_each() {
    let objects = [object(None, "r", "fl-a", 0), object(None, "s", "fl-b", 0)];
    let mut overlaps = Overlaps::among(&objects);
    enter(&mut overlaps, &objects[0], &accepted(&["eni-1"]));
    assert!(overlaps.number(&objects[0]).is_none());
    assert!(overlaps.interfaces.is_empty() && overlaps.found().is_none());
}

#[test]
fn flow_logs_that_divide_what_is_accepted_and_rejected_do_not_overlap() {
    let objects = ["fl-a", "fl-b", "fl-c"].map(|flow_log| object(None, "r", flow_log, 0));
    let mut overlaps = Overlaps::among(&objects);
    enter(&mut overlaps, &objects[0], &with(&["eni-1"], b"ACCEPT"));
    enter(&mut overlaps, &objects[1], &with(&["eni-1"], b"REJECT"));
    assert_eq!(overlaps.found(), None);
    // One whose format does not tell may have either.
    enter(&mut overlaps, &objects[2], &with(&["eni-1"], b"-"));
    assert_eq!(
        overlaps.found().unwrap().examples[0].flow_logs,
        ["fl-a", "fl-b", "fl-c"]
    );
}

/// Whether a record of this interface and action does not count.
fn is_had(overlaps: &Overlaps, object: &FlowLogObject, interface: &str, action: &str) -> bool {
    let earlier = overlaps.earlier(object);
    overlaps.have(&earlier, interface.as_bytes(), Actions::of(action.as_bytes()))
}

#[test]
fn the_newest_goes_first_and_an_older_ones_records_count_only_where_it_has_none() {
    let objects = [
        object(None, "r", "fl-a", 0),
        object(None, "r", "fl-b", 0),
        object(None, "r", "fl-c", 0),
        object(None, "s", "fl-d", 0),
        object(None, "s", "fl-e", 0),
    ];
    let mut overlaps = Overlaps::among(&objects);
    overlaps.take_turns(&[5, 2, 2, 0, 0]);
    let turns: Vec<_> = objects.iter().map(|object| overlaps.turn(object)).collect();
    assert_eq!(turns, [0, 2, 1, 1, 0], "by novelty, then by name, in each region");
    enter(&mut overlaps, &objects[0], &with(&["eni-1"], b"ACCEPT"));
    enter(&mut overlaps, &objects[2], &with(&["eni-2"], b"ACCEPT"));
    let had = |at: usize, interface, action| is_had(&overlaps, &objects[at], interface, action);
    assert!(!had(0, "eni-1", "ACCEPT"), "its own");
    assert!(had(1, "eni-1", "ACCEPT") && had(2, "eni-1", "ACCEPT") && had(1, "eni-1", "-"));
    assert!(had(1, "eni-2", "ACCEPT") && !had(2, "eni-2", "ACCEPT"));
    assert!(!had(1, "eni-1", "REJECT"), "the newer one takes what is accepted");
    assert!(
        !had(1, "eni-3", "ACCEPT") && !had(3, "eni-1", "ACCEPT"),
        "another region"
    );
}

#[test]
fn an_older_flow_logs_records_count_from_before_the_newer_began_and_behind_its_end() {
    let old: Vec<_> = (0..7).map(|step| object(None, "r", "fl-old", 5 * step)).collect();
    let new: Vec<_> = (2..5).map(|step| object(None, "r", "fl-new", 5 * step)).collect();
    let mut overlaps = Overlaps::among(&[old.clone(), new.clone()].concat());
    // By name: fl-new, fl-old.
    overlaps.take_turns(&[1, 0]);
    for object in &new {
        enter(&mut overlaps, object, &accepted(&["eni-1"]));
    }
    let had: Vec<_> = old
        .iter()
        .map(|object| is_had(&overlaps, object, "eni-1", "ACCEPT"))
        .collect();
    assert_eq!(had, [false, false, false, true, false, false, false]);

    // Where both have been at work all the time, nothing counts twice.
    let mut overlaps = Overlaps::among(&[old.clone(), old[2..5].to_vec()].concat());
    assert_eq!(overlaps.watched(), 0, "one flow log");
    let other: Vec<_> = (0..7).map(|step| object(None, "r", "fl-new", 5 * step)).collect();
    overlaps = Overlaps::among(&[old.clone(), other.clone()].concat());
    overlaps.take_turns(&[1, 0]);
    enter(&mut overlaps, &other[3], &accepted(&["eni-1"]));
    assert!(
        old.iter()
            .all(|object| is_had(&overlaps, object, "eni-1", "ACCEPT"))
    );
}
