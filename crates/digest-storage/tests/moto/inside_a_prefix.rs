//! Places that are a prefix of a bucket.

use digest_storage::contract::Subject;
use digest_storage::contract_tests;

use crate::server::subject;

async fn open() -> Subject {
    subject("a/place").await
}

contract_tests!(open);
