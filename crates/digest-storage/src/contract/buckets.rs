//! Subjects in buckets of a server that speaks S3.

use std::any::Any;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;

use super::Subject;
use crate::open::open;
use crate::place::Place;
use crate::s3::{S3Client, StoreOptions};

/// Access key that the subjects sign with.
pub const ACCESS_KEY: &str = "AKIACONTRACT00000001";
/// And its secret.
pub const SECRET_KEY: &str = "the contract's secret";

/// How a test's server is reached.
#[must_use]
pub fn options(endpoint: &str, client: S3Client) -> StoreOptions {
    let keys = Credentials::new(ACCESS_KEY, SECRET_KEY, None, None, "contract");
    StoreOptions {
        region: Some("us-east-1".to_owned()),
        endpoint: Some(endpoint.parse().unwrap()),
        credentials: Some(SharedCredentialsProvider::new(keys)),
        client,
        ..StoreOptions::default()
    }
}

/// A subject under a prefix of a bucket; with an empty prefix it is the bucket itself.
#[must_use]
pub fn subject(
    options: &StoreOptions,
    bucket: &str,
    prefix: &str,
    behind: impl Any + Send + Sync,
) -> Subject {
    let opened = |prefix: &str| {
        let place = Place::S3 {
            bucket: bucket.to_owned(),
            prefix: prefix.to_owned(),
        };
        open(&place, options).unwrap()
    };
    Subject::new(opened(prefix), opened(""), prefix, behind)
}
