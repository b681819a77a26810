//! Verdicts and their reasons.

use super::*;

const LATE: TimeDelta = TimeDelta::minutes(30);

fn hour() -> Window {
    Window::parse("2018-10-17T00:00:00Z", "2018-10-17T01:00:00Z").unwrap()
}

fn settled() -> DateTime<Utc> {
    hour().stop() + LATE
}

fn read(objects: u64) -> ObjectCounts {
    ObjectCounts {
        read: objects,
        ..ObjectCounts::default()
    }
}

#[test]
fn complete_needs_every_object_and_row_and_a_late_enough_begin() {
    let verdict = |begun, objects: &ObjectCounts, records: &RecordCounts| {
        Manifest::judge(Some(&hour()), begun, LATE, objects, records).0
    };
    let fine = RecordCounts {
        skipdata: 3,
        nodata: 2,
        ..RecordCounts::default()
    };
    assert_eq!(verdict(settled(), &read(1), &fine), Coverage::Complete);
    let foreign = ObjectCounts {
        foreign: 4,
        empty: 2,
        ..read(1)
    };
    assert_eq!(verdict(settled(), &foreign, &fine), Coverage::Complete);
    assert_eq!(
        verdict(settled() - TimeDelta::seconds(1), &read(1), &fine),
        Coverage::Partial
    );
    let unread = ObjectCounts {
        unread: [("corrupt or no flow log".to_owned(), 1)].into(),
        ..read(1)
    };
    assert_eq!(verdict(settled(), &unread, &fine), Coverage::Partial);
    assert_eq!(
        verdict(
            settled(),
            &read(1),
            &RecordCounts {
                unusable: 1,
                ..fine.clone()
            }
        ),
        Coverage::Partial
    );
    let odd = RecordCounts {
        other_status: 1,
        ..fine.clone()
    };
    assert_eq!(verdict(settled(), &read(1), &odd), Coverage::Partial);
    assert_eq!(
        verdict(settled(), &read(1), &RecordCounts { bad: 1, ..fine }),
        Coverage::Partial
    );
    assert_eq!(
        verdict(settled(), &read(0), &RecordCounts::default()),
        Coverage::NoData
    );
}

#[test]
fn without_a_window_nothing_comes_late() {
    let judge = |window| {
        let records = RecordCounts::default();
        Manifest::judge(window, settled() - LATE, LATE, &read(1), &records).0
    };
    let hour = hour();
    assert_eq!(judge(Some(&hour)), Coverage::Partial);
    assert_eq!(judge(None), Coverage::Complete);
}

#[test]
fn every_reason_is_named() {
    let records = RecordCounts {
        unusable: 2,
        bad: 1,
        doubtful_sightings: 4,
        // What a newer flow log tells is not missing.
        superseded: 5,
        ..RecordCounts::default()
    };
    let (_, reasons) = Manifest::judge(Some(&hour()), settled() - LATE, LATE, &read(1), &records);
    assert_eq!(reasons.len(), 4, "{reasons:?}");
}

#[test]
fn coverage_reads_what_it_writes() {
    for coverage in [
        Coverage::Complete,
        Coverage::Partial,
        Coverage::NoData,
        Coverage::Unknown,
    ] {
        assert_eq!(coverage.to_string().parse(), Ok(coverage));
        assert_eq!(serde_json::to_value(coverage).unwrap(), coverage.as_str());
    }
}
