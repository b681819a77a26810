//! What the environment makes of several places of flow logs.

use super::*;

#[test]
fn the_flow_logs_may_lie_in_several_places() {
    let read = |changes: &[(&'static str, &'static str)]| {
        let environment = with(changes);
        let reader = environment.reader();
        let settings = BucketSettings::read_flow_logs(&reader);
        reader.finish(settings)
    };
    let one = read(&[]).unwrap();
    assert_eq!(
        (one.len(), one[0].place.to_string()),
        (1, "s3://vpc-flow-logs".to_owned())
    );

    let places = ("VPC_FLOW_LOGS_BUCKET", "s3://aaa/p, bbb,file:///logs");
    let all = read(&[places, ("VPC_FLOW_LOGS_BUCKET_ROLE", "arn:aws:iam::1:role/logs")]).unwrap();
    let shown: Vec<_> = all.iter().map(|one| one.place.to_string()).collect();
    assert_eq!(shown, ["s3://aaa/p", "s3://bbb", "file:///logs"]);
    assert!(all.iter().all(|one| one.region.as_deref() == Some("us-west-2")));
    assert!(
        all.iter()
            .all(|one| one.role.as_ref().unwrap().arn.ends_with("logs"))
    );

    let each = read(&[
        places,
        ("VPC_FLOW_LOGS_BUCKET_REGION", "eu-west-1,,"),
        (
            "VPC_FLOW_LOGS_BUCKET_ROLE",
            "arn:aws:iam::1:role/a,arn:aws:iam::2:role/b,",
        ),
        ("VPC_FLOW_LOGS_BUCKET_ROLE_EXTERNAL_ID", ",hush,"),
    ])
    .unwrap();
    let regions: Vec<_> = each.iter().map(|one| one.region.as_deref().unwrap()).collect();
    assert_eq!(regions, ["eu-west-1", "us-west-2", "us-west-2"]);
    let roles: Vec<_> = each.iter().map(|one| one.role.as_ref()).collect();
    assert_eq!(roles[0].unwrap().arn, "arn:aws:iam::1:role/a");
    assert!(roles[0].unwrap().external_id.is_none() && roles[2].is_none());
    assert_eq!(roles[1].unwrap().external_id.as_ref().unwrap().expose(), "hush");
    assert!(!format!("{each:?}").contains("hush"));
}

#[test]
fn lists_of_places_that_do_not_fit_are_told() {
    let refused = |changes: &[(&'static str, &'static str)]| {
        let environment = with(changes);
        let reader = environment.reader();
        let settings = BucketSettings::read_flow_logs(&reader);
        let error = reader.finish(settings).unwrap_err();
        assert!(!error.to_string().contains("hush"), "{error}");
        error.to_string()
    };
    let places = ("VPC_FLOW_LOGS_BUCKET", "aaa,bbb");
    let length = refused(&[
        places,
        ("VPC_FLOW_LOGS_BUCKET_REGION", "a,b,c"),
        ("VPC_FLOW_LOGS_BUCKET_ROLE", "arn:a,arn:b,arn:c"),
        ("VPC_FLOW_LOGS_BUCKET_ROLE_EXTERNAL_ID", "hush,hush,hush"),
    ]);
    for name in ["_REGION", "_ROLE", "_ROLE_EXTERNAL_ID"] {
        let told =
            format!("VPC_FLOW_LOGS_BUCKET{name} has 3 items, and VPC_FLOW_LOGS_BUCKET has 2: give one");
        assert!(length.contains(&told), "{length}");
    }
    let one = refused(&[("VPC_FLOW_LOGS_BUCKET_ROLE", "arn:a,arn:b")]);
    assert!(
        one.contains("has 2 items, and VPC_FLOW_LOGS_BUCKET has 1"),
        "{one}"
    );
    assert!(refused(&[("VPC_FLOW_LOGS_BUCKET", "aaa,,bbb")]).contains("an empty item"));
    assert!(refused(&[("VPC_FLOW_LOGS_BUCKET", "aaa,s3://aaa/")]).contains("names s3://aaa twice"));
    assert!(refused(&[("VPC_FLOW_LOGS_BUCKET", "aaa,b/c")]).contains("names no bucket"));
    let id = refused(&[places, ("VPC_FLOW_LOGS_BUCKET_ROLE_EXTERNAL_ID", "hush,")]);
    assert!(id.contains("is set without VPC_FLOW_LOGS_BUCKET_ROLE"), "{id}");
}
