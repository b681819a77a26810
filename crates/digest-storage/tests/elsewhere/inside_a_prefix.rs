//! Places that are a prefix of a bucket, beside each other.

use digest_storage::contract::Subject;
use digest_storage::contract_tests;
use uuid::Uuid;

use crate::declared::{bucket, subject};

async fn open() -> Subject {
    subject(&bucket(0), &format!("a/place-{}", Uuid::new_v4()))
}

contract_tests!(open);
