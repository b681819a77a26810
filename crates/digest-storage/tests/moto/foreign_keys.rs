//! Keys that no path type of ours can name, beside flow logs.

use chrono::TimeDelta;
use digest_core::{Scope, Window};
use digest_storage::{FlowLogs, Store};

use crate::server::{bucket, options, put};

const DAY: &str = "AWSLogs/123456789010/vpcflowlogs/us-east-1/2018/10/17";
const NAME: &str = "123456789010_vpcflowlogs_us-east-1_fl-1_20181017T0005Z_h.log.gz";

#[tokio::test]
async fn a_foreign_key_fails_no_page_and_is_counted() {
    let bucket = bucket().await;
    for key in [
        format!("{DAY}/{NAME}"),
        format!("{DAY}//twice"),
        format!("{DAY}/notes.txt"),
        "AWSLogs//vpcflowlogs/x".to_owned(),
        "AWSLogs/123456789010//x".to_owned(),
    ] {
        put(&format!("{bucket}/{key}"), b"body").await;
    }
    put(&format!("{bucket}/{DAY}/{}", NAME.replace("_h.", "_empty.")), b"").await;
    let store: Store = digest_storage::open(&bucket.parse().unwrap(), &options()).unwrap();
    let window = Window::parse("2018-10-17T00:00:00Z", "2018-10-17T01:00:00Z").unwrap();
    let flow_logs = FlowLogs::new(store.clone());
    for _ in 0..2 {
        let plan = flow_logs
            .plan(&window, &Scope::default(), TimeDelta::minutes(30))
            .await
            .unwrap();
        let keys: Vec<&str> = plan.objects.iter().map(|object| object.key.as_str()).collect();
        assert_eq!(keys, [format!("{DAY}/{NAME}")]);
        assert_eq!(plan.objects[0].size, 4);
        assert!(plan.objects[0].etag.is_some());
        assert_eq!(plan.empty, 1);
        // `notes.txt`, `//twice` and the two folders without a name.
        assert!(plan.foreign >= 2, "{plan:?}");
    }
    assert!(store.unlistable() >= 2);
}
