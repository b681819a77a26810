//! The table of edges beside a digest: one of the published revision, of no other.

use std::path::{Path, PathBuf};

use actix_web::http::StatusCode;
use digest_storage::Prefetch;
use digest_storage::{TableKind, Tables};
use digesterd_worker::Worker;
use digesterd_worker::build::BuildOptions;
use sha2::Digest as _;
use uuid::Uuid;

use crate::bench::{Bench, deliver, job, terms};

/// Every table of the bucket, as keys inside it.
pub(crate) fn tables(bench: &Bench) -> Vec<String> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else {
                found.push(path);
            }
        }
    }
    let (root, mut found) = (bench.path("storage", ""), Vec::new());
    for folder in ["edges", "interfaces"] {
        walk(&root.join(folder), &mut found);
    }
    let keys = found.iter().map(|path| path.strip_prefix(&root).unwrap());
    keys.map(|key| key.to_str().unwrap().to_owned()).collect()
}

#[actix_web::test]
async fn a_digest_has_one_table_of_each_kind_that_its_manifest_names() {
    let bench = Bench::with_an_hour();
    let worker = bench.worker(terms());
    // What an old revision and another digest of the same hour left.
    let old = TableKind::ALL.map(|kind| Tables::key(kind, &job(), Uuid::new_v4()));
    let of_another = Uuid::new_v4().to_string();
    let others = old
        .each_ref()
        .map(|key| key.replace(&job().id().to_string(), &of_another));
    for key in old.iter().chain(&others) {
        std::fs::create_dir_all(bench.path("storage", key).parent().unwrap()).unwrap();
        std::fs::write(bench.path("storage", key), b"a table").unwrap();
    }
    assert_eq!(deliver(&worker, &job()).await, StatusCode::OK);
    let manifest = bench.manifest(job().id()).await.unwrap();
    let stored = [manifest.edges_table, manifest.interfaces_table].map(Option::unwrap);
    let mut expected: Vec<String> = stored.iter().map(|table| table.key.clone()).collect();
    expected.extend(others);
    expected.sort();
    let mut found = tables(&bench);
    found.sort();
    assert_eq!(found, expected);
    for table in stored {
        let bytes = std::fs::read(bench.path("storage", &table.key)).unwrap();
        let hash = sha2::Sha256::digest(&bytes);
        let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!((bytes.len() as u64, hash), (table.bytes, table.sha256));
        assert!(table.rows > 0 && bytes.starts_with(b"PAR1") && bytes.ends_with(b"PAR1"));
    }
}

#[actix_web::test]
async fn without_edges_there_is_no_table() {
    let bench = Bench::with_an_hour();
    let options = BuildOptions {
        edges: false,
        ..BuildOptions::default()
    };
    let worker = Worker::new(bench.places(), Prefetch::new(4, 1 << 20), options, terms());
    assert_eq!(deliver(&worker, &job()).await, StatusCode::OK);
    let manifest = bench.manifest(job().id()).await.unwrap();
    assert_eq!((manifest.edges_table, manifest.interfaces_table), (None, None));
    assert_eq!(tables(&bench), Vec::<String>::new());
}
