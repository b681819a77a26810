//! Places that are a whole bucket.

use digest_storage::contract::Subject;
use digest_storage::contract_tests;

use crate::server::subject;

async fn open() -> Subject {
    subject("").await
}

contract_tests!(open);
