//! The server as the variables declare it.

use std::sync::atomic::{AtomicU64, Ordering};

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use digest_storage::contract::{Subject, buckets};
use digest_storage::{Capabilities, S3Client, StoreOptions};

/// The client that this build is about.
const CLIENT: S3Client = if cfg!(feature = "rusoto") {
    S3Client::Rusoto
} else {
    S3Client::ObjectStore
};

#[allow(
    clippy::disallowed_methods,
    reason = "a test, not a process, is told where its server is"
)]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn needed(name: &str) -> String {
    variable(name).unwrap_or_else(|| panic!("{name} is not set: see the top of tests/elsewhere/main.rs"))
}

/// How the server is reached.
pub(crate) fn options() -> StoreOptions {
    let keys = Credentials::new(
        needed("CONTRACT_ACCESS_KEY"),
        needed("CONTRACT_SECRET_KEY"),
        None,
        None,
        "contract",
    );
    let known = buckets::options(&needed("CONTRACT_ENDPOINT"), CLIENT);
    StoreOptions {
        region: variable("CONTRACT_REGION").or(known.region.clone()),
        credentials: Some(SharedCredentialsProvider::new(keys)),
        ..known
    }
}

/// The bucket of this number.
pub(crate) fn bucket(number: u64) -> String {
    format!("{}-{number}", needed("CONTRACT_BUCKETS"))
}

/// A bucket that no other case has.
pub(crate) fn next_bucket() -> String {
    static NUMBER: AtomicU64 = AtomicU64::new(1);
    bucket(NUMBER.fetch_add(1, Ordering::Relaxed))
}

/// What the server is declared to do, and whether its listings tell ETags.
pub(crate) fn capabilities() -> (Capabilities, bool) {
    let (mut capabilities, mut lists_etags) = (Capabilities::ALL, true);
    let lacks = variable("CONTRACT_LACKS").unwrap_or_default();
    for lack in lacks.split(',').map(str::trim).filter(|lack| !lack.is_empty()) {
        *match lack {
            "atomic_create" => &mut capabilities.atomic_create,
            "compare_and_swap" => &mut capabilities.compare_and_swap,
            "attributes" => &mut capabilities.attributes,
            "conditional_copy" => &mut capabilities.conditional_copy,
            "etags_in_listings" => &mut lists_etags,
            _ => panic!("CONTRACT_LACKS names {lack:?}, which is nothing that a server may lack"),
        } = false;
    }
    (capabilities, lists_etags)
}

/// A place as the server is declared: what the client can do, without what the server lacks.
pub(crate) fn subject(bucket: &str, prefix: &str) -> Subject {
    let (declared, lists_etags) = capabilities();
    let mut subject = buckets::subject(&options(), bucket, prefix, ());
    subject.lists_etags = lists_etags;
    subject.wrapped(|store| {
        let of_client = store.capabilities();
        let both = Capabilities {
            atomic_create: of_client.atomic_create && declared.atomic_create,
            compare_and_swap: of_client.compare_and_swap && declared.compare_and_swap,
            attributes: of_client.attributes && declared.attributes,
            conditional_copy: of_client.conditional_copy && declared.conditional_copy,
        };
        store.clone().with_capabilities(both)
    })
}
