//! The same server through rusoto, whose signatures it checks.

use digest_storage::contract::Subject;
use digest_storage::{S3Client, contract_tests};

async fn open() -> Subject {
    crate::in_process_s3::open_with(S3Client::Rusoto).await
}

contract_tests!(open);
