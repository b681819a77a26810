//! What is read back from queues and stores: jobs, records, manifests, entries of the index.

use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{IndexEntry, Job, JobRecord, Manifest};

/// Reads the bytes as each document that there is. Nothing panics; what can be read is written and read as the same again.
pub fn documents(bytes: &[u8]) {
    if let Ok(job) = Job::parse(bytes) {
        assert_eq!(Job::parse(job.to_json().as_bytes()).as_ref(), Ok(&job));
    }
    read_again::<JobRecord>(bytes);
    read_again::<Manifest>(bytes);
    read_again::<IndexEntry>(bytes);
}

fn read_again<T: DeserializeOwned + Serialize + PartialEq + Debug>(bytes: &[u8]) {
    if let Ok(read) = serde_json::from_slice::<T>(bytes) {
        let written = serde_json::to_vec(&read).unwrap();
        assert_eq!(serde_json::from_slice::<T>(&written).unwrap(), read);
    }
}
