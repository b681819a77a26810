//! Places that are a whole bucket.

use digest_storage::contract::Subject;
use digest_storage::contract_tests;

use crate::declared::{next_bucket, subject};

async fn open() -> Subject {
    subject(&next_bucket(), "")
}

contract_tests!(open);
