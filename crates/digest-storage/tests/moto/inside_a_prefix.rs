//! Places that are a prefix of a bucket.

use digest_storage::contract::{Subject, buckets};
use digest_storage::contract_tests;

use crate::server::{bucket, options};

async fn open() -> Subject {
    buckets::subject(&options(), &bucket().await, "a/place", ())
}

contract_tests!(open);
