//! Places that are a whole bucket.

use digest_storage::contract::{Subject, buckets};
use digest_storage::contract_tests;

use crate::server::{bucket, options};

async fn open() -> Subject {
    buckets::subject(&options(), &bucket().await, "", ())
}

contract_tests!(open);
