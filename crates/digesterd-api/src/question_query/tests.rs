//! Queries that are read, and those that are refused.

use super::*;

#[test]
fn a_time_is_told_by_its_ends_or_by_its_length() {
    let now = "2018-10-17T03:04:05Z".parse().unwrap();
    let read = |query: &str| of_time(Kind::Top, query, &[], now).map(|(_, job)| job.window().to_string());
    let ends = read("start=2018-10-17T00:04:00Z&stop=2018-10-17T03:04:00Z").unwrap();
    assert_eq!(read("since=3h"), Ok(ends));
    for query in [
        "",
        "since=3",
        "since=0h",
        "since=3h&start=2018-10-17T00:00:00Z",
        "start=2018-10-17T00:00:00Z",
    ] {
        assert!(read(query).is_err(), "{query}");
    }
}

#[test]
fn records_are_asked_by_filters_and_a_limit_alone() {
    let now = Utc::now();
    assert_eq!(
        records_of_digest("filter=port=22&ignore=port=53&limit=7")
            .unwrap()
            .limit,
        7
    );
    assert_eq!(records_of_time("since=3h", now).unwrap().0.limit, TOLD);
    for query in [
        "limit=10001",
        "sort=bytes",
        "group_by=/24",
        "since=3h",
        "filter=port",
    ] {
        assert!(records_of_digest(query).is_err(), "{query}");
    }
    assert!(records_of_time("", now).is_err());
}

#[test]
fn each_question_has_its_own_parameters() {
    for (kind, query, good) in [
        (
            Kind::Top,
            "sort=edges&limit=0&group_by=/24&internal=10.0.0.0/8,fd00::/8",
            true,
        ),
        (Kind::Top, "sort=age", false),
        (Kind::Top, "limit=10001", false),
        (Kind::Top, "host=10.0.0.1", false),
        (Kind::Top, "since=3h", false),
        (Kind::Top, "internal=10", false),
        (
            Kind::Unusual,
            "baseline_last=24&times=10&bytes=1MB&score=50&sort=bytes",
            true,
        ),
        (Kind::Unusual, "baseline_last=0", false),
        (Kind::Unusual, "baseline_last=3&baseline=x", false),
        (Kind::Unusual, "baseline=x", false),
        (Kind::Unusual, "sort=packets", false),
        (Kind::Unusual, "times=0", false),
        (Kind::Unusual, "bytes=much", false),
        (Kind::Unusual, "score=-1", false),
        (Kind::Top, "score=1", false),
        (Kind::Host, "", false),
        (Kind::Host, "host=eni-1&new=3h&ignore=port=53;port=123", true),
        (Kind::Host, "host=eni-1&sort=bytes", false),
        (
            Kind::Unexpected,
            "policy=%5B%5Ballow%5D%5D%0Aport%20%3D%20443",
            true,
        ),
        (Kind::Unexpected, "policy=x", false),
    ] {
        assert_eq!(of_digest(kind, query, &[]).is_ok(), good, "{query}");
    }
}
