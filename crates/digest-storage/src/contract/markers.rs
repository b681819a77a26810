//! Markers, as the Go service writes and reads them.

use chrono::{TimeDelta, Utc};

use super::{Subject, job, now};
use crate::markers::{Marked, MarkerBody, Markers};

const PROGRESS: TimeDelta = TimeDelta::minutes(5);
const QUEUE: TimeDelta = TimeDelta::hours(6);

/// Bodies that were found in its buckets.
pub async fn markers_of_the_go_service_are_understood(subject: Subject) {
    let markers = Markers::new(subject.store.clone());
    let id = job().id();
    assert_eq!(markers.load(id).await.unwrap(), None);
    for (body, expected) in [
        ("", MarkerBody::Empty),
        ("2018-10-17T00:00:00Z", MarkerBody::Since(now())),
        ("2018-10-17T10:00:00.000000000+10:00", MarkerBody::Since(now())),
        (
            "2018-10-16T19:00:00.123456789-05:00",
            MarkerBody::Since(now() + TimeDelta::nanoseconds(123_456_789)),
        ),
        ("2018-10-17T00:00:00Z\n", MarkerBody::Since(now())),
        ("soon", MarkerBody::Garbage),
    ] {
        subject.put(&format!("{id}_in_progress"), body).await;
        let marker = markers.load(id).await.unwrap().unwrap();
        assert_eq!(marker.body, expected, "{body:?}");
        let age = Utc::now() - marker.last_modified;
        assert!(age.num_seconds().abs() < 60, "{age}");
        // An empty one holds from when it was written, by the store's clock; the others are long over.
        assert_eq!(
            marker.is_live(Utc::now(), PROGRESS, QUEUE),
            expected == MarkerBody::Empty
        );
    }
}

/// So that the Go service reads it.
pub async fn a_marker_is_its_time_and_nothing_else(subject: Subject) {
    let markers = Markers::new(subject.store.clone());
    let id = job().id();
    markers.write(id, now()).await.unwrap();
    let body = subject.get(&format!("{id}_in_progress")).await.unwrap();
    assert_eq!(body, "2018-10-17T00:00:00.000Z");
    markers.write(id, now() + TimeDelta::seconds(1)).await.unwrap();
    let marker = markers.load(id).await.unwrap().unwrap();
    assert_eq!(marker.body, MarkerBody::Since(now() + TimeDelta::seconds(1)));
    assert_eq!(
        marker.until(PROGRESS, QUEUE),
        Some(now() + TimeDelta::seconds(301))
    );
    markers.remove(id).await.unwrap();
    assert_eq!(markers.load(id).await.unwrap(), None);
    markers.remove(id).await.unwrap();
}

/// One that is there already stays as it is and is told.
pub async fn a_marker_is_created_where_there_is_none(subject: Subject) {
    let markers = Markers::new(subject.store.clone());
    let (id, later) = (job().id(), now() + TimeDelta::seconds(1));
    assert_eq!(markers.create(id, now()).await.unwrap(), Marked::Created);
    let stands = markers.load(id).await.unwrap();
    assert_eq!(stands.unwrap().body, MarkerBody::Since(now()));
    assert_eq!(markers.create(id, later).await.unwrap(), Marked::Exists(stands));
    markers.take_back(id, later).await.unwrap();
    assert_eq!(markers.load(id).await.unwrap(), stands);
    markers.take_back(id, now()).await.unwrap();
    assert_eq!(markers.load(id).await.unwrap(), None);
    assert_eq!(markers.create(id, later).await.unwrap(), Marked::Created);
}
