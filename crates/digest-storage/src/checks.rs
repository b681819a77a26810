//! What must hold of any object key, whoever wrote it: for fuzzing, and for the test that tries again what fuzzing was started from
//! and what it found.

#![allow(clippy::expect_used, reason = "a check that does not hold ends the program")]

use std::ffi::OsStr;

use digest_core::DigestId;
use object_store::path::Path;

use crate::digests::{Digests, attempt_of};
use crate::flow_logs;
use crate::index::IndexKey;
use crate::manifests::Manifests;
use crate::markers::Markers;
use crate::place::Place;
use crate::records::Records;
use crate::tables::attempt_of_table;
use crate::unfinished::is_unfinished;

/// Reads the bytes as a key of every kind, each line as one. Nothing panics; what is read has one spelling, and is written as it
/// was read; two places in the index stand in the order of their texts; behind a key of a flow log a listing goes on.
pub fn keys(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    for key in text.split('\n') {
        flow_logs::check_key(key);
        of_digest(key);
        of_attempt(key);
        place(key);
        let _ = is_unfinished(OsStr::new(key));
    }
    let mut listed: Vec<(&str, IndexKey)> = Vec::new();
    for key in text.split('\n') {
        let Ok(read) = key.parse::<IndexKey>() else {
            continue;
        };
        assert_eq!(read.to_string(), key);
        assert_eq!(IndexKey::of_path(&read.path()).as_ref(), Some(&read), "{key}");
        for (text, other) in &listed {
            assert_eq!(key.cmp(text), read.cmp(other), "{key} and {text}");
        }
        listed.push((key, read));
    }
}

/// Keys that a digest's id alone makes.
fn of_digest(key: &str) {
    if let Some(id) = Records::id_of(key) {
        assert_eq!(Records::key(id).as_ref(), key);
    }
    if let Some(id) = Markers::id_of(key) {
        assert_eq!(Markers::key(id).as_ref(), key);
    }
    if let Some(id) = Manifests::id_of(key) {
        assert_eq!(Manifests::key(id).as_ref(), key);
    }
    if let Ok(id) = key.parse::<DigestId>() {
        assert_eq!(id.to_string(), key);
        assert!(Path::parse(Digests::key(id).as_ref()).is_ok());
    }
}

/// Keys that bear an attempt's nonce.
fn of_attempt(key: &str) {
    let Ok(path) = Path::parse(key) else { return };
    if let Some((id, nonce)) = attempt_of(&path) {
        let (id, nonce) = (id.to_string(), nonce.to_string());
        let at = path
            .as_ref()
            .rfind(&nonce)
            .expect("the nonce in its one spelling");
        assert!(
            path.as_ref().get(..at).is_some_and(|before| before.contains(&id)),
            "{path}"
        );
    }
    if attempt_of_table(&path).is_some() {
        assert!(attempt_of(&path).is_some(), "{path}");
        assert!(path.as_ref().ends_with(".parquet"), "{path}");
    }
}

fn place(text: &str) {
    match text.parse::<Place>() {
        Ok(place) => {
            let again = place.to_string().parse::<Place>().expect("it was written by us");
            assert_eq!(again, place, "{text}");
        }
        Err(refused) => assert!(!refused.to_string().is_empty()),
    }
}
